#include "protocol/postgres/roles/compile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace narrowgate::postgres {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

grant::Atom atom(const char* verb, const char* object) {
  grant::Atom out;
  out.resource = "orders";
  out.verb = verb;
  out.object = grant::ObjectPattern::parse(object).value();
  return out;
}
grant::Scope scope(std::vector<grant::Atom> atoms) { return grant::Scope(std::move(atoms)); }

const Inventory shop{.database = {},
                     .schemas = {"public"},
                     .tables = {{{"public", "customers"}, {"id", "name", "email"}},
                                {{"public", "refunds"}, {"id", "state"}},
                                {{"stock", "it\"em"}, {"id"}},
                                {{"pg_catalog", "pg_authid"}, {"rolpassword"}}},
                     .sequences = {{{"public", "refunds"}, {{"public", "refunds_id_seq"}}}},
                     .routines = {{{"public", "close"}, {"public.close(integer)", "public.close(text)"}}}};

const std::string usage = R"(GRANT USAGE ON SCHEMA "public" TO "r")";

TEST(Compile, GrantsWhatTheScopeNamesAndNothingElse) {
  EXPECT_THAT(compile(scope({atom("SELECT", "public.customers(id, name)"), atom("UPDATE", "public.refunds(state)")}), shop, "r"),
              ElementsAre(usage, R"(GRANT SELECT ("id", "name") ON TABLE "public"."customers" TO "r")",
                          R"(GRANT UPDATE ("state") ON TABLE "public"."refunds" TO "r")"));
}

TEST(Compile, ColumnsThatAreNotThereAreLeftOut) {
  EXPECT_THAT(compile(scope({atom("SELECT", "public.customers(id, salary)")}), shop, "r"),
              ElementsAre(usage, R"(GRANT SELECT ("id") ON TABLE "public"."customers" TO "r")"));
  EXPECT_THAT(compile(scope({atom("SELECT", "public.customers(salary)")}), shop, "r"), ElementsAre(usage))
      << "never the whole table instead";
}

TEST(Compile, AnInsertMayDrawFromTheSequencesOfItsDefaults) {
  EXPECT_THAT(compile(scope({atom("INSERT", "public.refunds")}), shop, "r"),
              ElementsAre(usage, R"(GRANT INSERT ON TABLE "public"."refunds" TO "r")",
                          R"(GRANT USAGE ON SEQUENCE "public"."refunds_id_seq" TO "r")"));
}

TEST(Compile, AnyTableIsNoneOfTheSystems) {
  EXPECT_THAT(compile(scope({atom("SELECT", "*.*")}), shop, "r"),
              ElementsAre(usage, HasSubstr("customers"), HasSubstr("refunds"), HasSubstr(R"("stock"."it""em")")));
}

TEST(Compile, ACallIsOfEveryRoutineOfThatName) {
  EXPECT_THAT(compile(scope({atom("CALL", "public.close")}), shop, "r"),
              ElementsAre(usage, R"(GRANT EXECUTE ON ROUTINE public.close(integer) TO "r")",
                          R"(GRANT EXECUTE ON ROUTINE public.close(text) TO "r")"));
}

TEST(Compile, WhatNoPrivilegeGivesIsNotCompiled) {
  for (const char* verb : {"DDL", "PRIVILEGE", "*", "MERGE"})
    EXPECT_FALSE(can_be_compiled(scope({atom(verb, "public.*")}))) << verb;
  for (const char* verb : {"SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "CALL", "SET", "LOCK"})
    EXPECT_TRUE(can_be_compiled(scope({atom(verb, "public.*")}))) << verb;
}

TEST(Compile, OnlyReadsOnlyRead) {
  EXPECT_TRUE(only_reads(scope({atom("SELECT", "public.*"), atom("SET", "public.*")})));
  for (const char* verb : {"INSERT", "UPDATE", "DELETE", "TRUNCATE", "CALL"})
    EXPECT_FALSE(only_reads(scope({atom("SELECT", "public.*"), atom(verb, "public.refunds")}))) << verb;
}

TEST(Quoted, NothingLeavesItsQuotes) {
  EXPECT_EQ(quoted_identifier("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(quoted_literal("it's a \\ 'x"), "E'it''s a \\\\ ''x'");
}

}  // namespace
}  // namespace narrowgate::postgres
