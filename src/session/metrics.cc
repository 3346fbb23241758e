#include "session/metrics.h"

#include <fmt/format.h>

#include <bit>
#include <iterator>

namespace narrowgate::session {

void Histogram::observe(std::chrono::nanoseconds took) {
  const auto us = std::uint64_t(std::max<std::int64_t>(0, took.count() / 1000));
  const std::size_t bucket = std::min<std::size_t>(std::bit_width(us), buckets - 1);
  counts_[bucket].fetch_add(1, std::memory_order_relaxed);
  sum_us_.fetch_add(us, std::memory_order_relaxed);
}

void Histogram::write(std::string& out, const char* name, const char* help) const {
  auto to = std::back_inserter(out);
  fmt::format_to(to, "# HELP {0} {1}\n# TYPE {0} histogram\n", name, help);
  std::uint64_t total = 0;
  for (std::size_t i = 0; i + 1 < buckets; ++i) {
    total += counts_[i].load(std::memory_order_relaxed);
    fmt::format_to(to, "{}_bucket{{le=\"{}\"}} {}\n", name, double(std::uint64_t(1) << i) / 1e6, total);
  }
  total += counts_[buckets - 1].load(std::memory_order_relaxed);
  fmt::format_to(to, "{0}_bucket{{le=\"+Inf\"}} {1}\n{0}_sum {2}\n{0}_count {1}\n", name, total,
                 double(sum_us_.load(std::memory_order_relaxed)) / 1e6);
}

std::string Metrics::text() const {
  std::string out;
  const auto counter = [&](const char* name, const char* help, const Counter& value, const char* type = "counter") {
    fmt::format_to(std::back_inserter(out), "# HELP {0} {1}\n# TYPE {0} {2}\n{0} {3}\n", name, help, type,
                   value.load(std::memory_order_relaxed));
  };
  counter("narrowgate_connections_total", "Client connections accepted", connections);
  counter("narrowgate_sessions_opened_total", "Sessions that reached an upstream", sessions_opened);
  counter("narrowgate_sessions_refused_total", "Connections refused before an upstream was reached", sessions_refused);
  counter("narrowgate_sessions_live", "Sessions open now", sessions_live, "gauge");
  counter("narrowgate_values_detected_total", "What detectors found in values, and masked", detected);
  counter("narrowgate_operations_permitted_total", "Operations permitted", permitted);
  counter("narrowgate_operations_held_total", "Operations held for a person", held);
  counter("narrowgate_operations_denied_total", "Operations denied", denied);
  counter("narrowgate_upstream_errors_total", "Operations that the upstream answered with an error", upstream_errors);
  counter("narrowgate_rows_total", "Rows that upstreams reported", rows);
  counter("narrowgate_bytes_total", "Bytes of rows relayed to clients", bytes);
  counter("narrowgate_sessions_revoked_total", "Sessions ended by a revocation", revoked);
  hold_time.write(out, "narrowgate_hold_seconds", "How long held operations waited");
  revoke_time.write(out, "narrowgate_revoke_seconds", "From a revocation to the closed client socket");
  upstream_time.write(out, "narrowgate_upstream_seconds", "From forwarding an operation to its outcome");
  return out;
}

}  // namespace narrowgate::session
