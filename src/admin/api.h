// The API put together: endpoints as routes behind authentication, its own description, and what machines look at.
//
// Promises: every endpoint but login needs a person's session token (Authorization: Bearer ngs_…); a role that is missing is 403
// and names the role; errors are problem+json with thing, fault, remedy; bodies are strict JSON.
#pragma once

#include "admin/endpoint.h"

namespace narrowgate::admin {

std::vector<Endpoint> all_endpoints();

// For the https listener: /api/v1/…, /api/openapi.json. `parts` outlives the router.
http::Router api_router(const Parts& parts);
// For the admin listener: /healthz, /readyz, /metrics. No authentication: bind it where only machines of yours can reach it.
http::Router machine_router(const Parts& parts);

// The OpenAPI 3.1 document.
json::object openapi();

}  // namespace narrowgate::admin
