// The two key files of a recording folder: log.key, made on first run with mode 0600, and log.vkey, for everyone.
#pragma once

#include <string>

#include "recording/checkpoint.h"

namespace narrowgate::recording {

// The folder's own signer. A new one only where there is no log yet; an Error if it belongs to a log of another name.
Result<Signer> load_signer(const std::string& folder, const std::string& log_name);
// Writes log.vkey, or checks that the one there is this.
Result<Done> publish_vkey(const std::string& folder, const Verifier& verifier);

}  // namespace narrowgate::recording
