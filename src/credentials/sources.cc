#include "credentials/sources.h"

#include <fmt/format.h>

#include <fstream>
#include <sstream>

namespace narrowgate::credentials {
namespace {

Result<std::string> read_ca(const config::Resource& resource) {
  if (resource.upstream.tls.ca.empty()) return std::string();
  std::ifstream file(resource.upstream.tls.ca);
  std::ostringstream text;
  text << file.rdbuf();
  if (file && !text.str().empty()) return text.str();
  return Error{
      Code::not_found, Blame::gateway,
      fmt::format("resource \"{}\": CA file {} cannot be read; check upstream.tls.ca", resource.name, resource.upstream.tls.ca)};
}

Result<Upstream> upstream_of(const config::Resource& resource) {
  Upstream out;
  out.resource = resource.name;
  out.address = {resource.upstream.host, resource.upstream.port};
  out.database = resource.upstream.database;
  out.masking = config::masking_rules(resource);
  if (!resource.detect.empty()) {
    NG_TRY(out.detectors, detect::Detectors::compile(resource.detect));
  }
  out.preview = resource.preview;
  out.raw_messages = resource.messages == config::Words::raw;
  out.client_settings = resource.startup_options == config::StartupOptions::pass;
  out.lease.user = resource.upstream.login.password.user;
  out.lease.password = resource.upstream.login.password.password;
  if (resource.upstream.tls.mode != config::UpstreamTlsMode::verify_full) return out;
  NG_TRY(const std::string ca_pem, read_ca(resource));
  NG_TRY(out.tls, net::TlsClient::create({.ca_pem = ca_pem, .certificate_pem = {}, .key_pem = {}, .alpn = {}}));
  out.tls_name = resource.upstream.host;
  return out;
}

}  // namespace

Result<std::unique_ptr<Sources>> Sources::create(std::shared_ptr<const config::Config> config) {
  std::map<std::string, Upstream, std::less<>> upstreams;
  std::string wrong;
  for (const config::Resource& resource : config->resources) {
    Result<Upstream> upstream = upstream_of(resource);
    if (upstream.ok()) upstreams.emplace(resource.name, std::move(upstream).take());
    else wrong += (wrong.empty() ? "" : "\n") + upstream.error().detail;
  }
  if (!wrong.empty()) return Error{Code::malformed, Blame::gateway, wrong};
  return std::unique_ptr<Sources>(new Sources(std::move(upstreams)));
}

Result<Upstream> Sources::lease(const config::Resource& resource, const std::string& database) const {
  const auto found = upstreams_.find(resource.name);
  if (found == upstreams_.end())
    return Error{Code::not_found, Blame::gateway, fmt::format("resource \"{}\" is not configured", resource.name)};
  Upstream out = found->second;
  if (!database.empty()) out.database = database;
  return out;
}

}  // namespace narrowgate::credentials
