// What is counted of sessions, for /metrics. Relaxed counters: nobody decides by them.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

namespace narrowgate::session {

using Counter = std::atomic<std::uint64_t>;

// Powers of two in microseconds: bucket i counts what took less than 2^i µs.
class Histogram {
 public:
  static constexpr std::size_t buckets = 32;
  void observe(std::chrono::nanoseconds took);
  // Appends Prometheus' text form.
  void write(std::string& out, const char* name, const char* help) const;

 private:
  std::array<Counter, buckets> counts_{};
  Counter sum_us_{0};
};

struct Metrics {
  Counter connections{0}, sessions_opened{0}, sessions_refused{0}, sessions_live{0};
  Counter permitted{0}, held{0}, denied{0}, upstream_errors{0};
  Counter rows{0}, bytes{0};
  Counter revoked{0};
  Counter detected{0};
  Histogram hold_time, revoke_time, upstream_time;

  std::string text() const;  // Prometheus' exposition format
};

}  // namespace narrowgate::session
