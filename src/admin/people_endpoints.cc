#include "admin/endpoint.h"

namespace narrowgate::admin {
namespace {

Result<Answer> login(const Parts& parts, const Input& input) {
  NG_TRY(const std::string name, string_at(input.body, "name", "login"));
  NG_TRY(std::string password, string_at(input.body, "password", "login"));
  Result<identity::Human> human = parts.people.by_password(name, SecretString(std::move(password)));
  if (!human.ok())
    return Error{human.error().code, Blame::client, "name or password is wrong, or too many tries; wait a minute and try again"};
  const json::value* note = input.body.if_contains("note");
  NG_TRY(auto session, parts.people.start_session(*human, note && note->is_string() ? std::string(note->get_string()) : "api"));
  return Answer(json::object{
      {"token", session.token.expose()}, {"expires", to_rfc3339(session.record.expires)}, {"person", identity::to_json(*human)}});
}

Result<Answer> logout(const Parts& parts, const Input& input) {
  const std::string_view header = input.call.request.headers.get("Authorization");
  NG_TRY_VOID(parts.people.end_session(SecretString(std::string(header.substr(header.find(' ') + 1)))));
  return Answer(json::object{{"ended", true}});
}

Result<Answer> whoami(const Parts&, const Input& input) { return Answer(identity::to_json(input.human)); }

}  // namespace

std::vector<Endpoint> people_endpoints() {
  return {
      {"POST",
       "/api/v1/login",
       "Trades a password for a session token",
       Access::anyone,
       {{"name", "string", "who", true},
        {"password", "string", "theirs", true},
        {"note", "string", "where from, shown in the list of sessions"}},
       {},
       login},
      {"POST", "/api/v1/logout", "Ends this session", Access::person, {}, {}, logout},
      {"GET", "/api/v1/whoami", "Who the token belongs to", Access::person, {}, {}, whoami},
  };
}

}  // namespace narrowgate::admin
