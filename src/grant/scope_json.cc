#include "grant/scope_json.h"

#include <fmt/format.h>

#include "base/clock.h"

namespace narrowgate::grant {
namespace {

Error bad(std::string what) { return {Code::malformed, Blame::client, "scope: " + std::move(what)}; }

Result<std::uint64_t> number_from(const json::value& value, std::string_view key) {
  if (value.is_uint64()) return value.get_uint64();
  if (value.is_int64() && value.get_int64() >= 0) return std::uint64_t(value.get_int64());
  return bad(fmt::format("limit \"{}\" is not a whole number", key));
}

Result<Done> read_limit(Limits& limits, std::string_view key, const json::value& value) {
  NG_TRY(const std::uint64_t number, number_from(value, key));
  if (key == "rows_read") {
    limits.rows_read = number;
  } else if (key == "rows_written") {
    limits.rows_written = number;
  } else if (key == "bytes") {
    limits.bytes = number;
  } else if (key == "statement_ms") {
    if (number > std::uint64_t(INT64_MAX)) return bad("limit \"statement_ms\" is out of range");
    limits.statement = std::chrono::milliseconds(std::int64_t(number));
  } else {
    return bad(fmt::format("limit \"{}\" is unknown; rows_read, rows_written, bytes and statement_ms are known", key));
  }
  return Done{};
}

Result<Done> read_member(Atom& atom, std::string_view key, const json::value& value) {
  if (key == "limits") {
    NG_TRY(atom.limits, limits_from_json(value));
    return Done{};
  }
  if (!value.is_string()) return bad(fmt::format("\"{}\" is not a string", key));
  const std::string_view text(value.get_string().data(), value.get_string().size());
  if (key == "resource") {
    atom.resource = text;
  } else if (key == "verb") {
    atom.verb = text;
  } else if (key == "object") {
    NG_TRY(atom.object, ObjectPattern::parse(text));
  } else if (key == "where" && (text == "required" || text == "optional")) {
    atom.where_required = text == "required";
  } else {
    return bad(fmt::format("member \"{}\" with value \"{}\" is not known", key, text));
  }
  return Done{};
}

std::string_view as_view(json::string_view text) { return {text.data(), text.size()}; }

}  // namespace

json::object to_json(const Limits& limits) {
  json::object out;
  if (limits.rows_read) out["rows_read"] = *limits.rows_read;
  if (limits.rows_written) out["rows_written"] = *limits.rows_written;
  if (limits.bytes) out["bytes"] = *limits.bytes;
  if (limits.statement) out["statement_ms"] = limits.statement->count();
  return out;
}

json::object to_json(const Atom& atom) {
  json::object out{{"resource", atom.resource}, {"verb", atom.verb}, {"object", atom.object.to_string()}};
  if (atom.limits != Limits{}) out["limits"] = to_json(atom.limits);
  if (atom.where_required) out["where"] = "required";
  return out;
}

json::array to_json(const Scope& scope) {
  json::array out;
  for (const Atom& atom : scope.atoms()) out.push_back(to_json(atom));
  return out;
}

Result<Limits> limits_from_json(const json::value& value) {
  if (!value.is_object()) return bad("\"limits\" is not an object");
  Limits limits;
  for (const auto& pair : value.get_object()) NG_TRY_VOID(read_limit(limits, as_view(pair.key()), pair.value()));
  return limits;
}

Result<Atom> atom_from_json(const json::value& value) {
  if (!value.is_object()) return bad("an atom is not an object");
  Atom atom;
  for (const auto& pair : value.get_object()) NG_TRY_VOID(read_member(atom, as_view(pair.key()), pair.value()));
  if (atom.resource.empty() || atom.verb.empty() || atom.object.name.empty())
    return bad("an atom needs \"resource\", \"verb\" and \"object\"");
  return atom;
}

Result<Scope> scope_from_json(const json::value& value) {
  if (!value.is_array()) return bad("is not a list of atoms");
  if (value.get_array().size() > atoms_max)
    return Error{Code::too_large, Blame::client, fmt::format("scope: at most {} atoms; use wildcards", atoms_max)};
  std::vector<Atom> atoms;
  for (const auto& item : value.get_array()) {
    NG_TRY(Atom atom, atom_from_json(item));
    atoms.push_back(std::move(atom));
  }
  return Scope(std::move(atoms));
}

Result<Scope> scope_from_text(std::string_view json_text) {
  NG_TRY(const json::value value, parse_json(json_text));
  return scope_from_json(value);
}

std::string describe(const Limits& limits) {
  std::string out;
  const auto add = [&](const std::string& words) { out += (out.empty() ? "" : ", ") + words; };
  const auto rows = [](std::uint64_t n) { return n == 1 ? "1 row" : fmt::format("{} rows", n); };
  if (limits.rows_read) add(fmt::format("at most {} read", rows(*limits.rows_read)));
  if (limits.rows_written) add(fmt::format("at most {} written", rows(*limits.rows_written)));
  if (limits.bytes) add(fmt::format("at most {} bytes", *limits.bytes));
  if (limits.statement) add(format_duration(*limits.statement) + " per statement");
  return out;
}

std::string describe(const Atom& atom) {
  auto out = fmt::format("{} on {}", atom.verb == "*" ? "everything" : atom.verb, atom.object.to_string());
  if (atom.where_required) out += ", with WHERE";
  if (const auto limits = describe(atom.limits); !limits.empty()) out += ", " + limits;
  return out;
}

}  // namespace narrowgate::grant
