#include "net/own_certificate.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/log.h"
#include "net/issue.h"
#include "net/socket.h"

namespace narrowgate::net {
namespace {

constexpr auto authority_life = std::chrono::days{3653};  // ten years: clients are told of it once
constexpr auto server_life = std::chrono::days{397};      // the longest that browsers accept
constexpr auto renewed_before_end = std::chrono::days{30};
constexpr auto clock_skew = std::chrono::hours{1};  // clients whose clocks are behind
constexpr std::size_t pem_bytes_max = 64 * 1024;

Error file_error(const std::string& path, std::string_view what) {
  return {Code::unavailable, Blame::gateway, fmt::format("{}: cannot {}: {}", path, what, std::strerror(errno))};
}

// "" if there is no such file.
Result<std::string> read_file(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file && errno == ENOENT) return std::string();
  if (!file) return file_error(path, "read");
  std::string text(pem_bytes_max, '\0');
  const ssize_t size = ::read(file.get(), text.data(), text.size());
  if (size < 0) return file_error(path, "read");
  text.resize(std::size_t(size));
  return text;
}

// All or nothing: a crash leaves the old file or the new one.
Result<Done> write_file(const std::string& path, const std::string& text, mode_t mode) {
  const std::string fresh = path + ".new";
  ::unlink(fresh.c_str());
  const Descriptor file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  const bool written = file && ::write(file.get(), text.data(), text.size()) == ssize_t(text.size()) && ::fsync(file.get()) == 0;
  if (!written || ::rename(fresh.c_str(), path.c_str()) != 0) return file_error(path, "write");
  return Done{};
}

struct Pair {
  CertificatePtr certificate;
  KeyPtr key;
};

WallTime end_of(X509* certificate) {
  std::tm broken{};
  ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &broken);
  return WallTime{std::chrono::seconds{::timegm(&broken)}};
}

// Null if neither file is there; an error if they cannot be a pair, since guessing would lock every client out.
Result<Pair> load(const std::string& certificate_path, const std::string& key_path) {
  NG_TRY(const std::string certificate_pem, read_file(certificate_path));
  NG_TRY(const std::string key_pem, read_file(key_path));
  if (certificate_pem.empty() && key_pem.empty()) return Pair{};
  Pair pair{read_certificate(certificate_pem), read_key(key_pem)};
  const bool fits = pair.certificate && pair.key && X509_check_private_key(pair.certificate.get(), pair.key.get()) == 1;
  ERR_clear_error();
  if (!fits) {
    return Error{Code::malformed, Blame::gateway,
                 fmt::format("{} and {} do not belong together; restore them, or remove both to have new ones made",
                             certificate_path, key_path)};
  }
  return pair;
}

Result<Done> save(const Pair& pair, const std::string& certificate_path, const std::string& key_path) {
  NG_TRY_VOID(write_file(key_path, to_pem(pair.key.get()), 0600));
  return write_file(certificate_path, to_pem(pair.certificate.get()), 0644);
}

Result<Pair> authority(const std::string& folder, WallTime now) {
  const std::string certificate_path = folder + "/ca.pem", key_path = folder + "/ca.key";
  NG_TRY(Pair ca, load(certificate_path, key_path));
  if (ca.certificate) {
    if (end_of(ca.certificate.get()) > now + renewed_before_end) return ca;
    return Error{Code::unavailable, Blame::gateway,
                 fmt::format("{} ends within {} days; remove it and ca.key, start again, and give clients the new one",
                             certificate_path, renewed_before_end.count())};
  }
  CertificateOrder order{CertificateKind::authority, "Narrowgate own CA", {}, {}, now - clock_skew, now + authority_life};
  ca.key = make_key();
  NG_TRY(ca.certificate, issue(order, ca.key.get(), nullptr, ca.key.get()));
  NG_TRY_VOID(save(ca, certificate_path, key_path));
  log_info("certificate authority made", {{"file", certificate_path}});
  return ca;
}

bool names_are(X509* certificate, std::vector<std::string> wanted) {
  const AlternativeNames names = alternative_names(certificate);
  std::vector<std::string> has = names.dns;
  has.insert(has.end(), names.ips.begin(), names.ips.end());
  std::sort(has.begin(), has.end());
  std::sort(wanted.begin(), wanted.end());
  return has == wanted;
}

bool still_good(const Pair& server, const Pair& ca, const std::vector<std::string>& names, WallTime now) {
  X509* certificate = server.certificate.get();
  if (!certificate || X509_verify(certificate, ca.key.get()) != 1) return ERR_clear_error(), false;
  return end_of(certificate) > now + renewed_before_end && names_are(certificate, names);
}

}  // namespace

Result<OwnCertificate> own_certificate_at(const std::string& folder, const std::vector<std::string>& names, WallTime now) {
  if (names.empty())
    return Error{Code::malformed, Blame::gateway, "a certificate of our own needs at least one name; give the listener's"};
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure)
    return Error{Code::unavailable, Blame::gateway, fmt::format("{}: cannot make this folder: {}", folder, failure.message())};

  NG_TRY(const Pair ca, authority(folder, now));
  const std::string certificate_path = folder + "/server.pem", key_path = folder + "/server.key";
  Result<Pair> loaded = load(certificate_path, key_path);
  Pair server = loaded.ok() ? std::move(loaded).take() : Pair{};  // a broken pair is simply made again
  if (!still_good(server, ca, names, now)) {
    const WallTime until = std::min<WallTime>(now + server_life, end_of(ca.certificate.get()));
    CertificateOrder order{CertificateKind::server, names[0].substr(0, 64), names, {}, now - clock_skew, until};
    server.key = make_key();
    NG_TRY(server.certificate, issue(order, server.key.get(), ca.certificate.get(), ca.key.get()));
    NG_TRY_VOID(save(server, certificate_path, key_path));
    log_info("server certificate made", {{"file", certificate_path}, {"name", names[0]}});
  }
  return OwnCertificate{to_pem(ca.certificate.get()), to_pem(server.certificate.get()), to_pem(server.key.get())};
}

Result<OwnCertificate> own_certificate(const std::string& folder, const std::vector<std::string>& names) {
  return own_certificate_at(folder, names, SystemClock().wall());
}

}  // namespace narrowgate::net
