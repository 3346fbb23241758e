// own_certificate (tls.h) at a given time.
#pragma once

#include "base/clock.h"
#include "net/tls.h"

namespace narrowgate::net {

Result<OwnCertificate> own_certificate_at(const std::string& folder, const std::vector<std::string>& names, WallTime now);

}  // namespace narrowgate::net
