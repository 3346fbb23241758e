// One row of COPY … TO STDOUT, with some of its fields masked: text, CSV and binary.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "protocol/postgres/sql/session_state.h"

namespace narrowgate::postgres {

struct FieldMasked {
  bool masked = false;
  std::optional<std::string> by = {};  // nullopt: NULL
};
using FieldMask = std::function<FieldMasked(std::size_t column, std::string_view value)>;  // not asked about NULL

// PostgreSQL sends each row as a message of its own; the first one of binary has the file's header in front. `row` counts from 0;
// `columns`: how many fields it must have, 0 if nobody knows. Error: it is not one whole row of that format.
Result<Done> mask_copy_row(ByteView data, const CopyFormat& format, std::uint64_t row, std::size_t columns, const FieldMask& mask,
                           Bytes& out);

}  // namespace narrowgate::postgres
