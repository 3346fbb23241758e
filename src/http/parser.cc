#include "http/parser.h"

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
class HeadParser final : private beast::http::basic_parser<is_request> {
 public:
  Result<Head> parse(std::string_view whole) {
    this->header_limit(limits::head_bytes_max + 1);
    this->skip(true);  // nothing but the head
    Failure failure;
    this->put(boost::asio::const_buffer(whole.data(), whole.size()), failure);
    if (failure) return error_of(failure);
    if (!this->is_done()) return Error{Code::malformed, Blame::client, "the head is not one message's"};
    return std::move(head_);
  }

 private:
  static Error error_of(const Failure& failure) {
    if (failure == beast::http::error::header_limit) return {Code::too_large, Blame::client, "too many headers"};
    if (failure == beast::http::error::bad_version) {
      return {Code::unsupported, Blame::client, "an HTTP version other than 1.0 and 1.1"};
    }
    return {Code::malformed, Blame::client, failure.message()};
  }

  void on_request_impl(beast::http::verb, View method, View target, int version, Failure& failure) override {
    head_.method = view(method);
    head_.target = view(target);
    accept(version, failure);
  }
  void on_response_impl(int status, View, int version, Failure& failure) override {
    head_.status = unsigned(status);
    accept(version, failure);
  }
  void accept(int version, Failure& failure) {
    head_.minor_version = version - 10;
    if (version != 10 && version != 11) fail(failure, beast::http::error::bad_version);
  }
  void on_field_impl(beast::http::field, View name, View value, Failure& failure) override {
    if (head_.headers.size() == limits::headers_max) return fail(failure, beast::http::error::header_limit);
    head_.headers.add(std::string(view(name)), std::string(view(value)));
  }
  void on_header_impl(Failure&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Failure&) override {}
  std::size_t on_body_impl(View bytes, Failure&) override { return bytes.size(); }
  void on_chunk_header_impl(std::uint64_t, View, Failure&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, View bytes, Failure&) override { return bytes.size(); }
  void on_finish_impl(Failure&) override {}

  Head head_;
};

}  // namespace

Result<Head> parse_request_head(std::string_view whole) { return HeadParser<true>().parse(whole); }
Result<Head> parse_response_head(std::string_view whole) { return HeadParser<false>().parse(whole); }

}  // namespace narrowgate::http
