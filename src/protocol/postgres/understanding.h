// From text to meaning, with a memory.
//
// The memory is keyed by the exact text. Texts that differ only in plain whole numbers share an entry if the classifier proved
// that no number in that text can change what it means; nothing coarser is ever a key (a fingerprint equates statements that
// differ). Whatever changes the meaning of text (search_path, role, the catalog, …) empties it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "protocol/postgres/sql/catalog.h"
#include "protocol/postgres/sql/session_state.h"
#include "protocol/postgres/statement.h"

namespace narrowgate::postgres {

// A statement that nobody could classify, for a reason we can say.
std::shared_ptr<const Statement> not_understood(std::string why);
// The same text where its names may mean something else by now. What its grammar alone says (COPY, COMMIT, SET) still holds.
std::shared_ptr<const Statement> doubted(const Statement& statement, std::string_view why);

class Understanding {
 public:
  SessionState& state() { return state_; }
  const SessionState& state() const { return state_; }

  // A new session: the login's own settings, and what the upstream reported.
  void begin(std::shared_ptr<const Catalog> catalog, const std::map<std::string, std::string>& parameters, std::string user);
  // Forgets when `catalog` or the session's settings are other than last time.
  void refresh(const std::shared_ptr<const Catalog>& catalog);
  // nullptr: not remembered.
  std::shared_ptr<const Statement> recall(std::string_view text);
  // Parses and classifies; never fails: what cannot be understood is a statement that is not classified. Needs a big stack;
  // touches nothing of ours but what it is given, so that it may run on another thread.
  static std::shared_ptr<const Statement> read(std::string_view text, const Catalog& catalog, const SessionState& state);
  void remember(std::string_view text, std::shared_ptr<const Statement> statement);

  const std::shared_ptr<const Catalog>& catalog() const { return catalog_; }
  // Grows whenever what was read may mean something else now. Never 0.
  std::uint64_t epoch() const { return epoch_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  using Memory = std::unordered_map<std::string, std::shared_ptr<const Statement>, Hash, std::equal_to<>>;

  SessionState state_;
  std::shared_ptr<const Catalog> catalog_;
  std::uint64_t meaning_ = 0, epoch_ = 0;
  Memory exact_, numberless_;
  std::string scratch_;
};

}  // namespace narrowgate::postgres
