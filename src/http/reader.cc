#include "http/reader.h"

#include "http/framing.h"
#include "http/strict.h"

namespace narrowgate::http {

struct RequestReader::Impl {
  Framing framing;
  Stage stage = Stage::head;
  Parsed parsed;
  std::unique_ptr<Parser> parser = Parser::for_request(parsed);
  Request request;

  Result<Done> accept_head() {
    request.method = parsed.method;
    request.target = parsed.target;
    request.minor_version = parsed.version - 10;
    NG_TRY_VOID(check_framing(parsed.headers, request.minor_version));
    NG_TRY_VOID(check_host(parsed.headers, request.minor_version));
    NG_TRY_VOID(parse_target(request.target, request));
    request.headers = std::move(parsed.headers);
    stage = parser->done() ? Stage::complete : Stage::body;
    return Done{};
  }

  // Before the first byte of a body that would be too large.
  Result<Done> check_length() const {
    const std::string_view length = request.headers.get("Content-Length");
    if (length.empty() || std::stoull(std::string(length)) <= parsed.body_bytes_max) return Done{};
    return Error{Code::too_large, Blame::client, "Content-Length is over the limit"};
  }
};

RequestReader::RequestReader() : impl_(std::make_unique<Impl>()) {}
RequestReader::~RequestReader() = default;
RequestReader::RequestReader(RequestReader&&) noexcept = default;

void RequestReader::append(ByteView bytes) { impl_->framing.append(bytes); }
bool RequestReader::idle() const { return impl_->stage == Stage::head && impl_->framing.empty(); }
const Request& RequestReader::request() const { return impl_->request; }
void RequestReader::limit_body(std::size_t bytes_max) { impl_->parsed.body_bytes_max = bytes_max; }
bool RequestReader::wants_continue() const {
  return impl_->request.minor_version == 1 && same_name(impl_->request.headers.get("Expect"), "100-continue");
}

bool RequestReader::keep_alive() const {
  return impl_->request.minor_version == 1 && !impl_->request.headers.lists("Connection", "close");
}

Result<Stage> RequestReader::advance() {
  if (impl_->stage == Stage::head) {
    NG_TRY(const std::optional<std::string> head, impl_->framing.take_head());
    if (!head) return Stage::head;
    NG_TRY_VOID(impl_->parser->head(*head));
    NG_TRY_VOID(impl_->accept_head());
    return impl_->stage;
  }
  if (impl_->stage == Stage::body) {
    NG_TRY_VOID(impl_->check_length());
    NG_TRY(impl_->stage, impl_->framing.read_body(*impl_->parser));
  }
  return impl_->stage;
}

Request RequestReader::take() {
  NG_CHECK(impl_->stage == Stage::complete);
  Request whole = std::move(impl_->request);
  whole.body = std::move(impl_->parsed.body);
  Framing rest = std::move(impl_->framing);
  impl_ = std::make_unique<Impl>();
  impl_->framing = std::move(rest);
  return whole;
}

struct ResponseReader::Impl {
  const bool without_body;
  const std::size_t body_bytes_max;
  Framing framing;
  Stage stage = Stage::head;
  Parsed parsed;
  std::unique_ptr<Parser> parser;

  Impl(bool head_only, std::size_t bytes_max) : without_body(head_only), body_bytes_max(bytes_max) { begin(); }

  void begin() {
    parsed = Parsed{};
    parsed.body_bytes_max = body_bytes_max;
    parser = Parser::for_response(parsed, without_body);
  }

  Result<Stage> accept_head() {
    NG_TRY_VOID(check_framing(parsed.headers, parsed.version - 10));
    if (parsed.status == 101) return Error{Code::unsupported, Blame::client, "the server switched protocols unasked"};
    if (parsed.status < 200) {
      begin();
      return Stage::head;
    }
    if (parser->ends_with_connection()) {
      return Error{Code::unsupported, Blame::client,
                   "the answer has neither Content-Length nor chunks, so a cut could not be told from its end"};
    }
    return parser->done() ? Stage::complete : Stage::body;
  }
};

ResponseReader::ResponseReader(std::string_view request_method, std::size_t body_bytes_max)
    : impl_(std::make_unique<Impl>(request_method == "HEAD", body_bytes_max)) {}
ResponseReader::~ResponseReader() = default;

void ResponseReader::append(ByteView bytes) { impl_->framing.append(bytes); }

Result<Stage> ResponseReader::advance() {
  while (impl_->stage == Stage::head) {
    NG_TRY(const std::optional<std::string> head, impl_->framing.take_head());
    if (!head) return Stage::head;
    NG_TRY_VOID(impl_->parser->head(*head));
    NG_TRY(impl_->stage, impl_->accept_head());
  }
  if (impl_->stage == Stage::body) {
    NG_TRY(impl_->stage, impl_->framing.read_body(*impl_->parser));
  }
  return impl_->stage;
}

Response ResponseReader::take() {
  NG_CHECK(impl_->stage == Stage::complete);
  return {impl_->parsed.status, std::move(impl_->parsed.headers), std::move(impl_->parsed.body)};
}

}  // namespace narrowgate::http
