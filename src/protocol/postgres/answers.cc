#include "protocol/postgres/answers.h"

#include "protocol/postgres/wire/error_fields.h"
#include "protocol/postgres/wire/frames.h"
#include "protocol/postgres/wire/messages_answer.h"
#include "protocol/postgres/wire/messages_backend.h"

namespace narrowgate::postgres {
namespace {

using Kind = Debt::Kind;

Error unexpected(char type, const char* why) {
  return Error{Code::malformed, Blame::upstream, fmt::format("message '{}' from the upstream, but {}", visible(std::string_view(&type, 1)), why)};
}

bool ends_with_ready(Kind kind) {
  return kind == Kind::query || kind == Kind::function_call || kind == Kind::sync || kind == Kind::refused_query || kind == Kind::own;
}

}  // namespace

bool Answers::owe(Debt debt) {
  if (discarding_ && debt.kind != Kind::sync && debt.kind != Kind::local) {
    creditor_.settled(debt, false);
    return false;
  }
  if (discarding_ && debt.kind == Kind::local) return false;
  if (debt.kind == Kind::execute || debt.kind == Kind::bind || debt.kind == Kind::own_steps) work_since_sync_ = true;
  if (debt.kind == Kind::sync) work_since_sync_ = discarding_ = false;
  count_meaning(debt, +1);
  owed_.push_back(std::move(debt));
  if (owed_.size() == 1) speak_locals();
  return true;
}

Result<Turn> Answers::take(char type, ByteView body) {
  // Asynchronous messages belong to no debt; during a query of ours the client still hears of its own session's news.
  if (type == 'A' || type == 'S' || type == 'N') {
    const bool ours = type == 'N' && head() != nullptr && (head()->kind == Kind::own || head()->kind == Kind::own_steps);
    return ours ? Turn::drop : Turn::pass;
  }
  if (type == 'E') return on_error(body);
  if (owed_.empty()) return unexpected(type, "nothing was asked");
  if (type == 'Z') return on_ready(body);
  if (owed_.front().kind == Kind::own || owed_.front().kind == Kind::own_steps) return on_own(type);

  Debt& head = owed_.front();
  switch (type) {
    case 'C': return on_complete(body);
    case '1': return step(Kind::parse);
    case '2': return step(Kind::bind);
    case '3': return step(Kind::close);
    case 'n': return step(Kind::describe);
    case 'T': return head.kind == Kind::query ? Result<Turn>(Turn::pass) : step(Kind::describe, true);
    case 't': return head.kind == Kind::describe ? Result<Turn>(Turn::pass) : unexpected(type, "no Describe is due");
    case 's': return step(Kind::execute);
    case 'I':
      if (head.kind == Kind::query) return Turn::pass;
      return step(Kind::execute);
    case 'V': return head.kind == Kind::function_call ? Result<Turn>(Turn::pass) : unexpected(type, "no function was called");
    case 'H':
    case 'c':
    case 'G':
      if (head.kind != Kind::query && head.kind != Kind::execute) return unexpected(type, "no COPY is running");
      if (type != 'G') return Turn::pass;
      head.copy_in = true;
      // While it copies, the server ignores each Sync that was already sent.
      while (head.kind == Kind::execute && owed_.size() > 1 && owed_[1].kind == Kind::sync) owed_.erase(owed_.begin() + 1);
      return Turn::pass;
    default: return unexpected(type, "a server never sends it here");
  }
}

Result<Turn> Answers::on_error(ByteView body) {
  NG_TRY(const ErrorFields fields, decode_error_fields(body));
  if (fields.fatal()) ended_by_upstream_ = true;
  if (owed_.empty()) return Turn::pass;  // the server's last words: administrator command, crash, idle timeout
  Debt& head = owed_.front();
  head.failed = true;
  head.copy_in = false;
  if (head.sqlstate.empty()) head.sqlstate = fields.sqlstate();
  if (fields.fatal()) return Turn::pass;  // it ends the connection, whoever asked
  switch (head.kind) {
    case Kind::own:
    case Kind::own_steps:
      head.own->sqlstate = fields.sqlstate();
      head.own->message = fields.message();
      if (head.kind == Kind::own_steps) {
        settle_head(true);
        discard_to_sync();
      }
      return Turn::drop;
    case Kind::refused_query:
      said_ += std::exchange(head.say, {});
      return Turn::instead;
    case Kind::refused_step:
      said_ += head.say;
      settle_head(false);
      discard_to_sync();
      return Turn::instead;
    case Kind::query:
    case Kind::function_call:
    case Kind::sync: return instead_if_cut_off(head);
    default: {
      const Turn turn = instead_if_cut_off(head);
      settle_head(true);
      discard_to_sync();
      return turn;
    }
  }
}

// The cancel of an answer that ran over its budget comes back as an error; the client hears of the limit instead.
Turn Answers::instead_if_cut_off(const Debt& debt) {
  if (!debt.over_budget) return Turn::pass;
  said_ += creditor_.limit_message(debt);
  return Turn::instead;
}

Result<Turn> Answers::on_ready(ByteView body) {
  Debt& head = owed_.front();
  if (body.size() != 1 || (body[0] != 'I' && body[0] != 'T' && body[0] != 'E')) return unexpected('Z', "its status is none of I, T, E");
  if (!ends_with_ready(head.kind)) return unexpected('Z', "an earlier answer is still due");
  if (head.kind == Kind::refused_query && !head.say.empty()) return unexpected('Z', "a statement that cannot parse was accepted");
  transaction_ = char(body[0]);
  creditor_.transaction_status(transaction_);
  const bool quiet = head.kind == Kind::own;
  if (head.kind == Kind::sync && !head.failed && !head.say.empty()) {
    said_ += head.say;
    Bytes ready;
    answer::ready_for_query(ready, TransactionStatus(transaction_));
    said_ += as_text(ready);
    settle_head(true);
    return Turn::instead;
  }
  settle_head(true);
  return quiet ? Turn::drop : Turn::pass;
}

Result<Turn> Answers::on_complete(ByteView body) {
  Debt& head = owed_.front();
  if (head.kind != Kind::query && head.kind != Kind::execute) return unexpected('C', "no statement is running");
  NG_TRY(const auto complete, backend::decode_command_complete(body));
  head.tag = complete.tag;
  head.copy_in = false;
  if (complete.rows && *complete.rows > head.rows) head.rows = *complete.rows;
  const bool withheld = head.withhold_end, cut_off = head.over_budget;
  if (cut_off) said_ += creditor_.limit_message(head);
  if (head.kind == Kind::execute) settle_head(true);
  return cut_off ? Turn::instead : withheld ? Turn::drop : Turn::pass;
}

Result<Turn> Answers::take_bulk(std::uint64_t rows, std::uint64_t bytes, ByteView raw) {
  if (owed_.empty()) return unexpected('D', "nothing was asked");
  Debt& head = owed_.front();
  if (head.own != nullptr) {
    if (head.own->raw.size() + raw.size() > limits::own_answer_bytes_max)
      return Error{Code::too_large, Blame::upstream, "the answer to a query of the gateway's own is too long"};
    head.own->raw.insert(head.own->raw.end(), raw.begin(), raw.end());
    return Turn::drop;
  }
  if (head.kind != Kind::query && head.kind != Kind::execute) return unexpected('D', "no rows are due");
  head.rows += rows;
  head.bytes += bytes;
  return head.over_budget ? Turn::drop : Turn::pass;
}

std::optional<Answers::Budget> Answers::budget() const {
  if (owed_.empty() || owed_.front().over_budget) return std::nullopt;
  const Debt& head = owed_.front();
  if (head.rows_max == 0 && head.bytes_max == 0) return std::nullopt;
  const auto left = [](std::uint64_t max, std::uint64_t used) { return max == 0 ? RelayScanner::unlimited : max > used ? max - used : 0; };
  return Budget{left(head.rows_max, head.rows), left(head.bytes_max, head.bytes)};
}

void Answers::over_budget() {
  owed_.front().over_budget = true;
  creditor_.over_budget(owed_.front());
}

Result<Turn> Answers::on_own(char type) {
  switch (type) {
    case '3':
      if (owed_.front().kind == Kind::own) break;
      settle_head(true);
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

Result<Turn> Answers::step(Kind expected, bool has_columns) {
  if (owed_.front().kind != expected) return unexpected('?', "another answer was due");
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
    if (!row.ok()) break;
    auto& values = own.rows.emplace_back();
    for (const Value& value : row->values) values.push_back(value ? std::optional(std::string(as_text(*value))) : std::nullopt);
  }
  own.finished = true;
  creditor_.own_finished(own);
}

void Answers::settle_head(bool ran) {
  Debt debt = std::move(owed_.front());
  owed_.pop_front();
  count_meaning(debt, -1);
  if (debt.own != nullptr) {
    finish(*debt.own);
  } else {
    creditor_.settled(debt, ran);
  }
  speak_locals();
}

void Answers::discard_to_sync() {
  while (!owed_.empty() && owed_.front().kind != Kind::sync) {
    Debt debt = std::move(owed_.front());
    owed_.pop_front();
    count_meaning(debt, -1);
    creditor_.settled(debt, false);
  }
  discarding_ = owed_.empty();  // the Sync is still to come from the client
}

void Answers::speak_locals() {
  while (!owed_.empty() && owed_.front().kind == Kind::local) {
    said_ += owed_.front().say;
    creditor_.settled(owed_.front(), true);
    owed_.pop_front();
  }
}

void Answers::count_meaning(const Debt& debt, int by) {
  if (debt.statement && debt.statement->changes_meaning && (debt.kind == Kind::query || debt.kind == Kind::execute)) meaning_at_stake_ += by;
}

void Answers::abandon() {
  while (!owed_.empty()) {
    Debt debt = std::move(owed_.front());
    owed_.pop_front();
    if (debt.own != nullptr) {
      debt.own->sqlstate = "08006";
      debt.own->message = "the upstream connection was lost";
      finish(*debt.own);
    } else {
      debt.failed = true;
      creditor_.settled(debt, false);
    }
  }
  meaning_at_stake_ = 0;
}

}  // namespace narrowgate::postgres
