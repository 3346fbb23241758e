#include "http/reader.h"

#include "http/head_buffer.h"
#include "http/parser.h"

namespace narrowgate::http {

struct RequestReader::Impl {
  HeadBuffer bytes;
  Stage stage = Stage::head;
  Request request;
  BodyReader body;

  Result<Done> accept(Head head) {
    NG_TRY(const Extent extent, extent_of(head.headers, head.minor_version));
    NG_TRY_VOID(check_host(head.headers, head.minor_version));
    NG_TRY_VOID(parse_target(head.target, request));
    request.method = std::move(head.method);
    request.target = std::move(head.target);
    request.minor_version = head.minor_version;
    request.headers = std::move(head.headers);
    body = BodyReader(extent);
    stage = body.done() ? Stage::complete : Stage::body;
    return Done{};
  }
};

RequestReader::RequestReader() : impl_(std::make_unique<Impl>()) {}
RequestReader::~RequestReader() = default;
RequestReader::RequestReader(RequestReader&&) noexcept = default;

void RequestReader::append(ByteView bytes) { impl_->bytes.append(bytes); }
bool RequestReader::idle() const { return impl_->stage == Stage::head && impl_->bytes.empty(); }
const Request& RequestReader::request() const { return impl_->request; }
void RequestReader::limit_body(std::size_t bytes_max) { impl_->body.limit(bytes_max); }

bool RequestReader::wants_continue() const {
  return impl_->request.minor_version == 1 && same_name(impl_->request.headers.get("Expect"), "100-continue");
}

bool RequestReader::keep_alive() const {
  return impl_->request.minor_version == 1 && !impl_->request.headers.lists("Connection", "close");
}

Result<Stage> RequestReader::advance() {
  if (impl_->stage == Stage::head) {
    NG_TRY(const std::optional<std::string> whole, impl_->bytes.take_head());
    if (!whole) return Stage::head;
    NG_TRY(Head head, parse_request_head(*whole));
    NG_TRY_VOID(impl_->accept(std::move(head)));
    return impl_->stage;
  }
  if (impl_->stage == Stage::body) {
    NG_TRY_VOID(impl_->bytes.feed(impl_->body));
    if (impl_->body.done()) impl_->stage = Stage::complete;
  }
  return impl_->stage;
}

Request RequestReader::take() {
  NG_CHECK(impl_->stage == Stage::complete);
  Request whole = std::move(impl_->request);
  whole.body = impl_->body.take();
  HeadBuffer rest = std::move(impl_->bytes);
  impl_ = std::make_unique<Impl>();
  impl_->bytes = std::move(rest);
  return whole;
}

struct ResponseReader::Impl {
  const bool to_head;  // the request was HEAD
  const std::size_t body_bytes_max;
  HeadBuffer bytes;
  Stage stage = Stage::head;
  Response response;
  BodyReader body;

  Impl(bool head_only, std::size_t bytes_max) : to_head(head_only), body_bytes_max(bytes_max) {}

  Result<Done> accept(Head head) {
    if (head.status == 101) return Error{Code::unsupported, Blame::client, "the server switched protocols unasked"};
    if (head.status < 200) return Done{};  // interim: the answer is still to come
    NG_TRY(Extent extent, extent_of(head.headers, head.minor_version));
    const bool no_body = to_head || head.status == 204 || head.status == 304;
    if (no_body) extent = {Extent::Kind::length, 0};
    if (extent.kind == Extent::Kind::unsaid) {
      return Error{Code::unsupported, Blame::client,
                   "the answer has neither Content-Length nor chunks, so a cut could not be told from its end"};
    }
    response.status = head.status;
    response.headers = std::move(head.headers);
    body = BodyReader(extent);
    body.limit(body_bytes_max);
    stage = body.done() ? Stage::complete : Stage::body;
    return Done{};
  }
};

ResponseReader::ResponseReader(std::string_view request_method, std::size_t body_bytes_max)
    : impl_(std::make_unique<Impl>(request_method == "HEAD", body_bytes_max)) {}
ResponseReader::~ResponseReader() = default;

void ResponseReader::append(ByteView bytes) { impl_->bytes.append(bytes); }

Result<Stage> ResponseReader::advance() {
  while (impl_->stage == Stage::head) {
    NG_TRY(const std::optional<std::string> whole, impl_->bytes.take_head());
    if (!whole) return Stage::head;
    NG_TRY(Head head, parse_response_head(*whole));
    NG_TRY_VOID(impl_->accept(std::move(head)));
  }
  if (impl_->stage == Stage::body) {
    NG_TRY_VOID(impl_->bytes.feed(impl_->body));
    if (impl_->body.done()) impl_->stage = Stage::complete;
  }
  return impl_->stage;
}

Response ResponseReader::take() {
  NG_CHECK(impl_->stage == Stage::complete);
  impl_->response.body = impl_->body.take();
  return std::move(impl_->response);
}

}  // namespace narrowgate::http
