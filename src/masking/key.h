// The key of the tokens: made on first run, kept in a file of its own.
#pragma once

#include <string>

#include "base/result.h"
#include "masking/mask.h"

namespace narrowgate::masking {

// Reads `path`, or makes it with 32 random bytes and mode 0600. A file of another kind is an error, never replaced: a new key
// would give every value another token.
Result<Key> own_key(const std::string& path);

}  // namespace narrowgate::masking
