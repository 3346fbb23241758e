// doctor's look at an upstream: can the gateway reach it, log in and understand it, and may its login do more than agents ever
// should?
#include <fmt/format.h>

#include <charconv>

#include "cli/database.h"
#include "cli/doctor_checks.h"
#include "net/loop.h"
#include "protocol/postgres/sql/catalog_load.h"

namespace narrowgate::cli {
namespace {

constexpr auto kSkewMax = std::chrono::seconds(30);
constexpr auto kEndsSoon = std::chrono::days(30);
constexpr const char* kSystemAuthorities = "/etc/ssl/certs/ca-certificates.crt";

Settings settings_for(const config::Resource& resource) {
  const config::Upstream& upstream = resource.upstream;
  const bool tls = upstream.tls.mode == config::UpstreamTlsMode::verify_full;
  return {{"host", upstream.host},
          {"port", std::to_string(upstream.port)},
          {"dbname", upstream.database},
          {"user", upstream.login.password.user},
          {"sslmode", tls ? "verify-full" : "disable"},
          {"sslrootcert", !tls                      ? ""
                          : upstream.tls.ca.empty() ? kSystemAuthorities
                                                    : upstream.tls.ca},
          {"gssencmode", "disable"},
          {"connect_timeout", "10"},
          {"application_name", "narrowgate:doctor"}};
}

std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

// libpq says it in words only.
std::string remedy_for(const std::string& fault) {
  const auto says = [&](std::string_view words) { return fault.find(words) != std::string::npos; };
  if (says("certificate verify failed") || says("does not match host name"))
    return "name the CA that signed its certificate in upstream.tls.ca, and the host that the certificate is for";
  if (says("does not support SSL")) return "switch TLS on in the server; only for one on this machine: upstream.tls.mode: off";
  if (says("password authentication failed") || says("does not exist")) return "check upstream.database and upstream.login";
  if (says("no pg_hba.conf entry")) return "let this machine in, in the server's pg_hba.conf";
  return "check upstream.host and upstream.port, and that the server is up";
}

struct Login {
  bool superuser = false, createrole = false, createdb = false, replication = false, bypassrls = false;
  std::string writable, tables, skew_seconds;
  bool narrow_createrole = false;  // PostgreSQL 16 and newer: CREATEROLE reaches only roles that the login made
};

Result<Login> look_at_login(const Database& database) {
  NG_TRY(const Answer answer,
         database.query("SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls,"
                        " (SELECT pg_catalog.count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = "
                        "c.relnamespace WHERE c.relkind IN ('r','p','v','f')"
                        "   AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%' AND "
                        "pg_catalog.has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')),"
                        " (SELECT pg_catalog.count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = "
                        "c.relnamespace WHERE c.relkind IN ('r','p','v','f')"
                        "   AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'),"
                        " pg_catalog.trunc(extract(epoch FROM pg_catalog.clock_timestamp()))::bigint,"
                        " pg_catalog.current_setting('server_version_num')::int >= 160000"
                        " FROM pg_catalog.pg_roles WHERE rolname = current_user"));
  if (answer.rows.size() != 1 || answer.rows[0].size() != 9)
    return Error{Code::malformed, Blame::upstream, "pg_roles does not know the login"};
  const auto& row = answer.rows[0];
  const auto yes = [&](std::size_t i) { return row[i].value_or("f") == "t"; };
  return Login{yes(0), yes(1), yes(2), yes(3), yes(4), row[5].value_or("0"), row[6].value_or("0"), row[7].value_or("0"), yes(8)};
}

// Whom sessions are: the second lock.
void check_roles(Findings& out, const std::string& name, const config::Resource& resource, const Login& login) {
  const std::string harden = fmt::format("see: narrowgate resources harden {}", resource.name);
  const bool may = login.createrole || login.superuser;
  switch (resource.upstream.roles) {
    case config::Roles::login:
      if (login.createrole)
        out.doubtful(name, "may create roles, and so grant itself more, and upstream.roles makes no use of it",
                     fmt::format("ALTER ROLE {} NOCREATEROLE", resource.upstream.login.password.user));
      return;
    case config::Roles::per_grant:
      if (!may) return out.bad(name, "may not create roles, and upstream.roles wants one for each grant", harden);
      break;
    case config::Roles::automatic:
      if (!may) return out.good(name, "is whom sessions are; for a role for each grant " + harden);
      break;
  }
  if (login.narrow_createrole) return out.good(name, "makes a role for each grant");
  out.doubtful(name, "makes a role for each grant; before PostgreSQL 16 whoever may do that can join almost any role",
               "upgrade the server when you can");
}

void check_login(Findings& out, const std::string& thing, const config::Resource& resource, const Login& login) {
  const std::string& user = resource.upstream.login.password.user;
  const std::string name = fmt::format("{} login {}", thing, user);
  if (login.superuser)
    out.doubtful(name, "is a superuser: whatever gets past the gateway's own checks may do anything",
                 "CREATE ROLE … LOGIN with only the rights that agents may ever need, and use that");
  check_roles(out, name, resource, login);
  if (login.bypassrls && !login.superuser)
    out.doubtful(name, "is not bound by row security", fmt::format("ALTER ROLE {} NOBYPASSRLS", user));
  if (login.replication && !login.superuser)
    out.doubtful(name, "may replicate, and so read everything", fmt::format("ALTER ROLE {} NOREPLICATION", user));
  out.good(name, fmt::format("may write {} of {} tables", login.writable, login.tables));
}

void check_skew(Findings& out, const std::string& thing, const std::string& seconds, WallTime now) {
  std::int64_t theirs = 0;
  std::from_chars(seconds.data(), seconds.data() + seconds.size(), theirs);
  const std::chrono::seconds skew(std::abs(theirs - unix_seconds(now)));
  if (skew > kSkewMax) out.doubtful(thing + " clock", fmt::format("is {} s from ours", skew.count()), "keep both by NTP");
}

void check_encryption(Findings& out, const std::string& thing, const Database& database, WallTime now) {
  const auto end = database.certificate_end();
  if (!database.encrypted() || !end) return;
  const std::string when = to_rfc3339(*end).substr(0, 10);
  if (*end < now + kEndsSoon) out.doubtful(thing + " certificate", "ends on " + when, "renew it on the server");
  else out.good(thing + " certificate", "verified, until " + when);
}

// With the stack that the gateway loads it with.
void check_catalog(Findings& out, const std::string& thing, const Database& database) {
  const postgres::QueryFn query = [&](std::string_view sql) -> Result<postgres::Rows> {
    NG_TRY(Answer answer, database.query(sql));
    return std::move(answer.rows);
  };
  Result<std::shared_ptr<const postgres::Catalog>> catalog = Error{Code::bug, Blame::gateway, "not loaded"};
  net::Thread::start("catalog", [&] { catalog = postgres::load_catalog(query); }).join();
  if (!catalog.ok())
    return out.bad(thing + " catalog", one_line(catalog.error().detail), "let the login read pg_catalog; report this if it can");
  out.good(thing + " catalog",
           fmt::format("PostgreSQL {}, {} tables", (*catalog)->server_version() / 10'000, (*catalog)->tables().size()));
}

}  // namespace

void check_resource(Findings& out, const config::Resource& resource, WallTime now) {
  const config::Upstream& upstream = resource.upstream;
  const std::string thing = "resource " + resource.name;
  if (!upstream.tls.ca.empty()) check_certificate(out, thing + " CA", upstream.tls.ca, "replace it", now);
  if (upstream.tls.mode == config::UpstreamTlsMode::off_even_remote)
    out.doubtful(thing, "passwords and data cross the network in the clear", "use upstream.tls.mode: verify-full");
  const auto database = Database::connect(settings_for(resource), upstream.login.password.password);
  if (!database.ok()) return out.bad(thing, one_line(database.error().detail), remedy_for(database.error().detail));
  out.good(thing, fmt::format("{}:{}/{} reached{}", upstream.host, upstream.port, upstream.database,
                              database->encrypted() ? " by TLS" : ""));
  check_encryption(out, thing, *database, now);
  if (const auto login = look_at_login(*database); login.ok()) {
    check_login(out, thing, resource, *login);
    check_skew(out, thing, login->skew_seconds, SystemClock().wall());
  } else {
    out.doubtful(thing, one_line(login.error().detail), "what the login may do could not be looked at");
  }
  check_catalog(out, thing, *database);
}

}  // namespace narrowgate::cli
