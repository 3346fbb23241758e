#include <gtest/gtest.h>

#include <fstream>

#include "store/sqlite/database.h"
#include "store/store_testing.h"

namespace narrowgate::store {
namespace {

Connection open(const TestFolder& folder) { return std::move(Connection::open(folder.file(), Connection::Use::write)).take(); }

TEST(Connection, BindsAndReadsEveryKindOfValue) {
  const TestFolder folder;
  auto db = open(folder);
  auto query = db.query("SELECT ?, ?, ?, ?, ?");
  const Bytes bytes{0, 255, 1};
  query.bind(std::string_view("a\0b", 3))
      .bind(ByteView(bytes))
      .bind(std::int64_t(-5))
      .bind(std::optional<WallTime>())
      .bind(UINT64_MAX);
  ASSERT_TRUE(query.step().value());
  EXPECT_EQ(query.text(0), std::string("a\0b", 3));
  EXPECT_EQ(query.bytes(1), bytes);
  EXPECT_EQ(query.integer(2), -5);
  EXPECT_EQ(query.count(2), 0U);
  EXPECT_FALSE(query.maybe_time(3));
  EXPECT_EQ(query.count(4), std::uint64_t(INT64_MAX));
}

TEST(Connection, AnEmptyViewIsAnEmptyTextAndNotNull) {
  const TestFolder folder;
  auto db = open(folder);
  auto query = db.query("SELECT ? IS NULL, ? IS NULL");
  ASSERT_TRUE(query.bind(std::string_view()).bind(ByteView()).step().value());
  EXPECT_EQ(query.integer(0), 0);
  EXPECT_EQ(query.integer(1), 0);
}

TEST(Connection, AMistakeInAStatementIsAnErrorThatNamesTheFile) {
  const TestFolder folder;
  auto db = open(folder);
  const auto result = db.query("SELECT nonsense").run();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, Code::bug);
  EXPECT_NE(result.error().detail.find(folder.file()), std::string::npos);
  EXPECT_FALSE(db.query("SELECT 1").bind("one too many").run().ok());
}

TEST(Connection, AReaderCannotWrite) {
  const TestFolder folder;
  auto writer = open(folder);
  ASSERT_TRUE(writer.script("CREATE TABLE t (a)").ok());
  auto reader = std::move(Connection::open(folder.file(), Connection::Use::read)).take();
  EXPECT_FALSE(reader.query("INSERT INTO t VALUES (1)").run().ok());
}

TEST(Connection, AFileThatIsNoDatabaseIsRefusedByName) {
  const TestFolder folder;
  std::ofstream(folder.file()) << std::string(4'096, 'x');
  const auto store = open_sqlite(folder.path());
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.error().code, Code::malformed);
  EXPECT_NE(store.error().detail.find(folder.file()), std::string::npos);
  EXPECT_NE(store.error().detail.find("move it away"), std::string::npos);
}

TEST(Database, RollsBackWhatEndsInAnError) {
  const TestFolder folder;
  Database db(open(folder), open(folder), true);
  ASSERT_TRUE(db.write([](Connection& c) { return c.script("CREATE TABLE t (a)"); }).ok());
  const auto failed = db.write([](Connection& c) -> Result<Done> {
    NG_TRY_VOID(c.query("INSERT INTO t VALUES (1)").run());
    return Error{Code::refused, Blame::gateway, "changed my mind"};
  });
  EXPECT_EQ(failed.error().detail, "changed my mind");
  const auto rows = db.read([](Connection& c) -> Result<std::int64_t> {
    auto query = c.query("SELECT count(*) FROM t");
    NG_TRY_VOID(query.step());
    return query.integer(0);
  });
  EXPECT_EQ(rows.value(), 0);
}

}  // namespace
}  // namespace narrowgate::store
