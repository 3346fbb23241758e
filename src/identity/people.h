// People: a local password or an issuer's token once, then a session token for the CLI and the console.
//
// Session tokens are ngs_<id>_<secret>: random, kept as a digest, expiring. What a session may do follows the configuration of
// the moment: a person who is removed, or loses a role, loses it in live sessions too.
//
// Promises: constant time for unknown names (a hash is computed all the same); a name's failures and the gateway's concurrent
// hashes are bounded. Not here: WebAuthn.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/secret.h"
#include "config/config.h"
#include "identity/human.h"
#include "identity/login_limiter.h"
#include "identity/token.h"

namespace narrowgate::identity {

inline constexpr std::chrono::hours session_life{12};
inline constexpr unsigned password_checks_at_once_max = 4;  // 32 MiB each
inline constexpr std::size_t sessions_per_person_max = 32;  // the oldest goes

struct SessionRecord {
  std::string id;  // 16 hex digits
  std::string person;
  Digest sha256{};  // of the whole token text
  WallTime created, expires;
  std::string note;                 // what the client says it is; shown to the person
  std::vector<std::string> groups;  // brought by an issuer's token at login
};

// Where sessions are kept. From any thread; may block.
class SessionStore {
 public:
  virtual ~SessionStore() = default;
  virtual Result<Done> add(const SessionRecord& record) = 0;
  virtual Result<std::optional<SessionRecord>> find(std::string_view id) = 0;
  virtual Result<std::vector<SessionRecord>> of_person(std::string_view person) = 0;  // oldest first
  virtual Result<Done> remove(std::string_view id) = 0;                               // none such is fine
  virtual Result<Done> remove_expired(WallTime now) = 0;
};

class MemorySessionStore final : public SessionStore {
 public:
  Result<Done> add(const SessionRecord& record) override;
  Result<std::optional<SessionRecord>> find(std::string_view id) override;
  Result<std::vector<SessionRecord>> of_person(std::string_view person) override;
  Result<Done> remove(std::string_view id) override;
  Result<Done> remove_expired(WallTime now) override;

 private:
  std::mutex mutex_;
  std::map<std::string, SessionRecord, std::less<>> records_;
};

class People {
 public:
  // Hashes passwords that the configuration gives in clear. `sessions`, `tokens` and `clock` outlive it.
  static Result<std::unique_ptr<People>> create(std::shared_ptr<const config::Config> config, SessionStore& sessions,
                                                TokenVerifier& tokens, const Clock& clock);

  // Both may block (hashing, fetching).
  Result<Human> by_password(std::string_view name, const SecretString& password);
  Result<Human> by_token(std::string_view token);
  // Whoever may read the data folder needs no further proof: the CLI on this machine, naming a configured person.
  Result<Human> local(std::string_view name) const;

  struct NewSession {
    SecretString token;  // shown once
    SessionRecord record;
  };
  Result<NewSession> start_session(const Human& human, std::string note);
  Result<Human> by_session(const SecretString& token);
  Result<Done> end_session(const SecretString& token);
  Result<Done> end_sessions_of(std::string_view person);

 private:
  People(std::shared_ptr<const config::Config> config, SessionStore& sessions, TokenVerifier& tokens, const Clock& clock)
      : config_(std::move(config)), sessions_(sessions), tokens_(tokens), clock_(clock) {}
  Result<Done> take_hashes();
  Result<bool> check_hash(const SecretString& password, const std::string& hash);
  Result<SessionRecord> session_of(const SecretString& token);
  std::vector<std::string> brought_by_login(const Human& human) const;
  Result<Done> make_room_for_session(std::string_view person);

  const std::shared_ptr<const config::Config> config_;
  SessionStore& sessions_;
  TokenVerifier& tokens_;
  const Clock& clock_;
  std::map<std::string, std::string, std::less<>> hashes_;  // by person
  std::string decoy_hash_;                                  // what an unknown name's password is checked against
  LoginLimiter limiter_;
  std::atomic<unsigned> checks_ = 0;
};

}  // namespace narrowgate::identity
