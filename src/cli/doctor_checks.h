// What doctor looks at, one function per subject. Each says what it found; none changes anything.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "config/config.h"

namespace narrowgate::cli {

enum class Health { good, doubtful, bad };

struct Finding {
  Health health = Health::good;
  std::string thing, fault, remedy;  // of a good one, `fault` says what is so
};

class Findings {
 public:
  void good(std::string thing, std::string what) { all_.push_back({Health::good, std::move(thing), std::move(what), {}}); }
  void doubtful(std::string thing, std::string fault, std::string remedy) {
    all_.push_back({Health::doubtful, std::move(thing), std::move(fault), std::move(remedy)});
  }
  void bad(std::string thing, std::string fault, std::string remedy) {
    all_.push_back({Health::bad, std::move(thing), std::move(fault), std::move(remedy)});
  }
  const std::vector<Finding>& all() const { return all_; }
  bool any_bad() const;

 private:
  std::vector<Finding> all_;
};
std::string to_line(const Finding& finding);  // "✗ resource orders: cannot be reached → …"

void check_clock(Findings& out, WallTime now);
void check_data_folder(Findings& out, const std::string& folder);
// One certificate file: that it can be read, and when it ends. `remedy` for when it has.
void check_certificate(Findings& out, const std::string& thing, const std::string& path, const std::string& remedy, WallTime now);
void check_listeners(Findings& out, const config::Config& config, WallTime now);
void check_policies(Findings& out, const config::Config& config);
// Connects as the gateway would.
void check_resource(Findings& out, const config::Resource& resource, WallTime now);
void check_recording(Findings& out, const std::string& folder);

}  // namespace narrowgate::cli
