// narrowgate.yaml as plain values: what the operator wrote, checked and complete.
//
// A default is written here once, as the member's initialiser; its documentation, bounds and example stand in schema.cc, and
// docs/configuration.md and the JSON Schema are made from both. A Config that load() hands out has passed every check: the
// names in it refer to things that exist, patterns are parsed, paths are absolute, secrets are read.
//
// Not here: keys enrolled at run time and everything else that is remembered (store/).
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/log.h"
#include "base/secret.h"
#include "grant/grant.h"
#include "grant/scope.h"
#include "masking/mask.h"
#include "policy/preview.h"

namespace narrowgate::config {

using std::chrono::milliseconds;

struct Address {
  std::string host;
  std::uint16_t port = 0;  // 0: the system chooses (tests)
  friend bool operator==(const Address&, const Address&) = default;
};
std::string to_string(const Address& address);  // "127.0.0.1:6432", "[::1]:6432"
bool is_loopback(const std::string& host);      // 127.0.0.0/8, ::1, localhost and absolute socket paths

enum class LogFormat { json, text };
struct Log {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::json;
};

// ---- listeners

enum class TlsSource { automatic, files, off };  // automatic: a certificate of our own CA in data_dir
struct ListenerTls {
  TlsSource source = TlsSource::automatic;
  std::string certificate, key;  // paths, when `files`
  std::string client_ca;         // path; empty: clients are not asked for certificates
};

enum class Plaintext { refuse, loopback };  // loopback: the listener is loopback-only and may do without TLS

struct PostgresListener {
  Address address{"127.0.0.1", 6432};
  ListenerTls tls;
  Plaintext plaintext = Plaintext::refuse;
  std::string default_resource;  // set: dbname is the database itself, and this is the resource
  std::string default_template;  // set: the task of a client that names none
  bool grant_notice = true;
};
struct HttpsListener {
  Address address{"127.0.0.1", 8443};
  ListenerTls tls;
};
struct AdminListener {
  Address address{"127.0.0.1", 9464};
};
struct Listeners {  // absent: switched off by the word `off`
  std::optional<PostgresListener> postgres = PostgresListener{};
  std::optional<HttpsListener> https = HttpsListener{};
  std::optional<AdminListener> admin = AdminListener{};
};

enum class StoreKind { sqlite };

// ---- who

enum class PullRequests { refuse, allow };
enum class TokenUse { many, once };  // once: a token's jti is accepted a single time
struct Issuer {
  std::string name;
  std::string url;                           // equal to the token's iss, byte for byte
  std::string audience;                      // the one aud a token must carry
  std::vector<std::string> other_audiences;  // that may stand beside it
  std::string jwks_url;                      // empty: from the discovery document
  std::vector<std::string> algorithms = {"RS256", "ES256", "ES384", "EdDSA"};
  std::vector<std::string> types = {"JWT", "at+jwt"};  // accepted typ headers; a token without typ passes
  milliseconds max_lifetime = std::chrono::hours(1);   // longest exp − iat
  TokenUse tokens = TokenUse::many;
  std::map<std::string, std::string> claims;          // every token must carry these: claim or JSON pointer → value
  PullRequests pull_requests = PullRequests::refuse;  // GitHub Actions tokens of pull_request events
  std::string groups_claim;                           // people's groups; empty: tokens bring none
};

// A token that proves to be somebody: of this issuer, with this subject and these claims. At least one of the two is set.
struct TokenIdentity {
  std::string issuer;  // an Issuer's name
  std::string subject;
  std::map<std::string, std::string> claims;  // claim name or JSON pointer (RFC 6901) → exact value
};

// A client certificate that proves to be somebody: by exactly one of these.
struct CertificateIdentity {
  std::string fingerprint;  // "sha256:<64 hex digits>" of the DER
  std::string uri;          // a URI subject alternative name (SPIFFE ID)
};

// One line of scope: every verb on every object of one resource.
enum class Where { optional, required };
struct ScopeRule {
  std::string resource;
  std::vector<std::string> verbs;  // upper case, or "*"
  std::vector<grant::ObjectPattern> objects;
  grant::Limits limits;
  Where where = Where::optional;  // required: UPDATE and DELETE need a WHERE clause
  bool automatic = true;          // false: a person is asked each time
};

struct Agent {
  std::string name;
  std::string owner;                // a person's name, or any contact: who answers for it
  std::optional<SecretString> key;  // besides keys enrolled at run time
  std::vector<TokenIdentity> identities;
  std::vector<CertificateIdentity> certificates;
  std::vector<std::string> templates;             // sorted; every template that names it or that it names
  std::string default_template;                   // empty: none, or the listener's
  std::optional<std::vector<ScopeRule>> ceiling;  // absent: the template alone is the ceiling
  bool suspended = false;
};

enum class Role { approver, auditor, operator_, admin };
struct Person {
  std::string name;
  std::string email;
  std::string password_hash;             // "$scrypt$ln=…": from `narrowgate people hash`
  std::optional<SecretString> password;  // instead of a hash, for a first try
  std::vector<TokenIdentity> identities;
  std::vector<std::string> groups;
  std::vector<Role> roles;
};

// ---- what

enum class UpstreamTlsMode {
  verify_full,      // encrypted, chain and name verified
  off,              // loopback only
  off_even_remote,  // plain text over a network the operator answers for
};
struct UpstreamTls {
  UpstreamTlsMode mode = UpstreamTlsMode::verify_full;
  std::string ca;  // path; empty: the system's trust store
};
struct PasswordLogin {
  std::string user;
  SecretString password;
};
enum class Roles { automatic, per_grant, login };  // whom sessions are upstream
struct UpstreamLogin {
  PasswordLogin password;
};
struct Upstream {
  std::string host;
  std::uint16_t port = 5432;
  std::string database;
  std::vector<std::string> databases;  // besides `database`; "*": any
  UpstreamTls tls;
  UpstreamLogin login;
  Roles roles = Roles::automatic;
};

enum class ResourceKind { postgres };
enum class Capture { shape, full };        // what of parameters and results is recorded
enum class Words { printable, raw };       // of the upstream's errors and notices
enum class StartupOptions { safe, pass };  // what of a client's startup parameters goes upstream
struct Resource {
  std::string name;
  ResourceKind kind = ResourceKind::postgres;
  std::string environment = "prod";
  Upstream upstream;
  std::map<std::string, std::vector<grant::ObjectPattern>> classification;  // "pii" → what is
  std::map<std::string, masking::Kind> masking;                             // what of it leaves masked, and how
  std::vector<std::string> detect;                                          // entities that leave masked wherever they stand
  Capture capture = Capture::shape;
  std::vector<std::string> approvers;  // groups asked when a policy names none
  std::uint64_t max_connections = 100;
  milliseconds hold = limits::hold_default;
  PreviewDepth preview = PreviewDepth::rows;
  StartupOptions startup_options = StartupOptions::safe;
  Words messages = Words::printable;
};

enum class Reason { optional, required };
struct Template {
  std::string name;
  std::vector<std::string> agents;  // sorted; the other side of Agent::templates
  milliseconds duration = limits::grant_life_default;
  milliseconds linger = std::chrono::seconds(30);
  Reason reason = Reason::optional;
  grant::Budget budget;
  std::vector<std::string> unmask;  // classes that its tasks see as they are
  std::vector<ScopeRule> scope;
};

enum class Durability { process, disk };  // process: survives kill -9; disk: survives a power cut
struct Recording {
  Durability durability = Durability::process;
  std::string log_name = "narrowgate.local/log";  // the C2SP origin line of checkpoints
  milliseconds checkpoint = std::chrono::seconds(1);
};

struct Config {
  std::string file;  // where it was read from, for messages
  std::string data_dir = "./narrowgate-data";
  Log log;
  Listeners listeners;
  StoreKind store = StoreKind::sqlite;
  std::vector<Issuer> issuers;
  std::vector<Agent> agents;
  std::vector<Person> people;
  std::vector<Resource> resources;
  std::vector<Template> templates;
  std::string policies;  // absolute path of a folder; empty: the built-in policies
  Recording recording;
  std::optional<SecretString> masking_key;  // of tokens; absent: one of our own in data_dir

  const Issuer* issuer(std::string_view name) const;
  const Agent* agent(std::string_view name) const;
  const Person* person(std::string_view name) const;
  const Resource* resource(std::string_view name) const;
  const Template* find_template(std::string_view name) const;
};

// The resource's masking, as rules over columns.
masking::Rules masking_rules(const Resource& resource);
// The atoms a rule stands for: verbs × objects.
std::vector<grant::Atom> atoms_of(const ScopeRule& rule);

}  // namespace narrowgate::config
