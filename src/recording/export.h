// Recordings in other people's words: JSON Lines (our own schema), OCSF 1.8.0, asciicast v2. Lossy, and never read back.
#pragma once

#include <string>

#include "recording/reader.h"

namespace narrowgate::recording {

// One record as one JSON object, without a line break.
std::string to_json_line(const Place& place, const Record& record);

// A session's events as OCSF 1.8.0, one per line: Datastore Activity 6005, Authentication 3002, Authorize Session 3003,
// User Access Management 3005; API Activity 6003 where the protocol is kubernetes or aws.
std::string to_ocsf(const Session& session, std::string_view product_version);

// A session as an asciicast v2, to be played by any player.
std::string to_asciicast(const Session& session);

// A session as JSON Lines.
std::string to_json_lines(const Session& session);

}  // namespace narrowgate::recording
