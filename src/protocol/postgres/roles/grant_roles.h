// A database role for each grant, made over the gateway's own login.
//
//   narrowgate_<gateway>_s<database>_<digest>   what a scope may do; holds the privileges, cannot log in, is kept while there
//                                               are grants
//   narrowgate_<gateway>_<grant>                who a grant's sessions are; logs in, is in its scope's role and in no other
//
// Two roles, because privileges are written into the rows of tables: granting them anew for each grant would change every table's
// definition all the time. A grant's own role touches no table.
//
// Promises: nothing is ever granted that the scope does not name; a role's password is random, known here only, and sent as a
// verifier; names carry the gateway's own mark, so that gateways that share a database leave each other's roles alone.
// Not here: what to grant (compile.h).
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "base/clock.h"
#include "credentials/accounts.h"
#include "protocol/postgres/questions.h"
#include "protocol/postgres/roles/compile.h"

namespace narrowgate::postgres {

class GrantRoles final : public credentials::Accounts {
 public:
  // `gateway`: eight characters that stay this gateway's own over restarts.
  GrantRoles(std::string gateway, const Clock& clock) : gateway_(std::move(gateway)), clock_(clock) {}

  Result<std::optional<Lease>> open(const config::Resource& resource, const Upstream& upstream,
                                    const grant::Grant& grant) override;
  void close(std::string_view grant) override;
  Result<Done> reap(const config::Resource& resource, const Upstream& upstream) override;

 private:
  struct Account {
    std::mutex making;
    bool asked = false;  // lease is the answer
    std::optional<Lease> lease;
    Upstream upstream;
  };
  // What was found of a resource a moment ago, so that not every grant asks again.
  struct Finding {
    MonoTime at{};
    std::optional<Error> unreachable;  // else: its login may not create roles
  };
  struct Plan {
    std::string scope_role;
    std::vector<std::string> grants;
  };
  std::shared_ptr<Account> account_of(const std::string& grant);
  Result<std::optional<Lease>> make(const config::Resource& resource, const Upstream& upstream, const grant::Grant& grant);
  Result<Plan> plan(Questions& questions, const Upstream& upstream, const grant::Scope& scope) const;
  Result<Done> need_scope_role(Questions& questions, const Plan& plan);
  Result<Lease> make_role(Questions& questions, const config::Resource& resource, const grant::Grant& grant,
                          const std::string& scope_role);
  std::optional<Finding> found_lately(const std::string& resource);
  void remember(const std::string& resource, std::optional<Error> unreachable);
  Result<std::unique_ptr<Questions>> login_that_may(const Upstream& upstream);
  std::set<std::string> roles_in_use();
  std::string role_of(std::string_view grant) const;
  std::string scope_prefix(std::string_view database) const;

  const std::string gateway_;
  const Clock& clock_;
  std::mutex scope_roles_;                                                 // one at a time; taken before mutex_
  std::mutex mutex_;                                                       // guards what follows
  std::map<std::string, std::shared_ptr<Account>, std::less<>> accounts_;  // by grant
  std::map<std::string, Finding> findings_;                                // by resource
};

}  // namespace narrowgate::postgres
