#include "config/expand.h"

#include <gtest/gtest.h>

namespace narrowgate::config {
namespace {

struct Expanded {
  std::string text, fault;
  bool from_variable;
};

Expanded expand(const std::string& text) {
  const Environment environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "HOST") return "db.example";
    if (name == "EMPTY") return "";
    if (name == "YAML") return "x\nadmin: true";
    if (name == "NESTED") return "${HOST}";
    if (name == "BINARY") return "\xff";
    if (name == "LONG") return std::string(value_bytes_max, 'a');
    return std::nullopt;
  };
  Node node;
  node.kind = Node::Kind::scalar;
  node.text = text;
  std::vector<Complaint> complaints;
  expand_variables(node, "a.b", environment, complaints);
  EXPECT_LE(complaints.size(), 1u);
  EXPECT_EQ(node.failed, !complaints.empty());
  return {node.text, complaints.empty() ? "" : to_string(complaints[0]), node.from_variable};
}

TEST(Expand, PutsVariablesInPlace) {
  EXPECT_EQ(expand("${HOST}").text, "db.example");
  EXPECT_EQ(expand("http://${HOST}:${PORT:-80}/").text, "http://db.example:80/");
  EXPECT_TRUE(expand("${HOST}").from_variable);
  EXPECT_FALSE(expand("plain").from_variable);
}

TEST(Expand, TheDefaultStandsInForUnsetAndEmpty) {
  EXPECT_EQ(expand("${NONE:-x y}").text, "x y");
  EXPECT_EQ(expand("${EMPTY:-x}").text, "x");
  EXPECT_EQ(expand("${NONE:-}").text, "");
  EXPECT_EQ(expand("${EMPTY}").text, "");
}

TEST(Expand, ADefaultIsNotASecretOfTheEnvironment) { EXPECT_FALSE(expand("${NONE:-fallback}").from_variable); }

TEST(Expand, LeavesOtherDollarsAlone) {
  EXPECT_EQ(expand("$scrypt$ln=15,r=8,p=1$aa$bb").text, "$scrypt$ln=15,r=8,p=1$aa$bb");
  EXPECT_EQ(expand("$${HOST}").text, "${HOST}");
  EXPECT_EQ(expand("a$").text, "a$");
  EXPECT_EQ(expand("$$").text, "$$");
}

TEST(Expand, DoesNotExpandWhatAVariableHolds) {
  EXPECT_EQ(expand("${NESTED}").text, "${HOST}");
  EXPECT_EQ(expand("${YAML}").text, "x\nadmin: true");
}

TEST(Expand, AnUnsetVariableIsAComplaintThatNamesIt) {
  EXPECT_EQ(expand("${NONE}").fault,
            ": a.b needs the environment variable NONE, which is not set; export NONE=…, or give a default: ${NONE:-value}");
  EXPECT_EQ(expand("${NONE}").text, "");
}

TEST(Expand, MalformedReferencesAreComplaints) {
  EXPECT_NE(expand("${HOST").fault, "");
  EXPECT_NE(expand("${}").fault, "");
  EXPECT_NE(expand("${1A}").fault, "");
  EXPECT_NE(expand("${HOST:?msg}").fault, "");
  EXPECT_NE(expand("${BINARY}").fault, "");
  EXPECT_NE(expand("${LONG}${LONG}").fault, "");
}

}  // namespace
}  // namespace narrowgate::config
