#include "protocol/postgres/questions.h"

#include "base/limits.h"
#include "protocol/postgres/upstream.h"
#include "protocol/postgres/wire/messages_backend.h"

namespace narrowgate::postgres {
namespace {

constexpr std::size_t kRowBytesMax = 64u << 20;  // a function's body stands in one
constexpr std::size_t kAnswerBytesMax = 1u << 30;

template <class T>
Task<void> keep(Task<T> task, std::optional<T>& out, net::Loop& loop) {
  out.emplace(co_await std::move(task));
  loop.stop();
}

template <class T>
T drive(net::Loop& loop, Task<T> task) {
  std::optional<T> out;
  loop.spawn(keep(std::move(task), out, loop));
  loop.run();
  return std::move(*out);
}

Error refused(std::string_view words) { return {Code::unavailable, Blame::upstream, std::string(words)}; }

// Without what quotes a value: "invalid input syntax for type integer: …".
Error refused(const ErrorFields& fields) {
  const bool about_data = fields.sqlstate().starts_with("22");
  return refused(about_data ? fmt::format("data exception {}", fields.sqlstate()) : fields.message());
}

void take(const backend::DataRow& row, Rows& rows) {
  auto& values = rows.emplace_back();
  for (const Value& value : row.values) values.push_back(value ? std::optional(std::string(as_text(*value))) : std::nullopt);
}

// As the client would get it.
Result<Done> take_masked(ByteView body, RowMask& mask, Rows& rows) {
  Bytes masked;
  NG_TRY_VOID(mask.write('D', body, 0, masked));
  NG_TRY(const backend::DataRow row, backend::decode_data_row(ByteView(masked).subspan(5)));
  take(row, rows);
  return Done{};
}

}  // namespace

Questions::~Questions() = default;

Result<std::unique_ptr<Questions>> Questions::open(const Upstream& upstream, Manner manner) {
  std::unique_ptr<Questions> out(new Questions());
  out->patience_ = manner.patience;
  manner.settings.push_back({"client_encoding", "UTF8"});
  auto opening = open_upstream(out->loop_, out->names_, upstream, std::move(manner.settings), limits::upstream_connect_deadline);
  auto opened = drive(out->loop_, std::move(opening));
  if (!opened.ok()) return opened.error();
  if (opened->refusal) return refused(opened->refusal->message);
  out->stream_ = std::move(opened->stream);
  out->frames_ = BackendFrames(kRowBytesMax);
  return out;
}

Result<Rows> Questions::ask(std::string_view sql) {
  Bytes question;
  frontend::write(question, frontend::Query{sql});
  NG_TRY(Answer answer, drive_answer(std::move(question), nullptr));
  return std::move(answer.rows);
}

Result<Questions::Answer> Questions::ask(std::string_view sql, const Parameters& parameters, RowMask* mask) {
  Bytes question;
  frontend::write(question, frontend::Parse{"", sql, parameters.types});
  frontend::write(question, frontend::Bind{"", "", parameters.formats, parameters.values, {}});
  frontend::write(question, frontend::Describe{frontend::NameKind::portal, ""});
  frontend::write(question, frontend::Execute{"", 0});
  frontend::write(question, frontend::Sync{});
  return drive_answer(std::move(question), mask);
}

Result<Questions::Answer> Questions::describe(std::string_view sql, const std::vector<std::uint32_t>& types) {
  Bytes question;
  frontend::write(question, frontend::Parse{"", sql, types});
  frontend::write(question, frontend::Describe{frontend::NameKind::statement, ""});
  frontend::write(question, frontend::Sync{});
  return drive_answer(std::move(question), nullptr);
}

Result<Questions::Answer> Questions::drive_answer(Bytes question, RowMask* mask) {
  return drive(loop_, answer(std::move(question), mask));
}

Task<Result<Questions::Answer>> Questions::answer(Bytes question, RowMask* mask) {
  NG_CO_TRY_VOID(co_await stream_->write_all(question, limits::upstream_connect_deadline));
  Answer out;
  std::optional<Error> failure;
  not_granted_.clear();
  for (std::size_t bytes = 0;;) {
    NG_CO_TRY(const auto frame, frames_.next(ByteView(buffer_).subspan(begin_)));
    if (!frame) {
      NG_CO_TRY_VOID(co_await fill());
      continue;
    }
    begin_ += frame->size;
    bytes += frame->size;
    if (bytes > kAnswerBytesMax) co_return Error{Code::too_large, Blame::upstream, "the answer is too long"};
    if (frame->type == 'Z') break;
    NG_CO_TRY(const backend::Message message, backend::decode(*frame));
    if (const auto* error = std::get_if<backend::ErrorResponse>(&message)) failure = refused(error->fields);
    if (const auto* notice = std::get_if<backend::NoticeResponse>(&message))
      if (notice->fields.sqlstate() == "01007") not_granted_.emplace_back(notice->fields.message());
    if (const auto* described = std::get_if<backend::ParameterDescription>(&message)) out.types = described->types;
    if (const auto* described = std::get_if<backend::RowDescription>(&message))
      for (const backend::Column& column : described->columns) out.columns.emplace_back(column.name);
    const auto* row = std::get_if<backend::DataRow>(&message);
    if (row != nullptr && mask == nullptr) take(*row, out.rows);
    if (row != nullptr && mask != nullptr) NG_CO_TRY_VOID(take_masked(frame->body, *mask, out.rows));
  }
  if (failure) co_return *failure;
  co_return out;
}

Task<Result<Done>> Questions::fill() {
  buffer_.erase(buffer_.begin(), buffer_.begin() + std::ptrdiff_t(std::exchange(begin_, 0)));
  const std::size_t here = buffer_.size();
  buffer_.resize(here + limits::read_chunk_bytes);
  const Result<std::size_t> read = co_await stream_->read_some(std::span(buffer_).subspan(here), patience_);
  buffer_.resize(here + (read.ok() ? *read : 0));
  if (!read.ok()) co_return read.error();
  co_return Done{};
}

}  // namespace narrowgate::postgres
