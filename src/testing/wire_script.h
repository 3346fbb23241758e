// Conversations between a client, the engine and an upstream, told in sentences:
//
//   script()
//       .denies("DELETE FROM refunds")
//       .client_sends(query("DELETE FROM refunds"))
//       .client_hears({"E 42501", "Z I"})
//       .runs();
//
// Lines of upstream_sees() and client_hears() are those of wire_messages.h, each message one line; a line for an error or a
// notice may stop early. Flush is not mentioned unless a line is "Flush". Requests are permitted unless the script says
// otherwise.
//
// runs() plays it once; in_pieces() with every fragment size in both directions; fails_at_every_step() with either side leaving
// before each step, when nothing may hang and every request that was forwarded must be accounted for exactly once.
#pragma once

#include "testing/wire_run.h"

namespace narrowgate::testing {

class WireScript {
 public:
  // ---- what the driver decides. By the start of the request's text; the latest sentence that fits counts.
  WireScript& permits(std::string text, Enforced enforced = {}, bool approved = false) {
    return rule(std::move(text), {Ruling::What::permit, enforced, approved, false});
  }
  WireScript& denies(std::string text) { return rule(std::move(text), {Ruling::What::deny, {}, false, false}); }
  WireScript& denies_running(std::string text) { return rule(std::move(text), {Ruling::What::deny, {}, false, true}); }
  // The Execute or Query waits; a Parse of it does not.
  WireScript& holds(std::string text, Enforced enforced = {}) {
    return rule(std::move(text), {Ruling::What::hold, enforced, true, true});
  }
  WireScript& with(std::function<void(Setup&)> change);

  // ---- what happens, in order
  WireScript& client_sends(Bytes bytes);
  WireScript& upstream_sees(Texts lines);
  WireScript& upstream_sees_copy(std::string data);
  WireScript& upstream_answers(Bytes bytes);
  WireScript& client_hears(Texts lines);
  WireScript& client_hears_end();
  // Bulk: the upstream sends `unit` so many times while the client listens.
  WireScript& is_relayed(Bytes unit, std::size_t times);
  WireScript& client_cancels();
  WireScript& upstream_sees_cancel();
  WireScript& is_held();
  WireScript& people_agree();
  WireScript& people_refuse();
  WireScript& client_leaves();
  WireScript& upstream_leaves();
  WireScript& is_revoked();
  WireScript& outcome_is(std::string line);
  // The upstream is asked for the session's settings, and tells them.
  WireScript& settings_are_read(std::string search_path = "public", Texts prepared = {});
  // The upstream is asked, in a simple Query or in a step of its own, for the versions of what a statement rests on.
  WireScript& stamps_are_read(std::string stamps);
  WireScript& stamps_are_read_in_step(std::string stamps);

  // ---- playing it
  void runs();
  void in_pieces();
  void fails_at_every_step();
  void survives() { in_pieces(), fails_at_every_step(); }

 private:
  struct Step {
    std::string name;
    std::function<Task<void>(WireRun&)> play;
  };
  enum class Leaver { nobody, client, upstream };

  WireScript& rule(std::string text, Ruling ruling);
  WireScript& step(std::string name, std::function<Task<void>(WireRun&)> play);
  Ruling decide(const Request& request) const;
  void play(Setup setup, std::size_t until, Leaver leaver, const std::string& trace);
  static Task<void> play_steps(const std::vector<Step>& steps, std::size_t until, Leaver leaver, WireRun& run);

  Setup setup_;
  std::vector<std::pair<std::string, Ruling>> rules_;
  std::vector<Step> steps_;
};

inline WireScript script() { return {}; }

}  // namespace narrowgate::testing
