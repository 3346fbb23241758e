#include "cli/doctor_checks.h"

#include <fmt/format.h>
#include <openssl/pem.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "cli/session_page.h"
#include "config/load.h"
#include "policy/load.h"
#include "recording/reader.h"

namespace narrowgate::cli {
namespace {

constexpr auto kEndsSoon = std::chrono::days(30);
constexpr std::uint64_t kFreeBytesMin = 1u << 30;  // a busy gateway writes this much recording in hours
constexpr auto kOldest = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1),
               kLatest = std::chrono::sys_days(std::chrono::year(2100) / 1 / 1);

std::int64_t days(Duration time) { return std::chrono::duration_cast<std::chrono::days>(time).count(); }

Result<WallTime> certificate_end(const std::string& path) {
  NG_TRY(const std::string pem, config::bounded_file_reader()(path));
  const std::unique_ptr<BIO, decltype(&BIO_free)> text(BIO_new_mem_buf(pem.data(), int(pem.size())), &BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr),
                                                                &X509_free);
  std::tm broken{};
  if (!certificate || ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &broken) != 1)
    return Error{Code::malformed, Blame::gateway, "is no certificate in PEM"};
  return WallTime{std::chrono::seconds{timegm(&broken)}};
}

void check_tls(Findings& out, const config::Config& config, const std::string& thing, const config::ListenerTls& tls,
               WallTime now) {
  if (tls.source == config::TlsSource::off)
    return out.doubtful(thing, "does without TLS", "leave tls out, unless only this machine can reach it");
  if (!tls.client_ca.empty()) check_certificate(out, thing + " client CA", tls.client_ca, "replace it", now);
  if (tls.source == config::TlsSource::files)
    return check_certificate(out, thing + " certificate", tls.certificate, "renew it and start the gateway again", now);
  const std::string own = config.data_dir + "/tls/server.pem";
  if (!std::filesystem::exists(own)) return out.good(thing + " certificate", "will be made by our own CA at the first start");
  check_certificate(out, thing + " certificate", own, "start the gateway again; it renews its own", now);
}

}  // namespace

bool Findings::any_bad() const {
  return std::any_of(all_.begin(), all_.end(), [](const Finding& one) { return one.health == Health::bad; });
}

std::string to_line(const Finding& finding) {
  const char* sign = finding.health == Health::good ? "✔" : finding.health == Health::doubtful ? "!" : "✗";
  return fmt::format("{} {}: {}{}{}", sign, finding.thing, finding.fault, finding.remedy.empty() ? "" : " → ", finding.remedy);
}

void check_clock(Findings& out, WallTime now) {
  if (now > kOldest && now < kLatest) return out.good("clock", to_rfc3339(now));
  out.bad("clock", fmt::format("says {}", to_rfc3339(now)), "set it, and keep it by NTP: tokens, grants and records go by it");
}

void check_data_folder(Findings& out, const std::string& folder) {
  const std::string thing = "data folder";
  std::error_code failed;
  if (!std::filesystem::exists(folder, failed)) {
    const std::string parent = std::filesystem::path(folder).parent_path().string();
    if (::access(parent.c_str(), W_OK | X_OK) == 0) return out.good(thing, folder + " will be made at the first start");
    return out.bad(thing, fmt::format("{} does not exist and cannot be made in {}: {}", folder, parent, std::strerror(errno)),
                   "make it, and let the gateway's user own it");
  }
  if (::access(folder.c_str(), R_OK | W_OK | X_OK) != 0)
    return out.bad(thing, fmt::format("{} cannot be used: {}", folder, std::strerror(errno)), "let the gateway's user own it");
  struct statvfs disk{};
  const std::uint64_t free = ::statvfs(folder.c_str(), &disk) == 0 ? std::uint64_t(disk.f_bavail) * disk.f_frsize : 0;
  if (free < kFreeBytesMin)
    return out.doubtful(thing, fmt::format("{} has {} left; with a full disk nothing is permitted", folder, short_bytes(free)),
                        "make room");
  out.good(thing, fmt::format("{}, {} free", folder, short_bytes(free)));
}

void check_certificate(Findings& out, const std::string& thing, const std::string& path, const std::string& remedy,
                       WallTime now) {
  const Result<WallTime> end = certificate_end(path);
  if (!end.ok()) return out.bad(thing, fmt::format("{}: {}", path, end.error().detail), "name a readable certificate");
  const std::string when = to_rfc3339(*end).substr(0, 10);
  if (*end <= now) return out.bad(thing, fmt::format("{} ended on {}", path, when), remedy);
  if (*end < now + kEndsSoon)
    return out.doubtful(thing, fmt::format("{} ends on {}, in {} days", path, when, days(*end - now)), remedy);
  out.good(thing, fmt::format("{}, until {}", path, when));
}

void check_listeners(Findings& out, const config::Config& config, WallTime now) {
  if (config.listeners.postgres) check_tls(out, config, "postgres listener", config.listeners.postgres->tls, now);
  if (config.listeners.https) check_tls(out, config, "https listener", config.listeners.https->tls, now);
  if (const std::string own = config.data_dir + "/tls/ca.pem"; std::filesystem::exists(own))
    check_certificate(out, "our own CA", own, "remove it and ca.key, start again, and give clients the new one", now);
  if (config.listeners.admin && !config::is_loopback(config.listeners.admin->address.host))
    out.doubtful("admin listener",
                 fmt::format("answers anybody who reaches {}", config::to_string(config.listeners.admin->address)),
                 "bind it where only your monitoring can reach it");
}

void check_policies(Findings& out, const config::Config& config) {
  const policy::Loaded loaded = policy::load_configured(config.policies);
  const std::string from = config.policies.empty() ? "built in" : config.policies;
  for (const policy::Complaint& error : loaded.errors)
    out.bad("policies", policy::to_string(error), "see: narrowgate policy check");
  for (const policy::Complaint& warning : loaded.warnings)
    out.doubtful("policies", policy::to_string(warning), "see: narrowgate policy check");
  if (loaded.set)
    out.good("policies",
             fmt::format("{} policies, {}, {}", loaded.set->policies().size(), from, loaded.set->version().substr(0, 19)));
}

void check_recording(Findings& out, const std::string& folder) {
  if (!std::filesystem::exists(folder)) return out.good("recording", "nothing is recorded yet");
  const auto reader = recording::Reader::open(folder);
  if (!reader.ok()) return out.bad("recording", reader.error().detail, "restore the folder, or let the gateway's user read it");
  const auto report = reader->verify();
  if (!report.ok()) return out.bad("recording", report.error().detail, "see: narrowgate sessions verify");
  if (report->fault)
    return out.bad("recording",
                   fmt::format("{} at {}: {}", report->fault->place.file, report->fault->place.offset, report->fault->what),
                   "keep the folder as it is and compare it with your copies");
  out.good("recording", fmt::format("{} records in {} sessions, whole", report->records, report->sessions));
}

}  // namespace narrowgate::cli
