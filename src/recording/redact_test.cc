#include "recording/redact.h"

#include <gtest/gtest.h>

#include <functional>
#include <random>

namespace narrowgate::recording {
namespace {

const Redactor redactor(sha256("a key for tests"));

// ---- secrets of many kinds, each in the clothes it usually wears

class Made {
 public:
  explicit Made(unsigned seed) : random_(seed) {}
  std::size_t below(std::size_t n) { return random_() % n; }
  template <class... T>
  std::string any(T... of) {
    const std::string list[] = {std::string(of)...};
    return list[below(sizeof...(of))];
  }
  std::string from(std::string_view letters, std::size_t size) {
    std::string out;
    for (std::size_t i = 0; i < size; ++i) out += letters[below(letters.size())];
    return out;
  }
  std::string word() { return from("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 10 + below(10)); }
  std::string awkward() {
    return from("abcXYZ019!@#%^&*()-_=+[]{};:,.<>/?|~ \"", 10 + below(10));
  }  // anything but quotes and escapes
  std::string base64() { return from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 40); }
  std::string hex(std::size_t n) { return from("0123456789abcdef", n); }
  std::string upper() { return from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16); }
  // PASSWORD in any case, with anything that may stand between two tokens.
  std::string cased(std::string text) {
    for (char& c : text)
      if (below(2)) c = char(std::toupper(c));
    return text;
  }
  std::string gap() {
    return any(" ", "  ", "\n", "\t", " /* a comment */ ", "/**/", " /* it's */ ", " -- line\n", " --it's\n ",
               " /* /* nested */ */ ", "\r\n");
  }

 private:
  std::mt19937 random_;
};

struct Sample {
  std::string text;
  std::vector<std::string> secrets;
};
using Kind = std::function<Sample(Made&)>;

std::string doubled(const std::string& s) {
  std::string out;
  for (char c : s) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out;
}

const std::vector<std::pair<const char*, Kind>>& kinds() {
  static const std::vector<std::pair<const char*, Kind>> list = {
      {"ALTER ROLE PASSWORD",
       [](Made& m) {
         const auto s = m.awkward();
         return Sample{m.cased("alter role ana") + m.gap() + m.any("", "WITH ") + m.any("", "ENCRYPTED ") + m.cased("password") +
                           m.gap() + "'" + s + "'" + m.any("", " VALID UNTIL '2027-01-01'", "; SELECT 1"),
                       {s}};
       }},
      {"password with a quote in it",
       [](Made& m) {
         const auto a = m.word(), b = m.word();
         return Sample{"CREATE USER ana " + m.cased("password") + m.gap() + "'" + doubled(a + "'" + b) + "'", {a, b}};
       }},
      {"E'' string with escapes",
       [](Made& m) {
         const auto a = m.word(), b = m.word();
         return Sample{"ALTER USER ana PASSWORD" + m.gap() + "E'" + a + m.any("\\'", "\\\\", "\\x41") + b + "'", {a, b}};
       }},
      {"U&'' string",
       [](Made& m) {
         const auto s = m.word();
         return Sample{"ALTER USER ana PASSWORD U&'" + s + "\\0061' UESCAPE '\\'", {s}};
       }},
      {"dollar quotes",
       [](Made& m) {
         const auto s = m.awkward(), tag = m.any("$$", "$pw$", "$a_1$");
         return Sample{"ALTER ROLE ana PASSWORD" + m.gap() + tag + s + tag, {s}};
       }},
      {"inside a DO block",
       [](Made& m) {
         const auto s = m.word();
         return Sample{"DO $$ BEGIN EXECUTE 'ALTER ROLE ana " + m.cased("password") + " ''" + s + "'''; END $$", {s}};
       }},
      {"format() with the value apart",
       [](Made& m) {
         const auto s = m.word();
         return Sample{"DO $x$ BEGIN EXECUTE format('ALTER ROLE ana PASSWORD %L', '" + s + "'); END $x$", {s}};
       }},
      {"glued string",
       [](Made& m) {
         const auto s = m.word();
         return Sample{"EXECUTE 'ALTER ROLE ana PASSWORD ' || quote_literal('" + s + "')", {s}};
       }},
      {"adjacent literals",
       [](Made& m) {
         const auto a = m.word(), b = m.word();
         return Sample{"ALTER ROLE ana PASSWORD '" + a + "'\n  '" + b + "'", {a, b}};
       }},
      {"MySQL IDENTIFIED BY",
       [](Made& m) {
         const auto s = m.awkward(), q = m.any("'", "\"");
         auto secret = s;
         std::erase(secret, '"');
         return Sample{"CREATE USER 'ana'@'%' " + m.cased("identified") + m.gap() + m.cased("by") + m.gap() + q + secret + q,
                       {secret}};
       }},
      {"MySQL IDENTIFIED WITH … AS",
       [](Made& m) {
         const auto s = "*" + m.hex(40);
         return Sample{"ALTER USER ana IDENTIFIED WITH 'mysql_native_password' " + m.any("AS", "BY") + " '" + s + "' REPLACE 'x'",
                       {s}};
       }},
      {"MySQL backslash escapes",
       [](Made& m) {
         const auto a = m.word(), b = m.word();
         return Sample{"SET PASSWORD FOR 'ana'@'localhost' = '" + a + "\\'" + b + "'", {a, b}};
       }},
      {"MySQL version comment",
       [](Made& m) {
         const auto s = m.word();
         return Sample{"CREATE USER ana /*!50000 IDENTIFIED BY '" + s + "' */", {s}};
       }},
      {"MySQL hash comment",
       [](Made& m) {
         const auto s = m.word();
         return Sample{"CREATE USER ana IDENTIFIED BY # it's here\n'" + s + "'", {s}};
       }},
      {"user mapping options",
       [](Made& m) {
         const auto s = m.word();
         return Sample{"CREATE USER" + m.gap() + "MAPPING FOR ana SERVER s OPTIONS (user 'ana', " +
                           m.any("password", "\"password\"", "pass_word") + " '" + s + "')",
                       {s}};
       }},
      {"connection keywords",
       [](Made& m) {
         const auto s = m.word();
         return Sample{"SELECT * FROM dblink('host=db user=ana " + m.any("password", "PASSWORD", "sslpassword") +
                           m.any("=", " = ") + s + " dbname=shop', 'SELECT 1')",
                       {s}};
       }},
      {"quoted connection value",
       [](Made& m) {
         const auto a = m.word(), b = m.word();
         return Sample{"CREATE SUBSCRIPTION s CONNECTION 'host=db password=''" + a + " " + b + "'' user=ana' PUBLICATION p",
                       {a, b}};
       }},
      {"connection URI",
       [](Made& m) {
         const auto s = m.from("abcXYZ019!%^&*()-_=+:.~", 12);
         return Sample{m.any("connect to ", "'", "\"") + m.any("postgres", "postgresql", "mysql", "redis", "https", "amqp+ssl") +
                           "://ana:" + s + "@orders.example:5432/shop",
                       {s}};
       }},
      {"ADO style",
       [](Made& m) {
         const auto s = m.word();
         return Sample{"Server=db;User Id=ana;" + m.any("Password", "Pwd", "pwd") + "=" + s + ";Database=shop", {s}};
       }},
      {"JSON",
       [](Made& m) {
         const auto s = m.word();
         return Sample{"INSERT INTO events VALUES ('{\"user\": \"ana\", \"" +
                           m.any("password", "api_key", "clientSecret", "access_token") + "\": \"" + s + "\"}')",
                       {s}};
       }},
      {"insert into a column that says so",
       [](Made& m) {
         const auto s = m.word();
         return Sample{
             "INSERT INTO users (name, " + m.any("password", "api_key", "secret_token") + ", age) VALUES ('ana', '" + s + "', 7)",
             {s}};
       }},
      {"update and compare",
       [](Made& m) {
         const auto s = m.word();
         return Sample{m.any("UPDATE users SET ", "SELECT 1 FROM users WHERE ") +
                           m.any("password", "u.passwd", "\"pwd\"", "auth_token") + m.any("=", " = ", " LIKE ") + "'" + s + "'",
                       {s}};
       }},
      {"crypt and pgp functions",
       [](Made& m) {
         const auto s = m.word();
         return Sample{
             "SELECT " + m.any("crypt(", "pgp_sym_encrypt(", "pgp_sym_decrypt (", "aes_decrypt(", "hmac(") + "'" + s + "', x)",
             {s}};
       }},
      {"AWS access key",
       [](Made& m) {
         const auto id = m.any("AKIA", "ASIA") + m.upper();
         return Sample{"COPY t FROM 's3://b' " + m.any("KEY ", "x", "(") + id + " y", {id}};
       }},
      {"AWS secret key",
       [](Made& m) {
         const auto s = m.base64();
         return Sample{
             m.any("aws_secret_access_key=", "SECRET_ACCESS_KEY '", "\"SecretAccessKey\": \"") + s + m.any("", "'", "\""), {s}};
       }},
      {"GitHub tokens",
       [](Made& m) {
         const auto s = m.any("ghp_", "gho_", "ghs_", "ghu_", "github_pat_") + m.word() + m.word();
         return Sample{"clone with " + s + " now", {s}};
       }},
      {"Slack tokens",
       [](Made& m) {
         const auto s = m.any("xoxb-", "xoxp-", "xapp-") + m.from("0123456789", 12) + "-" + m.word();
         return Sample{"SELECT '" + s + "'", {s}};
       }},
      {"other vendors",
       [](Made& m) {
         const auto s = m.any("glpat-", "sk_live_", "hvs.", "npm_", "dckr_pat_", "SG.") + m.word() + m.word() + m.word() + "a1";
         return Sample{"value: " + s, {s}};
       }},
      {"JWT",
       [](Made& m) {
         const auto s = "eyJ" + m.word() + m.word() + ".eyJ" + m.word() + m.word() + "." + m.word() + "-_" + m.word();
         return Sample{m.any("Authorization: Bearer ", "token=", "SELECT '", "") + s, {s}};
       }},
      {"Authorization header",
       [](Made& m) {
         const auto s = m.word();
         return Sample{
             m.any("Authorization: Basic ", "authorization: Bearer ", "Proxy-Authorization: Digest ") + s + "\r\nHost: x", {s}};
       }},
      {"PEM private key",
       [](Made& m) {
         const auto a = m.base64(), b = m.base64();
         return Sample{"INSERT INTO k VALUES ('-----BEGIN " + m.any("", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED ") +
                           "PRIVATE KEY-----\n" + a + "\n" + b + "\n-----END PRIVATE KEY-----')",
                       {a, b}};
       }},
      {"PGP block",
       [](Made& m) {
         const auto a = m.base64();
         return Sample{"SELECT dearmor('-----BEGIN PGP " + m.any("PRIVATE KEY BLOCK", "MESSAGE") + "-----\n\n" + a +
                           "\n-----END PGP MESSAGE-----')",
                       {a}};
       }},
      {"stored verifiers",
       [](Made& m) {
         const auto s = m.any("SCRAM-SHA-256$4096:" + m.word() + "==$" + m.word() + "=:" + m.word() + "=", "md5" + m.hex(32),
                              "$2b$12$" + m.word() + m.word() + m.word(), "$argon2id$v=19$m=65536$" + m.word() + "$" + m.word());
         return Sample{m.any("rolpassword ", "SELECT '", "x ") + s + m.any("", "'"), {s}};
       }},
      {"XML",
       [](Made& m) {
         const auto s = m.word();
         return Sample{"<user>ana</user><password>" + s + "</password>", {s}};
       }},
      {"lone high-entropy string",
       [](Made& m) {
         const auto s = m.base64();
         return Sample{"SELECT store('" + s + "')", {s}};
       }},
  };
  return list;
}

TEST(Redact, FindsSecretsOfEveryKindWhateverStandsAroundThem) {
  constexpr unsigned seeds = 300;
  std::size_t total = 0, found = 0;
  ASSERT_GE(kinds().size(), 20u);
  for (const auto& [name, make] : kinds()) {
    std::size_t missed = 0;
    std::string example;
    for (unsigned seed = 0; seed < seeds; ++seed) {
      Made made(seed);
      const Sample sample = make(made);
      const auto out = redactor.redact(sample.text);
      for (const auto& secret : sample.secrets) {
        ++total;
        if (out.find(secret) == std::string::npos) ++found;
        else if (++missed == 1) example = sample.text + "\n    →  " + out;
      }
    }
    EXPECT_EQ(missed, 0u) << name << ": " << missed << " of " << seeds << " in clear, such as\n    " << example;
  }
  RecordProperty("recall_ppm", std::to_string(found * 1'000'000 / total));
  EXPECT_GE(found * 1'000, total * 995);  // security-model §3.11
}

TEST(Redact, LeavesOrdinaryStatementsAlone) {
  for (const char* text : {
           "SELECT abalance FROM pgbench_accounts WHERE aid = 12345",
           "SELECT password FROM users WHERE name = 'ana'",
           "UPDATE public.refunds SET state = 'void' WHERE batch = 7",
           "SELECT * FROM passengers WHERE passport = 'X' AND bypass = 'no'",
           "INSERT INTO accounts (id, created_at, price) VALUES (1, '2026-01-01', 3.50)",
           "UPDATE users SET password = $1, token = ? WHERE id = $2",
           "SELECT token FROM sessions; SELECT secret FROM vault",
           "CREATE SCHEMA AUTHORIZATION joe",
           "SELECT 'https://example.com/a/b?c=d', 'me@example.com'",
           "SELECT '5f0c22d1-7a55-4a35-8a2b-0f3f6f3e2c2d'::uuid",
           "SELECT public.a_function_with_a_rather_long_name_for_a_test(1)",
           "COPY t FROM '/var/lib/postgresql/export/january/file.csv'",
           "SELECT 'tsk_01JD8W0000000000000000ABCD', 'dec_01JD9A0000000000000000ABCD'",
           "SET search_path = public; BEGIN; COMMIT",
           "SELECT $tag$ nothing here $tag$",
           "",
       })
    EXPECT_EQ(redactor.redact(text), text);
}

TEST(Redact, TakesExactlyTheLiteralWhereTheTextIsPlain) {
  const auto out = redactor.redact("ALTER ROLE ana PASSWORD 'hunter2' VALID UNTIL '2027-01-01'");
  EXPECT_TRUE(out.starts_with("ALTER ROLE ana PASSWORD <redacted:"));
  EXPECT_TRUE(out.ends_with("> VALID UNTIL '2027-01-01'")) << out;
}

TEST(Redact, EqualSecretsStayComparableUnderOneKeyOnly) {
  const std::string text = "password=hunter2";
  EXPECT_EQ(redactor.redact(text), redactor.redact(text));
  EXPECT_NE(redactor.redact(text), redactor.redact("password=hunter3"));
  EXPECT_NE(redactor.redact(text), Redactor(sha256("another key")).redact(text));
  EXPECT_EQ(redactor.redact(text).size(), std::string("password=<redacted:01234567>").size());
}

TEST(Redact, WhatIsRedactedStaysRedacted) {
  for (const auto& [name, make] : kinds())
    for (unsigned seed = 0; seed < 50; ++seed) {
      Made made(seed);
      const Sample sample = make(made);
      const auto twice = redactor.redact(redactor.redact(sample.text));
      for (const auto& secret : sample.secrets) EXPECT_EQ(twice.find(secret), std::string::npos) << name;
    }
}

TEST(Redact, CleanTextIsNotCopied) {
  std::string scratch;
  const std::string text = "SELECT 1 FROM t";
  EXPECT_EQ(redactor.redact(text, scratch).data(), text.data());
}

// Whatever the bytes, the answer comes in bounded time; text full of keywords must not cost the square of its length.
TEST(Redact, AMebibyteOfNothingButKeywordsIsDoneAndHidden) {
  std::string text;
  while (text.size() < (1u << 20)) text += "password 'x' ";
  const auto out = redactor.redact(text);
  EXPECT_EQ(out.find("'x'"), std::string::npos);
  std::string dollars;
  while (dollars.size() < (1u << 20)) dollars += "secret $$ ";
  EXPECT_LT(redactor.redact(dollars).size(), dollars.size());
}

TEST(Redact, EveryCutOfATextIsHandled) {
  const std::string text =
      "ALTER ROLE ana /* it's */ PASSWORD E'a\\'b' -- x\n; SELECT $a$ password=q $a$, U&'\\0061', postgres://a:b@c, "
      "eyJhbGciOiJIUzI1NiJ9.e30.abc";
  for (std::size_t from = 0; from < text.size(); ++from)
    for (std::size_t to = from; to <= text.size(); ++to) (void)redactor.redact(std::string_view(text).substr(from, to - from));
  EXPECT_EQ(redactor.redact(text).find("a\\'b"), std::string::npos);
}

}  // namespace
}  // namespace narrowgate::recording
