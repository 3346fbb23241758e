// One class per interface, each a thin face of the database. Made by open_sqlite() only.
#pragma once

#include "identity/key.h"
#include "identity/people.h"
#include "store/sqlite/database.h"
#include "store/store.h"

namespace narrowgate::store {

class SqliteKeys final : public identity::KeyStore {
 public:
  explicit SqliteKeys(Database& db) : db_(db) {}
  Result<Bytes> salt_seed() override;
  Result<Done> add(const identity::KeyRecord& record) override;
  Result<std::optional<identity::KeyRecord>> find(std::string_view id) override;
  Result<std::vector<identity::KeyRecord>> of_agent(std::string_view agent) override;
  Result<Done> revoke(std::string_view id, WallTime when) override;

 private:
  Database& db_;
};

class SqlitePeopleSessions final : public identity::SessionStore {
 public:
  explicit SqlitePeopleSessions(Database& db) : db_(db) {}
  Result<Done> add(const identity::SessionRecord& record) override;
  Result<std::optional<identity::SessionRecord>> find(std::string_view id) override;
  Result<std::vector<identity::SessionRecord>> of_person(std::string_view person) override;
  Result<Done> remove(std::string_view id) override;
  Result<Done> remove_expired(WallTime now) override;

 private:
  Database& db_;
};

class SqliteAgents final : public Agents {
 public:
  explicit SqliteAgents(Database& db) : db_(db) {}
  Result<Done> suspend(const Suspension& suspension) override;
  Result<bool> restore(std::string_view agent) override;
  Result<std::optional<Suspension>> suspension(std::string_view agent) override;
  Result<std::vector<Suspension>> suspended() override;

 private:
  Database& db_;
};

class SqliteGrants final : public Grants {
 public:
  explicit SqliteGrants(Database& db) : db_(db) {}
  Result<Done> add(const grant::Task& task) override;
  Result<Done> add(const grant::Grant& grant) override;
  Result<std::optional<grant::Task>> find_task(std::string_view id) override;
  Result<std::optional<grant::Grant>> find_grant(std::string_view id) override;
  Result<Done> move(std::string_view task, grant::TaskState from, grant::TaskState to) override;
  Result<Done> move(std::string_view grant, grant::GrantState from, grant::GrantState to) override;
  Result<Done> used(std::string_view grant, const grant::Budget& used) override;
  Result<std::optional<grant::Budget>> used(std::string_view grant) override;
  Result<std::vector<grant::Task>> tasks(const GrantFilter& filter) override;
  Result<std::vector<grant::Grant>> grants(const GrantFilter& filter) override;
  Result<std::size_t> end_all_live(WallTime now) override;

 private:
  Database& db_;
};

class SqliteApprovals final : public Approvals {
 public:
  explicit SqliteApprovals(Database& db) : db_(db) {}
  Result<Added> add(const ApprovalRow& row, std::size_t pending_max) override;
  Result<std::optional<ApprovalRow>> find(std::string_view id) override;
  Result<std::optional<ApprovalRow>> live(std::string_view digest) override;
  Result<std::optional<ApprovalRow>> denied(std::string_view operation, WallTime since) override;
  Result<Done> replace(const ApprovalRow& row) override;
  Result<std::vector<ApprovalRow>> list(const ApprovalFilter& filter) override;

 private:
  Database& db_;
};

class SqliteDecisions final : public Decisions {
 public:
  explicit SqliteDecisions(Database& db) : db_(db) {}
  Result<Done> add(const DecisionRow& row) override;
  Result<std::optional<DecisionRow>> find(std::string_view id) override;
  Result<Done> ask(std::string_view id, std::string_view task, std::string_view why) override;
  Result<std::vector<DecisionRow>> list(const DecisionFilter& filter) override;
  Result<std::size_t> forget(WallTime before) override;

 private:
  Database& db_;
};

class SqliteRevocations final : public Revocations {
 public:
  explicit SqliteRevocations(Database& db) : db_(db) {}
  Result<std::uint64_t> epoch() override;
  Result<std::uint64_t> add(const RevocationRow& row) override;
  Result<std::vector<RevocationRow>> list(std::size_t limit) override;

 private:
  Database& db_;
};

class SqliteSessions final : public Sessions {
 public:
  explicit SqliteSessions(Database& db) : db_(db) {}
  Result<Done> open(const SessionRow& row) override;
  Result<Done> update(std::string_view id, const SessionCounts& counts) override;
  Result<Done> close(std::string_view id, WallTime when, std::string_view end, const SessionCounts& counts) override;
  Result<std::optional<SessionRow>> find(std::string_view id) override;
  Result<std::vector<SessionRow>> list(const SessionFilter& filter) override;
  Result<std::size_t> close_all_open(WallTime when, std::string_view end) override;

 private:
  Database& db_;
};

class SqliteIssuers final : public Issuers {
 public:
  explicit SqliteIssuers(Database& db) : db_(db) {}
  Result<Done> keep(const IssuerDocument& document) override;
  Result<std::optional<IssuerDocument>> find(std::string_view url) override;

 private:
  Database& db_;
};

}  // namespace narrowgate::store
