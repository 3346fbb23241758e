// What the upstream still owes this client, in order.
//
// PostgreSQL answers strictly in the order it was asked. Each thing asked becomes a Debt; each backend message is held against
// the debt at the head, which says whether it passes on, is the gateway's own business, or gives way to what the gateway has to
// say at this turn (a refusal in mid-pipeline, an answer of narrowgate.scope). Errors discard debts up to the next Sync, exactly
// as the server does.
//
//   asked upstream:   Parse  Bind  Execute  (refused: a statement that cannot parse)  Sync
//   owed:             '1'    '2'   D* C     E → instead, our ErrorResponse            Z
//
// Promises: the client hears one answer per question, in the order it asked; a request is reported finished exactly once; a
// message that nothing is owed for is an error (a hostile or broken upstream), never passed on. Not here: bytes on sockets
// (relay.cc), what a statement means (sql/).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/ring.h"
#include "protocol/postgres/names.h"
#include "protocol/postgres/statement.h"
#include "protocol/protocol.h"

namespace narrowgate::postgres {

// A query of the gateway's own, over the client's upstream connection. Rows are text; NULL is nullopt.
struct OwnQuery {
  Bytes raw;  // rows as they came, until the answer is complete
  std::vector<std::vector<std::optional<std::string>>> rows;
  std::string sqlstate, message;  // of the error, if there was one
  unsigned closes = 0;            // own_steps: CloseComplete messages still to come
  bool finished = false;
  bool failed() const { return !sqlstate.empty(); }
};

struct Debt {
  enum class Kind : std::uint8_t {
    query,
    function_call,
    parse,
    bind,
    describe,
    execute,
    close,
    sync,
    local,          // nothing is owed: `say` is the whole answer, at this turn
    refused_query,  // a query that fails upstream so that its transaction does; the client hears `say` for the error
    refused_step,   // the same inside a pipeline
    own,            // a simple query of the gateway's: the client hears nothing
    own_steps,      // the same as steps inside the client's pipeline; its error fails that, so the client hears it
  };
  Kind kind = Kind::query;
  bool withhold_end = false;  // execute: keep CommandComplete back, the gateway judges the outcome first
  bool quiet = false;         // the client did not ask for this step: it hears only of rows, columns and errors
  bool failed = false;
  bool closes_statement = false;  // close: of a statement, not a portal
  bool suspended = false;         // execute: its row limit ended it, not the end of its rows
  std::size_t copies = 0, copies_begun = 0,
              copies_ended = 0;  // COPY FROM STDIN: in the text, taken up upstream, ended by the client
  std::uint64_t request = 0;     // the session's number; 0: not a request
  std::uint64_t rows = 0, bytes = 0;
  std::uint64_t rows_max = 0, bytes_max = 0;  // 0: no limit
  std::shared_ptr<Taken> taken = {};          // what the limits are held against, if this is a part of an answer
  std::chrono::milliseconds time_max{0};      // at the head of what is owed; 0: no limit
  bool over_budget = false;                   // a limit was passed: what is left of the answer is kept back
  bool over_time = false;                     // it was this one
  MonoTime since{};
  std::string tag = {}, sqlstate = {};
  std::string say = {};   // local, refused: the answer; sync: what the client hears first if nothing failed
  std::string name = {};  // of the statement or portal
  std::shared_ptr<const Statement> statement = {};
  std::shared_ptr<RowMask> mask = {};             // of the rows of its answer
  std::size_t result = 0;                         // which statement of the text is being answered
  std::shared_ptr<const Prepared> prepared = {};  // parse: what the name will stand for
  std::shared_ptr<const Portal> portal = {};      // bind
  std::shared_ptr<OwnQuery> own = {};

  std::uint64_t rows_taken() const { return taken ? taken->rows : rows; }
  std::uint64_t bytes_taken() const { return taken ? taken->bytes : bytes; }
};

// What to do with one backend message.
enum class Turn : std::uint8_t {
  pass,     // give it to the client
  drop,     // keep it
  instead,  // give the client Answers::said() in its place
};

// Hears what became of debts. Called from within Answers; must not call back.
class Creditor {
 public:
  virtual ~Creditor() = default;
  virtual void settled(const Debt& debt, bool ran) = 0;  // ran false: discarded by an earlier error
  virtual void own_finished() = 0;
  virtual void copy_begun() = 0;
  virtual void transaction_status(char status) = 0;  // at each ReadyForQuery, after what it settled
  virtual void parameter_reported(std::string_view name) = 0;
  // The columns of an answer: are they what their statement was thought to give?
  virtual Result<Done> described(const Debt& debt, ByteView row_description) = 0;
  virtual void took(std::uint64_t rows, std::uint64_t bytes) = 0;  // has passed to the client
  virtual Allowance allowance() const = 0;                         // of the session, beside the debt's own limits
  virtual void over_budget(const Debt& debt) = 0;                  // once per debt: cancel it
  // What the client is told where the end of that answer would be; fatal: and the connection ends.
  virtual std::string limit_message(const Debt& debt, bool fatal) = 0;
};

class Answers {
 public:
  explicit Answers(Creditor& creditor) : creditor_(creditor) {}

  // Adds a debt. `say` of a local debt that is due at once lands in said(). Returns false, and settles nothing, if the upstream
  // is discarding everything up to a Sync that has not been sent: then the message must not be sent at all.
  bool owe(Debt debt);

  // One backend message other than DataRow and CopyData, in order.
  Result<Turn> take(char type, ByteView body);
  // A run of rows or copy data, which may end inside one.
  Result<Turn> take_bulk(std::uint64_t rows, std::uint64_t bytes, ByteView raw);
  // How many more rows and bytes may pass to the client for the debt at the head; nullopt without a limit.
  struct Budget {
    std::uint64_t rows, bytes;
  };
  std::optional<Budget> budget() const;
  // The next row would be over it: nothing more of this debt passes on.
  void over_budget();

  // What masks the rows that come now; nullptr: nothing.
  RowMask* mask() const { return owed_.empty() || !owed_.front().mask ? nullptr : masking(owed_.front()); }
  std::size_t result() const { return owed_.front().result; }
  // What the upstream says of errors may tell masked values, from now on.
  void keep_details() { keep_details_ = true; }
  bool keeps_details() const { return keep_details_; }
  // From now on nobody hears the upstream's own news.
  void client_left() { client_left_ = true; }

  // What the client is to hear now; the caller takes it and clears it.
  std::string& said() { return said_; }

  bool empty() const { return owed_.empty(); }
  std::size_t size() const { return owed_.size(); }
  const Debt* head() const { return owed_.empty() ? nullptr : &owed_.front(); }
  // The upstream reports as of its last ReadyForQuery; only certain when nothing is owed.
  char transaction() const { return transaction_; }
  // Did anything since the last Sync begin work that an error must undo?
  bool work_since_sync() const { return work_since_sync_; }
  // A failed step: the upstream ignores everything until a Sync, which the client has not sent yet.
  bool discarding() const { return discarding_; }

  // COPY FROM STDIN. Between the statement and the end of its data nobody but the upstream knows whether it takes data (and
  // ignores Sync) or has failed (and answers it); so nothing but data is sent until it has said which.
  bool copy_awaited() const;  // asked for, and not taken up yet, with data still to come
  bool copying_in() const;    // taking data now
  bool wants_copy_data() const;
  // What is being answered now, as a number that changes with it.
  std::uint64_t turn() const { return turn_; }
  void over_time();                                       // the head has run for longer than it may
  bool copies_owed() const { return copies_owed_ != 0; }  // any COPY FROM STDIN among what is owed
  void copy_data_ended();                                 // the client sent CopyDone or CopyFail

  // Something on its way may change what later text means: settings, definitions, names that SQL made.
  bool meaning_at_stake() const { return meaning_at_stake_ != 0; }
  // A named statement or portal is being made or closed by a message of its own.
  bool names_at_stake() const { return names_at_stake_ != 0; }
  // The upstream has said why it ends the connection, and the client has heard it.
  bool ended_by_upstream() const { return ended_by_upstream_; }

  // What the client is to hear last of a pipeline that should have failed and did not; "" if it did not come to that.
  const std::string& last_words() const { return last_words_; }

  // The connection is gone: everything owed is settled as not known to have run.
  void abandon();

 private:
  static RowMask* masking(const Debt& debt) { return debt.mask->masks(debt.result) ? debt.mask.get() : nullptr; }
  Result<Turn> on_error(ByteView body);
  Result<Turn> on_ready(ByteView body);
  Result<Turn> on_complete(ByteView body);
  Result<Turn> on_own(char type);
  Result<Turn> on_suspended();
  Turn instead_if_cut_off(const Debt& debt);
  Result<Done> say_cut_off(const Debt& debt);
  bool alone_before_sync() const;
  void finish(OwnQuery& own);
  Result<Turn> step(char type, Debt::Kind expected, bool has_columns = false);
  void settle_head(bool ran);
  void fail_step(bool ran);
  Debt take_head();
  const Debt* copy_to_come() const;
  void speak_locals();
  void count_stakes(const Debt& debt, int by);

  Creditor& creditor_;
  Ring<Debt> owed_;
  std::string said_, last_words_;
  char transaction_ = 'I';
  bool keep_details_ = false, client_left_ = false;
  bool discarding_ = false;  // the upstream ignores everything until a Sync that we have not sent yet
  bool work_since_sync_ = false;
  bool ended_by_upstream_ = false;
  bool executed_since_ready_ = false;  // a step that is answered already and not yet committed
  int meaning_at_stake_ = 0;           // debts whose success changes what later text means
  int names_at_stake_ = 0;
  int copies_owed_ = 0;
  std::uint64_t turn_ = 0;
};

}  // namespace narrowgate::postgres
