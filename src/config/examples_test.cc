// The examples load as they stand.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "config/load.h"

namespace narrowgate::config {
namespace {

Environment with(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const std::string& name) -> std::optional<std::string> {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  };
}

const std::map<std::string, std::string> open_environment = {
    {"UPSTREAM_HOST", "127.0.0.1"},    {"UPSTREAM_PORT", "25432"},    {"UPSTREAM_USER", "suite"},
    {"UPSTREAM_PASSWORD", "suite-pw"}, {"UPSTREAM_DB", "regression"}, {"AGENT_KEY", "3pZq7Jt0bYw5Xe2LkU9cVh4Rm8Ns6GdA"},
    {"NG_PG_PORT", "26432"},           {"NG_HTTPS_PORT", "28443"}};

TEST(Examples, OpenLoadsFromItsEnvironment) {
  const auto loaded = load(NG_SOURCE_DIR "/examples/open/narrowgate.yaml", with(open_environment));
  ASSERT_TRUE(loaded.config) << to_string(loaded.errors);
  EXPECT_TRUE(loaded.warnings.empty()) << to_string(loaded.warnings);
  const auto& config = *loaded.config;
  ASSERT_TRUE(config.listeners.postgres);
  EXPECT_EQ(config.listeners.postgres->address, (Address{"127.0.0.1", 26432}));
  EXPECT_EQ(config.listeners.postgres->plaintext, Plaintext::loopback);
  EXPECT_EQ(config.listeners.postgres->tls.source, TlsSource::off);
  EXPECT_EQ(config.listeners.https->address.port, 28443);
  ASSERT_NE(config.resource(config.listeners.postgres->default_resource), nullptr);
  ASSERT_NE(config.find_template(config.listeners.postgres->default_template), nullptr);
  const auto& resource = config.resources[0];
  EXPECT_EQ(resource.upstream.port, 25432);
  EXPECT_EQ(resource.upstream.databases, std::vector<std::string>{"*"});
  EXPECT_EQ(resource.upstream.login.password.password.expose(), "suite-pw");
  EXPECT_EQ(resource.startup_options, StartupOptions::pass);
  EXPECT_EQ(config.agent("suite")->key->expose(), "3pZq7Jt0bYw5Xe2LkU9cVh4Rm8Ns6GdA");
  EXPECT_EQ(config.agent("suite")->templates, std::vector<std::string>{"everything"});
  ASSERT_EQ(atoms_of(config.templates[0].scope[0]).size(), 5u);
  EXPECT_EQ(atoms_of(config.templates[0].scope[0])[0].verb, "*");
  EXPECT_EQ(config.policies, NG_SOURCE_DIR "/examples/open/policies");
  EXPECT_EQ(config.data_dir, NG_SOURCE_DIR "/examples/open/narrowgate-data");
}

TEST(Examples, OpenNamesEveryVariableThatIsMissing) {
  const auto loaded = load(NG_SOURCE_DIR "/examples/open/narrowgate.yaml", with({}));
  ASSERT_FALSE(loaded.config);
  const auto all = to_string(loaded.errors);
  for (const auto& [name, value] : open_environment)
    EXPECT_NE(all.find("environment variable " + name), std::string::npos) << all;
  EXPECT_EQ(loaded.errors.size(), open_environment.size()) << all;
}

TEST(Examples, OpenTakesADataFolderAndAnAdminPort) {
  auto environment = open_environment;
  environment["NG_DATA_DIR"] = "/var/tmp/ng";
  environment["NG_ADMIN_PORT"] = "0";
  const auto loaded = load(NG_SOURCE_DIR "/examples/open/narrowgate.yaml", with(environment));
  ASSERT_TRUE(loaded.config) << to_string(loaded.errors);
  EXPECT_EQ(loaded.config->data_dir, "/var/tmp/ng");
  EXPECT_EQ(loaded.config->listeners.admin->address.port, 0);
}

TEST(Examples, TheStarterLoadsAndIsWhatInitWrites) {
  const std::string path = NG_SOURCE_DIR "/examples/narrowgate.yaml";
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_EQ(text.str(), starter_config());
  const auto loaded = load(path, with({{"ORDERS_PASSWORD", "x"}, {"REFUND_BOT_KEY", "3pZq7Jt0bYw5Xe2LkU9cVh4Rm8Ns6GdA"}}));
  ASSERT_TRUE(loaded.config) << to_string(loaded.errors);
  EXPECT_TRUE(loaded.warnings.empty()) << to_string(loaded.warnings);
  const auto& rules = loaded.config->find_template("refund-triage")->scope;
  ASSERT_EQ(rules.size(), 2u);
  EXPECT_EQ(rules[0].limits.bytes, 1u << 20);
  EXPECT_EQ(rules[0].objects[2].to_string(), "public.customers(id, name)");
  EXPECT_FALSE(rules[1].automatic);
  EXPECT_EQ(rules[1].where, Where::required);
}

TEST(Examples, TheShopLoads) {
  const auto loaded =
      load(NG_SOURCE_DIR "/examples/shop/narrowgate.yaml", with({{"ORDERS_PASSWORD", "x"},
                                                                 {"OLU_PASSWORD", "long enough"},
                                                                 {"ANA_PASSWORD", "long enough"},
                                                                 {"REFUND_BOT_KEY", "3pZq7Jt0bYw5Xe2LkU9cVh4Rm8Ns6GdA"}}));
  ASSERT_TRUE(loaded.config) << to_string(loaded.errors);
  EXPECT_TRUE(loaded.warnings.empty()) << to_string(loaded.warnings);
}

}  // namespace
}  // namespace narrowgate::config
