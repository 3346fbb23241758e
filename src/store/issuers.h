// The last good answer of each token issuer, so that a restart while one is unreachable locks nobody out.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace narrowgate::store {

inline constexpr std::size_t issuer_document_bytes_max = 1u << 20;

struct IssuerDocument {
  std::string url;       // where it was fetched from
  std::string document;  // JSON as it came
  WallTime fetched;
  friend bool operator==(const IssuerDocument&, const IssuerDocument&) = default;
};

class Issuers {
 public:
  virtual ~Issuers() = default;
  virtual Result<Done> keep(const IssuerDocument& document) = 0;
  virtual Result<std::optional<IssuerDocument>> find(std::string_view url) = 0;
};

}  // namespace narrowgate::store
