// CRC-32C (Castagnoli), the checksum of journal frames: catches accidents and torn writes, not an adversary (the log does that).
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace narrowgate::recording {

// crc32c(b, crc32c(a)) == crc32c(a ‖ b)
std::uint32_t crc32c(ByteView bytes, std::uint32_t before = 0);
// The table version, whatever the processor can do. For tests.
std::uint32_t crc32c_portable(ByteView bytes, std::uint32_t before = 0);

}  // namespace narrowgate::recording
