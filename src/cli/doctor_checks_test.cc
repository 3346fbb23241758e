#include "cli/doctor_checks.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "net/own_certificate.h"

namespace narrowgate::cli {
namespace {

using namespace std::chrono_literals;

WallTime day(int year, unsigned month, unsigned date) {
  return std::chrono::sys_days(std::chrono::year(year) / int(month) / int(date));
}

class DoctorTest : public testing::Test {
 protected:
  void SetUp() override {
    folder = testing::TempDir() + "doctor-" + testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
  Health only() const { return findings.all().size() == 1 ? findings.all()[0].health : Health::bad; }
  std::string folder;
  Findings findings;
};

TEST_F(DoctorTest, AClockFromAnotherTimeIsBad) {
  check_clock(findings, day(1970, 1, 2));
  EXPECT_TRUE(findings.any_bad());
}

TEST_F(DoctorTest, AClockOfOurTimesIsGood) {
  check_clock(findings, day(2027, 3, 1));
  EXPECT_EQ(only(), Health::good);
}

TEST_F(DoctorTest, CertificatesAreJudgedByTheirEnd) {
  const WallTime made = day(2026, 11, 1);
  ASSERT_TRUE(net::own_certificate_at(folder, {"localhost"}, made).ok());
  const std::string path = folder + "/server.pem";
  const auto health_at = [&](WallTime now) {
    Findings one;
    check_certificate(one, "listener", path, "renew it", now);
    return one.all().at(0).health;
  };
  EXPECT_EQ(health_at(made + 24h), Health::good);
  EXPECT_EQ(health_at(made + 24h * 380), Health::doubtful);
  EXPECT_EQ(health_at(made + 24h * 400), Health::bad);
}

TEST_F(DoctorTest, AFileThatIsNoCertificateIsBad) {
  std::ofstream(folder + "/x.pem") << "hello";
  check_certificate(findings, "listener", folder + "/x.pem", "renew it", day(2026, 11, 1));
  check_certificate(findings, "listener", folder + "/missing.pem", "renew it", day(2026, 11, 1));
  ASSERT_EQ(findings.all().size(), 2u);
  for (const Finding& one : findings.all()) EXPECT_EQ(one.health, Health::bad);
}

TEST_F(DoctorTest, ADataFolderThatCanStillBeMadeIsGood) {
  check_data_folder(findings, folder + "/data");
  EXPECT_EQ(only(), Health::good);
}

TEST_F(DoctorTest, ADataFolderWithoutAParentIsBad) {
  check_data_folder(findings, folder + "/no/such/data");
  EXPECT_TRUE(findings.any_bad());
}

TEST_F(DoctorTest, NoRecordingYetIsGood) {
  check_recording(findings, folder + "/recording");
  EXPECT_EQ(only(), Health::good);
}

TEST_F(DoctorTest, AnUpstreamThatIsNotThereIsBadAndSaysWhatToLookAt) {
  config::Resource resource;
  resource.name = "orders";
  resource.upstream.host = folder;  // a folder without a socket in it
  resource.upstream.tls.mode = config::UpstreamTlsMode::off;
  check_resource(findings, resource, day(2026, 11, 1));
  ASSERT_EQ(only(), Health::bad);
  EXPECT_NE(findings.all()[0].remedy.find("upstream.host"), std::string::npos);
}

TEST(DoctorLine, NamesThingFaultAndRemedy) {
  EXPECT_EQ(to_line({Health::bad, "resource orders", "cannot be reached", "check upstream.host"}),
            "✗ resource orders: cannot be reached → check upstream.host");
  EXPECT_EQ(to_line({Health::good, "clock", "2026", ""}), "✔ clock: 2026");
}

}  // namespace
}  // namespace narrowgate::cli
