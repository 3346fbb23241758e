// The contract between the spine and a protocol.
//
// A protocol gives the gateway ears and a mouth. It never decides, never finds credentials, never records: it says what the
// client asked, and says back what the gateway answered.
//
//   greet ▸ prove ▸ open ▸ loop { next ▸ (the session decides) ▸ forward | refuse | answer } ▸ close
//
// Requests flow and outcomes follow (docs/decisions/0002): forward() commits a request and returns; what became of it reaches the
// session's Ears later, in order. Everything here happens on the client connection's loop.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/crypto.h"
#include "base/secret.h"
#include "credentials/lease.h"
#include "net/stream.h"
#include "policy/decision.h"

namespace narrowgate {

// What a client says before it has proved anything. Claims, every one of them.
struct Hello {
  std::string agent;
  std::string place;  // what the client calls where it wants to go: "orders", "orders/reporting"; "" for the default
  std::string task_template, reason, ticket;
  std::vector<std::string> names_used;  // other names the client went by; for the record
};

// How a client is asked to prove who it is.
struct AskToken {};  // a bearer token or key in clear: only inside TLS, or on loopback where the listener allows it
struct AskScram {
  Bytes salt;
  unsigned iterations = 4096;
  // The signature that proves the gateway to the client, if the proof is right. Copes with agents that do not exist.
  std::function<std::optional<Digest>(std::string_view auth_message, ByteView client_proof)> check;
};
using Challenge = std::variant<AskToken, AskScram>;
struct ProvedKey {};  // the SCRAM exchange succeeded
using Proof = std::variant<SecretString, ProvedKey>;

// What the client is told once its session is open.
struct ObjectName {
  std::string schema, name;
};
struct Welcome {
  // Called once with the tables the resource has, so that a grant can be told as a share of them.
  std::function<std::vector<std::string>(const std::vector<ObjectName>& tables)> notices;
};

// What became of a forwarded request.
struct Outcome {
  std::string tag = {};       // the upstream's own summary: "UPDATE 41"
  std::string sqlstate = {};  // "" if it succeeded; the protocol's own error code otherwise
  std::uint64_t rows = 0, bytes = 0;
  std::uint64_t rows_written = 0;  // of `rows`, those that it changed
  bool completed = true;           // false: never run, or nobody knows
  std::chrono::nanoseconds took{0};
  std::vector<std::pair<std::string, std::uint64_t>> found = {};  // in its values, and masked: entity, how often
};

// How much more of an answer may go to a client.
struct Allowance {
  static constexpr std::uint64_t unlimited = ~std::uint64_t(0);
  static constexpr std::chrono::milliseconds forever = std::chrono::milliseconds::max();
  std::uint64_t rows = unlimited, bytes = unlimited;
  std::chrono::milliseconds time = forever;  // of operations that are not over yet, nothing is taken off
};

// The session's side of the conversation. Called on the loop; must not call back into the conversation.
class Ears {
 public:
  virtual ~Ears() = default;
  virtual void finished(std::uint64_t request, const Outcome& outcome) = 0;
  virtual void noticed(std::string_view what) = 0;  // worth a line in the recording
  // What has just gone to the client, and how much more may before it is cut off. Asked for every message.
  virtual void took(std::uint64_t rows, std::uint64_t bytes) = 0;
  virtual Allowance allowance() const = 0;
};

// The gateway's answer to a GatewayCall.
struct Table {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
  std::string tag;  // the command tag of a call that returns nothing; "" for a SELECT
};

enum class HoldEnd { decided, timed_out, client_left, client_cancelled };

// One client's conversation with one resource. The session calls these one at a time and in order; terminate() at any time.
class Conversation {
 public:
  virtual ~Conversation() = default;

  // Speaks with the client until it is known who asks for what. Contacts no upstream. nullopt: nothing for a session to do (a
  // cancel request, a health probe), and it is done.
  virtual Task<Result<std::optional<Hello>>> greet() = 0;
  virtual Task<Result<Proof>> prove(Challenge challenge) = 0;

  // Connects as the gateway, with `upstream`, and tells the client it may begin. Needs proof that this task may open this
  // resource.
  virtual Task<Result<Done>> open(OpenPermit permit, Upstream upstream, Welcome welcome, Ears& ears) = 0;

  // The next thing the client wants done: whole, bounded, classified. nullptr when the client is finished.
  virtual Task<Result<std::unique_ptr<Request>>> next() = 0;
  // Sends the request inside, under the number `request`, by which Ears will hear of it. Error: this conversation is over.
  virtual Task<Result<Done>> forward(std::uint64_t request, Permitted permitted) = 0;
  // Says no, once, in words this client's driver understands; the conversation goes on.
  virtual Task<Result<Done>> refuse(std::unique_ptr<Request> request, Denial denial) = 0;
  // Answers for the gateway itself. Only for a request whose gateway_call() is set.
  virtual Task<Result<Done>> answer(std::unique_ptr<Request> request, Table table) = 0;

  // How a client of this protocol asks for what `decision` denied: a statement, a command, a tool call.
  virtual std::string how_to_ask(std::string_view decision) const = 0;
  // Makes the request its own master, so that it can wait: its text, and the state of whatever its meaning() rests on right now.
  virtual Task<Result<Done>> pin(Request& request) = 0;
  // Tells the client something while its request waits.
  virtual Task<Result<Done>> notify(std::string message) = 0;
  // Waits for `decided` while watching the client, which may leave or cancel.
  virtual Task<HoldEnd> wait(net::Event& decided, Duration at_most) = 0;

  // Ends a conversation that was never opened: the protocol's own "no", then close.
  virtual Task<void> dismiss(Denial denial) = 0;
  // Ends it now: last words to the client if there is room for them, the running upstream work cancelled, both sides closed.
  // Whatever is being awaited returns Code::closed. Idempotent.
  virtual void terminate(const Denial& denial) = 0;
  // Cancels what runs upstream and nothing else. Idempotent until the next request.
  virtual void cancel() = 0;
  // Waits until both directions have ended and the upstream's work is known to be cancelled. The last call before destruction.
  virtual Task<void> close() = 0;

  virtual net::Address peer() const = 0;
  virtual std::optional<net::TlsInfo> tls() const = 0;
};

class Protocol {
 public:
  virtual ~Protocol() = default;
  virtual std::string_view name() const = 0;
  virtual std::unique_ptr<Conversation> converse(std::unique_ptr<net::Stream> client) = 0;
};

}  // namespace narrowgate
