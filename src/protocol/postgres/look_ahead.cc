#include "protocol/postgres/look_ahead.h"

#include <charconv>

#include "base/limits.h"
#include "protocol/postgres/questions.h"
#include "protocol/postgres/understanding.h"

namespace narrowgate::postgres {
namespace {

constexpr std::size_t kPlanLinesMax = 40, kPlanLineBytesMax = 300;
constexpr std::size_t kCellsMax = 12, kValueBytesMax = 120;
constexpr std::size_t kTablesMax = 8, kTriggersMax = 20;
constexpr auto kPatience = std::chrono::seconds(5);  // of ours; the server's statement_timeout is shorter

constexpr std::string_view kTriggers =
    "SELECT pg_catalog.pg_get_triggerdef(t.oid) FROM pg_catalog.pg_trigger t "
    "JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) t.tgrelid "
    "JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace "
    "WHERE pg_catalog.concat(n.nspname, '.', c.relname) OPERATOR(pg_catalog.=) $1::pg_catalog.text AND NOT t.tgisinternal "
    "AND t.tgenabled OPERATOR(pg_catalog.=) ANY ('{O,A}'::pg_catalog.\"char\"[]) "
    "AND (t.tgtype OPERATOR(pg_catalog.&) $2::pg_catalog.int2) OPERATOR(pg_catalog.<>) 0::pg_catalog.int2 ORDER BY t.tgname";

// pg_trigger.tgtype's bits.
std::string_view event_of(std::string_view verb) {
  if (verb == "INSERT" || verb == "COPY") return "4";
  if (verb == "DELETE") return "8";
  if (verb == "UPDATE") return "16";
  if (verb == "TRUNCATE") return "32";
  return {};
}

std::shared_ptr<const Statement> if_it_reads(std::string_view text, const Catalog& catalog, const SessionState& state) {
  auto statement = Understanding::read(text, catalog, state);
  const Operation& operation = *statement->operation;
  const bool reads = operation.classified && operation.danger == Danger::read && operation.never.empty();
  return reads && !statement->changes_meaning ? statement : nullptr;
}

bool may_be_explained(std::string_view text, const Catalog& catalog, const SessionState& state) {
  const auto statement = Understanding::read(fmt::format("EXPLAIN {}", text), catalog, state);
  return statement->operation->classified && statement->operation->danger <= Danger::session && !statement->changes_meaning;
}

std::string path_of(const SessionState& state) {
  std::string out;
  for (const std::string& schema : state.search_path()) {
    out += out.empty() ? "\"" : ", \"";
    for (const char c : schema) out += c == '"' ? "\"\"" : std::string(1, c);
    out += '"';
  }
  return out.empty() ? "\"\"" : out;
}

std::vector<Setting> settings_for(const SessionState& state) {
  return {{"application_name", "narrowgate:preview"},
          {"default_transaction_read_only", "on"},
          {"statement_timeout", "1000"},
          {"lock_timeout", "200"},
          {"search_path", path_of(state)}};
}

// ---- asking

class Looking {
 public:
  Looking(Questions& questions, const LookAhead& what) : questions_(questions), what_(what) {}

  // Takes the step, unless the connection failed in an earlier one: what comes over it later may belong to that. False: it
  // failed.
  template <class Step>
  bool try_to(Step step) {
    if (lost_) return false;
    const Result<Done> done = step();
    if (done.ok()) return true;
    if (out_.incomplete.empty()) out_.incomplete = done.error().detail;
    lost_ = done.error().code != Code::unavailable;  // the server's own refusal
    return false;
  }
  bool take_values() {
    return try_to([this] { return take_parameters(); });
  }

  // Values come as the client's Bind has them; what they are is for the server to say.
  Result<Done> take_parameters() {
    if (what_.bind.empty()) return Done{};
    NG_TRY(const auto message, frontend::decode({'B', as_bytes(what_.bind), what_.bind.size()}));
    const auto& bind = std::get<frontend::Bind>(message);
    parameters_.formats = bind.formats;
    parameters_.values = bind.values;
    NG_TRY(auto described, questions_.describe(what_.statement, what_.types));
    parameters_.types = std::move(described.types);
    return Done{};
  }

  Result<Done> plan() {
    NG_TRY(const auto answer, questions_.ask("EXPLAIN " + what_.statement, parameters_));
    for (const auto& row : answer.rows)
      if (!row.empty() && row[0] && out_.plan.size() < kPlanLinesMax) out_.plan.push_back(row[0]->substr(0, kPlanLineBytesMax));
    return Done{};
  }

  Result<Done> count() {
    NG_TRY(const auto answer, questions_.ask(what_.rows->count, parameters_));
    std::uint64_t rows = 0;
    if (answer.rows.size() == 1 && answer.rows[0].size() == 1 && answer.rows[0][0]) {
      const std::string& text = *answer.rows[0][0];
      std::from_chars(text.data(), text.data() + text.size(), rows);
    }
    out_.more = rows > preview_rows_counted_max;
    out_.rows = std::min<std::uint64_t>(rows, preview_rows_counted_max);
    return Done{};
  }

  Result<Done> sample(const masking::Masks& masks, std::shared_ptr<const detect::Detectors> detectors) {
    std::optional<RowMask> mask;
    if (what_.masks) mask.emplace(what_.masks, std::set<std::string>(), masks, std::move(detectors));
    NG_TRY(const auto answer, questions_.ask(what_.rows->sample, parameters_, mask ? &*mask : nullptr));
    for (const auto& row : answer.rows) out_.samples.push_back(cells_of(answer.columns, row));
    return Done{};
  }

  Result<Done> triggers() {
    for (const auto& [table, verb] : what_.triggers) {
      const std::string_view event = event_of(verb);
      const Parameters parameters{{}, {}, {as_bytes(table), as_bytes(event)}};
      NG_TRY(const auto answer, questions_.ask(kTriggers, parameters));
      for (const auto& row : answer.rows)
        if (row[0] && out_.triggers.size() < kTriggersMax) out_.triggers.push_back(shortened(*row[0]));
    }
    return Done{};
  }

  Preview take() { return std::move(out_); }

 private:
  static std::string shortened(std::string definition) {
    constexpr std::string_view kCreate = "CREATE TRIGGER ";
    if (definition.starts_with(kCreate)) definition.erase(0, kCreate.size());
    return definition.substr(0, kPlanLineBytesMax);
  }

  static std::optional<std::string> shown(const std::optional<std::string>& value) {
    if (!value || value->size() <= kValueBytesMax) return value;
    std::size_t end = kValueBytesMax;
    while (end > 0 && (static_cast<unsigned char>((*value)[end]) & 0xc0) == 0x80) --end;  // not inside a character
    return value->substr(0, end) + "…";
  }

  std::vector<Preview::Cell> cells_of(const std::vector<std::string>& columns,
                                      const std::vector<std::optional<std::string>>& row) const {
    const std::vector<std::string>& becomes = what_.rows->becomes;
    std::vector<Preview::Cell> out;
    if (what_.rows->new_rows) {
      for (std::size_t i = 0; i < row.size() && i < kCellsMax; ++i)
        out.push_back({i < becomes.size() ? becomes[i] : columns[i], shown(row[i])});
      return out;
    }
    if (row.size() < becomes.size() || columns.size() != row.size()) return out;
    const std::size_t as_is = row.size() - becomes.size();
    std::size_t room = kCellsMax > becomes.size() ? kCellsMax - becomes.size() : 0;
    for (std::size_t i = 0; i < as_is; ++i) {
      const auto change = std::find(becomes.begin(), becomes.end(), columns[i]);
      if (change == becomes.end() && room == 0) continue;
      Preview::Cell& cell = out.emplace_back(Preview::Cell{columns[i], shown(row[i])});
      if (change == becomes.end()) --room;
      else cell.changes = true, cell.becomes = shown(row[as_is + std::size_t(change - becomes.begin())]);
    }
    return out;
  }

  Questions& questions_;
  const LookAhead& what_;
  Parameters parameters_;
  Preview out_;
  bool lost_ = false;
};

}  // namespace

std::optional<LookAhead> look_ahead_at(const PostgresRequest& request, PreviewDepth depth, const Catalog& catalog,
                                       const SessionState& state) {
  const bool statement = request.kind == PostgresRequest::Kind::query || request.kind == PostgresRequest::Kind::execute;
  if (depth == PreviewDepth::off || !statement || request.statement->facts.size() != 1) return std::nullopt;
  if (request.sql.size() > limits::parse_inline_bytes_max) return std::nullopt;
  LookAhead out;
  out.statement = request.sql;
  if (request.prepared) out.types = request.prepared->types;
  if (request.portal) out.bind = request.portal->bind;
  out.plan = may_be_explained(request.sql, catalog, state);
  if (depth >= PreviewDepth::count) out.rows = preview_query(request.sql, state.dialect());
  if (out.rows && !if_it_reads(out.rows->count, catalog, state)) out.rows.reset();
  if (out.rows && depth < PreviewDepth::rows) out.rows->sample.clear();
  if (out.rows && !out.rows->sample.empty()) {
    const auto sample = if_it_reads(out.rows->sample, catalog, state);
    if (sample) out.masks = sample->masks;
    else out.rows->sample.clear();
  }
  for (const Effect& effect : request.operation()->effects)
    if (!event_of(effect.verb).empty() && effect.kind == ObjectKind::table && out.triggers.size() < kTablesMax)
      out.triggers.emplace_back(effect.object, effect.verb);
  out.settings = settings_for(state);
  if (!out.plan && !out.rows && out.triggers.empty()) return std::nullopt;
  return out;
}

Preview look_ahead(const Upstream& upstream, const LookAhead& what, const masking::Masks& masks) {
  Preview none;
  auto questions = Questions::open(upstream, {what.settings, kPatience});
  if (!questions.ok()) {
    none.incomplete = questions.error().detail;
    return none;
  }
  Looking looking(**questions, what);
  looking.try_to([&] { return looking.triggers(); });
  if (looking.take_values()) {
    if (what.plan) looking.try_to([&] { return looking.plan(); });
    if (what.rows) looking.try_to([&] { return looking.count(); });
    if (what.rows && !what.rows->sample.empty()) looking.try_to([&] { return looking.sample(masks, upstream.detectors); });
  }
  Preview out = looking.take();
  if (what.in_transaction && out.incomplete.empty())
    out.incomplete = "what the client's own open transaction has changed so far is not in it";
  return out;
}

}  // namespace narrowgate::postgres
