// The three answers: Permitted, Hold, Denial. A decision explains itself; the same value feeds the client's message, the
// recording and the console.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "policy/operation.h"
#include "policy/preview.h"

namespace narrowgate {

namespace session {
class Authorizer;
}

// security-model §4(h): the closed list.
enum class DenialCode : std::uint8_t {
  scope_denied,
  policy_denied,
  approval_pending,
  approval_denied,
  approval_mismatch,
  unclassified,
  limit_exceeded,
  expired,
  revoked,
  suspended,
  identity,
  unavailable,
};
std::string_view to_string(DenialCode code);

// What a refused client is told. Fixed templates only: no upstream text, no other people's words.
struct Denial {
  DenialCode code = DenialCode::unavailable;
  std::string decision;               // dec_…
  std::string message;                // "DELETE on public.refunds is outside task tsk_… (refund-triage)"
  std::vector<std::string> need;      // "DELETE pg:orders/public.refunds"
  std::vector<std::string> have;      // "SELECT,UPDATE pg:orders/public.refunds"
  std::string ask;                    // how to request it inside the same protocol; empty if asking cannot help
  std::string hint;                   // what would be allowed
  std::string retry;                  // never | after_grant | after:<s> | now_same_request | narrower
  std::string object;                 // the table concerned, if one
  std::vector<std::string> policies;  // determining policy ids, for records and people; never sent to the client
};
// The denial object as JSON, at most 480 bytes (the smallest protocol's room): lists are cut with "…" before anything else is.
std::string to_json(const Denial& denial);

// What the gateway will enforce while a permitted operation runs. 0 means no limit.
struct Enforced {
  std::uint64_t rows_read_max = 0;
  std::uint64_t rows_written_max = 0;
  std::uint64_t bytes_max = 0;
  std::chrono::milliseconds statement_max{0};
  friend bool operator==(const Enforced&, const Enforced&) = default;
};

// A request that waits for a person.
struct Hold {
  std::string decision;             // dec_…
  unsigned quorum = 1;              // how many different people must agree
  std::vector<std::string> groups;  // who may; from the determining policies' @approval
  std::string reason;               // from @approval_reason
  std::vector<std::string> policies;
  Enforced enforced;                               // the ceiling a person is asked to agree to
  std::optional<std::chrono::milliseconds> ttl{};  // how long an approval stays good; unset: as long as people may take
  bool for_task = false;                           // an approval may cover repeats within the task
};

// A question to the gateway itself, in the protocol's own syntax: SELECT * FROM narrowgate.scope.
struct GatewayCall {
  enum class What : std::uint8_t { scope, status, request, name } what = What::scope;  // name: what the client calls itself
  std::vector<std::string> arguments;
};

// One parameter of a request, in the protocol's own bytes.
struct ParameterValue {
  std::uint32_t type = 0;  // the protocol's own type number; 0 if unknown
  bool null = false;
  std::span<const std::uint8_t> bytes;
};

// What a protocol hands to the gateway for a decision. Each protocol derives its own, with the bytes inside.
struct Request {
  virtual ~Request() = default;
  // Shared, because the same text means the same operation: its address may key a cache for as long as it is held.
  virtual const std::shared_ptr<const Operation>& operation() const = 0;
  // The exact text or line a person would be shown. Valid until the conversation pins it, or its next next().
  virtual std::string_view text() const = 0;
  // The parameters, rendered one by one; only for a person's eyes and for digests.
  virtual std::vector<std::string> parameters() const = 0;
  // The parameters as the protocol had them, for the record. Borrowed like text().
  virtual std::vector<ParameterValue> values() const = 0;
  // Does deciding this run anything? False for a statement that is only being prepared.
  virtual bool runs() const = 0;
  // Set when this is for the gateway itself and never for the upstream.
  virtual const GatewayCall* gateway_call() const { return nullptr; }
  // What it would do: found out when the request was pinned, for a person's eyes.
  virtual const Preview& preview() const = 0;
  // What else changes the meaning of the text (settings, versions of the objects named), for the approval digest.
  virtual std::string meaning() const = 0;
};

// A request that may be sent, once. Only the Authorizer can make one, and forward() takes nothing else: what was decided is
// what is sent.
class Permitted {
 public:
  Permitted(Permitted&&) = default;
  Permitted& operator=(Permitted&&) = default;

  Request& request() { return *request_; }
  // Gives the permission up.
  std::unique_ptr<Request> release() { return std::move(request_); }
  const Request& request() const { return *request_; }
  const std::string& decision() const { return *decision_; }
  const Enforced& enforced() const { return enforced_; }
  // Of what operation().shown names, as "schema.table.column", what may be shown as it is; the rest leaves masked.
  const std::set<std::string>& unmasked() const { return *unmasked_; }
  // Set when a person approved exactly this: run it in a transaction of its own, check that its meaning() still holds there,
  // and roll back above enforced().rows_written_max.
  bool approved() const { return approved_; }

 private:
  friend class session::Authorizer;
  Permitted(std::unique_ptr<Request> request, std::shared_ptr<const std::string> decision, Enforced enforced,
            std::shared_ptr<const std::set<std::string>> unmasked, bool approved)
      : request_(std::move(request)),
        decision_(std::move(decision)),
        enforced_(enforced),
        unmasked_(std::move(unmasked)),
        approved_(approved) {}

  std::unique_ptr<Request> request_;
  std::shared_ptr<const std::string> decision_;
  Enforced enforced_;
  std::shared_ptr<const std::set<std::string>> unmasked_;  // never null
  bool approved_ = false;
};

// Proof that this task may open this resource. Minted by the Authorizer.
class OpenPermit {
 public:
  OpenPermit(OpenPermit&&) = default;

 private:
  friend class session::Authorizer;
  OpenPermit() = default;
};

}  // namespace narrowgate
