#include "http/parser.h"

#include <fmt/format.h>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

namespace narrowgate::http {
namespace {

namespace beast = boost::beast;
using Failure = beast::error_code;
using View = beast::string_view;

std::string_view view(View text) { return {text.data(), text.size()}; }
void fail(Failure& failure, beast::http::error with) { failure = beast::http::make_error_code(with); }

template <bool is_request>
class BeastParser final : public Parser, private beast::http::basic_parser<is_request> {
 public:
  BeastParser(Parsed& into, bool without_body) : into_(into) {
    this->header_limit(limits::head_bytes_max + 1);
    this->body_limit(boost::none);  // counted here, by route
    this->skip(without_body);
  }

  Result<Done> head(std::string_view whole) override {
    Failure failure;
    this->put(boost::asio::const_buffer(whole.data(), whole.size()), failure);
    if (failure && failure != beast::http::error::need_more) return error_of(failure);
    if (!this->is_header_done()) return Error{Code::malformed, Blame::client, "the head is not one message's"};
    head_done_ = true;
    this->eager(true);
    return Done{};
  }

  Result<std::size_t> body(std::string_view bytes) override {
    Failure failure;
    const std::size_t used = this->put(boost::asio::const_buffer(bytes.data(), bytes.size()), failure);
    if (failure && failure != beast::http::error::need_more) return error_of(failure);
    return used;
  }

  bool done() const override { return this->is_done(); }
  bool ends_with_connection() const override { return this->need_eof(); }

 private:
  static Error error_of(const Failure& failure) {
    if (failure == beast::http::error::body_limit) return {Code::too_large, Blame::client, "the body is over its limit"};
    if (failure == beast::http::error::header_limit) return {Code::too_large, Blame::client, "too many headers"};
    if (failure == beast::http::error::bad_version)
      return {Code::unsupported, Blame::client, "an HTTP version other than 1.0 and 1.1"};
    return {Code::malformed, Blame::client, failure.message()};
  }

  void on_request_impl(beast::http::verb, View method, View target, int version, Failure& failure) override {
    into_.method = view(method);
    into_.target = view(target);
    accept(version, failure);
  }
  void on_response_impl(int status, View, int version, Failure& failure) override {
    into_.status = unsigned(status);
    accept(version, failure);
  }
  void accept(int version, Failure& failure) {
    into_.version = version;
    if (version != 10 && version != 11) fail(failure, beast::http::error::bad_version);
  }
  void on_field_impl(beast::http::field, View name, View value, Failure& failure) override {
    if (head_done_) return;  // a trailer must not pass for a header
    if (into_.headers.size() == limits::headers_max) return fail(failure, beast::http::error::header_limit);
    into_.headers.add(std::string(view(name)), std::string(view(value)));
  }
  void on_header_impl(Failure&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, Failure& failure) override {
    if (length && *length > into_.body_bytes_max) return fail(failure, beast::http::error::body_limit);
    if (length) into_.body.reserve(std::size_t(*length));
  }
  std::size_t on_body_impl(View bytes, Failure& failure) override { return take(bytes, failure); }
  void on_chunk_header_impl(std::uint64_t size, View extensions, Failure& failure) override {
    if (!extensions.empty()) fail(failure, beast::http::error::bad_chunk_extension);
    else if (size > into_.body_bytes_max - into_.body.size()) fail(failure, beast::http::error::body_limit);
  }
  std::size_t on_chunk_body_impl(std::uint64_t, View bytes, Failure& failure) override { return take(bytes, failure); }
  void on_finish_impl(Failure&) override {}

  std::size_t take(View bytes, Failure& failure) {
    if (bytes.size() > into_.body_bytes_max - into_.body.size()) return fail(failure, beast::http::error::body_limit), 0;
    into_.body.append(bytes.data(), bytes.size());
    return bytes.size();
  }

  Parsed& into_;
  bool head_done_ = false;
};

}  // namespace

std::unique_ptr<Parser> Parser::for_request(Parsed& into) { return std::make_unique<BeastParser<true>>(into, false); }
std::unique_ptr<Parser> Parser::for_response(Parsed& into, bool without_body) {
  return std::make_unique<BeastParser<false>>(into, without_body);
}

}  // namespace narrowgate::http
