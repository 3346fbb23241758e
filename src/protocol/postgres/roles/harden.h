// SQL for an administrator of a database: the login the gateway has there, and what it may do and hand on. Pure.
//
// Idempotent: made to be run after each change of the configuration. Takes nothing away but
// everybody's right to make objects in schema public, which PostgreSQL 15 and newer do not give.
#pragma once

#include <string>

#include "config/config.h"

namespace narrowgate::postgres {

std::string hardening(const config::Config& config, const config::Resource& resource);

}  // namespace narrowgate::postgres
