#include "detect/detectors.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace narrowgate::detect {
namespace {

std::shared_ptr<const Detectors> of(std::vector<std::string> names) { return Detectors::compile(names).value(); }

// What is left of it.
std::string cleaned(const Detectors& detectors, std::string_view value) {
  Counts counts;
  const auto out = detectors.clean(value, counts);
  return !out ? std::string(value) : out->null ? "NULL" : out->text;
}
std::string cleaned(std::vector<std::string> names, std::string_view value) { return cleaned(*of(std::move(names)), value); }

TEST(Detectors, TellIdentifiersFromOtherNumbers) {
  std::ifstream file(std::string(NG_SOURCE_DIR) + "/src/detect/testdata/identifiers.tsv");
  std::string line, name, is, text;
  int cases = 0;
  for (std::getline(file, line); std::getline(file, line);) {
    if (line.starts_with('#') || line.starts_with("entity\t")) continue;
    std::istringstream cells(line);
    std::getline(cells, name, '\t');
    std::getline(cells, is, '\t');
    std::getline(cells, text, '\t');
    const std::string left = cleaned({name}, "it is " + text + ", she said");
    const std::string wanted = is == "yes" ? "it is [masked:" + name + "], she said" : "it is " + text + ", she said";
    EXPECT_EQ(left, wanted) << line;
    ++cases;
  }
  EXPECT_GT(cases, 200);
}

TEST(Detectors, AllTogetherCompile) {
  std::vector<std::string> names;
  for (const Entity& one : entities()) names.emplace_back(one.name);
  EXPECT_EQ(of(names)->names().size(), names.size());
  EXPECT_FALSE(Detectors::compile({"credit_cards"}).ok());
}

TEST(Detectors, AreAllInTheManual) {
  const std::string path = NG_SOURCE_DIR "/docs/detection.md";
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  std::string manual = text.str(), table = "<!-- table -->\n| name | what |\n| --- | --- |\n";
  for (const Entity& one : entities()) table += "| `" + std::string(one.name) + "` | " + std::string(one.words) + " |\n";
  const std::size_t begin = manual.find("<!-- table -->"), end = manual.find("<!-- /table -->");
  ASSERT_NE(end, std::string::npos);
  if (std::getenv("NG_UPDATE")) std::ofstream(path) << manual.replace(begin, end - begin, table);
  EXPECT_EQ(manual.substr(begin, manual.find("<!-- /table -->") - begin), table) << "run this test with NG_UPDATE=1";
}

TEST(Detectors, FindSecrets) {
  EXPECT_EQ(cleaned({"aws_access_key"}, "key AKIAIOSFODNN7EXAMPLE."), "key [masked:aws_access_key].");
  EXPECT_EQ(cleaned({"github_token"}, "ghp_0123456789abcdefghijABCDEFGHIJ012345"), "[masked:github_token]");
  EXPECT_EQ(cleaned({"jwt"}, "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxMjM0In0.x"), "Bearer [masked:jwt]");
  EXPECT_EQ(cleaned({"url_password"}, "postgres://app:s3cret@db/x"), "[masked:url_password]db/x");
  EXPECT_EQ(cleaned({"private_key"}, "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIA+/\n-----END EC PRIVATE KEY-----"),
            "[masked:private_key]");
  EXPECT_EQ(cleaned({"slack_token", "stripe_key"}, "xoxb-123456789012-abcdef sk_live_0123456789abcdefXYZ"),
            "[masked:slack_token] [masked:stripe_key]");
}

TEST(Detectors, FindPeople) {
  EXPECT_EQ(cleaned({"email"}, "write to Ada.L+x@mail.example.co.uk, or call"), "write to [masked:email], or call");
  EXPECT_EQ(cleaned({"phone"}, "+49 (0)30 123-4567 or +1 212 555 0100"), "[masked:phone] or [masked:phone]");
  EXPECT_EQ(cleaned({"ip_address", "ipv6_address", "mac_address"}, "10.0.0.7 300.1.1.1 fe80::1 12:34:56 00:1b:44:11:3a:b7"),
            "[masked:ip_address] 300.1.1.1 [masked:ipv6_address] 12:34:56 [masked:mac_address]");
  EXPECT_EQ(cleaned({"credit_card"}, "pay 4111 1111 1111 1111 or 4111-1111-1111-1112"),
            "pay [masked:credit_card] or 4111-1111-1111-1112");
}

TEST(Detectors, AreNotMisledByWhatStandsBefore) {
  EXPECT_EQ(cleaned({"credit_card"}, "order 12 4111 1111 1111 1111 20 pieces"), "order 12 [masked:credit_card] 20 pieces");
  EXPECT_EQ(cleaned({"us_ssn"}, "1 219-09-9999"), "1 [masked:us_ssn]");
}

TEST(Detectors, WhatOverlapsIsGoneTogether) {
  EXPECT_EQ(cleaned({"email", "url_password"}, "https://me:pw@host.example/"), "[masked:url_password]/");
}

TEST(Detectors, ValuesStayWhatTheyWere) {
  const auto cards = of({"credit_card"});
  EXPECT_EQ(cleaned(*cards, "4111111111111111"), "NULL") << "a bigint";
  EXPECT_EQ(cleaned(*cards, R"({"card": 4111111111111111, "n": 1})"), R"({"card": "[masked:credit_card]", "n": 1})");
  EXPECT_EQ(cleaned(*cards, R"({"card": "4111111111111111"})"), R"({"card": "[masked:credit_card]"})");
  Counts counts;
  const auto jsonb = cards->clean_binary("\1{\"card\": \"4111111111111111\"}", counts);
  EXPECT_EQ(jsonb->text, "\1{\"card\": \"[masked:credit_card]\"}");
  EXPECT_TRUE(cards->clean_binary(std::string("\0\0\0\x10", 4) + "4111111111111111", counts)->null) << "an array";
  EXPECT_FALSE(cards->clean_binary(std::string("\0\0\0\1", 4), counts));
  EXPECT_EQ(counts, (Counts{2}));
}

TEST(Detectors, WhatCannotBeToldApartIsGoneAltogether) {
  std::string many;
  for (std::size_t i = 0; i <= candidates_max; ++i) many += "a@b.cd ";
  EXPECT_EQ(cleaned({"email"}, many), "NULL");
}

TEST(Detectors, KnowTheirOwnMarks) {
  const auto both = of({"email", "iban"});
  EXPECT_TRUE(both->holds_mark("dear [masked:email], hello"));
  EXPECT_FALSE(both->holds_mark("[masked:phone] [masked:emails] [masked:"));
}

}  // namespace
}  // namespace narrowgate::detect
