#include "cli/database.h"

#include <openssl/ssl.h>

#include <cstdio>
#include <ctime>

#include "base/bytes.h"

namespace narrowgate::cli {
namespace {

// libpq ends its messages with a line break; the rest stays as it is but for what a terminal must not be fed.
std::string message_of(const char* text) {
  std::string out = text == nullptr ? "" : text;
  out.erase(out.find_last_not_of(" \r\n") + 1);
  std::string lines;
  for (std::size_t from = 0; from <= out.size();) {
    const auto to = std::min(out.find('\n', from), out.size());
    lines += (lines.empty() ? "" : "\n") + visible(std::string_view(out).substr(from, to - from));
    from = to + 1;
  }
  return lines;
}

void show_notice(void*, const PGresult* notice) {
  std::fprintf(stderr, "%s\n", message_of(PQresultErrorMessage(notice)).c_str());
}

}  // namespace

Result<Database> Database::connect(const Settings& settings, const SecretString& password) {
  std::vector<const char*> names, values;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) names.push_back(name), values.push_back(value.c_str());
  };
  for (const auto& [name, value] : settings) add(name.c_str(), value);
  add("password", password.expose());
  names.push_back(nullptr), values.push_back(nullptr);
  Database database(PQconnectdbParams(names.data(), values.data(), 0));
  PQsetNoticeReceiver(database.connection_.get(), show_notice, nullptr);
  if (PQstatus(database.connection_.get()) == CONNECTION_OK) return database;
  return Error{Code::unavailable, Blame::upstream, message_of(PQerrorMessage(database.connection_.get()))};
}

Result<Answer> Database::query(std::string_view sql) const {
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection_.get(), std::string(sql).c_str()), &PQclear);
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
    return Error{Code::refused, Blame::upstream, message_of(PQerrorMessage(connection_.get()))};
  Answer answer;
  const int columns = PQnfields(result.get()), rows = PQntuples(result.get());
  for (int column = 0; column < columns; ++column) answer.columns.emplace_back(PQfname(result.get(), column));
  for (int row = 0; row < rows; ++row) {
    auto& values = answer.rows.emplace_back();
    for (int column = 0; column < columns; ++column) {
      if (PQgetisnull(result.get(), row, column)) values.emplace_back(std::nullopt);
      else
        values.emplace_back(
            std::string(PQgetvalue(result.get(), row, column), std::size_t(PQgetlength(result.get(), row, column))));
    }
  }
  return answer;
}

std::optional<WallTime> Database::certificate_end() const {
  auto* tls = static_cast<SSL*>(PQsslStruct(connection_.get(), "OpenSSL"));
  if (tls == nullptr) return std::nullopt;
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(SSL_get1_peer_certificate(tls), &X509_free);
  std::tm broken{};
  if (!certificate || ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &broken) != 1) return std::nullopt;
  return WallTime{std::chrono::seconds{timegm(&broken)}};
}

}  // namespace narrowgate::cli
