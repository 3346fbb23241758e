#include "net/tls.h"

#include <unistd.h>

#include "net/test_world.h"

namespace narrowgate::net {
namespace {

using test::Authority;
using test::client_tls;
using test::Handshake;
using test::make_pair;
using test::Pair;
using test::run;
using namespace std::chrono_literals;
using test::server_tls;
using test::shake_hands;

Code code_of(const auto& result) { return result.ok() ? Code::bug : result.error().code; }

Task<void> keep(Task<Handshake> task, Handshake& out) { out = co_await task; }

struct Outcome {
  Handshake hands;
  std::optional<TlsInfo> server, client;
};

Outcome meet(const std::shared_ptr<const TlsServer>& server, const std::shared_ptr<const TlsClient>& client,
             const std::string& name = "db.example") {
  Loop loop;
  Pair pair = make_pair(loop);
  Outcome out;
  run(loop, keep(shake_hands(pair, *server, *client, name), out.hands));
  out.server = pair.right->tls();
  out.client = pair.left->tls();
  return out;
}

TEST(Tls, BothSidesKnowWhatWasAgreed) {
  const Authority authority;
  const Outcome out =
      meet(server_tls(authority.server({"db.example"}), {"postgresql"}), client_tls(authority.pem(), {"postgresql"}));
  ASSERT_TRUE(out.hands.server.ok() && out.hands.client.ok());
  EXPECT_EQ(out.server->version, "TLSv1.3");
  EXPECT_EQ(out.server->alpn, "postgresql");
  EXPECT_EQ(out.client->alpn, "postgresql");
  EXPECT_EQ(out.client->peer_subject, "CN=db.example");
  EXPECT_EQ(out.client->peer_names, std::vector<std::string>{"db.example"});
  EXPECT_EQ(out.server->peer_subject, std::nullopt);
  EXPECT_EQ(out.server->server_end_point.size(), 32u);
  EXPECT_EQ(out.server->server_end_point, out.client->server_end_point);
}

TEST(Tls, AServerIsRefusedUnderAnotherName) {
  const Authority authority;
  const auto server = server_tls(authority.server({"db.example", "10.0.0.7", "*.wild.example"}));
  const auto client = client_tls(authority.pem());
  for (const char* good : {"db.example", "DB.example", "10.0.0.7", "a.wild.example"}) {
    EXPECT_TRUE(meet(server, client, good).hands.client.ok()) << good;
  }
  for (const char* bad : {"other.example", "db.example.evil", "10.0.0.8", "x.db.example", "a.b.wild.example", "::1"}) {
    const Outcome out = meet(server, client, bad);
    EXPECT_EQ(code_of(out.hands.client), Code::refused) << bad;
    EXPECT_FALSE(out.hands.server.ok() && out.client) << bad;
  }
  EXPECT_EQ(code_of(meet(server, client, "").hands.client), Code::malformed) << "no name, no check";
}

TEST(Tls, AnExpiredCertificateIsRefused) {
  const Authority authority;
  const Outcome out = meet(server_tls(authority.server({"db.example"}, -1h)), client_tls(authority.pem()));
  EXPECT_EQ(code_of(out.hands.client), Code::refused);
  EXPECT_NE(out.hands.client.error().detail.find("expired"), std::string::npos) << out.hands.client.error().detail;
}

TEST(Tls, AnUnknownAuthorityIsRefused) {
  const Authority authority, stranger;
  const Outcome out = meet(server_tls(stranger.server({"db.example"})), client_tls(authority.pem()));
  EXPECT_EQ(code_of(out.hands.client), Code::refused);
}

TEST(Tls, TheSystemsTrustStoreDoesNotKnowUs) {
  const Authority authority;
  const Outcome out = meet(server_tls(authority.server({"db.example"})), client_tls(""));
  EXPECT_EQ(code_of(out.hands.client), Code::refused);
}

TEST(Tls, AClientsCertificateCannotServe) {
  const Authority authority;
  const Outcome out = meet(server_tls(authority.client("db.example", {})), client_tls(authority.pem()), "db.example");
  EXPECT_EQ(code_of(out.hands.client), Code::refused);
}

TEST(Tls, ADifferentAlpnIsRefusedAndNoneIsNot) {
  const Authority authority;
  const auto server = server_tls(authority.server({"db.example"}), {"postgresql"});
  const Outcome other = meet(server, client_tls(authority.pem(), {"http/1.1"}));
  EXPECT_FALSE(other.hands.server.ok());
  EXPECT_FALSE(other.hands.client.ok());
  const Outcome none = meet(server, client_tls(authority.pem()));
  EXPECT_TRUE(none.hands.server.ok() && none.hands.client.ok());
  EXPECT_EQ(none.server->alpn, "");
}

TEST(Tls, AClientCertificateGivesItsNames) {
  const Authority authority, clients;
  const auto server = server_tls(authority.server({"db.example"}), {}, clients.pem());
  const auto agent = clients.client("refund-bot", {"spiffe://acme.example/ns/agents/sa/refund-bot"});
  const Outcome out = meet(server, client_tls(authority.pem(), {}, agent));
  ASSERT_TRUE(out.hands.server.ok() && out.hands.client.ok());
  EXPECT_EQ(out.server->peer_subject, "CN=refund-bot");
  EXPECT_EQ(out.server->peer_uris, std::vector<std::string>{"spiffe://acme.example/ns/agents/sa/refund-bot"});
  EXPECT_TRUE(out.server->peer_fingerprint.starts_with("sha256:"));
  EXPECT_EQ(out.server->peer_fingerprint.size(), 7u + 64u);
}

TEST(Tls, WithoutAClientCertificateThereIsNoIdentity) {
  const Authority authority, clients;
  const Outcome out = meet(server_tls(authority.server({"db.example"}), {}, clients.pem()), client_tls(authority.pem()));
  ASSERT_TRUE(out.hands.server.ok());
  EXPECT_EQ(out.server->peer_subject, std::nullopt);
}

TEST(Tls, AClientCertificateOfAStrangerIsRefused) {
  const Authority authority, clients, stranger;
  const auto server = server_tls(authority.server({"db.example"}), {}, clients.pem());
  const Outcome out = meet(server, client_tls(authority.pem(), {}, stranger.client("refund-bot", {})));
  EXPECT_EQ(code_of(out.hands.server), Code::refused);
}

Task<void> answer_after(Pair& pair, std::string first, const TlsServer& tls, Result<Done>& out) {
  EXPECT_TRUE((co_await pair.left->write_all(as_bytes(first))).ok());
  out = co_await pair.right->start_tls_server(tls, 10s);
}
Task<void> ask_after(Pair& pair, std::string first, const TlsClient& tls, Result<Done>& out) {
  EXPECT_TRUE((co_await pair.right->write_all(as_bytes(first))).ok());
  out = co_await pair.left->start_tls_client(tls, "db.example", 10s);
}

TEST(Tls, BytesPipelinedBeforeItIsUpAreRefused) {
  const Authority authority;
  const auto server = server_tls(authority.server({"db.example"}));
  const auto client = client_tls(authority.pem());
  {
    Loop loop;
    Pair pair = make_pair(loop);
    Result<Done> out = Done{};
    run(loop, answer_after(pair, std::string("\0\0\0\x0f\0\3\0\0user\0", 13), *server, out));
    EXPECT_EQ(code_of(out), Code::refused);
  }
  Loop loop;
  Pair pair = make_pair(loop);
  Result<Done> out = Done{};
  run(loop, ask_after(pair, "\x16\x03\x01", *client, out));
  EXPECT_EQ(code_of(out), Code::refused) << "even a TLS record: the server speaks second";
}

TEST(Tls, SomethingElseThanAHandshakeIsMalformed) {
  const Authority authority;
  const auto server = server_tls(authority.server({"db.example"}));
  Loop loop;
  Pair pair = make_pair(loop);
  Result<Done> out = Done{};
  run(loop, answer_after(pair, "\x16garbage that is long enough to be looked at", *server, out));
  EXPECT_EQ(code_of(out), Code::malformed);
}

Task<void> nobody_answers(Pair& pair, const TlsServer& server, const TlsClient& client) {
  EXPECT_EQ(code_of(co_await pair.left->start_tls_client(client, "db.example", 1ms)), Code::timed_out);
  Byte unread[4096];
  EXPECT_GT(::recv(pair.right_socket->fd(), unread, sizeof unread, 0), 0);
  EXPECT_EQ(code_of(co_await pair.right->start_tls_server(server, 1ms)), Code::timed_out);
}

TEST(Tls, AHandshakeHasADeadlineOnBothSides) {
  const Authority authority;
  const auto server = server_tls(authority.server({"db.example"}));
  const auto client = client_tls(authority.pem());
  Loop loop;
  Pair pair = make_pair(loop);
  run(loop, nobody_answers(pair, *server, *client));
}

Task<void> start_forever(Stream& stream, const TlsServer& server) { (void)co_await stream.start_tls_server(server, 1h); }

TEST(Tls, AHandshakeMayBeDestroyedWhileItWaits) {
  const Authority authority;
  const auto server = server_tls(authority.server({"db.example"}));
  auto loop = std::make_unique<Loop>();
  Pair pair = make_pair(*loop);
  loop->spawn(start_forever(*pair.right, *server));
  loop->post([&] { loop->impl().context.stop(); });
  loop->run();
  pair = Pair{};
  loop.reset();
}

Task<void> ends(Pair& pair, const TlsServer& server, const TlsClient& client, bool politely) {
  const auto hands = co_await shake_hands(pair, server, client);
  EXPECT_TRUE(hands.server.ok() && hands.client.ok());
  std::array<Byte, 8> buffer;
  EXPECT_TRUE((co_await pair.left->write_all(as_bytes("bye"))).ok());
  politely ? pair.left->close() : (void)::shutdown(pair.left_socket->fd(), SHUT_RDWR);
  EXPECT_TRUE((co_await pair.right->readable(10s)).ok());
  EXPECT_TRUE((co_await pair.right->read_some(buffer)).ok());
  EXPECT_TRUE((co_await pair.right->readable(10s)).ok()) << "an end is something to read";
  const auto end = co_await pair.right->read_some(buffer);
  EXPECT_EQ(code_of(end), Code::closed);
  EXPECT_EQ(end.error().detail.find("close_notify") == std::string::npos, politely) << end.error().detail;
}

TEST(Tls, AnEndIsClosedWhetherPoliteOrNot) {
  const Authority authority;
  const auto server = server_tls(authority.server({"db.example"}));
  const auto client = client_tls(authority.pem());
  for (const bool politely : {true, false}) {
    Loop loop;
    Pair pair = make_pair(loop);
    run(loop, ends(pair, *server, *client, politely));
  }
}

Task<void> deadlines_under_tls(Pair& pair, const TlsServer& server, const TlsClient& client) {
  const auto hands = co_await shake_hands(pair, server, client);
  EXPECT_TRUE(hands.server.ok() && hands.client.ok());
  std::array<Byte, 8> buffer;
  EXPECT_EQ(code_of(co_await pair.left->read_some(buffer, 1ms)), Code::timed_out);
  EXPECT_EQ(code_of(co_await pair.left->readable(1ms)), Code::timed_out);
  const std::string much(8u << 20, 'x');
  EXPECT_EQ(code_of(co_await pair.left->write_all(as_bytes(much), 1ms)), Code::timed_out);
  EXPECT_EQ(code_of(co_await pair.left->write_all(as_bytes("after"), 1ms)), Code::closed);
  EXPECT_TRUE((co_await pair.right->write_all(as_bytes("still"))).ok());
  EXPECT_TRUE((co_await pair.left->read_some(buffer, 10s)).ok());
}

TEST(Tls, EveryWaitHasADeadline) {
  const Authority authority;
  const auto server = server_tls(authority.server({"db.example"}));
  const auto client = client_tls(authority.pem());
  Loop loop;
  Pair pair = make_pair(loop);
  run(loop, deadlines_under_tls(pair, *server, *client));
}

Task<void> small_reads(Pair& pair, const TlsServer& server, const TlsClient& client, std::string& got) {
  const auto hands = co_await shake_hands(pair, server, client);
  EXPECT_TRUE(hands.server.ok() && hands.client.ok());
  for (int i = 0; i < 50; ++i) EXPECT_TRUE((co_await pair.left->write_all(as_bytes("0123456789"))).ok());
  pair.left->close();
  std::array<Byte, 3> buffer;
  for (;;) {
    const auto size = co_await pair.right->read_some(buffer, 10s);
    if (!size.ok()) co_return;
    got += as_text(ByteView(buffer).first(*size));
  }
}

TEST(Tls, BytesInsideOpensslAreNotForgottenBySmallReads) {
  const Authority authority;
  const auto server = server_tls(authority.server({"db.example"}));
  const auto client = client_tls(authority.pem());
  Loop loop;
  Pair pair = make_pair(loop);
  std::string got;
  run(loop, small_reads(pair, *server, *client, got));
  EXPECT_EQ(got.size(), 500u);
}

TEST(TlsOptions, UnusableOnesAreRefusedWithAReason) {
  const Authority authority;
  const auto good = authority.server({"db.example"}), other = authority.server({"other.example"});
  const std::string locked =
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
      "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjAyJr4MBgmDwICCAAw\n"
      "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEA==\n"
      "-----END ENCRYPTED PRIVATE KEY-----\n";
  EXPECT_EQ(code_of(TlsServer::create({"", good.key_pem, "", {}})), Code::malformed);
  EXPECT_EQ(code_of(TlsServer::create({good.certificate_pem, "", "", {}})), Code::malformed);
  EXPECT_EQ(code_of(TlsServer::create({good.certificate_pem, locked, "", {}})), Code::malformed)
      << "and nobody is asked at a terminal";
  EXPECT_EQ(code_of(TlsServer::create({good.certificate_pem, other.key_pem, "", {}})), Code::malformed);
  EXPECT_EQ(code_of(TlsServer::create({good.certificate_pem, good.key_pem, "not a certificate", {}})), Code::malformed);
  EXPECT_EQ(code_of(TlsServer::create({good.certificate_pem, good.key_pem, "", {""}})), Code::malformed);
  EXPECT_EQ(code_of(TlsClient::create({"garbage", "", "", {}})), Code::malformed);
  EXPECT_EQ(code_of(TlsClient::create({authority.pem() + authority.pem().substr(0, 200), "", "", {}})), Code::malformed)
      << "cut short";
  EXPECT_EQ(code_of(TlsClient::create({authority.pem(), good.certificate_pem, "", {}})), Code::malformed);
}

}  // namespace
}  // namespace narrowgate::net
