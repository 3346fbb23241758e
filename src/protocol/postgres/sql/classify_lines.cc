#include "protocol/postgres/sql/classify_lines.h"

#include <boost/json/serialize.hpp>
#include <istream>
#include <ostream>

#include "base/json.h"
#include "protocol/postgres/sql/classify.h"

namespace narrowgate::postgres {
namespace {

json::array list(const std::vector<std::string>& names) {
  json::array out;
  for (const std::string& name : names) out.emplace_back(name);
  return out;
}

json::object answer_for(json::value id, const Classified& classified) {
  std::set<std::string> verbs;
  json::array effects;
  for (const Effect& effect : classified.operation.effects) {
    verbs.insert(effect.verb);
    effects.push_back(json::object{{"verb", effect.verb}, {"object", effect.object}, {"columns", list(effect.columns)}});
  }
  return {{"id", std::move(id)},
          {"class", to_string(classified.operation.danger)},
          {"reads", list(classified.reads)},
          {"writes", list(classified.writes)},
          {"verbs", list({verbs.begin(), verbs.end()})},
          {"effects", std::move(effects)},
          {"why", classified.operation.why}};
}

Classified unreadable(std::string why) {
  Classified out;
  out.operation.why = std::move(why);
  return out;
}

json::object answer_line(const std::string& line, const Catalog& catalog, const SessionState& state) {
  const Result<json::value> parsed = parse_json(line);
  if (!parsed.ok()) return answer_for(nullptr, unreadable("not a line of JSON: " + parsed.error().detail));
  const json::object* object = parsed->if_object();
  const json::value* sql = object != nullptr ? object->if_contains("sql") : nullptr;
  const json::value* id = object != nullptr ? object->if_contains("id") : nullptr;
  if (sql == nullptr || !sql->is_string())
    return answer_for(id != nullptr ? *id : json::value(), unreadable("a line needs \"sql\", a string"));
  return answer_for(id != nullptr ? *id : json::value(), classify(std::string_view(sql->as_string()), catalog, state));
}

}  // namespace

Result<Done> classify_lines(std::istream& in, std::ostream& out,
                            const std::function<Result<std::shared_ptr<const Catalog>>()>& catalog) {
  std::shared_ptr<const Catalog> current;
  SessionState state;
  for (std::string line;;) {
    const bool waits = in.rdbuf()->in_avail() <= 0;
    if (!std::getline(in, line)) return Done{};
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    if (waits || !current) {
      NG_TRY(current, catalog());
      state.begin(*current, {});
    }
    out << json::serialize(answer_line(line, *current, state)) << '\n';
    out.flush();
    if (!out) return Error{Code::closed, Blame::client, "the output was closed"};
  }
}

}  // namespace narrowgate::postgres
