#include "protocol/postgres/roles/grant_roles.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/crypto.h"
#include "base/log.h"
#include "protocol/postgres/roles/inventory.h"
#include "protocol/postgres/wire/scram.h"

namespace narrowgate::postgres {
namespace {

constexpr std::size_t kPasswordBytes = 32;
constexpr Duration kDownFor = std::chrono::seconds(2);  // whoever waits for an upstream that is down keeps a thread waiting
constexpr Duration kNoRightFor = std::chrono::minutes(1);
constexpr auto kStayAfterEnd = std::chrono::minutes(5);  // logins only; a grant's sessions end with it

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = char(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// Every name that is used below is qualified or quoted; what the login's own settings say must not matter.
Result<std::unique_ptr<Questions>> administer(const Upstream& upstream) {
  Upstream login = upstream;
  login.account.reset();
  NG_TRY(auto questions, Questions::open(login));
  NG_TRY_VOID(questions->ask("SET search_path = ''"));
  return questions;
}

Result<bool> may_create_roles(Questions& questions) {
  NG_TRY(const Rows rows,
         questions.ask("SELECT rolsuper OR rolcreaterole FROM pg_catalog.pg_roles WHERE rolname = CURRENT_USER"));
  return rows.size() == 1 && rows[0].size() == 1 && rows[0][0] == "t";
}

std::vector<std::string> first_column(const Rows& rows) {
  std::vector<std::string> out;
  for (const auto& row : rows)
    if (!row.empty() && row[0]) out.push_back(*row[0]);
  return out;
}

// What the database itself wrote down of a role's privileges, taken back one by one: DROP OWNED is for owners only.
Result<Done> take_privileges(Questions& questions, const std::string& role) {
  NG_TRY(const Rows rows,
         questions.ask(fmt::format(
             "SELECT DISTINCT CASE d.classid WHEN 'pg_catalog.pg_class'::pg_catalog.regclass THEN (SELECT "
             "pg_catalog.format(CASE c.relkind WHEN 'S' THEN 'SEQUENCE %I.%I' ELSE 'TABLE %I.%I' END, n.nspname, c.relname) "
             "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = d.objid) "
             "WHEN 'pg_catalog.pg_namespace'::pg_catalog.regclass THEN (SELECT pg_catalog.format('SCHEMA %I', nspname) "
             "FROM pg_catalog.pg_namespace WHERE oid = d.objid) "
             "WHEN 'pg_catalog.pg_proc'::pg_catalog.regclass THEN (SELECT pg_catalog.format('ROUTINE %I.%I(%s)', n.nspname, "
             "f.proname, pg_catalog.pg_get_function_identity_arguments(f.oid)) FROM pg_catalog.pg_proc f "
             "JOIN pg_catalog.pg_namespace n ON n.oid = f.pronamespace WHERE f.oid = d.objid) "
             "WHEN 'pg_catalog.pg_database'::pg_catalog.regclass THEN (SELECT pg_catalog.format('DATABASE %I', datname) "
             "FROM pg_catalog.pg_database WHERE oid = d.objid) END "
             "FROM pg_catalog.pg_shdepend d JOIN pg_catalog.pg_roles r ON r.oid = d.refobjid "
             "WHERE d.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND d.deptype = 'a' AND r.rolname = {} "
             "AND d.dbid IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()))",
             quoted_literal(role))));
  for (const std::string& thing : first_column(rows))
    NG_TRY_VOID(questions.ask(fmt::format("REVOKE ALL ON {} FROM {}", thing, quoted_identifier(role))));
  return Done{};
}

Result<Done> drop_role(Questions& questions, const std::string& role) {
  NG_TRY_VOID(take_privileges(questions, role));
  NG_TRY_VOID(questions.ask("DROP ROLE IF EXISTS " + quoted_identifier(role)));
  return Done{};
}

// Ours, members before what they are in; and those of gateways that are not there any more.
constexpr std::string_view kRolesOfGrants =
    "SELECT rolname FROM pg_catalog.pg_roles WHERE rolname LIKE E'narrowgate\\\\_{0}\\\\_%' "
    "OR rolname LIKE E'narrowgate\\\\_%' AND rolvaliduntil < pg_catalog.now() - interval '1 hour' "
    "ORDER BY rolname LIKE E'narrowgate\\\\_{0}\\\\_s%'";

Error cannot(const Upstream& upstream, std::string_view why) {
  return {Code::refused, Blame::gateway,
          fmt::format("resource {}: no role can be made for a grant: {}; see: narrowgate resources harden {}", upstream.resource,
                      why, upstream.resource)};
}

}  // namespace

std::string GrantRoles::role_of(std::string_view grant) const {
  return fmt::format("narrowgate_{}_{}", gateway_, lower(grant.substr(grant.find('_') + 1)));
}

// By database, since only there can what it holds be taken back.
std::string GrantRoles::scope_prefix(std::string_view database) const {
  const Digest digest = sha256(database);
  return fmt::format("narrowgate_{}_s{}_", gateway_, to_hex(ByteView(digest).first(4)));
}

std::shared_ptr<GrantRoles::Account> GrantRoles::account_of(const std::string& grant) {
  const std::lock_guard lock(mutex_);
  auto& account = accounts_[grant];
  if (!account) account = std::make_shared<Account>();
  return account;
}

Result<std::optional<Lease>> GrantRoles::open(const config::Resource& resource, const Upstream& upstream,
                                              const grant::Grant& grant) {
  if (resource.upstream.roles == config::Roles::login) return std::optional<Lease>();
  const auto account = account_of(grant.id);
  const std::lock_guard one(account->making);
  if (account->asked) return account->lease;
  account->upstream = upstream;
  NG_TRY(account->lease, make(resource, upstream, grant));
  account->asked = true;
  return account->lease;
}

std::optional<GrantRoles::Finding> GrantRoles::found_lately(const std::string& resource) {
  const std::lock_guard lock(mutex_);
  const auto found = findings_.find(resource);
  if (found == findings_.end()) return std::nullopt;
  const Duration good_for = found->second.unreachable ? kDownFor : kNoRightFor;
  if (clock_.mono() - found->second.at < good_for) return found->second;
  findings_.erase(found);
  return std::nullopt;
}

void GrantRoles::remember(const std::string& resource, std::optional<Error> unreachable) {
  const std::lock_guard lock(mutex_);
  findings_.insert_or_assign(resource, Finding{clock_.mono(), std::move(unreachable)});
}

// nullptr: the login may not create roles.
Result<std::unique_ptr<Questions>> GrantRoles::login_that_may(const Upstream& upstream) {
  if (const auto known = found_lately(upstream.resource)) {
    if (known->unreachable) return *known->unreachable;
    return std::unique_ptr<Questions>();
  }
  auto questions = administer(upstream);
  if (!questions.ok()) {
    remember(upstream.resource, questions.error());
    return questions.error();
  }
  NG_TRY(const bool may, may_create_roles(**questions));
  if (may) return questions;
  remember(upstream.resource, std::nullopt);
  return std::unique_ptr<Questions>();
}

// nullopt is for the plan that makes do with the login; everything that only might be better later is an error.
Result<std::optional<Lease>> GrantRoles::make(const config::Resource& resource, const Upstream& upstream,
                                              const grant::Grant& grant) {
  const bool required = resource.upstream.roles == config::Roles::per_grant;
  const auto make_do = [&](std::string_view why) -> Result<std::optional<Lease>> {
    if (required) return cannot(upstream, why);
    log_debug("sessions use the gateway's own login", {{"resource", upstream.resource}, {"why", why}});
    return std::optional<Lease>();
  };
  if (!can_be_compiled(grant.scope)) return make_do("its scope has what only an owner may do");
  NG_TRY(const auto questions, login_that_may(upstream));
  if (!questions) return make_do(fmt::format("{} may not create roles", upstream.lease.user));

  NG_TRY(const Plan made, plan(*questions, upstream, grant.scope));
  const Result<Done> there = need_scope_role(*questions, made);
  if (!there.ok() && there.error().code == Code::refused) return make_do(there.error().detail);
  if (!there.ok()) return there.error();
  NG_TRY(Lease lease, make_role(*questions, resource, grant, made.scope_role));
  return std::optional(std::move(lease));
}

Result<GrantRoles::Plan> GrantRoles::plan(Questions& questions, const Upstream& upstream, const grant::Scope& scope) const {
  NG_TRY(const Inventory inventory, take_inventory(questions, scope));
  Plan out;
  const Digest digest = sha256(fmt::format("{}", fmt::join(compile(scope, inventory, ""), "\n")));
  out.scope_role = scope_prefix(upstream.database) + to_hex(ByteView(digest).first(10));
  out.grants = compile(scope, inventory, out.scope_role);
  return out;
}

// Code::refused: the login may not hand on what the scope names.
Result<Done> GrantRoles::need_scope_role(Questions& questions, const Plan& plan) {
  const std::lock_guard one(scope_roles_);
  const std::string role = quoted_identifier(plan.scope_role);
  NG_TRY(const Rows there, questions.ask(fmt::format("SELECT rolname FROM pg_catalog.pg_roles WHERE rolname = {}",
                                                     quoted_literal(plan.scope_role))));
  if (!there.empty()) return Done{};
  NG_TRY_VOID(questions.ask("BEGIN"));
  NG_TRY_VOID(questions.ask(fmt::format("CREATE ROLE {} NOLOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE", role)));
  NG_TRY_VOID(questions.ask(fmt::format("COMMENT ON ROLE {} IS 'narrowgate: what the grants of one scope may do'", role)));
  std::vector<std::string> missing;
  for (const std::string& grant : plan.grants) {
    NG_TRY_VOID(questions.ask(grant));
    const auto& here = questions.privileges_not_granted();
    missing.insert(missing.end(), here.begin(), here.end());
  }
  if (missing.empty()) {
    NG_TRY_VOID(questions.ask("COMMIT"));
    return Done{};
  }
  NG_TRY_VOID(questions.ask("ROLLBACK"));
  return Error{Code::refused, Blame::gateway, fmt::format("the login may not hand on what the scope names: {}", missing[0])};
}

Result<Lease> GrantRoles::make_role(Questions& questions, const config::Resource& resource, const grant::Grant& grant,
                                    const std::string& scope_role) {
  Lease out;
  out.user = role_of(grant.id);
  out.password = SecretString(random_token(kPasswordBytes));
  NG_TRY(const ScramVerifier verifier, make_verifier(out.password));
  const std::string role = quoted_identifier(out.user);
  std::string sql = fmt::format(
      "BEGIN; CREATE ROLE {} LOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE CONNECTION LIMIT {} PASSWORD {} VALID UNTIL {} "
      "IN ROLE {}; COMMENT ON ROLE {} IS {};",
      role, resource.max_connections, quoted_literal(verifier.to_text()),
      quoted_literal(to_rfc3339(grant.not_after + kStayAfterEnd)), quoted_identifier(scope_role), role,
      quoted_literal(fmt::format("narrowgate: grant {} of task {}, agent {}", grant.id, grant.task, grant.agent)));
  // What an administrator set for the login holds for its grants too. Lists of names are not settings of this kind.
  NG_TRY(
      const Rows settings,
      questions.ask("SELECT DISTINCT ON (pg_catalog.split_part(s, '=', 1)) s FROM pg_catalog.pg_db_role_setting d "
                    "CROSS JOIN LATERAL pg_catalog.unnest(d.setconfig) s "
                    "WHERE d.setrole = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = CURRENT_USER) AND d.setdatabase IN "
                    "(0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())) "
                    "AND pg_catalog.split_part(s, '=', 1) NOT IN ('search_path', 'temp_tablespaces') "
                    "ORDER BY pg_catalog.split_part(s, '=', 1), d.setdatabase DESC"));
  if (only_reads(grant.scope)) sql += fmt::format("ALTER ROLE {} SET default_transaction_read_only = on;", role);
  for (const std::string& setting : first_column(settings)) {
    const auto equals = setting.find('=');
    sql += fmt::format("ALTER ROLE {} SET {} = {};", role, quoted_identifier(setting.substr(0, equals)),
                       quoted_literal(setting.substr(equals + 1)));
  }
  NG_TRY_VOID(questions.ask(sql + "COMMIT"));
  return out;
}

void GrantRoles::close(std::string_view grant) {
  std::shared_ptr<Account> account;
  {
    const std::lock_guard lock(mutex_);
    const auto found = accounts_.find(grant);
    if (found == accounts_.end()) return;
    account = std::move(found->second);
    accounts_.erase(found);
  }
  const std::lock_guard one(account->making);
  if (!account->lease) return;
  Result<Done> dropped = Done{};
  if (auto questions = administer(account->upstream); !questions.ok()) dropped = questions.error();
  else dropped = drop_role(**questions, account->lease->user);
  if (!dropped.ok())
    log_warning("a grant's role is not dropped yet", {{"role", account->lease->user}, {"why", dropped.error().detail}});
}

std::set<std::string> GrantRoles::roles_in_use() {
  std::set<std::string> out;
  const std::lock_guard lock(mutex_);
  for (const auto& [grant, account] : accounts_) out.insert(role_of(grant));
  return out;
}

Result<Done> GrantRoles::reap(const config::Resource& resource, const Upstream& upstream) {
  if (resource.upstream.roles == config::Roles::login) return Done{};
  NG_TRY(const auto questions, login_that_may(upstream));
  if (!questions) return Done{};
  const std::lock_guard one(scope_roles_);  // a scope's role must not go while a grant's is on its way into it
  NG_TRY(const Rows found, questions->ask(fmt::format(fmt::runtime(kRolesOfGrants), gateway_)));
  const std::set<std::string> in_use = roles_in_use();
  const std::string scopes = fmt::format("narrowgate_{}_s", gateway_), scopes_here = scope_prefix(upstream.database);
  for (const std::string& role : first_column(found)) {
    const bool of_a_scope = role.starts_with(scopes), here = role.starts_with(scopes_here);
    // Those of scopes go when there is no grant at all: they are made again quickly, and hold nothing but privileges.
    if (in_use.contains(role) || (of_a_scope && (!here || !in_use.empty()))) continue;
    const Result<Done> dropped = drop_role(*questions, role);
    if (dropped.ok()) log_info("role without a grant dropped", {{"role", role}, {"resource", upstream.resource}});
    else log_warning("role without a grant not dropped", {{"role", role}, {"why", dropped.error().detail}});
  }
  return Done{};
}

}  // namespace narrowgate::postgres
