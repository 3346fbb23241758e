// What a write is turned into. test/e2e/test_previews.py says the same on a real server.
#include "protocol/postgres/sql/preview_query.h"

#include <gtest/gtest.h>

namespace narrowgate::postgres {
namespace {

std::optional<PreviewQuery> of(std::string_view text) { return preview_query(text, {}); }

TEST(PreviewQuery, OfAnUpdateHasTheRowsAsTheyAreAndWhatTheyBecome) {
  const auto found = of("UPDATE public.refunds AS r SET state = 'void', amount = r.amount * 2 WHERE r.batch = $1");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->sample,
            "SELECT * FROM (SELECT r.*, 'void' AS narrowgate_0, r.amount * 2 AS narrowgate_1 FROM public.refunds r "
            "WHERE r.batch = $1) AS narrowgate_rows LIMIT 3");
  EXPECT_EQ(found->becomes, (std::vector<std::string>{"state", "amount"}));
  EXPECT_EQ(found->count,
            "SELECT pg_catalog.count(*) FROM (SELECT 1 FROM (SELECT 1 FROM public.refunds r WHERE r.batch = $1) AS "
            "narrowgate_rows LIMIT 100001) AS narrowgate_counted");
}

TEST(PreviewQuery, CountsARowThatAJoinFindsTwiceOnce) {
  const auto found = of("UPDATE a SET x = b.y FROM b WHERE a.id = b.id");
  ASSERT_TRUE(found);
  EXPECT_NE(
      found->count.find("SELECT DISTINCT narrowgate_joined.tableoid, narrowgate_joined.ctid FROM (SELECT a.tableoid, a.ctid "
                        "FROM a, b WHERE a.id = b.id)"),
      std::string::npos)
      << found->count;
}

TEST(PreviewQuery, KeepsOnlyWithAndUsing) {
  const auto found =
      of("WITH old AS (SELECT id FROM archive) DELETE FROM ONLY orders USING old WHERE orders.id = old.id RETURNING *");
  ASSERT_TRUE(found);
  EXPECT_EQ(
      found->sample,
      "SELECT * FROM (WITH old AS (SELECT id FROM archive) SELECT orders.* FROM ONLY orders, old WHERE orders.id = old.id) AS "
      "narrowgate_rows LIMIT 3");
  EXPECT_TRUE(found->becomes.empty());
}

TEST(PreviewQuery, LeavesOutWhatOnlyRunningTells) {
  const auto found = of("UPDATE t SET a = DEFAULT, b = 1, c[2] = 3, (d, e) = (SELECT 1, 2)");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->becomes, (std::vector<std::string>{"b"}));
}

TEST(PreviewQuery, OfAnInsertHasTheNewRows) {
  const auto found = of("INSERT INTO t (a, b) SELECT x, y FROM s ON CONFLICT DO NOTHING");
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->new_rows);
  EXPECT_EQ(found->sample, "SELECT * FROM (SELECT x, y FROM s) AS narrowgate_rows LIMIT 3");
  EXPECT_EQ(found->becomes, (std::vector<std::string>{"a", "b"}));
}

TEST(PreviewQuery, OfATruncationOnlyCounts) {
  const auto found = of("TRUNCATE a, ONLY b");
  ASSERT_TRUE(found);
  EXPECT_NE(found->count.find("SELECT 1 FROM a UNION ALL SELECT 1 FROM ONLY b"), std::string::npos) << found->count;
  EXPECT_EQ(found->sample, "");
}

TEST(PreviewQuery, ThereIsNoneOfWhatCannotBeTurnedRound) {
  for (const char* text :
       {"SELECT 1", "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN DELETE", "INSERT INTO t DEFAULT VALUES",
        "TRUNCATE a CASCADE", "DROP TABLE t", "DELETE FROM a; DELETE FROM b", "not SQL", ""})
    if (const auto found = of(text)) ADD_FAILURE() << text << "\n" << found->count << "\n" << found->sample;
}

}  // namespace
}  // namespace narrowgate::postgres
