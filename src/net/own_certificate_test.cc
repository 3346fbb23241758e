#include "net/own_certificate.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "net/test_world.h"

namespace narrowgate::net {
namespace {

using std::chrono::days;

class OwnCertificateTest : public testing::Test {
 protected:
  ~OwnCertificateTest() override { std::filesystem::remove_all(folder_); }
  OwnCertificate make(std::vector<std::string> names, WallTime now) {
    auto made = own_certificate_at(folder_, names, now);
    EXPECT_TRUE(made.ok()) << to_string(made.error());
    return made.ok() ? std::move(made).take() : OwnCertificate{};
  }
  mode_t mode(const char* file) const {
    struct stat status{};
    EXPECT_EQ(::stat((folder_ + "/" + file).c_str(), &status), 0) << file;
    return status.st_mode & 0777;
  }

  const std::string folder_ = testing::TempDir() + "own_certificate_" + random_name();
  const WallTime now_ = SystemClock().wall();

 private:
  static std::string random_name() {
    static int count = 0;
    return std::to_string(::getpid()) + "_" + std::to_string(++count);
  }
};

Task<void> keep(Task<test::Handshake> task, test::Handshake& out) { out = co_await task; }

TEST_F(OwnCertificateTest, ClientsThatTrustTheAuthorityAcceptTheServerByEachName) {
  const OwnCertificate own = make({"gateway.example", "127.0.0.1", "::1"}, now_);
  for (const char* name : {"gateway.example", "127.0.0.1", "::1"}) {
    Loop loop;
    test::Pair pair = test::make_pair(loop);
    test::Handshake hands;
    const auto server = test::server_tls({own.certificate_pem, own.key_pem});
    const auto client = test::client_tls(own.ca_pem);
    test::run(loop, keep(test::shake_hands(pair, *server, *client, name), hands));
    EXPECT_TRUE(hands.client.ok() && hands.server.ok()) << name;
  }
}

TEST_F(OwnCertificateTest, IsMadeOnceAndKept) {
  const OwnCertificate first = make({"gateway.example"}, now_), second = make({"gateway.example"}, now_ + days{300});
  EXPECT_EQ(first.ca_pem, second.ca_pem);
  EXPECT_EQ(first.certificate_pem, second.certificate_pem);
  EXPECT_EQ(first.key_pem, second.key_pem);
}

TEST_F(OwnCertificateTest, KeysAreReadableByTheOwnerOnly) {
  make({"gateway.example"}, now_);
  EXPECT_EQ(mode("ca.key"), 0600u);
  EXPECT_EQ(mode("server.key"), 0600u);
  EXPECT_EQ(mode("ca.pem") & 0022, 0u);
}

TEST_F(OwnCertificateTest, TheServersIsMadeAgainNearItsEndAndForOtherNamesByTheSameAuthority) {
  const OwnCertificate first = make({"gateway.example"}, now_), late = make({"gateway.example"}, now_ + days{368});
  EXPECT_NE(first.certificate_pem, late.certificate_pem);
  EXPECT_NE(first.key_pem, late.key_pem);
  EXPECT_EQ(first.ca_pem, late.ca_pem);
  const OwnCertificate more = make({"other.example", "gateway.example"}, now_ + days{368});
  EXPECT_NE(late.certificate_pem, more.certificate_pem);
  EXPECT_EQ(make({"gateway.example", "other.example"}, now_ + days{368}).certificate_pem, more.certificate_pem)
      << "order does not matter";
}

TEST_F(OwnCertificateTest, AnAuthorityAtItsEndIsNotReplacedSilently) {
  make({"gateway.example"}, now_);
  const auto late = own_certificate_at(folder_, {"gateway.example"}, now_ + days{3640});
  ASSERT_FALSE(late.ok());
  EXPECT_NE(late.error().detail.find("ca.key"), std::string::npos) << "the remedy names the files";
}

TEST_F(OwnCertificateTest, AnAuthorityWithoutItsKeyIsAnError) {
  make({"gateway.example"}, now_);
  std::filesystem::remove(folder_ + "/ca.key");
  EXPECT_FALSE(own_certificate_at(folder_, {"gateway.example"}, now_).ok());
}

TEST_F(OwnCertificateTest, ABrokenServerCertificateIsMadeAgain) {
  const OwnCertificate first = make({"gateway.example"}, now_);
  std::ofstream(folder_ + "/server.pem") << "not a certificate";
  EXPECT_NE(make({"gateway.example"}, now_).certificate_pem, first.certificate_pem);
}

TEST_F(OwnCertificateTest, NamesAreValuesAndCannotAddOthers) {
  const OwnCertificate own = make({"a.example,DNS:evil.example"}, now_);
  const CertificatePtr certificate = read_certificate(own.certificate_pem);
  EXPECT_EQ(alternative_names(certificate.get()).dns, std::vector<std::string>{"a.example,DNS:evil.example"});
  EXPECT_FALSE(own_certificate_at(folder_, {}, now_).ok());
}

}  // namespace
}  // namespace narrowgate::net
