#include <boost/json/serialize.hpp>
#include <charconv>

#include "recording/export.h"
#include "recording/record_json.h"

// security-model §1.8. Class and activity numbers are OCSF 1.8.0's; what 1.8.0 has no place for goes under unmapped.narrowgate.
namespace narrowgate::recording {
namespace {

enum Class {
  authentication = 3002,
  authorize_session = 3003,
  user_access = 3005,
  api_activity = 6003,
  datastore_activity = 6005
};
enum Activity { read = 1, update = 2, connect = 3, query = 4, write = 5, create = 6, remove = 7 };

struct Effect {
  std::string verb, object;
};

// The first of "UPDATE public.refunds(state); SELECT …".
Effect first_effect(const std::string& effects) {
  const auto blank = effects.find(' ');
  if (blank == effects.npos) return {effects.substr(0, effects.find(';')), ""};
  return {effects.substr(0, blank), effects.substr(blank + 1, effects.find_first_of("(;", blank) - blank - 1)};
}

int datastore_activity_of(const std::string& verb) {
  static const std::map<std::string, int> known = {{"SELECT", read}, {"UPDATE", update}, {"INSERT", write},    {"COPY", write},
                                                   {"MERGE", write}, {"DELETE", remove}, {"TRUNCATE", remove}, {"DDL", create}};
  const auto found = known.find(verb);
  return found == known.end() ? int(query) : found->second;
}

// API Activity knows 1 Create, 2 Read, 3 Update, 4 Delete, 99 Other.
int api_activity_of(const std::string& danger, const std::string& verb) {
  if (danger == "read") return 2;
  if (verb == "create") return 1;
  if (verb == "delete" || verb == "deletecollection") return 4;
  return danger == "write" ? 3 : 99;
}

json::object endpoint(const std::string& peer) {
  json::object out;
  const auto colon = peer.rfind(':');
  unsigned port = 0;
  const bool has_port =
      colon != peer.npos && std::from_chars(peer.data() + colon + 1, peer.data() + peer.size(), port).ec == std::errc{};
  auto ip = has_port ? peer.substr(0, colon) : peer;
  if (ip.starts_with('[') && ip.ends_with(']')) ip = ip.substr(1, ip.size() - 2);
  out["ip"] = json_text(ip);
  if (has_port) out["port"] = port;
  return out;
}

class Ocsf {
 public:
  Ocsf(const Session& session, std::string_view version) : session_(session), version_(version) {
    for (const Step& step : session.steps) steps_[step.seq] = &step;
  }

  std::string write() {
    for (const auto& [place, record] : session_.timeline) {
      if (record.kind() == Kind::started) started(record);
      if (record.kind() == Kind::intent) statement(record);
      if (const auto* ended = std::get_if<EndedRecord>(&record.body)) end(record, *ended);
    }
    return std::move(out_);
  }

 private:
  std::string fact(const char* name) const {
    const auto& facts = session_.summary.facts;
    const auto found = facts.find(name);
    return found == facts.end() ? "" : found->second;
  }
  bool is_api() const { return fact("protocol") == "kubernetes" || fact("protocol") == "aws"; }

  // What every event has.
  json::object event(Class what, int activity, const Record& record, std::string_view uid, int status) const {
    json::object metadata{{"version", "1.8.0"},
                          {"profiles", json::array{"security_control", "ai_operation"}},
                          {"uid", json_text(uid)},
                          {"correlation_uid", json_text(fact("task"))},
                          {"product", {{"name", "narrowgate"}, {"vendor_name", "narrowgate"}, {"version", version_}}}};
    return {{"category_uid", int(what) / 1000},
            {"class_uid", int(what)},
            {"activity_id", activity},
            {"type_uid", int(what) * 100 + activity},
            {"severity_id", 1},
            {"status_id", status},
            {"time", unix_ms(record.wall())},
            {"metadata", std::move(metadata)}};
  }
  json::object user() const {
    const auto who = fact("on_behalf_of").empty() ? fact("owner") : fact("on_behalf_of");
    return {{"name", json_text(who.empty() ? fact("agent") : who)},
            {"uid", json_text(who.empty() ? fact("agent") : who)},
            {"type_id", who.empty() ? 4 : 1}};
  }
  json::object actor() const {
    return {{"user", user()},
            {"session", {{"uid", json_text(session_.summary.session)}}},
            {"app_name", json_text(fact("agent"))},
            {"app_uid", json_text(fact("agent"))}};
  }
  json::object unmapped(const Record& record, const Place* place) const {
    json::object ours{{"ai_agent", {{"name", json_text(fact("agent"))}, {"uid", json_text(fact("agent"))}}},
                      {"recording", session_.summary.session + "#" + std::to_string(record.seq)}};
    for (const char* name : {"grant", "resource", "ticket"})
      if (!fact(name).empty()) ours[name] = json_text(fact(name));
    if (!fact("reason").empty()) ours["task_reason"] = json_text(fact("reason"));
    if (place != nullptr && place->index) ours["log_index"] = *place->index;
    return ours;
  }
  void put(json::object event, json::object ours) {
    event["unmapped"] = json::object{{"narrowgate", std::move(ours)}};
    out_ += json::serialize(event) + "\n";
  }

  void started(const Record& record) {
    const auto& id = session_.summary.session;
    auto logon = event(authentication, 1, record, id + "/logon", 1);
    logon["user"] = user(), logon["actor"] = actor(), logon["src_endpoint"] = endpoint(fact("peer"));
    logon["service"] = json::object{{"name", json_text(fact("resource"))}};
    put(std::move(logon), unmapped(record, nullptr));

    auto granted = event(authorize_session, 1, record, id + "/grant", 1);
    json::array privileges;
    for (const auto& privilege : session_.granted) privileges.emplace_back(json_text(privilege));
    granted["user"] = user(), granted["actor"] = actor(), granted["privileges"] = std::move(privileges);
    granted["session"] = json::object{{"uid", json_text(id)}};
    put(std::move(granted), unmapped(record, nullptr));
  }

  void statement(const Record& record) {
    const auto found = steps_.find(record.seq);
    if (found == steps_.end()) return;
    const Step& step = *found->second;
    const Effect effect = first_effect(step.decision.effects);
    const auto& d = step.decision;
    const bool well = step.outcome && step.outcome->ending == Ending::completed && step.outcome->sqlstate.empty();
    const int status = d.verdict == Verdict::denial || (step.outcome && !step.outcome->sqlstate.empty()) ? 2 : well ? 1 : 0;
    const auto uid = session_.summary.session + "#" + std::to_string(record.seq);

    auto out = is_api() ? event(api_activity, api_activity_of(d.danger, effect.verb), record, uid, status)
                        : event(datastore_activity, datastore_activity_of(effect.verb), record, uid, status);
    out["actor"] = actor(), out["src_endpoint"] = endpoint(fact("peer"));
    const auto decided = d.verdict == Verdict::permit ? "allow" : d.verdict == Verdict::hold ? "hold" : "deny";
    json::array authorizations;
    for (const auto& policy : d.policies)
      authorizations.push_back(
          {{"decision", decided},
           {"policy", {{"name", json_text(policy)}, {"version", json_text(fact("policy_version"))}, {"is_applied", true}}}});
    out["actor"].as_object()["authorizations"] = std::move(authorizations);
    if (is_api()) {
      out["api"] = json::object{{"operation", json_text(step.text)}, {"service", {{"name", json_text(fact("resource"))}}}};
    } else {
      out["database"] =
          json::object{{"name", json_text(fact("database").empty() ? fact("resource") : fact("database"))}, {"type_id", 1}};
      if (!effect.object.empty()) out["table"] = json::object{{"name", json_text(effect.object)}};
      out["type_id"] = 3;
      out["query_info"] = json::object{{"uid", sha256_hex(step.text)},
                                       {"query_string", json_text(step.text)},
                                       {"bytes", step.outcome ? step.outcome->bytes : 0}};
    }
    // 1 Allowed, 2 Denied, 99 Other; and 1 Allowed, 2 Blocked, 8 Approved, 14 Delayed.
    out["action_id"] = d.verdict == Verdict::permit ? 1 : d.verdict == Verdict::denial ? 2 : 99;
    if (d.verdict == Verdict::hold) out["action"] = "Held";
    out["disposition_id"] = d.verdict == Verdict::denial ? 2 : d.verdict == Verdict::hold ? 14 : d.approval.empty() ? 1 : 8;

    Place place;
    place.index = step.index;
    auto ours = unmapped(record, &place);
    ours["decision"] = json_text(d.decision);
    if (!d.approval.empty()) ours["approval"] = json_text(d.approval);
    if (step.held) ours["approval"] = json_text(step.held->approval);
    if (!d.code.empty()) ours["code"] = json_text(d.code);
    if (step.outcome)
      ours["result"] = json::object{{"ending", to_string(step.outcome->ending)},
                                    {"rows", step.outcome->rows},
                                    {"bytes", step.outcome->bytes},
                                    {"duration_ms", step.outcome->duration_ns / 1'000'000},
                                    {"sqlstate", json_text(step.outcome->sqlstate)}};
    put(std::move(out), std::move(ours));
  }

  void end(const Record& record, const EndedRecord& ended) {
    const auto& id = session_.summary.session;
    if (ended.revoke_ns != 0) {
      auto revoked = event(user_access, 2, record, id + "/revoke", 1);
      revoked["user"] = user(), revoked["actor"] = actor(), revoked["privileges"] = json::array{"*"};
      revoked["disposition_id"] = 24, revoked["action_id"] = 2;
      auto ours = unmapped(record, nullptr);
      ours["revoke_ms"] = ended.revoke_ns / 1'000'000;
      put(std::move(revoked), std::move(ours));
    }
    auto logoff = event(authentication, 2, record, id + "/logoff", 1);
    logoff["user"] = user(), logoff["actor"] = actor(), logoff["src_endpoint"] = endpoint(fact("peer"));
    logoff["status_detail"] = json_text(ended.reason);
    put(std::move(logoff), unmapped(record, nullptr));
  }

  const Session& session_;
  const std::string version_;
  std::map<std::uint64_t, const Step*> steps_;
  std::string out_;
};

}  // namespace

std::string to_ocsf(const Session& session, std::string_view product_version) { return Ocsf(session, product_version).write(); }

}  // namespace narrowgate::recording
