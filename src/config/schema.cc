#include "config/schema.h"

namespace narrowgate::config {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t things_max = 10'000;  // agents, resources, templates: each costs memory and a look at load
constexpr std::size_t few = 100;            // lists inside one thing
constexpr std::size_t words_max = 200;      // groups, subjects and other short texts of outsiders
constexpr std::size_t key_bytes_max = 1024;

// ---- the process

Form<Log> log_form() {
  return section<Log>({
      option(
          "level", &Log::level,
          choice<LogLevel>(
              {{"debug", LogLevel::debug}, {"info", LogLevel::info}, {"warning", LogLevel::warning}, {"error", LogLevel::error}}),
          {.doc = "The least important events that are logged. Logs go to standard error; recordings do not depend on this."}),
      option("format", &Log::format, choice<LogFormat>({{"json", LogFormat::json}, {"text", LogFormat::text}}),
             {.doc = "One JSON object per line, or words for a person at a terminal."}),
  });
}

Form<ListenerTls> listener_tls_form() {
  auto files = section<ListenerTls>({
      option("certificate", &ListenerTls::certificate, path(),
             {.doc = "PEM file: the certificate, then those between it and the root.",
              .example = "/etc/narrowgate/tls.crt",
              .absent = "a certificate of our own CA"}),
      option("key", &ListenerTls::key, path(),
             {.doc = "PEM file: the certificate's private key.",
              .example = "/etc/narrowgate/tls.key",
              .absent = "a certificate of our own CA"}),
      option("client_ca", &ListenerTls::client_ca, path(),
             {.doc = "PEM file: who may sign client certificates. Clients are asked for one only when this is set.",
              .example = "/etc/narrowgate/clients.pem",
              .absent = "no client certificates"}),
  });
  ListenerTls off;
  off.source = TlsSource::off;
  return words_or<ListenerTls>({{"auto", ListenerTls{}}, {"off", off}}, std::move(files),
                               [](const ListenerTls&) { return std::string("auto"); });
}

Form<Listeners> listeners_form() {
  auto postgres = section<PostgresListener>({
      option("address", &PostgresListener::address, address(),
             {.doc = "Where PostgreSQL clients connect. Port 0 lets the system choose."}),
      option("tls", &PostgresListener::tls, listener_tls_form(),
             {.doc = "`auto`: a certificate of the gateway's own CA, kept in `data_dir`. Or certificate files. `off` needs "
                     "`plaintext: loopback`."}),
      option("plaintext", &PostgresListener::plaintext,
             choice<Plaintext>({{"refuse", Plaintext::refuse}, {"loopback", Plaintext::loopback}}),
             {.doc = "`refuse`: clients must use TLS. `loopback`: the address is a loopback one, and TLS is up to the client."}),
      option("default_resource", &PostgresListener::default_resource, name(),
             {.doc = "A resource's name. When set, a client's `dbname` is the database itself, on this resource.",
              .example = "orders",
              .absent = "`dbname` names the resource"}),
      option("default_template", &PostgresListener::default_template, name(),
             {.doc = "The template of a client that names no task.",
              .example = "refund-triage",
              .absent = "the agent's `default_template`, else such a client is refused"}),
      option(
          "grant_notice", &PostgresListener::grant_notice, yes_no(),
          {.doc = "A client is told at connect what it was granted, in a NOTICE. false: for programs that compare every byte."}),
  });
  auto https = section<HttpsListener>({
      option("address", &HttpsListener::address, address(), {.doc = "Where the API and the console are served."}),
      option("tls", &HttpsListener::tls, listener_tls_form(), {.doc = "As for `postgres`. `off` needs a loopback address."}),
  });
  auto admin = section<AdminListener>({
      option("address", &AdminListener::address, address(),
             {.doc = "Where `/healthz`, `/readyz` and `/metrics` are served, in plain HTTP and without login: keep it private."}),
  });
  return section<Listeners>({
      option("postgres", &Listeners::postgres, on_or_off(std::move(postgres)),
             {.doc = "For PostgreSQL clients.", .absent = "on, with the defaults below"}),
      option("https", &Listeners::https, on_or_off(std::move(https)),
             {.doc = "For the API, the console and the CLI.", .absent = "on, with the defaults below"}),
      option("admin", &Listeners::admin, on_or_off(std::move(admin)),
             {.doc = "For health checks and metrics.", .absent = "on, with the defaults below"}),
  });
}

Form<StoreKind> store_form() {
  auto form = choice<StoreKind>({{"sqlite", StoreKind::sqlite}});
  form.read = [read = form.read](const Node& node, const std::string& at, Reading& reading, StoreKind& out) {
    const bool url = node.text.starts_with("postgres://") || node.text.starts_with("postgresql://");
    if (node.kind == Node::Kind::scalar && url)
      return reading.error(node, at, "names a PostgreSQL server, which is not yet supported here",
                           "write store: sqlite; it is kept in data_dir");
    read(node, at, reading, out);
  };
  return form;
}

// ---- who

Form<std::string> claim_value() { return text(1000, "a claim's exact value"); }

Form<Issuer> issuer_form() {
  return section<Issuer>({
      option("name", &Issuer::name, name(),
             {.doc = "What agents and people refer to it by.", .example = "github", .required = true}),
      option("url", &Issuer::url, url(),
             {.doc = "The token's `iss`, byte for byte. The discovery document is expected below it.",
              .example = "https://token.actions.githubusercontent.com",
              .required = true}),
      option(
          "audience", &Issuer::audience, text(1000),
          {.doc = "The one `aud` a token must carry: this gateway.", .example = "https://narrowgate.example", .required = true}),
      option("other_audiences", &Issuer::other_audiences, list(text(1000), few),
             {.doc = "Audiences that may stand beside it. A token that names anybody else too is refused."}),
      option("jwks_url", &Issuer::jwks_url, url(),
             {.doc = "Where the issuer's keys are, when it has no discovery document.",
              .example = "https://idp.example/keys",
              .absent = "as the discovery document says"}),
      option("algorithms", &Issuer::algorithms,
             list(choice<std::string>({{"RS256", "RS256"}, {"ES256", "ES256"}, {"ES384", "ES384"}, {"EdDSA", "EdDSA"}}), 4, 1),
             {.doc = "The signature algorithms that are accepted."}),
      option("types", &Issuer::types, list(text(words_max), 10),
             {.doc = "The `typ` headers that are accepted. A token without one passes."}),
      option("max_lifetime", &Issuer::max_lifetime, duration(1min, 1h), {.doc = "The longest time from `iat` to `exp`."}),
      option("tokens", &Issuer::tokens, choice<TokenUse>({{"many", TokenUse::many}, {"once", TokenUse::once}}),
             {.doc = "`once`: a token (its `jti`) opens one connection and no more. `many`: until it expires."}),
      option("claims", &Issuer::claims, dictionary(claim_value(), few),
             {.doc = "What every token of this issuer must carry: a claim's name, or a JSON pointer to it, and its exact value.",
              .example = "{repository_owner_id: \"77\"}"}),
      option("pull_requests", &Issuer::pull_requests,
             choice<PullRequests>({{"refuse", PullRequests::refuse}, {"allow", PullRequests::allow}}),
             {.doc = "GitHub Actions: tokens of `pull_request` events, which run other people's code."}),
      option("groups_claim", &Issuer::groups_claim, text(words_max),
             {.doc = "The claim that lists a person's groups, added to those configured.",
              .example = "groups",
              .absent = "tokens bring no groups"}),
  });
}

Form<TokenIdentity> token_identity_form() {
  return section<TokenIdentity>({
      option("issuer", &TokenIdentity::issuer, name(), {.doc = "An issuer's name.", .example = "github", .required = true}),
      option("subject", &TokenIdentity::subject, text(1000),
             {.doc = "The token's exact `sub`.",
              .example = "system:serviceaccount:agents:refund-bot",
              .absent = "any, if the claims fit"}),
      option("claims", &TokenIdentity::claims, dictionary(claim_value(), few),
             {.doc = "Claims that must have exactly these values. Prefer ids that are never given twice (repository_id, a "
                     "service account's uid) to names.",
              .example = "{repository_id: \"4419\"}"}),
  });
}

Form<CertificateIdentity> certificate_identity_form() {
  return section<CertificateIdentity>({
      option("fingerprint", &CertificateIdentity::fingerprint, text(words_max),
             {.doc = "`sha256:` and 64 hex digits: of the DER certificate.",
              .example = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
              .absent = "by `uri`"}),
      option("uri", &CertificateIdentity::uri, text(1000),
             {.doc = "The one URI alternative name, such as a SPIFFE ID.",
              .example = "spiffe://acme.example/ns/agents/sa/refund-bot",
              .absent = "by `fingerprint`"}),
  });
}

Form<std::string> verb() {
  static const std::vector<std::string_view> known = {"*",    "SELECT", "INSERT", "UPDATE",    "DELETE", "TRUNCATE",
                                                      "LOCK", "CALL",   "DDL",    "PRIVILEGE", "SET",    "COPY"};
  Form<std::string> form;
  form.shape = leaf("a verb", {{"enum", string_array({known.begin(), known.end()})}});
  form.read = [](const Node& node, const std::string& at, Reading& reading, std::string& out) {
    const auto* written = scalar(node, at, reading, "a verb");
    if (!written) return;
    std::string upper = *written;
    std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return char(std::toupper(c)); });
    if (std::find(known.begin(), known.end(), upper) == known.end())
      return reading.error(node, at, fmt::format("\"{}\" is not a verb", shown(*written)), suggestion(upper, known));
    out = std::move(upper);
  };
  form.show = [](const std::string& v) { return v; };
  return form;
}

constexpr Bound rows_max = 1'000'000'000'000;

Form<grant::Limits> limits_form() {
  return section<grant::Limits>({
      option("rows_read", &grant::Limits::rows_read, count(1, rows_max),
             {.doc = "Rows one statement may return.", .example = "500", .absent = "no limit"}),
      option("rows_written", &grant::Limits::rows_written, count(1, rows_max),
             {.doc = "Rows one statement may change. More, and it is rolled back.", .example = "10", .absent = "no limit"}),
      option("bytes", &grant::Limits::bytes, byte_size(1, Bound(1) << 50),
             {.doc = "Bytes of rows one statement may return.", .example = "1MiB", .absent = "no limit"}),
      option("statement", &grant::Limits::statement, duration(1ms, 24h),
             {.doc = "How long one statement may run.", .example = "30s", .absent = "no limit"}),
  });
}

Form<ScopeRule> scope_rule_form() {
  return section<ScopeRule>({
      option("resource", &ScopeRule::resource, name(), {.doc = "A resource's name.", .example = "orders", .required = true}),
      option(
          "verbs", &ScopeRule::verbs, list(verb(), few, 1),
          {.doc = "What may be done: SELECT INSERT UPDATE DELETE TRUNCATE LOCK CALL DDL PRIVILEGE SET COPY, or `\"*\"` for all.",
           .example = "[SELECT]",
           .required = true}),
      option("objects", &ScopeRule::objects, list(object_pattern(), things_max, 1),
             {.doc = "To what: `schema.table`, `schema.table(column, …)`, `schema.*` or `*.*`. Names as the catalog spells them.",
              .example = "[\"public.refunds\", \"public.customers(id, name)\"]",
              .required = true}),
      option("limits", &ScopeRule::limits, limits_form(), {.doc = "How much of it."}),
      option("where", &ScopeRule::where, choice<Where>({{"optional", Where::optional}, {"required", Where::required}}),
             {.doc = "`required`: UPDATE and DELETE must have a WHERE clause."}),
      option("auto", &ScopeRule::automatic, yes_no(), {.doc = "false: a person is asked each time, whatever the policies say."}),
  });
}

Form<Agent> agent_form() {
  return section<Agent>({
      option("name", &Agent::name, name(),
             {.doc = "The PostgreSQL user it connects as.", .example = "refund-bot", .required = true}),
      option("owner", &Agent::owner, text(words_max),
             {.doc = "Who answers for it: a person's name, or how to reach them. An owner cannot approve what their agent asks.",
              .example = "olu",
              .required = true}),
      option("key", &Agent::key, secret(key_bytes_max),
             {.doc = "A key of at least 16 printable ASCII characters, besides those enrolled at run time.",
              .example = "{env: REFUND_BOT_KEY}",
              .absent = "only enrolled keys"}),
      option("identities", &Agent::identities, list(token_identity_form(), few),
             {.doc = "Tokens of issuers that prove to be this agent. Each entry suffices by itself."}),
      option("certificates", &Agent::certificates, list(certificate_identity_form(), few),
             {.doc = "Client certificates that prove to be this agent. Each entry names one, by one of its two options."}),
      option("templates", &Agent::templates, list(name(), things_max),
             {.doc = "Templates this agent may start, besides those that name it themselves."}),
      option("default_template", &Agent::default_template, name(),
             {.doc = "The template when it names no task.",
              .example = "refund-triage",
              .absent = "the listener's `default_template`"}),
      option("ceiling", &Agent::ceiling, list(scope_rule_form(), things_max),
             {.doc = "What this agent never goes beyond, whatever its templates say.", .absent = "the template alone"}),
      option("suspended", &Agent::suspended, yes_no(), {.doc = "true: every login and every request of it is refused."}),
  });
}

Form<Person> person_form() {
  return section<Person>({
      option("name", &Person::name, name(), {.doc = "Who they are here.", .example = "ana", .required = true}),
      option("email", &Person::email, text(words_max),
             {.doc = "Where to reach them.", .example = "ana@acme.example", .absent = "none"}),
      option("password_hash", &Person::password_hash, text(words_max),
             {.doc = "Their password as a scrypt hash in PHC format.",
              .example = "$scrypt$ln=15,r=8,p=1$…$…",
              .absent = "no password login"}),
      option("password", &Person::password, secret(key_bytes_max),
             {.doc = "Their password itself, instead of its hash: for trying things out.",
              .example = "{env: ANA_PASSWORD}",
              .absent = "no password login"}),
      option("identities", &Person::identities, list(token_identity_form(), few),
             {.doc = "Tokens of issuers that prove to be this person."}),
      option("groups", &Person::groups, list(text(words_max), few),
             {.doc = "What policies and `approvers` refer to.", .example = "[orders-oncall]"}),
      option("roles", &Person::roles,
             list(choice<Role>({{"approver", Role::approver},
                                {"auditor", Role::auditor},
                                {"operator", Role::operator_},
                                {"admin", Role::admin}}),
                  4),
             {.doc = "`approver` releases holds, `auditor` reads recordings, `operator` revokes and sees live state, `admin` "
                     "does all but approve.",
              .example = "[approver, auditor]"}),
  });
}

// ---- what

Form<Upstream> upstream_form() {
  auto tls = section<UpstreamTls>({
      option("mode", &UpstreamTls::mode,
             choice<UpstreamTlsMode>({{"verify-full", UpstreamTlsMode::verify_full},
                                      {"off", UpstreamTlsMode::off},
                                      {"off-even-remote", UpstreamTlsMode::off_even_remote}}),
             {.doc = "`verify-full`: encrypted, certificate and name verified. `off`: plain text, to a loopback host only. "
                     "`off-even-remote`: plain text over a network you answer for."}),
      option("ca", &UpstreamTls::ca, path(),
             {.doc = "PEM file: who may sign the server's certificate.",
              .example = "/etc/narrowgate/rds.pem",
              .absent = "the system's trust store"}),
  });
  auto password = section<PasswordLogin>({
      option("user", &PasswordLogin::user, text(words_max),
             {.doc = "The database role the gateway logs in as.", .example = "narrowgate_orders", .required = true}),
      option("password", &PasswordLogin::password, secret(key_bytes_max),
             {.doc = "Its password. Agents never see it.", .example = "{env: ORDERS_PASSWORD}", .required = true}),
  });
  auto login = section<UpstreamLogin>({
      option("password", &UpstreamLogin::password, std::move(password), {.doc = "By user and password.", .required = true}),
  });
  return section<Upstream>({
      option("host", &Upstream::host, text(words_max),
             {.doc = "The server's name or address.",
              .example = "orders.cluster-abc123.us-east-1.rds.amazonaws.com",
              .required = true}),
      option("port", &Upstream::port, port(), {.doc = "Its port."}),
      option("database", &Upstream::database, text(words_max),
             {.doc = "The database agents get when they name none.", .example = "orders", .required = true}),
      option("databases", &Upstream::databases, list(text(words_max), things_max),
             {.doc = "Other databases of this server that a client may name. `\"*\"`: any."}),
      option("tls", &Upstream::tls, std::move(tls), {.doc = "How the connection is protected."}),
      option("login", &Upstream::login, std::move(login), {.doc = "How the gateway logs in.", .required = true}),
      option("roles", &Upstream::roles,
             choice<Roles>({{"auto", Roles::automatic}, {"per-grant", Roles::per_grant}, {"login", Roles::login}}),
             {.doc = "Whom sessions are upstream. `per-grant`: a role made for each grant, which may do what its scope says. "
                     "`login`: the gateway's own login. `auto`: the first if that login may make such roles, else the second."}),
  });
}

Form<Resource> resource_form() {
  return section<Resource>({
      option("name", &Resource::name, name(),
             {.doc = "What clients write as `dbname`, and scopes as `resource`.", .example = "orders", .required = true}),
      option("kind", &Resource::kind, choice<ResourceKind>({{"postgres", ResourceKind::postgres}}), {.doc = "What it is."}),
      option("environment", &Resource::environment, name(),
             {.doc = "For policies: `prod`, `staging`, `dev` or a name of yours."}),
      option("upstream", &Resource::upstream, upstream_form(),
             {.doc = "Where it is and how the gateway logs in.", .required = true}),
      option("classification", &Resource::classification, dictionary(list(object_pattern(), things_max), few),
             {.doc = "Classes of data and what belongs to them, for policies.",
              .example = "{pii: [\"public.customers(email, phone)\"]}"}),
      option(
          "masking", &Resource::masking,
          dictionary(choice<masking::Kind>({{"null", masking::Kind::null},
                                            {"fixed", masking::Kind::fixed},
                                            {"partial", masking::Kind::partial},
                                            {"token", masking::Kind::token}}),
                     few),
          {.doc = "Classes whose columns leave masked, and how: as nothing, as `[masked]`, by their last four characters, or as "
                  "a token that is the same wherever the value is.",
           .example = "{pii: token}"}),
      option(
          "detect", &Resource::detect, list(name(), few),
          {.doc = "What leaves masked wherever it stands in a value, by what it looks like: `docs/detection.md` names all that "
                  "can be found. Every row is read for it.",
           .example = "[credit_card, email, aws_access_key]"}),
      option("capture", &Resource::capture, choice<Capture>({{"shape", Capture::shape}, {"full", Capture::full}}),
             {.doc = "What of parameters and results is recorded: types and counts, or everything."}),
      option("approvers", &Resource::approvers, list(text(words_max), few),
             {.doc = "Groups that are asked when a policy names none.", .example = "[orders-oncall]"}),
      option("max_connections", &Resource::max_connections, count(1, 100'000),
             {.doc = "Connections to it at one time. One more is refused with 53300."}),
      option("hold", &Resource::hold, duration(1s, 1h), {.doc = "How long a held statement waits for a person."}),
      option("preview", &Resource::preview,
             choice<PreviewDepth>({{"off", PreviewDepth::off},
                                   {"plan", PreviewDepth::plan},
                                   {"count", PreviewDepth::count},
                                   {"rows", PreviewDepth::rows}}),
             {.doc = "What people are shown of what a held statement would do: the database's plan and the triggers in its way "
                     "(`plan`), besides it how many rows (`count`), besides that a few of them, masked as for the agent "
                     "(`rows`). Found out by reading only."}),
      option("startup_options", &Resource::startup_options,
             choice<StartupOptions>({{"safe", StartupOptions::safe}, {"pass", StartupOptions::pass}}),
             {.doc = "A client's startup parameters: only harmless ones (time zone, date style, application name, …), or all of "
                     "them."}),
      option("messages", &Resource::messages, choice<Words>({{"printable", Words::printable}, {"raw", Words::raw}}),
             {.doc = "The database's errors and notices: with control and bidirectional characters spelt out, or as they are."}),
  });
}

Form<grant::Budget> budget_form() {
  return section<grant::Budget>({
      option("rows_read", &grant::Budget::rows_read, count(1, rows_max),
             {.doc = "Rows that may be returned in all.", .example = "20000", .absent = "no limit"}),
      option("rows_written", &grant::Budget::rows_written, count(1, rows_max),
             {.doc = "Rows that may be changed in all. A statement that would pass it is rolled back.",
              .example = "100",
              .absent = "no limit"}),
      option("bytes", &grant::Budget::bytes, byte_size(1, Bound(1) << 50),
             {.doc = "Bytes of rows that may be returned in all.", .example = "64MiB", .absent = "no limit"}),
      option("statements", &grant::Budget::uses, count(1, rows_max),
             {.doc = "Statements that may run.", .example = "1000", .absent = "no limit"}),
      option("time", &grant::Budget::time, duration(1ms, 24h),
             {.doc = "Time that its statements may take in all. One that is still running then is cancelled.",
              .example = "5m",
              .absent = "no limit"}),
  });
}

Form<Template> template_form() {
  return section<Template>({
      option("name", &Template::name, name(),
             {.doc = "What agents name as their task.", .example = "refund-triage", .required = true}),
      option("agents", &Template::agents, list(name(), things_max),
             {.doc = "Agents that may start it, besides those that name it themselves.", .example = "[refund-bot]"}),
      option("duration", &Template::duration, duration(10s, limits::grant_life_max), {.doc = "How long its grants live."}),
      option(
          "linger", &Template::linger, duration(0ms, 1h),
          {.doc =
               "How long a task outlives its last connection. A connection of the same agent for the same work (template, "
               "reason, ticket, resource) until then goes on in it, over an upstream connection that was kept for it. `0s`: none "
               "is kept."}),
      option("reason", &Template::reason, choice<Reason>({{"optional", Reason::optional}, {"required", Reason::required}}),
             {.doc = "`required`: a connection without `narrowgate.reason` is refused."}),
      option("budget", &Template::budget, budget_form(),
             {.doc = "What one task may use up, over all its connections. A task that has is over, and its agent begins no other "
                     "for the same work until its time is up."}),
      option("unmask", &Template::unmask, list(name(), few),
             {.doc = "Masked classes that its tasks see, and use, as they are.", .example = "[pii]"}),
      option("scope", &Template::scope, list(scope_rule_form(), things_max, 1),
             {.doc = "What the work may ever need: the ceiling of every grant.", .required = true}),
  });
}

Form<Recording> recording_form() {
  return section<Recording>({
      option("durability", &Recording::durability,
             choice<Durability>({{"process", Durability::process}, {"disk", Durability::disk}}),
             {.doc = "`process`: nothing is lost when the gateway is killed. `disk`: nor when the machine loses power, at the "
                     "price of a disk flush before each forward."}),
      option("log_name", &Recording::log_name, text(words_max),
             {.doc = "The log's name in its signed checkpoints. Make it unique and keep it: verifiers know the log by it.",
              .example = "narrowgate.acme.example/log"}),
      option("checkpoint", &Recording::checkpoint, duration(100ms, 1h), {.doc = "How often the log's head is signed."}),
  });
}

Form<Config> config_form() {
  return section<Config>({
      option("data_dir", &Config::data_dir, path(),
             {.doc = "The folder that holds all the gateway remembers: store, recordings, its own CA. One gateway per folder."}),
      option("log", &Config::log, log_form(), {.doc = "Logging."}),
      option("listeners", &Config::listeners, listeners_form(),
             {.doc = "Where the gateway listens. Each can be switched `off`."}),
      option("store", &Config::store, store_form(), {.doc = "Where grants, approvals and keys are kept."}),
      option("issuers", &Config::issuers, list(issuer_form(), few), {.doc = "OpenID Connect issuers whose tokens are accepted."}),
      option("agents", &Config::agents, list(agent_form(), things_max), {.doc = "The software that connects."}),
      option("people", &Config::people, list(person_form(), things_max), {.doc = "Who owns, approves, audits and operates."}),
      option("resources", &Config::resources, list(resource_form(), things_max), {.doc = "What is behind the gateway."}),
      option("templates", &Config::templates, list(template_form(), things_max),
             {.doc = "Classes of work and the most each may need."}),
      option("policies", &Config::policies, path(),
             {.doc = "A folder of `*.cedar` files.", .example = "./policies", .absent = "the built-in policies"}),
      option("recording", &Config::recording, recording_form(), {.doc = "The recording of sessions."}),
      option("masking_key", &Config::masking_key, secret(key_bytes_max),
             {.doc = "The key of masking tokens. Gateways with the same key give equal values equal tokens.",
              .example = "{env: NG_MASKING_KEY}",
              .absent = "one of its own, in `data_dir`"}),
  });
}

}  // namespace

const Form<Config>& schema() {
  static const Form<Config> form = config_form();
  return form;
}

}  // namespace narrowgate::config
