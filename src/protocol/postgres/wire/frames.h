// Where a message begins and ends, in both directions.
//
//   FrontendFrames   client → gateway: hands out whole messages (and CopyData piece by piece)
//   BackendFrames    upstream → gateway while we talk to it ourselves: login, catalog questions
//   RelayScanner     upstream → client in bulk: walks 64 KiB chunks, shows what must be looked at, counts the rest
//
// Promises:
//  - No copy: a frame's body is a view of the caller's buffer. (RelayScanner keeps what a chunk boundary cut in two.)
//  - A length is judged as soon as its four bytes are there, before anything is kept for it. An unknown type is an error at
//    its first byte. After an error the stream is lost: close it.
//  - What a type may weigh is a table (wire_limits.h); types whose body is always empty must be empty.
// Not here: what is inside (messages_*.h) and whether it may come now (the engine).
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "base/bytes.h"
#include "protocol/postgres/wire/wire_limits.h"

namespace narrowgate::postgres {

struct Frame {
  char type = 0;
  ByteView body;         // dies with the buffer it was found in
  std::size_t size = 0;  // how many bytes of the buffer it took: drop them before asking again
  // A statement or its values, longer than we hold: passed over piece by piece, and its last piece stands for the whole message.
  enum class Excess : std::uint8_t { none, piece, end } excess = Excess::none;
};

// Messages after the startup packet.
class FrontendFrames {
 public:
  enum class Phase : std::uint8_t {
    login,    // only 'p': passwords and SASL
    session,  // everything but 'p'
  };
  explicit FrontendFrames(Phase phase = Phase::login) : phase_(phase) {}
  void enter(Phase phase) { phase_ = phase; }

  // The message at the start of `buffer`, or nothing while it is not whole. CopyData is given in pieces as it comes: its
  // boundaries mean nothing, each piece can be sent on as a CopyData of its own, and 1 GiB of it costs no memory.
  Result<std::optional<Frame>> next(ByteView buffer);
  // After nothing: how many bytes the buffer must hold before asking again can help.
  std::size_t wanted() const { return wanted_; }
  // A Query, Parse or Bind that is too long comes as pieces with `excess` set and no body: refuse it at the end, the stream goes
  // on. Inside a CopyData whose rest is still to come.
  bool mid_copy_data() const { return copy_left_ > 0; }

 private:
  Phase phase_;
  std::size_t wanted_ = 1;
  Result<std::optional<Frame>> pass_over(ByteView buffer);

  std::size_t copy_left_ = 0;
  std::size_t excess_left_ = 0;
  char excess_type_ = 0;
};

// Messages from an upstream that we read whole, each up to `body_max`.
class BackendFrames {
 public:
  explicit BackendFrames(std::size_t body_max = limits::pg_login_body_max) : body_max_(body_max) {}

  Result<std::optional<Frame>> next(ByteView buffer);
  std::size_t wanted() const { return wanted_; }

 private:
  std::size_t body_max_;
  std::size_t wanted_ = 1;
};

// One step of a RelayScanner.
struct RelayStep {
  enum class Kind : std::uint8_t {
    more,         // the chunk is used up
    bulk,         // rows, copy data or a function's value: pass `raw` on as it is
    frame,        // one whole message to look at: `type`, `body`; pass on `raw`, or something better
    over_budget,  // the next row is over the budget; nothing was taken of it. Repeats until allow() says otherwise
  };
  Kind kind = Kind::more;
  char type = 0;            // frame: which
  std::size_t used = 0;     // bytes of the chunk this step took: drop them before asking again
  ByteView raw = {};        // what stands for them on the client's side: inside the chunk, or inside the scanner until next()
  ByteView body = {};       // frame: raw without type and length
  std::uint64_t rows = 0;   // bulk: such messages that begin in it (PostgreSQL copies out one row in each)
  std::uint64_t bytes = 0;  // bulk: their whole sizes, headers included, even if their ends are still to come
};

// Walks an upstream's answers in chunks of any size.
//
//   while (true) {
//     NG_CO_TRY(auto step, scanner.next(chunk));
//     chunk = chunk.subspan(step.used);
//     if (step.kind == RelayStep::Kind::more) break;   // read the next chunk
//     ...                                              // all `raw` put together are all chunks put together
//   }
//
// Login messages (Authentication, BackendKeyData, NegotiateProtocolVersion) and CopyBoth are errors here: the session is open,
// and replication is never relayed.
class RelayScanner {
 public:
  static constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();

  Result<RelayStep> next(ByteView chunk);

  // How many rows, and bytes of rows, may still pass.
  void allow(std::uint64_t rows, std::uint64_t bytes) {
    rows_left_ = rows;
    bytes_left_ = bytes;
  }
  // Rows and copy data come as frames, each whole, up to limits::masked_row_bytes_max: somebody looks at every value.
  void whole_rows(bool whole) { whole_rows_ = whole; }
  // The client has been given a part of a message: nothing of our own may be put between.
  bool mid_message() const { return bulk_left_ > 0; }

 private:
  bool fits_budget(std::size_t size) const { return rows_left_ > 0 && size <= bytes_left_; }
  void spend(std::size_t size);
  RelayStep walk_bulk(ByteView chunk);
  Result<RelayStep> resume(ByteView chunk);
  Result<RelayStep> inspect(ByteView chunk);
  RelayStep keep(ByteView chunk);

  std::size_t bulk_left_ = 0;  // of the row or copy data under way
  std::uint64_t rows_left_ = unlimited;
  std::uint64_t bytes_left_ = unlimited;
  bool whole_rows_ = false;
  Bytes kept_;                // the start of a message that a chunk boundary cut
  bool kept_is_out_ = false;  // the last step's raw looks at kept_
};

}  // namespace narrowgate::postgres
