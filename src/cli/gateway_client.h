// How a command reaches the running gateway: where it is, whom it trusts there, and who asks.
//
//   where   --config FILE (its https listener and data folder), or NARROWGATE_URL and NARROWGATE_CA
//   who     NARROWGATE_TOKEN, or NARROWGATE_PERSON and NARROWGATE_PASSWORD, or what `narrowgate login` kept
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include <boost/json/serialize.hpp>

#include "base/json.h"
#include "base/secret.h"
#include "config/config.h"

namespace narrowgate::cli {

struct Where {
  std::string config;  // a path; "" to go by the environment, or ./narrowgate.yaml if it is there
  bool json = false;
  void add_to(CLI::App& command);  // --config, --json
};

// The configuration `where` names. All complaints, if it does not load.
Result<config::Config> load_config(const Where& where);
// The folder recordings are in: NARROWGATE_DATA, or the configuration's data_dir.
Result<std::string> data_folder(const Where& where);

class GatewayClient {
 public:
  static Result<GatewayClient> create(const Where& where);

  Result<json::object> get(const std::string& path) const { return call("GET", path, {}); }
  Result<json::object> post(const std::string& path, const json::object& body) const {
    return call("POST", path, json::serialize(body));
  }
  Result<json::object> remove(const std::string& path) const { return call("DELETE", path, {}); }
  Result<std::string> text(const std::string& path) const;

  // Trades a password for a session token and keeps it (mode 0600) for later commands.
  Result<json::object> login(const std::string& person, const SecretString& password);
  Result<Done> logout();
  const std::string& url() const { return url_; }

 private:
  Result<json::object> call(const std::string& method, const std::string& path, const std::string& body) const;
  Result<std::string> exchange(const std::string& method, const std::string& path, const std::string& body) const;
  Result<Done> authenticate();
  std::string url_, ca_pem_;
  SecretString token_;
};

// A host to listen at, as one to connect to.
std::string reachable(const std::string& host);
std::string environment(const char* name);
std::string query(const std::vector<std::pair<std::string, std::string>>& fields);  // "?a=b&c=d" of those that are not empty

}  // namespace narrowgate::cli
