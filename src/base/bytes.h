// Views of bytes and their printable spellings.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace narrowgate {

using Byte = std::uint8_t;
using Bytes = std::vector<Byte>;
using ByteView = std::span<const Byte>;  // Borrows: dies with what it looks at.

inline ByteView as_bytes(std::string_view text) { return {reinterpret_cast<const Byte*>(text.data()), text.size()}; }
inline std::string_view as_text(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

std::string to_hex(ByteView bytes);
Result<Bytes> from_hex(std::string_view text);
std::string to_base64(ByteView bytes);             // RFC 4648, padded
Result<Bytes> from_base64(std::string_view text);  // strict: padded, no blanks, no stray bits
std::string to_base64url(ByteView bytes);          // RFC 4648 §5, unpadded
Result<Bytes> from_base64url(std::string_view text);

bool is_utf8(std::string_view text);

// Text that a person may be shown: control, bidirectional and zero-width characters become \u{202e}, invalid UTF-8 \x{ff}.
std::string visible(std::string_view text);

}  // namespace narrowgate
