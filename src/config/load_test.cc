#include "config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace narrowgate::config {
namespace {

using testing::HasSubstr;

Environment no_environment() {
  return [](const std::string&) { return std::nullopt; };
}
Result<std::string> no_files(const std::string& path) {
  return Error{Code::not_found, Blame::client, path + ": No such file or directory"};
}

Loaded read(const std::string& text) { return load_text("/etc/ng/narrowgate.yaml", text, no_environment(), no_files); }

std::string errors_of(const std::string& text) {
  const auto loaded = read(text);
  EXPECT_FALSE(loaded.config && !loaded.errors.empty());
  return to_string(loaded.errors);
}
std::string warnings_of(const std::string& text) {
  const auto loaded = read(text);
  EXPECT_TRUE(loaded.config) << to_string(loaded.errors);
  return to_string(loaded.warnings);
}

std::string content_of(const std::string& path) {
  std::stringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

constexpr const char* orders = R"(
resources:
  - name: orders
    upstream:
      host: 127.0.0.1
      database: orders
      login: {password: {user: u, password: p}}
)";
std::string with_orders(const std::string& more) { return std::string(orders) + more; }

TEST(Load, AnEmptyFileGivesTheDefaults) {
  const auto loaded = read("");
  ASSERT_TRUE(loaded.config) << to_string(loaded.errors);
  EXPECT_EQ(loaded.config->data_dir, "/etc/ng/narrowgate-data");
  EXPECT_EQ(loaded.config->listeners.postgres->address, (Address{"127.0.0.1", 6432}));
  EXPECT_EQ(loaded.config->log.format, LogFormat::json);
  EXPECT_EQ(loaded.config->recording.checkpoint, std::chrono::seconds(1));
  EXPECT_TRUE(loaded.warnings.empty());
}

// One file with a mistake of every kind: the whole answer, in the order of the file.
TEST(Load, SaysEverythingThatIsWrongAtOnce) {
  const std::string folder = NG_SOURCE_DIR "/src/config/testdata/";
  const auto said = errors_of(content_of(folder + "every_mistake.yaml"));
  if (std::getenv("NG_UPDATE")) std::ofstream(folder + "every_mistake.txt") << said;
  EXPECT_EQ(said, content_of(folder + "every_mistake.txt"));
  EXPECT_GE(std::count(said.begin(), said.end(), '\n'), 35);
}

TEST(Load, UnreadableYamlIsTheOnlyComplaint) {
  EXPECT_THAT(errors_of("agents:\n  - name: a\n   owner: b\n"), HasSubstr("narrowgate.yaml:3:4: is not YAML: "));
}

TEST(Load, AliasesDoNotHideOtherMistakes) {
  const auto errors = errors_of("log: &l {level: info}\nrecording: *l\ncolour: red\n");
  EXPECT_THAT(errors, HasSubstr("anchor &l"));
  EXPECT_THAT(errors, HasSubstr("alias"));
  EXPECT_THAT(errors, HasSubstr("colour is not an option"));
}

TEST(Load, AFileThatIsNotThereSaysWhatToDo) {
  const auto loaded = load("/nowhere/narrowgate.yaml", no_environment(), bounded_file_reader());
  ASSERT_EQ(loaded.errors.size(), 1u);
  EXPECT_THAT(to_string(loaded.errors),
              HasSubstr("No such file or directory; name an existing file, or write one with `narrowgate init`"));
}

TEST(Load, AFolderOrADeviceIsNotAConfiguration) {
  EXPECT_THAT(to_string(load("/", no_environment(), bounded_file_reader()).errors), HasSubstr("not a regular file"));
  EXPECT_THAT(to_string(load("/dev/zero", no_environment(), bounded_file_reader()).errors), HasSubstr("not a regular file"));
}

TEST(Load, ASectionWithNothingInItIsAsIfAbsent) { EXPECT_EQ(errors_of("agents:\nissuers: # none yet\nlog:\n"), ""); }

TEST(Load, AnOptionWithNothingInItIsAMistake) {
  EXPECT_THAT(errors_of("data_dir:\n"), HasSubstr("1:1: data_dir has no value; give a path, or remove the line"));
}

TEST(Load, ListenersCanBeSwitchedOff) {
  const auto loaded = read("listeners: {https: off, admin: off}\n");
  ASSERT_TRUE(loaded.config) << to_string(loaded.errors);
  EXPECT_FALSE(loaded.config->listeners.https);
  EXPECT_FALSE(loaded.config->listeners.admin);
  EXPECT_TRUE(loaded.config->listeners.postgres);
  EXPECT_THAT(errors_of("listeners: {https: no}\n"), HasSubstr("must be a section; write its options, or off"));
}

TEST(Load, TlsIsAutomaticFilesOrOff) {
  const auto tls = [](const std::string& text) {
    return read("listeners: {postgres: {plaintext: loopback, tls: " + text + "}}\n");
  };
  EXPECT_EQ(tls("auto").config->listeners.postgres->tls.source, TlsSource::automatic);
  EXPECT_EQ(tls("off").config->listeners.postgres->tls.source, TlsSource::off);
  const auto files = tls("{certificate: tls.crt, key: tls.key, client_ca: /ca.pem}");
  ASSERT_TRUE(files.config) << to_string(files.errors);
  EXPECT_EQ(files.config->listeners.postgres->tls.source, TlsSource::files);
  EXPECT_EQ(files.config->listeners.postgres->tls.certificate, "/etc/ng/tls.crt");
  EXPECT_EQ(files.config->listeners.postgres->tls.client_ca, "/ca.pem");
  EXPECT_EQ(tls("{client_ca: /ca.pem}").config->listeners.postgres->tls.source, TlsSource::automatic);
  EXPECT_THAT(to_string(tls("{certificate: tls.crt}").errors), HasSubstr("has a certificate without its key"));
  EXPECT_THAT(to_string(tls("on").errors), HasSubstr("cannot be \"on\"; write auto or off, or its options"));
}

TEST(Load, TlsOffNeedsPlaintextAllowed) {
  EXPECT_THAT(errors_of("listeners: {postgres: {tls: off}}\n"), HasSubstr("nobody could connect"));
}

TEST(Load, SecretsComeFromEnvironmentFilesOrText) {
  const Environment environment = [](const std::string& name) {
    return name == "PW" ? std::optional<std::string>("from env") : std::nullopt;
  };
  const ReadFile files = [](const std::string& path) -> Result<std::string> {
    if (path == "/etc/ng/pw") return std::string("from file\n");
    return Error{Code::not_found, Blame::client, path};
  };
  const auto password = [&](const std::string& written) {
    auto loaded = load_text(
        "/etc/ng/narrowgate.yaml",
        "resources:\n  - name: o\n    upstream: {host: ::1, database: o, login: {password: {user: u, password: " + written +
            "}}}\n",
        environment, files);
    return loaded.config ? loaded.config->resources[0].upstream.login.password.password.expose() : to_string(loaded.errors);
  };
  EXPECT_EQ(password("{env: PW}"), "from env");
  EXPECT_EQ(password("{file: pw}"), "from file");
  EXPECT_EQ(password("\"${PW}\""), "from env");
  EXPECT_EQ(password("written"), "written");
  EXPECT_THAT(password("{env: NONE}"), HasSubstr("needs the environment variable NONE, which is not set; export NONE=…"));
  EXPECT_THAT(password("{file: none}"), HasSubstr("cannot be read: /etc/ng/none"));
  EXPECT_THAT(password("{env: PW, file: pw}"), HasSubstr("names no single source"));
  EXPECT_THAT(password("{vault: x}"), HasSubstr("is not an option"));
  EXPECT_THAT(password("\"\""), HasSubstr("is empty"));
}

TEST(Load, ASecretWrittenInTheFileIsWarnedAboutAndNeverShown) {
  const auto warnings = warnings_of(
      "resources:\n  - {name: o, upstream: {host: localhost, database: o, login: {password: {user: u, password: hunter2}}}}\n");
  EXPECT_THAT(warnings, HasSubstr("login.password.password is written in the file"));
  EXPECT_THAT(warnings, testing::Not(HasSubstr("hunter2")));
}

TEST(Load, AKeyThatIsTooShortIsAMistakeAndAWeakOneIsWarnedAbout) {
  const auto agent = [](const std::string& key) { return "agents:\n  - {name: a, owner: o, key: \"" + key + "\"}\n"; };
  EXPECT_THAT(errors_of(agent("fifteen-letters")), HasSubstr("is 15 characters long; use at least 16"));
  EXPECT_THAT(errors_of(agent("sixteen letters!")), HasSubstr("holds blanks"));
  EXPECT_THAT(errors_of(agent("sixteen-letters-ü")), HasSubstr("outside ASCII"));
  EXPECT_THAT(warnings_of(agent("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")), HasSubstr("is weak"));
  EXPECT_THAT(warnings_of(agent("3pZq7Jt0bYw5Xe2LkU9cVh4Rm8Ns6GdA")), testing::Not(HasSubstr("is weak")));
}

TEST(Load, TwoAgentsCannotShareAKey) {
  EXPECT_THAT(
      errors_of(
          "agents:\n  - {name: a, owner: o, key: 3pZq7Jt0bYw5Xe2LkU9c}\n  - {name: b, owner: o, key: 3pZq7Jt0bYw5Xe2LkU9c}\n"),
      HasSubstr("agents[1].key is also the key of agent \"a\""));
}

TEST(Load, AnIdentityThatFitsEveryTokenIsAMistake) {
  const std::string issuers = "issuers:\n  - {name: gh, url: https://token.actions.githubusercontent.com, audience: a}\n";
  EXPECT_THAT(errors_of(issuers + "agents:\n  - {name: a, owner: o, identities: [{issuer: gh}]}\n"),
              HasSubstr("fits every token of its issuer"));
  EXPECT_THAT(
      warnings_of(issuers + "agents:\n  - {name: a, owner: o, identities: [{issuer: gh, subject: \"repo:acme/refunds\"}]}\n"),
      HasSubstr("matches GitHub by names"));
}

TEST(Load, IssuersMustBeHttpsOrLoopback) {
  const auto issuer = [](const std::string& url) { return "issuers:\n  - {name: i, audience: a, url: \"" + url + "\"}\n"; };
  EXPECT_EQ(errors_of(issuer("https://idp.example/x")), "");
  EXPECT_EQ(errors_of(issuer("http://127.0.0.1:8080")), "");
  EXPECT_EQ(errors_of(issuer("http://[::1]:8080/x")), "");
  EXPECT_THAT(errors_of(issuer("http://idp.example")), HasSubstr("is not https"));
  EXPECT_THAT(errors_of(issuer("http://127.0.0.1.evil.example")), HasSubstr("is not https"));
  EXPECT_THAT(errors_of(issuer("http://localhost@evil.example")), HasSubstr("cannot be"));
  EXPECT_THAT(errors_of(issuer("file:///etc/passwd")), HasSubstr("cannot be"));
}

TEST(Load, AgentsAndTemplatesMayNameEachOtherFromEitherSide) {
  const auto loaded = read(with_orders(R"(
agents:
  - {name: a, owner: o, templates: [t2]}
  - {name: b, owner: o, default_template: t1}
templates:
  - {name: t1, agents: [a, b], scope: [{resource: orders, verbs: [select], objects: ["*.*"]}]}
  - {name: t2, scope: [{resource: orders, verbs: ["*"], objects: ["public.*"]}]}
)"));
  ASSERT_TRUE(loaded.config) << to_string(loaded.errors);
  EXPECT_EQ(loaded.config->agent("a")->templates, (std::vector<std::string>{"t1", "t2"}));
  EXPECT_EQ(loaded.config->find_template("t2")->agents, std::vector<std::string>{"a"});
  EXPECT_EQ(loaded.config->find_template("t1")->scope[0].verbs, std::vector<std::string>{"SELECT"});
}

TEST(Load, ADefaultTemplateMustBeOneTheAgentMayStart) {
  EXPECT_THAT(errors_of(with_orders(R"(
agents:
  - {name: a, owner: o, default_template: t}
templates:
  - {name: t, scope: [{resource: orders, verbs: [SELECT], objects: ["*.*"]}]}
)")),
              HasSubstr("agents[0].default_template is \"t\", which this agent may not start"));
}

TEST(Load, ScopeBecomesAtoms) {
  const auto loaded = read(with_orders(R"YAML(
templates:
  - name: t
    scope:
      - resource: orders
        verbs: [UPDATE, DELETE]
        objects: ["public.a", "public.b(x, y)"]
        where: required
        limits: {rows_written: 10, bytes: 64KiB, statement: 1500ms}
)YAML"));
  ASSERT_TRUE(loaded.config) << to_string(loaded.errors);
  const auto atoms = atoms_of(loaded.config->templates[0].scope[0]);
  ASSERT_EQ(atoms.size(), 4u);
  EXPECT_EQ(atoms[3].verb, "DELETE");
  EXPECT_EQ(atoms[3].object.columns, (std::set<std::string>{"x", "y"}));
  EXPECT_TRUE(atoms[3].where_required);
  EXPECT_EQ(atoms[3].limits.rows_written, 10u);
  EXPECT_EQ(atoms[3].limits.bytes, 65536u);
  EXPECT_EQ(atoms[3].limits.statement, std::chrono::milliseconds(1500));
  EXPECT_FALSE(atoms[3].limits.rows_read);
}

TEST(Load, UpstreamPlainTextIsForLoopbackUnlessSaid) {
  const auto tls = [](const std::string& host, const std::string& mode) {
    return "resources:\n  - {name: o, upstream: {host: \"" + host + "\", database: o, tls: {mode: " + mode +
           "}, login: {password: {user: u, password: p}}}}\n";
  };
  EXPECT_EQ(errors_of(tls("127.0.0.1", "off")), "");
  EXPECT_EQ(errors_of(tls("/run/postgresql", "off")), "");
  EXPECT_THAT(errors_of(tls("db.example", "off")), HasSubstr("is off, but db.example is not a loopback host"));
  EXPECT_THAT(warnings_of(tls("db.example", "off-even-remote")), HasSubstr("in plain text"));
  EXPECT_EQ(errors_of(tls("db.example", "verify-full")), "");
  EXPECT_THAT(errors_of(tls("db.example", "require")), HasSubstr("known are verify-full, off and off-even-remote"));
}

TEST(Load, AddressesAreHostAndPort) {
  const auto address = [](const std::string& text) {
    return errors_of("listeners: {https: off, postgres: {address: \"" + text + "\"}}\n");
  };
  EXPECT_EQ(address("[::1]:0"), "");
  EXPECT_EQ(address("0.0.0.0:6432"), "");
  for (const auto* wrong : {"6432", ":6432", "::1:6432", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:x", "[::1:5", "a b:5"})
    EXPECT_THAT(address(wrong), HasSubstr("write host:port")) << wrong;
}

TEST(Load, NeverHandsOutAConfigBesideAnError) {
  for (const auto* text : {"x: 1", "a: *b", "log: 3", "agents: [{}]", "templates: [{name: t}]", "---\n---\n"}) {
    const auto loaded = read(text);
    EXPECT_FALSE(loaded.config) << text;
    EXPECT_FALSE(loaded.errors.empty()) << text;
    for (const auto& complaint : loaded.errors)
      EXPECT_FALSE(complaint.fault.empty() || complaint.remedy.empty()) << to_string(complaint);
  }
}

}  // namespace
}  // namespace narrowgate::config
