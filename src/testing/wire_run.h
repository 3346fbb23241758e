// One run of a wire script: a loop, a client and an upstream on real sockets, the engine between them, and in the session's place
// a driver that decides as the script says.
//
//   WireScript ─▶ WireRun: client end ─▶ PostgresConversation ─▶ upstream end
//                              ▲                │  ▲
//                              └ wire_messages  └──┴ the driver: permit, deny, hold
//
// Promises: whatever is waited for ends after `patience`, as a failure that says what was awaited; every request that was
// forwarded is accounted for when the run ends.
#pragma once

#include <fmt/format.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "net/stream.h"
#include "policy/decision.h"
#include "protocol/postgres/catalogs.h"
#include "protocol/protocol.h"
#include "testing/wire_messages.h"

namespace narrowgate::testing {

inline constexpr auto patience = std::chrono::seconds(20);
inline constexpr std::size_t whole = std::numeric_limits<std::size_t>::max();

// What the driver does with a request.
struct Ruling {
  enum class What : std::uint8_t { permit, deny, hold } what = What::permit;
  Enforced enforced = {};
  bool approved = false;
  bool only_running = false;  // a Parse of it is permitted
};
using Decide = std::function<Ruling(const Request&)>;

// What both sides are, for one run.
struct Setup {
  Decide decide;
  std::size_t piece = whole;  // both sides write this many bytes at a time
  Texts tables{"public.refunds"};
  std::map<std::string, std::string> upstream_reports{
      {"server_version", "17.5"}, {"client_encoding", "UTF8"}, {"standard_conforming_strings", "on"}};
  std::function<bool()> catalog_fails = [] { return false; };
  Texts startup;  // more parameters, name after name and value
};

struct Sides;

class WireRun final : public Ears {
 public:
  explicit WireRun(const Setup& setup);
  ~WireRun() override;

  // Runs `script` on the loop, then ends whatever is still open and looks at what is left over.
  void run(std::function<Task<void>(WireRun&)> script);

  // ---- steps. Each records a failure instead of waiting for ever; after one failed the rest do nothing.
  Task<void> open();
  Task<void> client_sends(Bytes bytes);
  Task<void> upstream_sees(Texts lines);
  Task<void> upstream_sees_copy(std::string data);
  Task<void> upstream_answers(Bytes bytes);
  Task<void> client_hears(Texts lines);
  // The same bytes many times over: bulk, compared without being kept.
  Task<void> relay_often(Bytes unit, std::size_t times);
  Task<void> client_hears_end();
  Task<void> client_cancels();  // over a connection of its own
  Task<void> upstream_sees_cancel();
  Task<void> hold_is_there();  // the driver waits in a hold
  void people_say(Ruling::What what);
  void client_leaves();
  void upstream_leaves();
  void terminate(const Denial& denial);
  Task<void> outcome_is(std::string line);          // the next one reported
  void nothing_is_left() { nothing_left_ = true; }  // asserts at the end that neither side was told more than the script says

  void failed_at(std::size_t step, const std::string& name) { failures_.push_back(fmt::format("(at step {}: {})", step, name)); }

  const Texts& failures() const { return failures_; }
  const Texts& outcomes() const { return outcomes_; }
  const std::vector<std::string>& decided() const { return decided_; }

  // Ears
  void took(std::uint64_t rows, std::uint64_t bytes) override;
  Allowance allowance() const override { return {}; }
  void finished(std::uint64_t request, const Outcome& outcome) override;
  void noticed(std::string_view) override {}

 private:
  Task<void> drive();
  Task<Result<Done>> converse();
  Task<Result<Done>> serve(std::unique_ptr<Request> request);
  Task<Result<Done>> hold(std::unique_ptr<Request> request);
  Task<void> welcome_upstream(std::unique_ptr<net::Stream> stream);
  Task<void> direct(std::function<Task<void>(WireRun&)> script);
  Task<void> end_both();
  Task<void> swallow_rest_of_upstream();
  Task<void> write(net::Stream& stream, Bytes bytes);
  Task<void> upstream_answers_often(Bytes unit, std::size_t times);
  Task<void> client_hears_often(Bytes unit, std::size_t times);
  Task<std::optional<std::string>> next_client_line();  // said by the client, seen upstream
  Task<std::optional<std::string>> next_server_line();
  Task<void> wait_for(net::Event& event, const std::function<bool()>& ready, std::string what);
  void fail(std::string what);
  void check_outcomes();

  const Setup& setup_;
  std::unique_ptr<Sides> sides_;
  Texts failures_, outcomes_;
  std::vector<std::string> decided_;
  std::map<std::uint64_t, int> accounted_;  // how often each forwarded request was reported
  std::size_t outcomes_seen_ = 0;
  std::uint64_t next_number_ = 1;
  std::optional<Ruling::What> people_said_;
  bool nothing_left_ = true;
  bool driver_ended_ = false, holding_ = false, client_gone_ = false, upstream_gone_ = false, ended_by_script_ = false;
};

}  // namespace narrowgate::testing
