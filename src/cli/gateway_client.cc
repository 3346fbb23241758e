#include "cli/gateway_client.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <boost/json/serialize.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/bytes.h"
#include "base/crypto.h"
#include "config/load.h"
#include "http/client.h"

namespace narrowgate::cli {
namespace {

constexpr const char* kConfigHere = "narrowgate.yaml";

Result<std::string> read(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (file && !text.str().empty()) return text.str();
  return Error{Code::not_found, Blame::client, fmt::format("{} cannot be read", path)};
}

// One file per gateway, so that a token is never sent to another one.
std::filesystem::path token_file(const std::string& url) {
  const std::string home =
      environment("XDG_STATE_HOME").empty() ? environment("HOME") + "/.local/state" : environment("XDG_STATE_HOME");
  return std::filesystem::path(home) / "narrowgate" / ("session-" + to_hex(sha256(url)).substr(0, 16));
}

Result<Done> keep(const std::filesystem::path& path, const std::string& text) {
  std::error_code failed;
  std::filesystem::create_directories(path.parent_path(), failed);
  const mode_t before = umask(0077);
  std::ofstream file(path, std::ios::trunc);
  file << text;
  file.close();
  umask(before);
  if (!file)
    return Error{Code::unavailable, Blame::gateway, fmt::format("the session token cannot be kept in {}", path.string())};
  return Done{};
}

std::string detail_of(const http::Response& response) {
  const auto problem = parse_json(response.body);
  if (problem.ok() && problem->is_object())
    if (const json::value* detail = problem->get_object().if_contains("detail"); detail != nullptr && detail->is_string())
      return std::string(detail->get_string());
  return fmt::format("the gateway answered {}", response.status);
}

}  // namespace

std::string reachable(const std::string& host) { return host == "0.0.0.0" ? "127.0.0.1" : host == "::" ? "::1" : host; }

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string query(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string out;
  for (const auto& [name, value] : fields)
    if (!value.empty()) out += fmt::format("{}{}={}", out.empty() ? '?' : '&', name, http::percent_encode(value));
  return out;
}

void Where::add_to(CLI::App& command) {
  command.add_option("--config,-c", config,
                     "the gateway's narrowgate.yaml (else NARROWGATE_URL and NARROWGATE_CA, else ./narrowgate.yaml)");
  command.add_flag("--json", json, "print JSON");
}

Result<config::Config> load_config(const Where& where) {
  const std::string path = !where.config.empty() ? where.config : kConfigHere;
  if (where.config.empty() && !std::filesystem::exists(path))
    return Error{Code::not_found, Blame::client, "no configuration: give --config FILE, or set NARROWGATE_URL and NARROWGATE_CA"};
  config::Loaded loaded = config::load(path);
  if (!loaded.config)
    return Error{Code::malformed, Blame::client, "the configuration has errors:\n" + config::to_string(loaded.errors)};
  return *std::move(loaded.config);
}

Result<std::string> data_folder(const Where& where) {
  if (const std::string data = environment("NARROWGATE_DATA"); where.config.empty() && !data.empty()) return data;
  NG_TRY(const config::Config config, load_config(where));
  return config.data_dir;
}

Result<GatewayClient> GatewayClient::create(const Where& where) {
  GatewayClient client;
  client.url_ = environment("NARROWGATE_URL");
  std::string ca = environment("NARROWGATE_CA");
  if (!where.config.empty() || client.url_.empty()) {
    NG_TRY(const config::Config config, load_config(where));
    if (!config.listeners.https)
      return Error{Code::unsupported, Blame::client, "this gateway has no https listener; commands reach it there"};
    const config::HttpsListener& listener = *config.listeners.https;
    const bool plain = listener.tls.source == config::TlsSource::off;
    client.url_ = (plain ? "http://" : "https://") +
                  config::to_string(config::Address{reachable(listener.address.host), listener.address.port});
    const bool own = config.listeners.https->tls.source == config::TlsSource::automatic;
    if (ca.empty() && own) ca = config.data_dir + "/tls/ca.pem";
  }
  if (!ca.empty()) {
    NG_TRY(client.ca_pem_, read(ca));
  }
  NG_TRY_VOID(client.authenticate());
  return client;
}

Result<Done> GatewayClient::authenticate() {
  if (std::string token = environment("NARROWGATE_TOKEN"); !token.empty()) {
    token_ = SecretString(std::move(token));
    return Done{};
  }
  const std::string person = environment("NARROWGATE_PERSON"), password = environment("NARROWGATE_PASSWORD");
  if (!person.empty() && !password.empty()) {
    NG_TRY(const json::object answer,
           post("/api/v1/login", {{"name", person}, {"password", password}, {"note", "command line"}}));
    NG_TRY(std::string token, string_at(answer, "token", "login"));
    token_ = SecretString(std::move(token));
    return Done{};
  }
  if (Result<std::string> kept = read(token_file(url_).string()); kept.ok()) token_ = SecretString(std::move(kept).take());
  return Done{};
}

Result<std::string> GatewayClient::exchange(const std::string& method, const std::string& path, const std::string& body) const {
  http::FetchOptions options;
  options.method = method;
  options.body = body;
  options.at_most = std::chrono::seconds(30);
  options.body_bytes_max = 64u << 20;
  if (!body.empty()) options.headers.set("Content-Type", "application/json");
  if (!token_.empty()) options.headers.set("Authorization", "Bearer " + token_.expose());
  if (!ca_pem_.empty()) {
    NG_TRY(options.tls, net::TlsClient::create({.ca_pem = ca_pem_, .certificate_pem = {}, .key_pem = {}, .alpn = {"http/1.1"}}));
  }
  Result<http::Response> response = http::fetch_blocking(url_ + path, options);
  if (!response.ok())
    return Error{
        Code::unavailable, Blame::gateway,
        fmt::format("the gateway at {} cannot be reached ({}); is `narrowgate serve` running?", url_, response.error().detail)};
  if (response->status == 200) return std::move(response->body);
  return Error{response->status == 401 ? Code::refused : Code::unavailable, Blame::client, detail_of(*response)};
}

Result<json::object> GatewayClient::call(const std::string& method, const std::string& path, const std::string& body) const {
  NG_TRY(const std::string text, exchange(method, path, body));
  NG_TRY(json::value document, parse_json(text));
  if (!document.is_object()) return Error{Code::malformed, Blame::gateway, "the gateway's answer is not a JSON object"};
  return std::move(document.get_object());
}

Result<std::string> GatewayClient::text(const std::string& path) const { return exchange("GET", path, {}); }

Result<json::object> GatewayClient::login(const std::string& person, const SecretString& password) {
  NG_TRY(json::object answer,
         post("/api/v1/login", {{"name", person}, {"password", password.expose()}, {"note", "command line"}}));
  NG_TRY(const std::string token, string_at(answer, "token", "login"));
  NG_TRY_VOID(keep(token_file(url_), token));
  answer.erase("token");
  return answer;
}

Result<Done> GatewayClient::logout() {
  NG_TRY_VOID(post("/api/v1/logout", {}));
  std::error_code failed;
  std::filesystem::remove(token_file(url_), failed);
  return Done{};
}

}  // namespace narrowgate::cli
