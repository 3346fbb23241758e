#include "policy/load.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "policy/testing.h"

namespace narrowgate::policy::testing {
namespace {

namespace fs = std::filesystem;

class Folder : public ::testing::Test {
 protected:
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "policies-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~Folder() override { fs::remove_all(path_); }
  void write(const std::string& name, const std::string& text) { std::ofstream(path_ / name) << text; }
  fs::path path_;
};

constexpr const char* good =
    R"(@id("good") permit (principal is Narrowgate::Task, action == Narrowgate::Action::"connect", resource);)";

TEST_F(Folder, of_policies_replaces_the_built_in_ones) {
  write("a.cedar", good);
  write("notes.txt", "not a policy");
  write(".hidden.cedar", "broken");
  fs::create_directory(path_ / "sub.cedar");
  const auto result = load_configured(path_.string());
  ASSERT_TRUE(result.set) << to_string(result.errors);
  ASSERT_EQ(result.set->policies().size(), 1u);
  EXPECT_EQ(result.set->policies()[0].id, "good");
  EXPECT_EQ(result.set->policies()[0].file, "a.cedar");
  EXPECT_EQ(result.set->policies()[0].actions, Ids{"connect"});
}

TEST_F(Folder, tells_every_fault_of_every_file_at_once) {
  write("1-syntax.cedar", "permit (principal,\n  action resource);");
  write("2-attribute.cedar",
        "@id(\"typo\")\npermit (principal is Narrowgate::Task, action, resource)\nwhen { principal.agent.asurance > 1 };");
  write("3-action.cedar", "@id(\"action\") permit (principal, action == Narrowgate::Action::\"sql.selekt\", resource);");
  write("4-twice.cedar", std::string(good) + "\n" + good);
  write("5-slot.cedar", "@id(\"slot\") permit (principal == ?principal, action, resource);");
  const auto result = load_folder(path_.string());
  EXPECT_FALSE(result.set);
  const auto all = to_string(result.errors);
  EXPECT_NE(all.find("1-syntax.cedar:2:"), std::string::npos) << all;
  EXPECT_NE(all.find("2-attribute.cedar:3:"), std::string::npos) << all;
  EXPECT_NE(all.find("policy typo:"), std::string::npos) << all;
  EXPECT_NE(all.find("3-action.cedar:1:44: policy action: unrecognized action"), std::string::npos) << all;
  EXPECT_NE(all.find("did you mean `assurance`?"), std::string::npos) << all;
  EXPECT_NE(all.find("4-twice.cedar:2:1: policy good: is not the first of this name"), std::string::npos) << all;
  EXPECT_NE(all.find("5-slot.cedar: policy slot: has slots"), std::string::npos) << all;
}

TEST_F(Folder, that_is_empty_or_missing_or_unreadable_is_an_error_not_a_set) {
  EXPECT_FALSE(load_folder(path_.string()).set);
  EXPECT_NE(to_string(load_folder(path_.string()).errors).find("nothing would be permitted"), std::string::npos);
  EXPECT_FALSE(load_folder((path_ / "nowhere").string()).set);
  write("comment.cedar", "// only a comment\n");
  EXPECT_FALSE(load_folder(path_.string()).set);
}

TEST_F(Folder, with_a_file_too_large_or_not_text_is_an_error) {
  write("large.cedar", std::string(policy_file_bytes_max + 1, ' '));
  write("binary.cedar", "\xff\xfe");
  const auto all = to_string(load_folder(path_.string()).errors);
  EXPECT_NE(all.find("large.cedar: is larger than 1 MiB"), std::string::npos) << all;
  EXPECT_NE(all.find("binary.cedar: is not UTF-8"), std::string::npos) << all;
}

TEST(Load, annotations_that_only_we_read_are_checked_too) {
  const auto with = [](const std::string& annotation) {
    return to_string(
        load({{"p.cedar",
               annotation +
                   "\n@id(\"p\") permit (principal is Narrowgate::Task, action == Narrowgate::Action::\"connect\", resource);"}})
            .errors);
  };
  EXPECT_NE(with("@approval_quorum(\"6\")").find("is not a number from 1 to 5"), std::string::npos);
  EXPECT_NE(with("@approval_quorum(\"two\")").find("is not a number"), std::string::npos);
  EXPECT_NE(with("@approval_ttl(\"soon\")").find("is not a time"), std::string::npos);
  EXPECT_NE(with("@approval_scope(\"always\")").find("may say once"), std::string::npos);
  EXPECT_EQ(with("@approval_ttl(\"PT1H\")"), "");
  EXPECT_EQ(with("@approval_ttl(\"90s\")"), "");
}

TEST(Load, the_version_follows_every_byte_and_not_the_order) {
  const std::string second =
      R"(@id("b") forbid (principal is Narrowgate::Task, action == Narrowgate::Action::"connect", resource) when { context.catalog };)";
  const auto version = [](std::vector<Source> sources) { return loaded(std::move(sources))->version(); };
  const auto one = version({{"a", good}, {"b", second}});
  EXPECT_TRUE(one.starts_with("sha256:"));
  EXPECT_EQ(one, version({{"b", second}, {"a", good}}));
  EXPECT_NE(one, version({{"a", good}}));
  EXPECT_NE(one, version({{"a", good}, {"b", second + " "}}));
  EXPECT_NE(one, version({{"c", good}, {"b", second}}));
}

TEST(Load, a_slice_outlives_the_set_it_was_made_from) {
  auto set = loaded(default_sources());
  const auto slice = set->slice(refund_triage());
  set.reset();
  EXPECT_EQ(slice->evaluate(select("public.refunds"), rows(1), noon).kind, permit);
}

TEST(Load, the_example_that_opens_everything_opens_everything) {
  const auto result = load_folder(NG_SOURCE_DIR "/examples/open/policies");
  ASSERT_TRUE(result.set) << to_string(result.errors);
  EXPECT_EQ(result.set->slice(refund_triage())->evaluate(Operation{}, {}, noon).kind, permit);
}

}  // namespace
}  // namespace narrowgate::policy::testing
