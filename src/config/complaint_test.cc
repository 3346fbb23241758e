#include "config/complaint.h"

#include <gtest/gtest.h>

namespace narrowgate::config {
namespace {

const std::vector<std::string_view> options = {"address", "tls", "plaintext", "default_resource", "default_template"};

TEST(Complaint, NamesPlaceThingFaultAndRemedy) {
  EXPECT_EQ(to_string(Complaint{"narrowgate.yaml", {12, 5}, "agents[0].owner", "is missing", "write for example owner: olu"}),
            "narrowgate.yaml:12:5: agents[0].owner is missing; write for example owner: olu");
}

TEST(Complaint, WithoutAPlaceNamesTheFileAlone) {
  EXPECT_EQ(to_string(Complaint{"narrowgate.yaml", {}, "", "is not UTF-8 text", ""}), "narrowgate.yaml: is not UTF-8 text");
}

TEST(Complaint, ShowsHostileTextVisibly) {
  const auto shown = to_string(Complaint{"f", {}, "x", "cannot be \"\x1b[2J\"", ""});
  EXPECT_EQ(shown.find('\x1b'), std::string::npos);
}

TEST(Closest, FindsSlipsOfTheFinger) {
  EXPECT_EQ(closest("adress", options), "address");
  EXPECT_EQ(closest("addresss", options), "address");
  EXPECT_EQ(closest("tsl", options), "tls");
  EXPECT_EQ(closest("default_tempalte", options), "default_template");
  EXPECT_EQ(closest("plain_text", options), "plaintext");
}

TEST(Closest, DoesNotGuessWildly) {
  EXPECT_EQ(closest("colour", options), "");
  EXPECT_EQ(closest("", options), "");
  EXPECT_EQ(closest(std::string(10'000, 'a'), options), "");
}

TEST(Suggestion, ListsWhatIsKnownWhenNothingIsClose) {
  EXPECT_EQ(suggestion("colour", {"a1", "b1", "c1"}), "known are a1, b1 and c1");
  EXPECT_EQ(suggestion("colour", {"orders"}), "known is orders");
  EXPECT_EQ(suggestion("colour", {}), "there are none");
}

}  // namespace
}  // namespace narrowgate::config
