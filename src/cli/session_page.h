// A recorded session as people read it: who and what, asked / granted / used / held / denied, then every event in order. Plain
// text of `width` columns; nothing in it can move a cursor. What the log says and nothing else.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "recording/reader.h"

namespace narrowgate::cli {

inline constexpr std::size_t page_width = 100;
inline constexpr std::size_t page_lines_per_text = 12;  // of one statement; --full shows all of it

struct PageOptions {
  std::size_t width = page_width;
  bool full = false;
};

struct Event {
  std::uint64_t mono_ns = 0;
  std::string text;  // lines, each ended
};

std::string session_head(const recording::Session& session, const PageOptions& options = {});
std::vector<Event> session_events(const recording::Session& session, const PageOptions& options = {});
std::string session_page(const recording::Session& session, const PageOptions& options = {});

// How long a replay waits between two events: as long as it took, but never so long that nothing seems to happen nor so short
// that nothing can be read.
std::chrono::milliseconds replay_pause(std::uint64_t from_ns, std::uint64_t to_ns, double speed);

// As few columns as do: "950 µs", "1.2 ms", "37.1 s", "2 h 5 min"; "17 B", "2.1 kB".
std::string short_time(std::chrono::nanoseconds time);
std::string short_bytes(std::uint64_t bytes);

}  // namespace narrowgate::cli
