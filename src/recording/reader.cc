#include "recording/reader.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "recording/folder_scan.h"
#include "recording/session_build.h"

namespace narrowgate::recording {
namespace {

// The session a record belongs to, read from its head without decoding the rest.
std::string_view session_of(ByteView record) {
  if (record.size() < 3 || record.size() < 3u + record[2]) return {};
  return as_text(record.subspan(3, record[2]));
}

Error as_error(const Fault& fault) {
  return {Code::malformed, Blame::gateway, fmt::format("{} at {}: {}", fault.place.file, fault.place.offset, fault.what)};
}

bool matches(const SessionSummary& s, const Filter& f) {
  const auto is = [&](const char* name, const std::string& wanted) {
    const auto found = s.facts.find(name);
    return wanted.empty() || (found != s.facts.end() && found->second == wanted);
  };
  if (!f.session.empty() && s.session != f.session) return false;
  if (f.since && s.last < *f.since) return false;
  if (f.until && s.started > *f.until) return false;
  return is("agent", f.agent) && is("task", f.task) && is("resource", f.resource);
}

}  // namespace

Result<Reader> Reader::open(std::string folder) {
  struct stat about{};
  if (::stat((folder + "/segments").c_str(), &about) != 0)
    return Error{Code::not_found, Blame::client, fmt::format("{}: no recording here; name the data folder's recording/", folder)};
  return Reader(std::move(folder));
}

Result<Done> Reader::each(const std::function<bool(const Place&, const Record&)>& visit) const {
  std::optional<Fault> bad;
  NG_TRY(const auto walk, walk_folder(folder_, [&](const Place& place, ByteView bytes) {
           auto record = decode_record(bytes);
           if (!record.ok()) return bad = Fault{place, record.error().detail}, false;
           return visit(place, *record);
         }));
  if (bad) return as_error(*bad);
  if (walk.fault) return as_error(*walk.fault);
  return Done{};
}

Result<std::vector<SessionSummary>> Reader::sessions(const Filter& filter) const {
  std::map<std::string, SessionSummary> all;
  NG_TRY_VOID(each([&](const Place&, const Record& record) {
    if (record.kind() != Kind::run) add_to_summary(all[record.session], record);
    return true;
  }));
  std::vector<SessionSummary> out;
  for (auto& [id, summary] : all)
    if (matches(summary, filter)) out.push_back(std::move(summary));
  std::sort(out.begin(), out.end(), [](const SessionSummary& a, const SessionSummary& b) {
    return std::pair(a.started, a.session) > std::pair(b.started, b.session);
  });
  if (out.size() > filter.most) out.resize(filter.most);
  return out;
}

Result<Session> Reader::session(std::string_view id) const {
  SessionBuild build;
  std::optional<Fault> bad;
  NG_TRY(const auto walk, walk_folder(folder_, [&](const Place& place, ByteView bytes) {
           if (session_of(bytes) != id) return true;
           auto record = decode_record(bytes);
           if (!record.ok()) return bad = Fault{place, record.error().detail}, false;
           build.add(place, std::move(record).take());
           return true;
         }));
  if (bad) return as_error(*bad);
  if (walk.fault) return as_error(*walk.fault);
  Session out = build.finish();
  if (out.timeline.empty())
    return Error{Code::not_found, Blame::client,
                 fmt::format("session {} is not in this recording; see `narrowgate sessions list`", visible(id))};
  return out;
}

}  // namespace narrowgate::recording
