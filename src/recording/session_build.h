// Puts one session's records together again: counts, resolved references, and what an auditor asks first.
#pragma once

#include <map>

#include "recording/reader.h"

namespace narrowgate::recording {

// Counts only: what `sessions list` needs of each session.
void add_to_summary(SessionSummary& summary, const Record& record);

class SessionBuild {
 public:
  // The session's records, in order.
  void add(const Place& place, Record record);
  Session finish();

 private:
  void add_intent(const Place& place, const Record& record, const IntentRecord& intent);
  Step* step_of(std::uint64_t intent);

  Session out_;
  std::map<std::uint64_t, std::size_t> steps_;  // seq → index
  std::map<std::uint64_t, std::string> parts_;  // seq of a first text part → the text so far
  std::uint64_t first_part_ = 0;
};

}  // namespace narrowgate::recording
