// One endpoint of the API: what it is called, who may call it, what it takes, and who answers. Routes, authentication and the
// OpenAPI document all come from this one declaration.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "approval/approvals.h"
#include "base/clock.h"
#include "base/json.h"
#include "config/config.h"
#include "grant/registry.h"
#include "http/server.h"
#include "identity/identify.h"
#include "identity/people.h"
#include "policy/engine.h"
#include "session/gateway.h"
#include "session/metrics.h"
#include "store/store.h"

namespace narrowgate::admin {

// What the API may ask. All outlive it.
struct Parts {
  const Clock& clock;
  std::shared_ptr<const config::Config> config;
  identity::People& people;
  identity::Agents& agents;
  grant::Registry& registry;
  approval::Approvals& approvals;
  store::Store& store;
  recording::Recorder& recorder;
  session::Policies& policies;
  session::Metrics& metrics;
  net::Pool& pool;
  std::string recording_folder;
};

// One call, authenticated.
struct Input {
  const http::Call& call;
  json::object body;      // {} where there is none
  identity::Human human;  // who calls; unset name for Access::anyone

  std::string parameter(std::string_view name) const { return std::string(call.parameter(name)); }
  std::string query(std::string_view name) const { return std::string(call.request.query_value(name).value_or("")); }
};

enum class Access : std::uint8_t { anyone, person, approver, auditor, operator_, admin };

// A document, or text of another type.
struct Answer {
  json::value document;
  std::string text, content_type;  // instead of the document
  Answer(json::value value) : document(std::move(value)) {}
  Answer(std::string words, std::string type) : text(std::move(words)), content_type(std::move(type)) {}
};

struct Field {
  const char* name;
  const char* type;  // JSON Schema's word
  const char* about;
  bool required = false;
};

struct Endpoint {
  const char* method;
  const char* path;
  const char* summary;
  Access access;
  std::vector<Field> body, query;
  // Blocks; called on the background pool. An Error's detail is shown: these are people who work here.
  std::function<Result<Answer>(const Parts&, const Input&)> handle;
};

// By subject, one file each.
std::vector<Endpoint> people_endpoints();
std::vector<Endpoint> approval_endpoints();
std::vector<Endpoint> session_endpoints();
std::vector<Endpoint> revoke_endpoints();
std::vector<Endpoint> agent_endpoints();
std::vector<Endpoint> catalog_endpoints();

}  // namespace narrowgate::admin
