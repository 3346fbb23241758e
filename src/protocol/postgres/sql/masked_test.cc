// Which columns of a result come from masked ones, and which uses of those decide something. test/e2e/test_masking.py says the
// same on a real server.
#include <gtest/gtest.h>

#include "protocol/postgres/sql/classify.h"
#include "protocol/postgres/sql/paper_catalog.h"

namespace narrowgate::postgres {
namespace {

// `name` of items is masked; so is that of the view over it.
class Masked : public ::testing::Test {
 protected:
  Masked() { state_.begin(*catalog_, {{"client_encoding", "UTF8"}, {"standard_conforming_strings", "on"}}); }

  // One letter for each column of the result: "." clean, "m" the masked column itself, "c" computed from it; "?" if nobody can
  // tell which is which. "!" in front: the statement uses it.
  std::string operator()(std::string_view text) const {
    const Classified classified = classify(text, *catalog_, state_);
    if (!classified.operation.classified) return "unknown: " + classified.operation.why;
    std::string out;
    for (const Effect& effect : classified.operation.effects)
      if (effect.verb == "UNMASK") out = "!";
    for (const StatementFacts& facts : classified.statements) {
      if (!facts.gives.placed) out += facts.gives.clean() ? "?." : "?";
      else
        for (const Origin& origin : facts.gives.columns) out += origin.clean() ? '.' : origin.computed ? 'c' : 'm';
    }
    return out;
  }
  void run(std::string_view text) { state_.apply(classify(text, *catalog_, state_).statements); }

  std::shared_ptr<const Catalog> catalog_ = paper_catalog({{"pii", masking::Kind::token, "public", "items", {"name"}}});
  SessionState state_;
};

TEST_F(Masked, FollowsAColumnThroughWhatPassesItOn) {
  EXPECT_EQ((*this)("SELECT id, name, owner FROM items"), ".m.");
  EXPECT_EQ((*this)("SELECT i.name AS owner, i.owner AS name FROM items i"), "m.");
  EXPECT_EQ((*this)("SELECT * FROM items"), ".m.");
  EXPECT_EQ((*this)("TABLE items"), ".m.");
  EXPECT_EQ((*this)("SELECT x.* FROM (SELECT owner, name FROM items) x"), ".m");
  EXPECT_EQ((*this)("SELECT x.a, x.b FROM items AS x(b, a)"), "m.");
  EXPECT_EQ((*this)("WITH c(a, b, d) AS (SELECT * FROM items) SELECT d, b FROM c"), ".m");
  EXPECT_EQ((*this)("SELECT name::text, name::varchar, name COLLATE \"C\" FROM items"), "mmm");
  EXPECT_EQ((*this)("SELECT (SELECT name FROM items WHERE id = 1), id FROM items"), "m.");
  EXPECT_EQ((*this)("SELECT owner FROM items UNION ALL SELECT name FROM items"), "m");
  EXPECT_EQ((*this)("VALUES (1, 'x'), (2, (SELECT name FROM items LIMIT 1))"), ".m");
  EXPECT_EQ((*this)("SELECT * FROM some_items"), ".m");
}

TEST_F(Masked, KnowsWhatIsMadeOfIt) {
  EXPECT_EQ((*this)("SELECT upper(name), id || name, max(name), to_jsonb(i), i, i::text FROM items i"), "cccccc");
  EXPECT_EQ(
      (*this)("SELECT CASE WHEN id > 1 THEN name END, COALESCE(name, 'x'), name IS NULL, ARRAY[name], ROW(name, 1) FROM items"),
      "ccccc");
  EXPECT_EQ((*this)("SELECT ARRAY(SELECT name FROM items), EXISTS (SELECT name FROM items), count(*) FROM items"), "c..");
  EXPECT_EQ((*this)("SELECT upper(x.name) FROM (SELECT max(name) AS name FROM items) x"), "c");
}

TEST_F(Masked, KnowsTheOrderOfJoins) {
  EXPECT_EQ((*this)("SELECT * FROM items a JOIN items b ON a.id = b.id"), ".m..m.");
  EXPECT_EQ((*this)("SELECT * FROM items a JOIN items b USING (id)"), ".m.m.") << "id, then the others of a, then of b";
  EXPECT_EQ((*this)("SELECT * FROM items a JOIN items b USING (owner)"), "..m.m") << "owner comes first";
  EXPECT_EQ((*this)("SELECT b.* FROM items a JOIN items b USING (owner)"), ".m.");
  EXPECT_EQ((*this)("SELECT j.y FROM (items a JOIN items b ON true) AS j(u, v, w, x, y, z)"), "m");
  EXPECT_EQ((*this)("SELECT * FROM (items a CROSS JOIN items b) AS j(u, v)"), ".m..m.");
  EXPECT_EQ((*this)("SELECT * FROM items a, LATERAL (SELECT a.name) b"), ".m.m");
}

TEST_F(Masked, CallsWhatDecidesAUse) {
  for (const char* text :
       {"SELECT id FROM items WHERE name = 'x'",
        "SELECT id FROM items ORDER BY name",
        "SELECT id, name FROM items ORDER BY 2",
        "SELECT id, name AS n FROM items ORDER BY n",
        "SELECT count(*) FROM items GROUP BY name",
        "SELECT count(*) FROM items HAVING max(name) > 'x'",
        "SELECT DISTINCT name FROM items",
        "SELECT a.id FROM items a JOIN items b ON a.name = b.owner",
        "SELECT a.id FROM items a JOIN items b USING (name)",
        "SELECT a.id FROM items a NATURAL JOIN items b",
        "SELECT name FROM items UNION SELECT 'x'",
        "SELECT name FROM items INTERSECT SELECT 'x'",
        "SELECT name = 'x' FROM items",
        "SELECT name::int FROM items",
        "SELECT CASE WHEN name > 'x' THEN 1 END FROM items",
        "SELECT CASE name WHEN 'x' THEN 1 END FROM items",
        "SELECT 1 / (SELECT id FROM items WHERE name = 'x')",
        "SELECT id FROM items LIMIT (SELECT max(name)::int FROM items)",
        "SELECT count(*) FILTER (WHERE name = 'x') FROM items",
        "SELECT max(id) OVER (ORDER BY name) FROM items",
        "SELECT COALESCE(name, (1/0)::text) FROM items",
        "SELECT chr(name) FROM items",
        "INSERT INTO items SELECT id, owner, name FROM items",
        "UPDATE items SET owner = name",
        "DELETE FROM items WHERE name = 'x'",
        "CREATE TABLE t AS SELECT name FROM items",
        "SELECT name INTO t FROM items",
        "EXPLAIN SELECT 1 FROM items WHERE name = 'x'",
        "CREATE VIEW v AS SELECT id FROM items WHERE name = 'x'",
        "PREPARE p AS SELECT id FROM items WHERE name = 'x'",
        "SELECT id FROM items WHERE id IN (SELECT id FROM items i WHERE i.name = 'x')",
        "SELECT 'x' IN (SELECT name FROM items)",
        "SELECT id FROM (SELECT id, name AS n FROM items) s WHERE n = 'x'",
        "WITH c AS (SELECT name AS n FROM items) SELECT 1 FROM c WHERE n = 'x'",
        "SELECT id FROM some_items WHERE name = 'x'",
        "SELECT id FROM items i WHERE i IS NOT DISTINCT FROM NULL",
        "WITH RECURSIVE r(a) AS (SELECT name FROM items UNION ALL SELECT a FROM r WHERE a > 'x') SELECT 1 FROM r"}) {
    EXPECT_EQ((*this)(text).substr(0, 1), "!") << text << " → " << (*this)(text);
  }
}

TEST_F(Masked, LeavesTheRestAlone) {
  for (const char* text : {"SELECT id, owner FROM items WHERE owner = 'x' ORDER BY 1", "SELECT count(*) FROM items",
                           "UPDATE items SET name = 'x' WHERE id = 1", "INSERT INTO items VALUES (1, 'x', 'y')",
                           "DELETE FROM items WHERE id = 1", "SELECT name FROM secret.keys WHERE name = 'x'",
                           "INSERT INTO items VALUES (1, 'x', 'y') ON CONFLICT (id) DO UPDATE SET name = excluded.name",
                           "EXPLAIN SELECT name FROM items"})
    EXPECT_EQ((*this)(text).find_first_of("!mc?"), std::string::npos) << text << " → " << (*this)(text);
}

TEST_F(Masked, FollowsItOutOfWrites) {
  EXPECT_EQ((*this)("UPDATE items SET owner = 'x' WHERE id = 1 RETURNING id, name"), ".m");
  EXPECT_EQ((*this)("DELETE FROM items WHERE id = 1 RETURNING owner, *, name"), "..m.m");
  EXPECT_EQ((*this)("INSERT INTO items VALUES (1, 'x', 'y') RETURNING *"), ".m.");
  EXPECT_EQ((*this)("WITH d AS (DELETE FROM items WHERE id = 1 RETURNING *) SELECT owner, name FROM d"), ".m");
}

TEST_F(Masked, FollowsItOutOfCopyCursorsAndPreparedStatements) {
  EXPECT_EQ((*this)("COPY items TO STDOUT"), ".m.");
  EXPECT_EQ((*this)("COPY items (name, id) TO STDOUT"), "m.");
  EXPECT_EQ((*this)("COPY (SELECT owner, name FROM items) TO STDOUT"), ".m");
  run("PREPARE p AS SELECT owner, name FROM items");
  EXPECT_EQ((*this)("EXECUTE p"), ".m");
  run("BEGIN");
  run("DECLARE c CURSOR FOR SELECT name, id FROM items");
  EXPECT_EQ((*this)("FETCH ALL FROM c"), "m.");
  EXPECT_EQ((*this)("SELECT id FROM items; SELECT name FROM items"), ".m");
}

TEST_F(Masked, MasksAllWhereItCannotTellWhichIsWhich) {
  EXPECT_EQ((*this)("SELECT * FROM unnest(ARRAY(SELECT name FROM items)) u, items"),
            "unknown: function unnest is not in the catalog");
  EXPECT_EQ((*this)("WITH RECURSIVE r AS (SELECT id, name FROM items UNION ALL SELECT * FROM r) SELECT * FROM r"), ".m");
  EXPECT_EQ((*this)("SELECT (i).* FROM items i"), "?");
}

TEST_F(Masked, KnowsATemporaryViewOfTheSession) {
  run("CREATE TEMP VIEW v AS SELECT name AS n, id AS i FROM items");
  EXPECT_EQ((*this)("SELECT n FROM v"), "c");
  EXPECT_EQ((*this)("SELECT * FROM v"), "?");
  EXPECT_EQ((*this)("SELECT 1 FROM v WHERE n = 'x'").substr(0, 1), "!");
}

TEST_F(Masked, SaysWhatItShows) {
  const Classified shown = classify("SELECT upper(name) FROM items", *catalog_, state_);
  ASSERT_EQ(shown.operation.shown.size(), 1u);
  EXPECT_EQ(shown.operation.shown[0].object, "public.items");
  EXPECT_EQ(shown.operation.shown[0].columns, std::vector<std::string>{"name"});
}

}  // namespace
}  // namespace narrowgate::postgres
