// One session: an agent, its grant, one conversation with one resource, one recording. Holds what the phases share; what happens
// is in the phases (run.cc names them).
#pragma once

#include <memory>
#include <string>

#include "grant/registry.h"
#include "protocol/protocol.h"
#include "recording/session_log.h"
#include "session/admit.h"
#include "session/authorizer.h"
#include "session/gateway.h"

namespace narrowgate::session {

class Session final : public Ears {
 public:
  // Both outlive it. The recording is open: who was admitted is in it.
  Session(const Gateway& gateway, const Entrance& entrance, Conversation& conversation, std::string id, Admission admission,
          std::unique_ptr<recording::SessionLog> log);

  const Gateway& gateway;
  const Entrance& entrance;
  Conversation& conversation;
  const std::string id;
  const Admission admission;
  Authorizer authorizer;
  std::unique_ptr<recording::SessionLog> log;
  std::unique_ptr<grant::LiveSession> live;  // set once the session can be revoked
  store::SessionCounts counts;
  std::chrono::nanoseconds revoke_took{0};  // from the revocation to the closed client, if it was revoked

  // Why it ended, for the recording: the first reason counts.
  void ends_because(std::string reason);
  const std::string& end_reason() const { return end_reason_; }

  // Ends it now, from the loop's thread: last words, upstream cancelled, both sides closed.
  void stop(DenialCode code, std::string message, std::string reason);

  // Ears
  void finished(std::uint64_t request, const Outcome& outcome) override;
  void noticed(std::string_view what) override;
  void took(std::uint64_t rows, std::uint64_t bytes) override { admission.grant->charge({.rows_read = rows, .bytes = bytes}); }
  Allowance allowance() const override;
  void forwarded();

 private:
  void update_busy(std::size_t in_flight);
  void found(const Outcome& outcome);
  std::string end_reason_;
  std::size_t in_flight_ = 0;
};

// Parameters as the recording takes them. Borrows as they do.
std::vector<recording::Value> recorded(const std::vector<ParameterValue>& values);
// "UPDATE public.refunds(state); SELECT public.refunds(batch)": what an operation does, for records and people.
std::string in_words(const Operation& operation);

}  // namespace narrowgate::session
