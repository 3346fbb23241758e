#include "protocol/postgres/sql/plpgsql.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace narrowgate::postgres {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;

PlpgsqlCode read(std::string_view declared, std::string_view code, std::string_view header = "f() RETURNS void") {
  return read_plpgsql(fmt::format("CREATE FUNCTION {} LANGUAGE plpgsql AS $f${} BEGIN {} END$f$", header, declared, code), {});
}

auto runs(const char* sql) { return Contains(Field(&PlpgsqlCode::Text::query, HasSubstr(sql))); }

TEST(ReadPlpgsql, FindsTheSqlOfEveryKindOfStatement) {
  const PlpgsqlCode code = read("DECLARE n int := (SELECT 1 FROM a);",
                                "IF (SELECT true FROM b) THEN DELETE FROM c; ELSE PERFORM d(); END IF; "
                                "FOR n IN SELECT 1 FROM e LOOP n := (SELECT 1 FROM f); END LOOP; "
                                "RAISE NOTICE '%', (SELECT 1 FROM g); RETURN;");
  EXPECT_TRUE(code.understood) << code.why;
  for (const char* table : {"FROM a", "FROM b", "FROM c", "d()", "FROM e", "FROM f", "FROM g"})
    EXPECT_THAT(code.texts, runs(table)) << table;
}

TEST(ReadPlpgsql, DoesNotUnderstandSqlThatIsComputed) {
  EXPECT_FALSE(read("", "EXECUTE 'DROP TABLE ' || 'a';").understood);
  EXPECT_FALSE(read("DECLARE n int;", "FOR n IN EXECUTE 'SELECT 1' LOOP NULL; END LOOP;").understood);
  EXPECT_FALSE(read("DECLARE c refcursor;", "OPEN c FOR EXECUTE 'SELECT 1';").understood);
}

TEST(ReadPlpgsql, TakesTypesThatTheParserDoesNotKnow) {
  const PlpgsqlCode code = read("DECLARE a shop.items; b shop.items%ROWTYPE; c shop.items.name%TYPE; d shop.mood[] := '{}';",
                                "a.name := b.name; RETURN;");
  EXPECT_TRUE(code.understood) << code.why;
  EXPECT_THAT(code.types, Contains(AllOf(Field(&PlpgsqlCode::Type::schema, "shop"), Field(&PlpgsqlCode::Type::name, "mood"))));
}

TEST(ReadPlpgsql, KeepsWhatARecordStartsWith) {
  EXPECT_THAT(read("DECLARE r record := (SELECT x FROM secrets x);", "RETURN;").texts, runs("FROM secrets"));
}

TEST(ReadPlpgsql, ReadsTriggersWithTheirVariables) {
  const PlpgsqlCode code = read("", "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; INSERT INTO log VALUES (NEW.id); RETURN NEW;",
                                "f() RETURNS trigger");
  EXPECT_TRUE(code.understood) << code.why;
  EXPECT_THAT(code.texts, runs("INSERT INTO log"));
}

TEST(ReadPlpgsql, TellsWhatEndsTransactions) {
  EXPECT_TRUE(read_plpgsql("CREATE PROCEDURE p() LANGUAGE plpgsql AS 'BEGIN COMMIT; END'", {}).controls_transaction);
  EXPECT_FALSE(read("", "RETURN;").controls_transaction);
}

TEST(ReadPlpgsql, DoesNotUnderstandWhatIsNotPlpgsql) {
  EXPECT_FALSE(read("", "this is not a statement;").understood);
  EXPECT_FALSE(read_plpgsql("SELECT 1", {}).understood);
  EXPECT_FALSE(read_plpgsql("CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'lib', 'symbol'", {}).understood);
}

}  // namespace
}  // namespace narrowgate::postgres
