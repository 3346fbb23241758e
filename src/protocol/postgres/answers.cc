#include "protocol/postgres/answers.h"

#include "protocol/postgres/wire/error_fields.h"
#include "protocol/postgres/wire/frames.h"
#include "protocol/postgres/wire/messages_answer.h"
#include "protocol/postgres/wire/messages_backend.h"

namespace narrowgate::postgres {
namespace {

using Kind = Debt::Kind;

Error unexpected(char type, const char* why) {
  return Error{Code::malformed, Blame::upstream,
               fmt::format("message '{}' from the upstream, but {}", visible(std::string_view(&type, 1)), why)};
}

bool ends_with_ready(Kind kind) {
  return kind == Kind::query || kind == Kind::function_call || kind == Kind::sync || kind == Kind::refused_query ||
         kind == Kind::own;
}

}  // namespace

bool Answers::owe(Debt debt) {
  if (discarding_ && debt.kind != Kind::sync && debt.kind != Kind::local) {
    creditor_.settled(debt, false);
    return false;
  }
  if (discarding_ && debt.kind == Kind::local) return false;
  if (debt.kind == Kind::execute || debt.kind == Kind::bind || debt.kind == Kind::own_steps) work_since_sync_ = true;
  if (debt.kind == Kind::sync) discarding_ = false;
  if (ends_with_ready(debt.kind)) work_since_sync_ = false;  // each ends the transaction that such work began by itself
  count_stakes(debt, +1);
  owed_.push(std::move(debt));
  if (owed_.size() == 1) speak_locals();
  return true;
}

Result<Turn> Answers::take(char type, ByteView body) {
  // Asynchronous messages belong to no debt; during a query of ours the client still hears of its own session's news.
  if (type == 'S') {
    NG_TRY(const auto parameter, backend::decode_parameter_status(body));
    creditor_.parameter_reported(parameter.name);
  }
  if (type == 'A' || type == 'S' || type == 'N') {
    const bool ours = type == 'N' && head() != nullptr && (head()->kind == Kind::own || head()->kind == Kind::own_steps);
    return ours || client_left_ ? Turn::drop : Turn::pass;
  }
  if (type == 'E') return on_error(body);
  if (owed_.empty()) return unexpected(type, "nothing was asked");
  if (type == 'Z') return on_ready(body);
  if (owed_.front().kind == Kind::own || owed_.front().kind == Kind::own_steps) return on_own(type);

  Debt& head = owed_.front();
  switch (type) {
    case 'C': return on_complete(body);
    case '1': return step(type, Kind::parse);
    case '2': return step(type, Kind::bind);
    case '3': return step(type, Kind::close);
    case 'n': return step(type, Kind::describe);
    case 'T':
      if (head.kind == Kind::query || head.kind == Kind::describe) NG_TRY_VOID(creditor_.described(head, body));
      return head.kind == Kind::query ? Result<Turn>(Turn::pass) : step(type, Kind::describe, true);
    case 't': return head.kind == Kind::describe ? Result<Turn>(Turn::pass) : unexpected(type, "no Describe is due");
    case 's': return on_suspended();
    case 'I': return head.kind == Kind::query ? Result<Turn>(Turn::pass) : step(type, Kind::execute);
    case 'V': return head.kind == Kind::function_call ? Result<Turn>(Turn::pass) : unexpected(type, "no function was called");
    case 'H':
    case 'c':
      if (head.kind != Kind::query && head.kind != Kind::execute) return unexpected(type, "no COPY is running");
      return Turn::pass;
    case 'G':
      if (head.failed || head.copies_begun >= head.copies) return unexpected(type, "no COPY FROM STDIN is due");
      ++head.copies_begun;
      creditor_.copy_begun();
      return Turn::pass;
    default: return unexpected(type, "a server never sends it here");
  }
}

Result<Turn> Answers::on_error(ByteView body) {
  NG_TRY(const ErrorFields fields, decode_error_fields(body));
  if (fields.fatal()) ended_by_upstream_ = true;
  // With nothing asked these can only be the server's last words: administrator command, crash, idle timeout.
  if (owed_.empty()) return fields.fatal() ? Result<Turn>(Turn::pass) : unexpected('E', "nothing was asked");
  Debt& head = owed_.front();
  head.failed = true;
  if (head.sqlstate.empty()) head.sqlstate = fields.sqlstate();
  if (fields.fatal()) return Turn::pass;  // it ends the connection, whoever asked
  switch (head.kind) {
    case Kind::own:
    case Kind::own_steps: {
      const Turn turn = head.kind == Kind::own ? Turn::drop : Turn::pass;
      head.own->sqlstate = fields.sqlstate();
      head.own->message = fields.message();
      if (head.kind == Kind::own_steps) fail_step(true);
      return turn;
    }
    case Kind::refused_query: said_ += std::exchange(head.say, {}); return Turn::instead;
    case Kind::refused_step:
      said_ += head.say;
      fail_step(false);
      return Turn::instead;
    case Kind::query:
    case Kind::function_call:
    case Kind::sync: return instead_if_cut_off(head);
    default: {
      const Turn turn = instead_if_cut_off(head);
      fail_step(true);
      return turn;
    }
  }
}

// The cancel of an answer that ran over its budget comes back as an error; the client hears of the limit instead.
Turn Answers::instead_if_cut_off(const Debt& debt) {
  if (!debt.over_budget) return Turn::pass;
  said_ += creditor_.limit_message(debt, false);
  return Turn::instead;
}

// The upstream finished such an answer before the cancel came, so nothing failed there. An error is then true only of a step that
// stands alone: others beside it would be committed while the client takes them for undone. That pipeline ends the connection.
Result<Done> Answers::say_cut_off(const Debt& debt) {
  if (debt.kind != Kind::execute || alone_before_sync()) {
    said_ += creditor_.limit_message(debt, false);
    return Done{};
  }
  last_words_ = creditor_.limit_message(debt, true);
  return Error{Code::closed, Blame::gateway, "a limit was passed in the middle of a pipeline"};
}

bool Answers::alone_before_sync() const {
  if (executed_since_ready_) return false;
  for (std::size_t i = 1; i < owed_.size() && owed_[i].kind != Kind::sync; ++i)
    if (owed_[i].kind == Kind::execute || owed_[i].kind == Kind::own_steps) return false;
  return true;
}

Result<Turn> Answers::on_ready(ByteView body) {
  Debt& head = owed_.front();
  if (body.size() != 1 || (body[0] != 'I' && body[0] != 'T' && body[0] != 'E'))
    return unexpected('Z', "its status is none of I, T, E");
  if (!ends_with_ready(head.kind)) return unexpected('Z', "an earlier answer is still due");
  if (head.kind == Kind::refused_query && !head.say.empty()) return unexpected('Z', "a statement that cannot parse was accepted");
  transaction_ = char(body[0]);
  executed_since_ready_ = false;
  const bool quiet = head.kind == Kind::own;
  const bool says = head.kind == Kind::sync && !head.failed && !head.say.empty();
  if (says) {
    said_ += head.say;
    Bytes ready;
    answer::ready_for_query(ready, TransactionStatus(transaction_));
    said_ += as_text(ready);
  }
  settle_head(true);
  creditor_.transaction_status(transaction_);
  return says ? Turn::instead : quiet ? Turn::drop : Turn::pass;
}

Result<Turn> Answers::on_complete(ByteView body) {
  Debt& head = owed_.front();
  if (head.kind != Kind::query && head.kind != Kind::execute) return unexpected('C', "no statement is running");
  NG_TRY(const auto complete, backend::decode_command_complete(body));
  head.tag = complete.tag;
  ++head.result;
  if (complete.rows && *complete.rows > head.rows) head.rows = *complete.rows;
  const bool withheld = head.withhold_end, cut_off = head.over_budget;
  if (cut_off) NG_TRY_VOID(say_cut_off(head));
  if (head.kind == Kind::execute) settle_head(true);
  return cut_off ? Turn::instead : withheld ? Turn::drop : Turn::pass;
}

Result<Turn> Answers::on_suspended() {
  Debt& head = owed_.front();
  const bool withheld = head.withhold_end, cut_off = head.over_budget;
  head.suspended = true;
  if (cut_off) NG_TRY_VOID(say_cut_off(head));
  NG_TRY(const Turn turn, step('s', Kind::execute));
  return cut_off ? Turn::instead : withheld ? Turn::drop : turn;
}

Result<Turn> Answers::take_bulk(std::uint64_t rows, std::uint64_t bytes, ByteView raw) {
  if (owed_.empty()) return unexpected('D', "nothing was asked");
  Debt& head = owed_.front();
  if (head.own) {
    if (head.own->raw.size() + raw.size() > limits::own_answer_bytes_max)
      return Error{Code::too_large, Blame::upstream, "the answer to a query of the gateway's own is too long"};
    head.own->raw.insert(head.own->raw.end(), raw.begin(), raw.end());
    return Turn::drop;
  }
  if (head.kind != Kind::query && head.kind != Kind::execute && head.kind != Kind::function_call)
    return unexpected('D', "no rows are due");
  head.rows += rows;
  head.bytes += bytes;
  if (head.taken) head.taken->rows += rows, head.taken->bytes += bytes;
  if (!head.over_budget) creditor_.took(rows, bytes);
  return head.over_budget ? Turn::drop : Turn::pass;
}

std::optional<Answers::Budget> Answers::budget() const {
  if (owed_.empty() || owed_.front().over_budget) return std::nullopt;
  const Debt& head = owed_.front();
  const Allowance session = creditor_.allowance();
  const bool unlimited = session.rows == Allowance::unlimited && session.bytes == Allowance::unlimited;
  if (unlimited && head.rows_max == 0 && head.bytes_max == 0) return std::nullopt;
  const auto left = [](std::uint64_t max, std::uint64_t used) {
    return max == 0 ? RelayScanner::unlimited : max > used ? max - used : 0;
  };
  return Budget{std::min(left(head.rows_max, head.rows_taken()), session.rows),
                std::min(left(head.bytes_max, head.bytes_taken()), session.bytes)};
}

void Answers::over_time() {
  owed_.front().over_time = true;
  over_budget();
}

void Answers::over_budget() {
  owed_.front().over_budget = true;
  creditor_.over_budget(owed_.front());
}

Result<Turn> Answers::on_own(char type) {
  switch (type) {
    case '3':
      if (owed_.front().own->closes == 0) break;
      if (--owed_.front().own->closes == 0) settle_head(true);
      return Turn::drop;
    case 'C':
    case 'T':
    case 'I': return Turn::drop;
    case '1':
    case '2':
    case 'n':
      if (owed_.front().kind == Kind::own) break;
      return Turn::drop;
    default: break;
  }
  return unexpected(type, "the gateway's own query does not ask for it");
}

Result<Turn> Answers::step(char type, Kind expected, bool has_columns) {
  if (owed_.front().kind != expected) return unexpected(type, "another answer was due");
  const bool quiet = owed_.front().quiet && !has_columns;
  settle_head(true);
  return quiet ? Turn::drop : Turn::pass;
}

void Answers::finish(OwnQuery& own) {
  BackendFrames frames(limits::own_answer_bytes_max);
  for (ByteView raw = own.raw; !raw.empty();) {
    auto frame = frames.next(raw);
    if (!frame.ok() || !*frame) break;
    raw = raw.subspan((*frame)->size);
    if ((*frame)->type != 'D') continue;
    const auto row = backend::decode_data_row((*frame)->body);
    if (!row.ok()) {
      own.sqlstate = "08P01", own.message = row.error().detail;
      break;
    }
    auto& values = own.rows.emplace_back();
    for (const Value& value : row->values) values.push_back(value ? std::optional(std::string(as_text(*value))) : std::nullopt);
  }
  own.raw = Bytes();
  own.finished = true;
  creditor_.own_finished();
}

Debt Answers::take_head() {
  Debt debt = owed_.pop();
  ++turn_;
  count_stakes(debt, -1);
  return debt;
}

void Answers::settle_head(bool ran) {
  const Debt debt = take_head();
  if (debt.kind == Kind::execute) executed_since_ready_ = true;
  if (debt.own) finish(*debt.own);
  else creditor_.settled(debt, ran);
  speak_locals();
}

// The step at the head failed: what comes after it, up to a Sync, is ignored upstream, and what we had to say there goes unsaid.
void Answers::fail_step(bool ran) {
  const Debt failed = take_head();
  if (failed.own) finish(*failed.own);
  else creditor_.settled(failed, ran);
  while (!owed_.empty() && owed_.front().kind != Kind::sync) {
    Debt debt = take_head();
    debt.sqlstate = failed.sqlstate;
    if (debt.own) {
      debt.own->sqlstate = failed.sqlstate;
      finish(*debt.own);
    } else {
      creditor_.settled(debt, false);
    }
  }
  discarding_ = owed_.empty();  // the Sync is still to come from the client
}

// ---- COPY FROM STDIN

// The first statement whose data has not all been sent.
const Debt* Answers::copy_to_come() const {
  if (!copies_owed()) return nullptr;
  for (std::size_t i = 0; i < owed_.size(); ++i)
    if (!owed_[i].failed && owed_[i].copies_ended < owed_[i].copies) return &owed_[i];
  return nullptr;
}

bool Answers::copying_in() const {
  return !owed_.empty() && !owed_.front().failed && owed_.front().copies_begun > owed_.front().copies_ended;
}
bool Answers::copy_awaited() const { return copy_to_come() != nullptr && !copying_in(); }
bool Answers::wants_copy_data() const { return copy_to_come() != nullptr; }
void Answers::copy_data_ended() {
  if (const Debt* copy = copy_to_come()) ++const_cast<Debt*>(copy)->copies_ended;
}

void Answers::speak_locals() {
  while (!owed_.empty() && owed_.front().kind == Kind::local) {
    said_ += owed_.front().say;
    creditor_.settled(owed_.front(), true);
    (void)owed_.pop();
  }
}

void Answers::count_stakes(const Debt& debt, int by) {
  const bool runs = debt.kind == Kind::query || debt.kind == Kind::execute;
  if (runs && debt.statement && (debt.statement->changes_meaning || debt.statement->defines)) meaning_at_stake_ += by;
  if (debt.copies > 0) copies_owed_ += by;
  const bool names = debt.kind == Kind::parse || debt.kind == Kind::bind || debt.kind == Kind::close;
  if (names && !debt.name.empty()) names_at_stake_ += by;
}

void Answers::abandon() {
  while (!owed_.empty()) {
    Debt debt = take_head();
    if (debt.own) {
      debt.own->sqlstate = "08006";
      debt.own->message = "the upstream connection was lost";
      finish(*debt.own);
    } else {
      debt.failed = true;
      creditor_.settled(debt, false);
    }
  }
}

}  // namespace narrowgate::postgres
