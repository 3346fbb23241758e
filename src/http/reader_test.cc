#include "http/reader.h"

#include <gtest/gtest.h>

namespace narrowgate::http {
namespace {

// One request in pieces of `size`.
Result<Request> read_in_pieces(std::string_view bytes, std::size_t size, std::size_t body_max = limits::body_bytes_max) {
  RequestReader reader;
  for (std::size_t at = 0; at < bytes.size(); at += size) {
    reader.append(as_bytes(bytes.substr(at, size)));
    NG_TRY(Stage stage, reader.advance());
    if (stage == Stage::body) {
      reader.limit_body(body_max);
      NG_TRY(stage, reader.advance());
    }
    if (stage == Stage::complete) return reader.take();
  }
  return Error{Code::truncated, Blame::client, "ends too early"};
}

Code code_of(const auto& result) { return result.ok() ? Code::bug : result.error().code; }

const std::string with_length =
    "POST /a/b%20c?x=1&y=%26+ HTTP/1.1\r\nHost: gateway.example:8443\r\nCONTENT-length: 5\r\nCookie: a=1; b=2\r\n\r\nhello";
const std::string chunked =
    "POST /up HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n00A\r\n, my world\r\n0\r\nHost: "
    "evil\r\n\r\n";

TEST(RequestReader, ReadsTheSameHoweverTheBytesAreCut) {
  for (std::size_t size = 1; size <= chunked.size(); ++size) {
    const auto sized = read_in_pieces(with_length, size);
    ASSERT_TRUE(sized.ok()) << size << ": " << to_string(sized.error());
    EXPECT_EQ(sized->method, "POST");
    EXPECT_EQ(sized->path, (std::vector<std::string>{"a", "b c"}));
    EXPECT_EQ(sized->query_value("x"), "1");
    EXPECT_EQ(sized->query_value("y"), "& ");
    EXPECT_EQ(sized->query_value("z"), std::nullopt);
    EXPECT_EQ(sized->headers.get("content-Length"), "5");
    EXPECT_EQ(sized->cookie("b"), "2");
    EXPECT_EQ(sized->body, "hello");
    const auto pieces = read_in_pieces(chunked, size);
    ASSERT_TRUE(pieces.ok()) << size << ": " << to_string(pieces.error());
    EXPECT_EQ(pieces->body, "hello, my world");
    EXPECT_EQ(pieces->headers.get("Host"), "g") << "a trailer is not a header";
    EXPECT_EQ(pieces->headers.count("Host"), 1u);
  }
}

TEST(RequestReader, AnEmptyChunkedBodyMayComeByteByByte) {
  const auto empty = read_in_pieces("POST / HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 1);
  ASSERT_TRUE(empty.ok()) << to_string(empty.error());
  EXPECT_EQ(empty->body, "");
}

TEST(RequestReader, EveryPrefixIsIncompleteNotWrong) {
  for (const std::string& whole : {with_length, chunked}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      EXPECT_EQ(code_of(read_in_pieces(whole.substr(0, size), whole.size())), Code::truncated) << whole.substr(0, size);
    }
  }
}

TEST(RequestReader, PipelinedRequestsComeOutOneByOne) {
  RequestReader reader;
  EXPECT_TRUE(reader.idle());
  const std::string both = with_length + chunked + "GET /last HTTP/1.1\r\nHost: g\r\n\r\n";
  reader.append(as_bytes(both));
  std::vector<std::string> targets;
  while (!reader.idle()) {
    auto stage = reader.advance();
    ASSERT_TRUE(stage.ok());
    if (*stage == Stage::complete) targets.push_back(reader.take().target);
  }
  EXPECT_EQ(targets, (std::vector<std::string>{"/a/b%20c?x=1&y=%26+", "/up", "/last"}));
}

struct Bad {
  const char* name;
  std::string bytes;
  Code code = Code::malformed;
};

std::string get(const std::string& headers) { return "GET / HTTP/1.1\r\n" + headers + "\r\n"; }
std::string post(const std::string& headers, const std::string& body) {
  return "POST / HTTP/1.1\r\nHost: g\r\n" + headers + "\r\n" + body;
}

// What two readers could take for two different messages; from the smuggling literature.
TEST(RequestReader, RefusesWhatCanBeReadInTwoWays) {
  const std::vector<Bad> table = {
      {"both lengths", post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")},
      {"both lengths, other order", post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "0\r\n\r\n")},
      {"two lengths", post("Content-Length: 4\r\nContent-Length: 5\r\n", "abcde")},
      {"the same length twice", post("Content-Length: 4\r\nContent-Length: 4\r\n", "abcd")},
      {"a list of lengths", post("Content-Length: 4, 4\r\n", "abcd")},
      {"a signed length", post("Content-Length: +4\r\n", "abcd")},
      {"a negative length", post("Content-Length: -1\r\n", "abcd")},
      {"a hexadecimal length", post("Content-Length: 0x4\r\n", "abcd")},
      {"an empty length", post("Content-Length: \r\n", "abcd")},
      {"a length with a blank in it", post("Content-Length: 1 2\r\n", "abcd")},
      {"a length that overflows", post("Content-Length: 18446744073709551620\r\n", "abcd")},
      {"a length hidden by a blank", post("Content-Length : 4\r\n", "abcd")},
      {"a coding hidden by a tab", post("Transfer-Encoding\t: chunked\r\n", "0\r\n\r\n")},
      {"an unknown coding", post("Transfer-Encoding: gzip\r\n", ""), Code::unsupported},
      {"identity", post("Transfer-Encoding: identity\r\n", ""), Code::unsupported},
      {"two codings", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), Code::unsupported},
      {"chunked twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")},
      {"chunked and something", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n", "0\r\n\r\n")},
      {"chunked with rubbish", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), Code::unsupported},
      {"chunked in quotes", post("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"), Code::unsupported},
      {"vertical tab before chunked", post("Transfer-Encoding: \x0b"
                                           "chunked\r\n",
                                           "0\r\n\r\n")},
      {"chunked in HTTP/1.0", "POST / HTTP/1.0\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"a folded header", get("Host: g\r\nX: a\r\n b\r\n")},
      {"a folded header by tab", get("Host: g\r\nX: a\r\n\tb\r\n")},
      {"a fold before the first header", "GET / HTTP/1.1\r\n Host: g\r\n\r\n"},
      {"bare line feeds", "GET / HTTP/1.1\nHost: g\n\n"},
      {"a bare line feed between headers", get("Host: g\nX: y\r\n")},
      {"a bare carriage return", get("Host: g\r\nX: a\rb\r\n")},
      {"a carriage return too many", get("Host: g\r\r\n")},
      {"a NUL in a header", get(std::string("Host: g\r\nX: a\0b\r\n", 17))},
      {"a header without a name", get("Host: g\r\n: x\r\n")},
      {"a header without a colon", get("Host: g\r\nwhatever\r\n")},
      {"a blank in a header's name", get("Host: g\r\nA B: c\r\n")},
      {"no host", get("")},
      {"two hosts", get("Host: a\r\nHost: b\r\n")},
      {"an empty host", get("Host:\r\n")},
      {"a host with a path", get("Host: g/x\r\n")},
      {"a host with a user", get("Host: a@g\r\n")},
      {"a chunk extension", post("Transfer-Encoding: chunked\r\n", "5;a=b\r\nhello\r\n0\r\n\r\n")},
      {"a chunk extension with a line feed", post("Transfer-Encoding: chunked\r\n", "5;\nhello\r\n0\r\n\r\n")},
      {"a last chunk with an extension", post("Transfer-Encoding: chunked\r\n", "0;x\r\n\r\n")},
      {"a signed chunk size", post("Transfer-Encoding: chunked\r\n", "+5\r\nhello\r\n0\r\n\r\n")},
      {"a chunk size in 0x", post("Transfer-Encoding: chunked\r\n", "0x5\r\nhello\r\n0\r\n\r\n")},
      {"a chunk size that overflows", post("Transfer-Encoding: chunked\r\n", "10000000000000005\r\nhello\r\n0\r\n\r\n")},
      {"an empty chunk size", post("Transfer-Encoding: chunked\r\n", "\r\nhello\r\n0\r\n\r\n")},
      {"a chunk ended by a line feed", post("Transfer-Encoding: chunked\r\n", "5\nhello\r\n0\r\n\r\n")},
      {"a trailer that is no field", post("Transfer-Encoding: chunked\r\n", "0\r\nhello\r\n\r\n")},
      {"a folded trailer", post("Transfer-Encoding: chunked\r\n", "0\r\nA: b\r\n c\r\n\r\n")},
      {"a chunk longer than its size", post("Transfer-Encoding: chunked\r\n", "3\r\nhello\r\n0\r\n\r\n")},
      {"a dot segment", "GET /a/../b HTTP/1.1\r\nHost: g\r\n\r\n"},
      {"a hidden dot segment", "GET /a/%2e%2E/b HTTP/1.1\r\nHost: g\r\n\r\n"},
      {"a full URL", "GET http://g/ HTTP/1.1\r\nHost: g\r\n\r\n"},
      {"an authority", "CONNECT g:443 HTTP/1.1\r\nHost: g\r\n\r\n"},
      {"a star", "OPTIONS * HTTP/1.1\r\nHost: g\r\n\r\n"},
      {"a version of two", "GET / HTTP/2.0\r\nHost: g\r\n\r\n", Code::unsupported},
      {"a version of 1.2", "GET / HTTP/1.2\r\nHost: g\r\n\r\n", Code::unsupported},
      {"no version", "GET /\r\nHost: g\r\n\r\n"},
      {"two blanks", "GET  / HTTP/1.1\r\nHost: g\r\n\r\n"},
      {"a leading empty line", "\r\nGET / HTTP/1.1\r\nHost: g\r\n\r\n"},
      {"a method that is none", "G(T / HTTP/1.1\r\nHost: g\r\n\r\n"},
  };
  for (const Bad& bad : table) {
    for (const std::size_t size : {bad.bytes.size(), std::size_t(1), std::size_t(7)}) {
      const auto result = read_in_pieces(bad.bytes, size);
      EXPECT_EQ(code_of(result), bad.code) << bad.name << " in pieces of " << size;
    }
  }
}

TEST(RequestReader, LimitsHeadHeadersAndBody) {
  EXPECT_EQ(code_of(read_in_pieces(get("Host: g\r\nX: " + std::string(20'000, 'x') + "\r\n"), 100)), Code::too_large);
  EXPECT_EQ(code_of(read_in_pieces(std::string(20'000, 'x'), 100)), Code::too_large) << "no end in sight";
  std::string many = "Host: g\r\n";
  for (int i = 0; i < 100; ++i) many += "X: y\r\n";
  EXPECT_EQ(code_of(read_in_pieces(get(many), 5'000)), Code::too_large);
  EXPECT_EQ(code_of(read_in_pieces(with_length, 1, 4)), Code::too_large);
  EXPECT_TRUE(read_in_pieces(with_length, 1, 5).ok());
  EXPECT_EQ(code_of(read_in_pieces(chunked, 1, 14)), Code::too_large);
  EXPECT_TRUE(read_in_pieces(chunked, 1, 15).ok());
  EXPECT_EQ(code_of(read_in_pieces(post("Transfer-Encoding: chunked\r\n", std::string(20'000, '0')), 1'000)), Code::too_large);
}

TEST(RequestReader, ATooLargeBodyIsRefusedBeforeItsFirstByte) {
  RequestReader reader;
  reader.append(as_bytes("POST / HTTP/1.1\r\nHost: g\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n"));
  auto stage = reader.advance();
  ASSERT_TRUE(stage.ok());
  EXPECT_EQ(*stage, Stage::body);
  EXPECT_TRUE(reader.wants_continue());
  reader.limit_body(999);
  EXPECT_EQ(code_of(reader.advance()), Code::too_large);
}

TEST(RequestReader, KnowsWhetherTheConnectionGoesOn) {
  const auto keeps = [](const std::string& bytes) {
    RequestReader reader;
    reader.append(as_bytes(bytes));
    EXPECT_TRUE(reader.advance().ok());
    return reader.keep_alive();
  };
  EXPECT_TRUE(keeps("GET / HTTP/1.1\r\nHost: g\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.1\r\nHost: g\r\nConnection: Upgrade, Close\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.0\r\n\r\n"));
}

Result<Response> read_response(std::string_view bytes, std::size_t size, std::string_view method = "GET",
                               std::size_t body_max = 100) {
  ResponseReader reader(method, body_max);
  for (std::size_t at = 0; at < bytes.size(); at += size) {
    reader.append(as_bytes(bytes.substr(at, size)));
    NG_TRY(const Stage stage, reader.advance());
    if (stage == Stage::complete) return reader.take();
  }
  return Error{Code::truncated, Blame::client, "ends too early"};
}

TEST(ResponseReader, ReadsTheSameHoweverTheBytesAreCut) {
  const std::string bytes = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Made\r\nContent-Length: 2\r\nX: y\r\n\r\nok";
  for (std::size_t size = 1; size <= bytes.size(); ++size) {
    const auto response = read_response(bytes, size);
    ASSERT_TRUE(response.ok()) << size << to_string(response.error());
    EXPECT_EQ(response->status, 201u);
    EXPECT_EQ(response->headers.get("x"), "y");
    EXPECT_EQ(response->body, "ok");
  }
  EXPECT_EQ(read_response("HTTP/1.1 204 No Content\r\n\r\n", 5)->status, 204u);
  EXPECT_EQ(read_response("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", 5, "HEAD")->body, "");
}

TEST(ResponseReader, RefusesWhatItCannotTellTheEndOf) {
  EXPECT_EQ(code_of(read_response("HTTP/1.1 200 OK\r\n\r\nwhatever", 100)), Code::unsupported);
  EXPECT_EQ(code_of(read_response("HTTP/1.1 101 Switching Protocols\r\n\r\n", 100)), Code::unsupported);
  EXPECT_EQ(code_of(read_response("HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n" + std::string(101, 'x'), 200)),
            Code::too_large);
  EXPECT_EQ(code_of(read_response("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 100)),
            Code::malformed);
  EXPECT_EQ(code_of(read_response("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", 100)), Code::truncated);
}

}  // namespace
}  // namespace narrowgate::http
