// What one session has done that changes the meaning of later text: settings, prepared bodies, cursors, temporary objects.
//
// The state is what was seen to succeed (apply), corrected by what the server says itself (take_settings) whenever a rollback or
// a function may have changed more than we saw. Where the two could differ, resolution takes both possibilities. Not here:
// whether a change is allowed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "protocol/postgres/sql/catalog.h"
#include "protocol/postgres/sql/parse.h"

namespace narrowgate::postgres {

// One thing that a statement, if it succeeds, changes in the session.
struct Change {
  enum class What : std::uint8_t {
    setting,          // name, value; no value: back to what the login started with
    forget_settings,  // anything may have changed: a function or a computed set_config did it
    prepare,          // name, value: the whole PREPARE
    deallocate,       // name; "" for all
    declare,          // name, value: the whole DECLARE; local unless WITH HOLD
    close,            // name; "" for all
    temp_relation,    // name; value: the whole CREATE VIEW, if it is a view
    discard,          // everything, as DISCARD ALL
    discard_temp,
    end_transaction,
  } what = What::setting;
  std::string name = {};
  std::optional<std::string> value = {};
  bool local = false;  // at most until the transaction ends
  friend bool operator==(const Change&, const Change&) = default;
};

// How COPY … TO STDOUT writes its rows.
struct CopyFormat {
  enum class Kind : std::uint8_t { text, csv, binary } kind = Kind::text;
  char delimiter = '\t', quote = '"', escape = '"';
  std::string null = "\\N";
  bool header = false;
  bool known = true;  // false: an option that this does not know
};

// What the conversation must know of one statement of a text, beside the Operation.
struct StatementFacts {
  std::vector<Change> changes;
  bool changes_meaning = false;       // its success, or its failure half-way, may change what later texts mean
  bool writes_rows = false;           // its command tag counts changed rows: a row ceiling applies
  bool copies_in = false;             // COPY … FROM STDIN
  bool copies_out = false;            // COPY … TO STDOUT
  CopyFormat copy_format = {};        // COPY … TO STDOUT
  Lineage gives = {};                 // where the columns of its rows come from
  std::string fetches = {};           // FETCH: the cursor's name
  bool controls_transaction = false;  // BEGIN, COMMIT, SAVEPOINT, …; CALL and DO, which may commit inside
  bool ends_transaction = false;      // COMMIT, ROLLBACK, ROLLBACK TO, …
  bool no_transaction = false;        // cannot run inside a transaction: VACUUM, CREATE INDEX CONCURRENTLY, …
  bool defines = false;               // DDL: what the catalog says may be old afterwards
  bool of_databases = false;          // CREATE, ALTER, DROP DATABASE: nobody else may be connected to it
};

class SessionState {
 public:
  // A new session: what the login starts with, and what the server reported (ParameterStatus).
  // `user`: who logged in, if it was not the catalog's own login.
  void begin(const Catalog& catalog, const std::map<std::string, std::string>& parameters, std::string user = "");
  // application_name is the gateway's, and may not be set.
  void fix_name() { name_is_fixed_ = true; }
  bool name_is_fixed() const { return name_is_fixed_; }
  // Values are looked into before they leave: what a text writes may hold a mask that was put there.
  void look_into_values() { values_are_looked_into_ = true; }
  bool values_are_looked_into() const { return values_are_looked_into_; }
  // One query whose rows take_settings() understands. Qualified throughout: safe under any search_path.
  static std::string_view settings_query();
  Result<Done> take_settings(const Rows& rows);
  void apply(const StatementFacts& facts);
  void apply(const std::vector<StatementFacts>& facts);

  // Names made and unmade by protocol messages share PREPARE's and DECLARE's name spaces: tell of Parse, Close and Bind that the
  // server confirmed. Only a change to a name that SQL made known is a change of meaning.
  void prepared_by_protocol(std::string_view name, std::string_view text);
  void closed_by_protocol(std::string_view name);
  void portal_by_protocol(std::string_view name);

  // Differs whenever anything that may change the meaning of a text did. Never 0.
  std::uint64_t meaning_id() const { return meaning_id_; }
  // The same in words, for approvals: search_path, role and such.
  std::string meaning() const;

  // ---- what resolution asks
  const Dialect& dialect() const { return dialect_; }
  const std::vector<std::string>& search_path() const { return search_path_; }  // as set, "$user" replaced, pg_catalog not added
  const std::string& role() const { return role_; }
  bool role_changed() const { return role_changed_; }
  bool plain_ascii_only() const {
    return plain_ascii_only_;
  }  // client_encoding: bytes beyond ASCII mean something we do not know
  bool uncertain() const { return uncertain_; }  // settings changed in a way nobody saw
  // The text that made it: PREPARE … or DECLARE …, or as the protocol had it; nullptr if it is not known.
  const std::string* prepared(std::string_view name) const;
  const std::string* cursor(std::string_view name) const;
  struct TempRelation {
    bool view = false;
    std::string text;      // of a view, if we saw it made
    bool certain = false;  // the server said so, and nothing happened since; otherwise it may be gone
  };
  const TempRelation* temp_relation(std::string_view name) const;
  bool has_temp_relations() const { return !temp_relations_.empty(); }

 private:
  struct Cursor {
    std::string text;
    bool hold = false;
  };
  template <class T>
  using Names = std::map<std::string, T, std::less<>>;

  void change(const Change& change);
  void set(std::string_view name, const std::optional<std::string>& value);
  void set_path(std::string value);
  void set_role(std::string role);
  void discard();
  void changed() { meaning_id_ = next_meaning_id(); }
  static std::uint64_t next_meaning_id();

  Dialect dialect_;
  std::vector<std::string> search_path_;
  std::string user_, role_, path_, default_path_, encoding_;
  bool name_is_fixed_ = false, values_are_looked_into_ = false;
  bool role_changed_ = false, plain_ascii_only_ = false, uncertain_ = false;
  Names<std::string> prepared_;
  Names<Cursor> cursors_;
  Names<TempRelation> temp_relations_;
  std::uint64_t meaning_id_ = 1;
};

// Settings that change what later text means, or who it runs as.
bool changes_meaning(std::string_view setting);

// "a, "B"" as SET search_path takes it, split and unquoted. nullopt if it is not a list of names.
std::optional<std::vector<std::string>> split_path(std::string_view text);

}  // namespace narrowgate::postgres
