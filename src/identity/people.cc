#include "identity/people.h"

#include <fmt/format.h>

#include <algorithm>

#include "identity/claims.h"
#include "identity/password.h"

namespace narrowgate::identity {
namespace {

constexpr std::string_view session_prefix = "ngs_";
constexpr std::size_t session_secret_bytes = 32;
constexpr std::size_t session_id_bytes = 8;
constexpr std::size_t note_bytes_max = 200;
constexpr std::size_t groups_max = 500;  // of a token
constexpr std::size_t group_bytes_max = 200;

Error refuse(std::string why) { return {Code::refused, Blame::client, std::move(why)}; }
Error wrong_login(std::string_view name) {
  return refuse(fmt::format("person \"{}\": unknown, or the password is wrong", visible(name.substr(0, 100))));
}

Human human_of(const config::Person& person, Login login, const std::vector<std::string>& brought) {
  Human human{person.name, person.email, person.groups, person.roles, login, false};
  human.groups.insert(human.groups.end(), brought.begin(), brought.end());
  std::sort(human.groups.begin(), human.groups.end());
  human.groups.erase(std::unique(human.groups.begin(), human.groups.end()), human.groups.end());
  return human;
}

// The groups a token brings, if its issuer is trusted to say so.
std::vector<std::string> groups_in(const VerifiedToken& token) {
  std::vector<std::string> out;
  const auto* claim = token.issuer->groups_claim.empty() ? nullptr : token.claims.if_contains(token.issuer->groups_claim);
  if (!claim || !claim->is_array()) return out;
  for (const auto& group : claim->as_array())
    if (group.is_string() && group.as_string().size() <= group_bytes_max && out.size() < groups_max)
      out.emplace_back(group.as_string());
  return out;
}

bool fits(const config::Person& person, const VerifiedToken& token) {
  return std::any_of(person.identities.begin(), person.identities.end(), [&](const auto& one) { return fits(one, token); });
}

std::string new_session_id() {
  std::array<Byte, session_id_bytes> bytes{};
  random_bytes(bytes);
  return to_hex(bytes);
}

std::optional<std::string> session_id_of(std::string_view text) {
  const std::size_t id_digits = 2 * session_id_bytes;
  if (!text.starts_with(session_prefix) || text.size() > 200 || text.size() <= session_prefix.size() + id_digits)
    return std::nullopt;
  const auto id = text.substr(session_prefix.size(), id_digits);
  if (text[session_prefix.size() + id_digits] != '_' || id.find_first_not_of("0123456789abcdef") != std::string_view::npos)
    return std::nullopt;
  return std::string(id);
}

}  // namespace

// ---- MemorySessionStore

Result<Done> MemorySessionStore::add(const SessionRecord& record) {
  const std::lock_guard lock(mutex_);
  if (!records_.emplace(record.id, record).second)
    return Error{Code::conflict, Blame::gateway, fmt::format("session {} exists already", record.id)};
  return Done{};
}

Result<std::optional<SessionRecord>> MemorySessionStore::find(std::string_view id) {
  const std::lock_guard lock(mutex_);
  const auto found = records_.find(id);
  return found == records_.end() ? std::optional<SessionRecord>() : std::optional(found->second);
}

Result<std::vector<SessionRecord>> MemorySessionStore::of_person(std::string_view person) {
  const std::lock_guard lock(mutex_);
  std::vector<SessionRecord> out;
  for (const auto& [id, record] : records_)
    if (record.person == person) out.push_back(record);
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.created < b.created; });
  return out;
}

Result<Done> MemorySessionStore::remove(std::string_view id) {
  const std::lock_guard lock(mutex_);
  if (const auto found = records_.find(id); found != records_.end()) records_.erase(found);
  return Done{};
}

Result<Done> MemorySessionStore::remove_expired(WallTime now) {
  const std::lock_guard lock(mutex_);
  std::erase_if(records_, [now](const auto& entry) { return entry.second.expires <= now; });
  return Done{};
}

// ---- logins

Result<std::unique_ptr<People>> People::create(std::shared_ptr<const config::Config> config, SessionStore& sessions,
                                               TokenVerifier& tokens, const Clock& clock) {
  std::unique_ptr<People> people(new People(std::move(config), sessions, tokens, clock));
  NG_TRY_VOID(people->take_hashes());
  return people;
}

Result<Done> People::take_hashes() {
  NG_TRY(decoy_hash_, hash_password(SecretString(random_token(32))));
  for (const auto& person : config_->people) {
    if (!person.password_hash.empty()) hashes_[person.name] = person.password_hash;
    if (!person.password) continue;
    NG_TRY(hashes_[person.name], hash_password(*person.password));
  }
  return Done{};
}

// Bounded, because each check holds 32 MiB: strangers must not be able to fill the memory.
Result<bool> People::check_hash(const SecretString& password, const std::string& hash) {
  struct Slot {
    std::atomic<unsigned>& taken;
    ~Slot() { --taken; }
  };
  const unsigned before = checks_++;
  const Slot slot{checks_};
  if (before >= password_checks_at_once_max)
    return Error{Code::unavailable, Blame::gateway, "too many logins at once; try again"};
  return check_password(password, hash);
}

Result<Human> People::by_password(std::string_view name, const SecretString& password) {
  if (const auto wait = limiter_.wait(name, clock_.mono()); wait > Duration::zero())
    return refuse(fmt::format("person \"{}\": too many failed logins; try again in {} s", visible(name.substr(0, 100)),
                              std::chrono::ceil<std::chrono::seconds>(wait).count()));
  const auto found = hashes_.find(name);
  const bool exists = found != hashes_.end();
  NG_TRY(const bool right, check_hash(password, exists ? found->second : decoy_hash_));
  const auto* person = config_->person(name);
  if (!exists || !right || !person) {
    limiter_.failed(name, clock_.mono());
    return wrong_login(name);
  }
  limiter_.succeeded(name);
  return human_of(*person, Login::password, {});
}

Result<Human> People::by_token(std::string_view text) {
  NG_TRY(const auto token, tokens_.verify(text));
  if (token.claims.contains("cnf")) return refuse("the token is bound to its holder (cnf), which is not supported for people");
  const config::Person* found = nullptr;
  for (const auto& person : config_->people) {
    if (!fits(person, token)) continue;
    if (found) return refuse(fmt::format("the token fits {} and {}; correct their identities", found->name, person.name));
    found = &person;
  }
  if (!found)
    return refuse(fmt::format("the token of {} with subject \"{}\" fits no person", token.issuer->name, visible(token.subject)));
  return human_of(*found, Login::token, groups_in(token));
}

Result<Human> People::local(std::string_view name) const {
  const auto* person = config_->person(name);
  if (!person) return refuse(fmt::format("person \"{}\" does not exist; add them to people", visible(name.substr(0, 100))));
  return human_of(*person, Login::local, {});
}

// ---- sessions

Result<Done> People::make_room_for_session(std::string_view person) {
  NG_TRY_VOID(sessions_.remove_expired(clock_.wall()));
  NG_TRY(const auto existing, sessions_.of_person(person));
  for (std::size_t i = 0; i + sessions_per_person_max <= existing.size(); ++i) NG_TRY_VOID(sessions_.remove(existing[i].id));
  return Done{};
}

// What the login brought beyond the configuration; what is configured is looked up afresh each time.
std::vector<std::string> People::brought_by_login(const Human& human) const {
  std::vector<std::string> out;
  const auto* person = config_->person(human.name);
  for (const auto& group : human.groups)
    if (!person || std::find(person->groups.begin(), person->groups.end(), group) == person->groups.end()) out.push_back(group);
  return out;
}

Result<People::NewSession> People::start_session(const Human& human, std::string note) {
  NG_TRY_VOID(make_room_for_session(human.name));
  const auto now = clock_.wall();
  const auto id = new_session_id();
  SecretString token(fmt::format("{}{}_{}", session_prefix, id, random_token(session_secret_bytes)));
  SessionRecord record{id,
                       human.name,
                       sha256(token.expose()),
                       now,
                       now + session_life,
                       visible(note.substr(0, note_bytes_max)),
                       brought_by_login(human)};
  NG_TRY_VOID(sessions_.add(record));
  return NewSession{std::move(token), std::move(record)};
}

Result<SessionRecord> People::session_of(const SecretString& token) {
  const auto id = session_id_of(token.expose());
  if (!id) return refuse("the session token is not of the form ngs_…; log in again");
  NG_TRY(const auto record, sessions_.find(*id));
  const Digest digest = sha256(token.expose());
  if (!record || CRYPTO_memcmp(record->sha256.data(), digest.data(), digest.size()) != 0)
    return refuse(fmt::format("session {} does not exist, or its secret is wrong; log in again", *id));
  if (record->expires <= clock_.wall())
    return refuse(fmt::format("session {} of {} has expired; log in again", *id, record->person));
  return *record;
}

Result<Human> People::by_session(const SecretString& token) {
  NG_TRY(const auto record, session_of(token));
  const auto* person = config_->person(record.person);
  if (!person) return refuse(fmt::format("person {} of session {} no longer exists", record.person, record.id));
  return human_of(*person, Login::session, record.groups);
}

Result<Done> People::end_session(const SecretString& token) {
  NG_TRY(const auto record, session_of(token));
  return sessions_.remove(record.id);
}

Result<Done> People::end_sessions_of(std::string_view person) {
  NG_TRY(const auto existing, sessions_.of_person(person));
  for (const auto& record : existing) NG_TRY_VOID(sessions_.remove(record.id));
  return Done{};
}

}  // namespace narrowgate::identity
