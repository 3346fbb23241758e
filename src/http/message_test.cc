#include "http/message.h"

#include <gtest/gtest.h>

#include "http/client.h"
#include "http/route.h"

namespace narrowgate::http {
namespace {

TEST(Headers, CompareNamesWithoutCaseAndKeepTheirOrder) {
  Headers headers{{"A", "1"}, {"b", "2"}, {"a", "3"}};
  EXPECT_EQ(headers.get("a"), "1");
  EXPECT_EQ(headers.count("A"), 2u);
  headers.set("B", "4");
  EXPECT_EQ(headers.get("b"), "4");
  headers.remove("a");
  EXPECT_FALSE(headers.has("A"));
  EXPECT_EQ(headers.get("missing"), "");
}

TEST(Target, IsDecodedExactlyOnce) {
  Request request;
  ASSERT_TRUE(parse_target("/a%2Fb/%252e%252e/%C3%A4/?q=%2526&empty&x=a%20b+c&=v", request).ok());
  EXPECT_EQ(request.path, (std::vector<std::string>{"a/b", "%2e%2e", "ä"}));
  EXPECT_TRUE(request.directory);
  EXPECT_EQ(request.query_value("q"), "%26");
  EXPECT_EQ(request.query_value("empty"), "");
  EXPECT_EQ(request.query_value("x"), "a b c");
  ASSERT_TRUE(parse_target("/", request).ok());
  EXPECT_TRUE(request.path.empty() && request.directory);
}

TEST(Target, OddOnesAreRefused) {
  Request request;
  for (const char* bad : {"", "a", "//", "/a//b", "/.", "/..", "/a/%2e%2e", "/%", "/%1", "/%zz", "/%00", "/%0a", "/%ff", "/a#b",
                          "/?a=%", "/?%80"}) {
    EXPECT_FALSE(parse_target(bad, request).ok()) << bad;
  }
  std::string deep;
  for (int i = 0; i < 33; ++i) deep += "/a";
  EXPECT_FALSE(parse_target(deep, request).ok());
}

TEST(Target, EncodingIsUndoneByDecoding) {
  std::string all;
  for (char c = 0x20; c < 0x7f; ++c) all += c;
  Request request;
  ASSERT_TRUE(parse_target("/" + percent_encode(all) + "?a=" + percent_encode(all), request).ok());
  EXPECT_EQ(request.path.at(0), all);
  EXPECT_EQ(request.query_value("a"), all);
}

TEST(Problem, SaysStatusTitleAndDetailAndNeverAnOperatorsDetail) {
  const Response shown = problem(403, "not yours", "https://example/denied", {{"decision", "dec_1"}});
  EXPECT_EQ(shown.headers.get("Content-Type"), "application/problem+json");
  EXPECT_EQ(parse_json(shown.body).value(), (json::value{{"status", 403},
                                                         {"title", "Forbidden"},
                                                         {"type", "https://example/denied"},
                                                         {"detail", "not yours"},
                                                         {"decision", "dec_1"}}));
  const Response hidden = problem_of({Code::unavailable, Blame::upstream, "db.internal refused the password"});
  EXPECT_EQ(hidden.status, 503u);
  EXPECT_EQ(hidden.body.find("db.internal"), std::string::npos);
}

TEST(HeadDeathTest, ALineBreakInAHeaderIsABug) {
  Response response;
  response.headers.add("X", "a\r\nSet-Cookie: b");
  EXPECT_DEATH((void)write_head(response), "breaks_line");
}

TEST(Url, PartsAreFoundAndOddOnesRefused) {
  const auto url = parse_url("https://[::1]:8443/a?b=c");
  ASSERT_TRUE(url.ok());
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->target, "/a?b=c");
  EXPECT_EQ(url->authority(), "[::1]:8443");
  EXPECT_EQ(parse_url("http://idp.example")->authority(), "idp.example");
  EXPECT_EQ(parse_url("https://idp.example?x")->target, "/?x");
  for (const char* bad : {"", "idp.example", "ftp://x/", "https://", "https:///a", "https://u@h/", "https://u:p@h/",
                          "https://h:0/", "https://h:99999/", "https://h/a b", "https://h/\r\nX: y", "https://h/#f", "HTTPS://h/",
                          "https://h:/", "https://[::1/"}) {
    EXPECT_FALSE(parse_url(bad).ok()) << bad;
  }
}

// ---- routes

Router numbered(std::vector<std::pair<std::string, std::string>> routes) {
  Router router;
  unsigned number = 0;
  for (auto& [method, pattern] : routes) {
    router.on(method, pattern, [](const Call&) -> Task<Response> { co_return Response{}; }, {.body_bytes_max = ++number});
  }
  return router;
}

std::string found(const Router& router, const std::string& method, const std::string& target) {
  Request request;
  request.method = method;
  EXPECT_TRUE(parse_target(target, request).ok()) << target;
  const auto result = router.find(request);
  if (!result.route) return result.allowed.empty() ? "404" : "405";
  std::string out = std::to_string(result.route->options.body_bytes_max);
  for (const auto& [name, value] : result.parameters) out += " " + name + "=" + value;
  return out;
}

TEST(Router, TheNarrowestPatternWinsInWhateverOrderTheyCame) {
  const std::vector<std::pair<std::string, std::string>> routes = {{"GET", "/{rest...}"},
                                                                   {"GET", "/api/v1/sessions/{id}"},
                                                                   {"GET", "/api/v1/sessions/live"},
                                                                   {"POST", "/api/v1/sessions/{id}/revoke"},
                                                                   {"GET", "/"}};
  const Router router = numbered(routes);
  EXPECT_EQ(found(router, "GET", "/"), "5");
  EXPECT_EQ(found(router, "GET", "/api/v1/sessions/live"), "3");
  EXPECT_EQ(found(router, "GET", "/api/v1/sessions/ses_1"), "2 id=ses_1");
  EXPECT_EQ(found(router, "HEAD", "/api/v1/sessions/ses_1"), "2 id=ses_1");
  EXPECT_EQ(found(router, "GET", "/api/v1/sessions/a%2Fb"), "2 id=a/b");
  EXPECT_EQ(found(router, "GET", "/assets/app.js"), "1 rest=assets/app.js");
  EXPECT_EQ(found(router, "GET", "/assets/..%2Fsecret"), "404") << "a slash inside a segment cannot become one between segments";
  EXPECT_EQ(found(router, "POST", "/api/v1/sessions/ses_1/revoke"), "4 id=ses_1");
  EXPECT_EQ(found(router, "DELETE", "/api/v1/sessions/ses_1"), "405");
  EXPECT_EQ(found(numbered({{"GET", "/a"}}), "GET", "/b"), "404");
}

TEST(RouterDeathTest, TwoRoutesForTheSameRequestsAreABug) {
  EXPECT_DEATH((void)numbered({{"GET", "/a/{x}"}, {"GET", "/a/{y}"}}), "same");
}

}  // namespace
}  // namespace narrowgate::http
