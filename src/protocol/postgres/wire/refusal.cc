#include "protocol/postgres/wire/refusal.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

#include "protocol/postgres/wire/error_fields.h"

namespace narrowgate::postgres {
namespace {

struct Verdict {
  Severity severity;
  std::string_view sqlstate;
};

// The table of security model §4(h). A client that is not in yet cannot go on, whatever the reason.
Verdict verdict_on(DenialCode code, Moment moment) {
  const bool connecting = moment == Moment::connect;
  const Severity severity = connecting ? Severity::fatal : Severity::error;
  switch (code) {
    case DenialCode::scope_denied:
    case DenialCode::policy_denied: return {severity, "42501"};  // insufficient_privilege
    case DenialCode::approval_pending:
    case DenialCode::approval_denied:
    case DenialCode::approval_mismatch: return {severity, "57014"};  // query_canceled
    case DenialCode::unclassified: return {severity, "0A000"};       // feature_not_supported
    case DenialCode::limit_exceeded:
      return {severity, connecting ? "53300" : "53400"};  // too_many_connections, configuration_limit_exceeded
    case DenialCode::expired:
    case DenialCode::revoked:
    case DenialCode::suspended:
    case DenialCode::identity: return {Severity::fatal, connecting ? "28000" : "57P01"};  // invalid_authorization, admin_shutdown
    case DenialCode::unavailable: return {Severity::fatal, "57P03"};                      // cannot_connect_now
  }
  return {Severity::fatal, "57P03"};
}

struct Sentence {
  std::string_view sqlstate, text;
};

// After an Error the connection ends. What it says depends only on these two words, never on the error's detail.
Sentence sentence_for(const Error& error, Moment moment) {
  const bool connecting = moment == Moment::connect;
  if (error.code == Code::bug || error.blame == Blame::gateway)
    return {"57P03", "the gateway cannot do this now; try again, or ask its operator"};
  if (error.blame == Blame::upstream) {
    if (connecting) return {"57P03", "the database behind the gateway cannot be reached now"};
    return {"08006",
            "the connection to the database behind the gateway is lost; a statement under way may or may not have been done"};
  }
  switch (error.code) {
    case Code::too_large: return {"54000", "a message is longer than the gateway takes"};
    case Code::unsupported: return {"0A000", "the client asked for something the gateway does not do"};
    case Code::refused: return connecting ? Sentence{"28P01", "the login is not valid"} : Sentence{"42501", "not allowed"};
    case Code::not_found: return {"3D000", "no such resource"};
    case Code::timed_out:
      return connecting ? Sentence{"57014", "the login took too long"} : Sentence{"57P05", "the session was idle for too long"};
    case Code::unavailable: return {"53300", "too many connections or requests; try again later"};
    default: return {"08P01", "the client broke the protocol"};
  }
}

void split_object(const std::string& object, Refusal& into) {
  const auto dot = object.find('.');
  into.schema = dot == std::string::npos ? "" : object.substr(0, dot);
  into.table = dot == std::string::npos ? object : object.substr(dot + 1);
}

std::string_view name_of(Severity severity) {
  return severity == Severity::fatal ? "FATAL" : severity == Severity::error ? "ERROR" : "NOTICE";
}

std::string hint_of(const Denial& denial) {
  if (denial.ask.empty()) return denial.hint;
  return fmt::format("{}{}To ask for more: {}.", denial.hint, denial.hint.empty() ? "" : " ", denial.ask);
}

}  // namespace

Refusal refusal_for(const Denial& denial, Moment moment) {
  const auto [severity, sqlstate] = verdict_on(denial.code, moment);
  Refusal refusal{.severity = severity,
                  .sqlstate = std::string(sqlstate),
                  .message = "narrowgate: " + denial.message,
                  .detail = to_json(denial),
                  .hint = hint_of(denial)};
  split_object(denial.object, refusal);
  return refusal;
}

Refusal refusal_for(const Error& error, Moment moment) {
  const auto [sqlstate, text] = sentence_for(error, moment);
  return {.severity = Severity::fatal, .sqlstate = std::string(sqlstate), .message = fmt::format("narrowgate: {}", text)};
}

Refusal refusal_for(const UpstreamRefusal& refusal) {
  // Class 28 is about our credential, not the client's: to its driver it would look like a wrong password.
  const bool tellable = refusal.sqlstate.size() == 5 && refusal.sqlstate != "00000" && !refusal.sqlstate.starts_with("28");
  return {.severity = Severity::fatal,
          .sqlstate = tellable ? refusal.sqlstate : "57P03",
          .message = fmt::format("narrowgate: the database behind the gateway refused the gateway's login: {}", refusal.message),
          .detail = refusal.detail,
          .hint = refusal.hint};
}

Refusal notice_for(const Hold& hold) {
  const std::string who = hold.groups.empty() ? "an approver" : fmt::format("{}", fmt::join(hold.groups, " or "));
  return {.severity = Severity::notice,
          .sqlstate = "00000",
          .message = fmt::format("narrowgate: waiting for approval by {} ({})", who, hold.decision),
          .detail = hold.reason,
          .hint = "The statement runs when it is approved. Cancel it to give up waiting."};
}

void write(wire::Writer out, const Refusal& refusal) {
  const std::pair<char, std::string> texts[] = {
      {'S', std::string(name_of(refusal.severity))}, {'V', std::string(name_of(refusal.severity))},
      {'C', printable_text(refusal.sqlstate)},       {'M', printable_text(refusal.message)},
      {'D', printable_text(refusal.detail)},         {'H', printable_text(refusal.hint)},
      {'s', printable_text(refusal.schema)},         {'t', printable_text(refusal.table)}};
  std::vector<ErrorField> fields;
  for (const auto& [code, text] : texts) {
    if (!text.empty()) fields.push_back({code, text});
  }
  write_error_fields(out, refusal.severity == Severity::notice ? ErrorKind::notice : ErrorKind::error, fields);
}

}  // namespace narrowgate::postgres
