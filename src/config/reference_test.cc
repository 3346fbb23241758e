// The manual and the schema follow the declaration.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/json.h"
#include "config/load.h"

namespace narrowgate::config {
namespace {

std::string content_of(const std::string& path) {
  std::ifstream in(path);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

TEST(Reference, TheManualInDocsIsTheOneMadeFromTheOptions) {
  const std::string path = NG_SOURCE_DIR "/docs/configuration.md";
  if (std::getenv("NG_UPDATE")) std::ofstream(path) << reference_markdown();
  EXPECT_TRUE(content_of(path) == reference_markdown()) << "docs/configuration.md is out of date: run this test with NG_UPDATE=1";
}

TEST(Reference, EveryOptionHasDocumentation) {
  const auto manual = reference_markdown();
  EXPECT_EQ(manual.find("). \n"), std::string::npos);
  EXPECT_NE(manual.find("- `max_lifetime` (a duration, 1m to 1h; default `1h`)."), std::string::npos) << manual;
  EXPECT_NE(manual.find("- `upstream` (a section; **required**)."), std::string::npos);
}

TEST(Reference, TheSchemaIsStrictJsonAndRefusesUnknownOptions) {
  const auto schema = parse_json(json_schema());
  ASSERT_TRUE(schema.ok()) << to_string(schema.error());
  const auto& root = schema->as_object();
  EXPECT_EQ(root.at("additionalProperties"), json::value(false));
  const auto& agent = root.at("properties").at("agents").at("items").as_object();
  EXPECT_EQ(agent.at("required"), (json::value{"name", "owner"}));
  EXPECT_TRUE(agent.at("properties").as_object().contains("identities"));
}

}  // namespace
}  // namespace narrowgate::config
