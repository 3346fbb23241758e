#include "protocol/postgres/relay.h"

#include "base/limits.h"
#include "protocol/postgres/words.h"

namespace narrowgate::postgres {

Task<Result<Done>> Relay::run() {
  Bytes room(limits::read_chunk_bytes);
  for (;;) {
    Result<std::size_t> read = co_await upstream_.read_some(room);
    if (!read.ok()) co_return std::move(read).error();
    chunk_ = ByteView(room).first(*read);
    made_.clear();
    run_ = {};
    NG_CO_TRY_VOID(sort(chunk_));
    if (!made_.empty()) made_.insert(made_.end(), run_.begin(), run_.end());
    const ByteView out = made_.empty() ? run_ : ByteView(made_);
    if (!out.empty()) NG_CO_TRY_VOID(co_await client_.relay(out, ends_inside_));
    if (stopping_ && answers_.empty()) co_return Done{};
  }
}

Result<Done> Relay::sort(ByteView chunk) {
  set_budget();
  for (;;) {
    NG_TRY(const RelayStep step, scanner_.next(chunk));
    chunk = chunk.subspan(step.used);
    switch (step.kind) {
      case RelayStep::Kind::more: return Done{};
      case RelayStep::Kind::frame: {
        const bool row = step.type == 'D' || step.type == 'd';
        NG_TRY_VOID(row ? mask_row(step) : sort_message(step));
        break;
      }
      case RelayStep::Kind::bulk: {
        NG_TRY(const Turn turn, answers_.take_bulk(step.rows, step.bytes, step.raw));
        if (turn == Turn::pass) pass(step.raw);
        ends_inside_ = turn == Turn::pass && scanner_.mid_message();
        break;
      }
      case RelayStep::Kind::over_budget:
        answers_.over_budget();
        set_budget();
        break;
    }
  }
}

// A row of an answer that masks come upon: never passed as it came.
Result<Done> Relay::mask_row(const RelayStep& step) {
  NG_TRY(const Turn turn, answers_.take_bulk(1, step.raw.size(), step.raw));
  ends_inside_ = false;
  RowMask* mask = answers_.mask();
  if (turn != Turn::pass) return Done{};
  if (mask == nullptr) return Error{Code::bug, Blame::gateway, "a row to be masked, and nothing to do it"};
  Bytes masked;
  NG_TRY_VOID(mask->write(step.type, step.body, answers_.result(), masked));
  std::string out(as_text(masked));
  pass_new(out);
  return Done{};
}

Result<Done> Relay::sort_message(const RelayStep& step) {
  NG_TRY(const Turn turn, answers_.take(step.type, step.body));
  ends_inside_ = false;
  if (turn == Turn::pass) {
    NG_TRY(std::string other, in_other_words(step));
    if (other.empty()) pass(step.raw);
    else pass_new(other);
  }
  pass_new(answers_.said());
  set_budget();
  return Done{};
}

// "" if it passes as it is.
Result<std::string> Relay::in_other_words(const RelayStep& step) const {
  if (step.type != 'E' && step.type != 'N' && step.type != 'A') return std::string();
  return words_for_client(step.type, step.body, {words_ == Words::printable, answers_.keeps_details(), detectors_});
}

void Relay::set_budget() {
  const auto budget = answers_.budget();
  if (budget) scanner_.allow(budget->rows, budget->bytes);
  else if (budgeted_) scanner_.allow(RelayScanner::unlimited, RelayScanner::unlimited);
  budgeted_ = budget.has_value();
  scanner_.whole_rows(answers_.mask() != nullptr);
}

void Relay::pass(ByteView bytes) {
  if (!run_.empty() && run_.data() + run_.size() == bytes.data()) {
    run_ = ByteView(run_.data(), run_.size() + bytes.size());
    return;
  }
  made_.insert(made_.end(), run_.begin(), run_.end());
  run_ = {};
  // What the scanner had to keep from an earlier chunk dies with its next step.
  const bool in_chunk = std::greater_equal<>()(bytes.data(), chunk_.data()) &&
                        std::less_equal<>()(bytes.data() + bytes.size(), chunk_.data() + chunk_.size());
  if (in_chunk) run_ = bytes;
  else made_.insert(made_.end(), bytes.begin(), bytes.end());
}

void Relay::pass_new(std::string& bytes) {
  if (bytes.empty()) return;
  made_.insert(made_.end(), run_.begin(), run_.end());
  made_.insert(made_.end(), bytes.begin(), bytes.end());
  run_ = {};
  bytes.clear();
}

}  // namespace narrowgate::postgres
