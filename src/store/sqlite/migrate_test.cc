// Up from every old version, and never from a stranger's file or down from a newer one.
#include <gtest/gtest.h>

#include "store/sqlite/migrate.h"
#include "store/store_testing.h"

namespace narrowgate::store {
namespace {

Connection open(const TestFolder& folder) { return std::move(Connection::open(folder.file(), Connection::Use::write)).take(); }

std::string schema_of(Connection& db) {
  std::string out;
  auto query = db.query("SELECT coalesce(sql, name) FROM sqlite_schema ORDER BY type, name");
  while (query.step().value()) out += query.text(0) + "\n";
  return out;
}
Result<Done> up_to(Connection& db, std::size_t steps) { return migrate(db, migrations().first(steps), from_unix_ms(1)); }

TEST(Migrate, TheStepsAreNumberedFromOneWithoutAGap) {
  ASSERT_FALSE(migrations().empty());
  for (std::size_t i = 0; i < migrations().size(); ++i) EXPECT_EQ(migrations()[i].version, int(i) + 1) << migrations()[i].name;
}

TEST(Migrate, EveryOldVersionComesToTheSameSchemaAsAFreshFile) {
  const TestFolder fresh_folder;
  auto fresh = open(fresh_folder);
  ASSERT_TRUE(up_to(fresh, migrations().size()).ok());
  for (std::size_t from = 0; from < migrations().size(); ++from) {
    const TestFolder folder;
    {
      auto old = open(folder);
      ASSERT_TRUE(up_to(old, from).ok());
      const bool kept = from > 0 && old.script("INSERT INTO agent_suspensions VALUES ('refund-bot', 'ana', 'SOC-118', 1)").ok();
      ASSERT_EQ(kept, from > 0);
    }
    const auto store = folder.open();
    auto db = open(folder);
    EXPECT_EQ(schema_of(db), schema_of(fresh)) << "from version " << from;
    EXPECT_EQ(store->agents().suspension("refund-bot").value().has_value(), from > 0) << "from version " << from;
  }
}

TEST(Migrate, DoesNothingTheSecondTime) {
  const TestFolder folder;
  auto db = open(folder);
  ASSERT_TRUE(up_to(db, migrations().size()).ok());
  const auto before = schema_of(db);
  ASSERT_TRUE(up_to(db, migrations().size()).ok());
  EXPECT_EQ(schema_of(db), before);
}

TEST(Migrate, RefusesANewerFile) {
  const TestFolder folder;
  auto db = open(folder);
  ASSERT_TRUE(up_to(db, migrations().size()).ok());
  const auto result = up_to(db, migrations().size() - 1);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, Code::unsupported);
  EXPECT_NE(result.error().detail.find("newer Narrowgate"), std::string::npos) << result.error().detail;
}

TEST(Migrate, RefusesAFileWhoseStepsWereOthers) {
  const TestFolder folder;
  auto db = open(folder);
  const std::vector<Migration> others = {{1, "0001_who", "CREATE TABLE settings (name TEXT) STRICT;"}};
  ASSERT_TRUE(migrate(db, others, from_unix_ms(1)).ok());
  const auto result = up_to(db, migrations().size());
  EXPECT_EQ(result.error().code, Code::malformed);
  EXPECT_NE(result.error().detail.find("step 1 \"0001_who\""), std::string::npos) << result.error().detail;
}

TEST(Migrate, RefusesAFileWithAHoleInItsHistory) {
  const TestFolder folder;
  auto db = open(folder);
  ASSERT_TRUE(up_to(db, migrations().size()).ok());
  ASSERT_TRUE(db.script("DELETE FROM schema_migrations WHERE version = 1").ok());
  EXPECT_NE(up_to(db, migrations().size()).error().detail.find("step 1 is missing"), std::string::npos);
}

TEST(Migrate, RefusesSomebodyElsesDatabase) {
  const TestFolder folder;
  auto db = open(folder);
  ASSERT_TRUE(db.script("CREATE TABLE theirs (a)").ok());
  EXPECT_NE(up_to(db, 1).error().detail.find("is not Narrowgate's"), std::string::npos);
  const TestFolder other;
  auto marked = open(other);
  ASSERT_TRUE(marked.script("PRAGMA application_id = 7").ok());
  EXPECT_FALSE(up_to(marked, 1).ok());
}

TEST(Migrate, AStepThatFailsLeavesTheVersionBefore) {
  const TestFolder folder;
  auto db = open(folder);
  std::vector<Migration> steps(migrations().begin(), migrations().end());
  steps.push_back({int(steps.size()) + 1, "9999_broken", "CREATE TABLE half (a); INSERT INTO nowhere VALUES (1);"});
  EXPECT_FALSE(migrate(db, steps, from_unix_ms(1)).ok());
  EXPECT_EQ(schema_of(db).find("TABLE half"), std::string::npos);
  EXPECT_TRUE(up_to(db, migrations().size()).ok());
}

}  // namespace
}  // namespace narrowgate::store
