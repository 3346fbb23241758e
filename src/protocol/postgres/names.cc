#include "protocol/postgres/names.h"

namespace narrowgate::postgres {

std::shared_ptr<Taken> Cursors::taken(const std::vector<std::string>& names) {
  std::shared_ptr<Taken> most;
  for (const std::string& name : names)
    if (const auto& found = of(name); found && (!most || found->rows > most->rows)) most = found;
  if (!most) most = std::make_shared<Taken>();
  for (const std::string& name : names) keep(name, most);
  return most;
}

std::shared_ptr<Taken> Cursors::of(const std::string& name) const {
  auto found = taken_.find(name);
  if (found == taken_.end()) found = taken_.find("");
  return found == taken_.end() ? nullptr : found->second;
}

void Cursors::begin(const std::string& name, Taken taken) { keep(name, std::make_shared<Taken>(taken)); }

// A session with too many cursors counts the rest as one.
void Cursors::keep(const std::string& name, std::shared_ptr<Taken> taken) {
  const bool room = taken_.size() < portals_max || taken_.contains(name);
  taken_[room ? name : ""] = std::move(taken);
}

}  // namespace narrowgate::postgres
