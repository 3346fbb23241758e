// What an earlier process appended and did not seal is sealed now, and its journals deleted. Part of every start.
//
// Promises: sealed once, in order; deleted only when signed; a journal that is damaged is kept aside as <name>.damaged.
#pragma once

#include <string>

#include "recording/log.h"

namespace narrowgate::recording {

// What was found.
struct Recovery {
  std::uint64_t records = 0;  // sealed now, though their process never did
  std::uint64_t journals = 0;
  std::uint64_t torn_bytes = 0;  // of records that were being written when the process died
  std::uint64_t damaged = 0;     // journals kept aside
};

// `folder` is the recording folder, and nobody else's now.
Result<Recovery> recover_journals(const std::string& folder, Log& log);

}  // namespace narrowgate::recording
