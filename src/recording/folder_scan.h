// Walks a whole recording folder in log order, checking as it goes. What the reader and the verifier share.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "recording/journal.h"
#include "recording/reader.h"
#include "recording/segment.h"

namespace narrowgate::recording {

// Called for each record's own bytes. False stops the walk.
using VisitRecord = std::function<bool(const Place&, ByteView)>;

struct FolderWalk {
  std::uint64_t records = 0, segments = 0, journals = 0, journal_records = 0;
  std::vector<std::string> remarks;
  std::optional<Fault> fault;
  bool stopped = false;  // by the visitor
};

// Segments in order, then what the journals hold beyond them. Stops at the first fault. An Error is trouble with reading at all.
Result<FolderWalk> walk_folder(const std::string& folder, const VisitRecord& visit);

// Is a gateway recording here now? Then unfinished ends are work in progress, not damage.
bool is_live(const std::string& folder);

}  // namespace narrowgate::recording
