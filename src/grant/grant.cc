// Narrowing, and saying so.
#include "grant/grant.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/bytes.h"
#include "grant/cover.h"
#include "grant/scope_json.h"

namespace narrowgate::grant {
namespace {

std::vector<LeftOut> left_out_of(const Scope& asked, const Scope& granted) {
  std::vector<LeftOut> out;
  for (const Atom& atom : asked.atoms()) {
    const Scope whole({atom});
    if (!subset(whole, granted)) out.push_back({atom, intersect(whole, granted).atoms()});
  }
  return out;
}

// Does any atom speak of some column of this table?
bool touches(const std::vector<const Atom*>& atoms, const KnownTable& table) {
  const ObjectPattern exactly{table.schema, table.name, {}};
  return std::any_of(atoms.begin(), atoms.end(), [&](const Atom* atom) { return intersect(atom->object, exactly).has_value(); });
}

using ByVerb = std::map<std::string_view, std::vector<const Atom*>>;

ByVerb by_verb(const Scope& scope) {
  ByVerb out;
  for (const Atom& atom : scope.atoms()) out[atom.verb].push_back(&atom);
  return out;
}

std::string shown(const Atom& atom) { return visible(atom.object.to_string()); }

std::string verb_in_words(std::string_view verb) { return verb == "*" ? "every verb" : std::string(verb); }

std::string counted(const ByVerb& verbs, std::span<const KnownTable> tables) {
  const auto total =
      std::count_if(tables.begin(), tables.end(), [](const auto& table) { return !is_system_schema(table.schema); });
  std::string out;
  for (const auto& [verb, atoms] : verbs) {
    const auto n = std::count_if(tables.begin(), tables.end(),
                                 [&](const auto& table) { return !is_system_schema(table.schema) && touches(atoms, table); });
    out += fmt::format("{}{} on {} of {} {}", out.empty() ? "" : ", ", verb_in_words(verb), n, total,
                       total == 1 ? "table" : "tables");
  }
  return out;
}

std::string listed(const ByVerb& verbs) {
  std::string out;
  for (const auto& [verb, atoms] : verbs) {
    out += fmt::format("{}{} on ", out.empty() ? "" : "; ", verb_in_words(verb));
    for (std::size_t i = 0; i < atoms.size(); ++i) out += (i ? ", " : "") + shown(*atoms[i]);
  }
  return out;
}

// What of it in words: the whole atom, or what about it is narrower.
std::string missing(const LeftOut& left) {
  auto words = fmt::format("{} on {}", verb_in_words(left.asked.verb), shown(left.asked));
  if (left.got.empty()) return words;
  const bool same_reach = std::any_of(left.got.begin(), left.got.end(), [&](const Atom& got) {
    return got.verb == left.asked.verb && got.object == left.asked.object;
  });
  return "some of " + words + (same_reach ? " (only with narrower limits)" : "");
}

// Whole items only, so that no identifier is cut in two.
std::string join_within(std::string head, const std::vector<std::string>& items, std::size_t bytes_max) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto more = fmt::format(" and {} more", items.size() - i);
    const auto next = (i ? ", " : "") + items[i];
    const bool last = i + 1 == items.size();
    if (head.size() + next.size() + (last ? 0 : more.size()) > bytes_max)
      return head + (i ? more : fmt::format("{} kinds of access", items.size()));
    head += next;
  }
  return head;
}

std::string in_words(const Narrowed& narrowed, std::span<const KnownTable> tables) {
  if (narrowed.granted.empty()) return "granted nothing";
  const auto verbs = by_verb(narrowed.granted);
  constexpr std::size_t room = notice_bytes_max / 2;
  auto words = "granted " + (tables.empty() ? listed(verbs) : counted(verbs, tables));
  if (words.size() > room) words = fmt::format("granted {} kinds of access; see narrowgate.scope", verbs.size());
  if (!narrowed.narrower()) return words;
  std::vector<std::string> items;
  for (const auto& left : narrowed.left_out) items.push_back(missing(left));
  return join_within(words + "; left out: ", items, notice_bytes_max);
}

}  // namespace

Narrowed narrow(const Scope& asked, const Scope& granted, std::span<const KnownTable> tables) {
  Narrowed out{asked, intersect(asked, granted), {}, {}};
  out.left_out = left_out_of(asked, out.granted);
  out.words = in_words(out, tables);
  return out;
}

json::object to_json(const Narrowed& narrowed) {
  json::array left;
  for (const auto& item : narrowed.left_out) {
    json::array got;
    for (const Atom& atom : item.got) got.push_back(to_json(atom));
    left.push_back(json::object{{"asked", to_json(item.asked)}, {"got", std::move(got)}});
  }
  return {{"asked", to_json(narrowed.asked)}, {"granted", to_json(narrowed.granted)}, {"left_out", std::move(left)}};
}

}  // namespace narrowgate::grant
