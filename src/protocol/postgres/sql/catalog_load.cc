#include "protocol/postgres/sql/catalog_load.h"

#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/log.h"
#include "protocol/postgres/sql/catalog_queries.h"
#include "protocol/postgres/sql/session_state.h"

namespace narrowgate::postgres {
namespace {

constexpr char kBetween = '\x1f', kWithin = '\x1e';
constexpr std::size_t masked_columns_max = 50'000;
constexpr std::size_t kRowsMax = 2'000'000;  // of one answer: a database with more objects than this is not one we can watch

using Row = std::vector<std::optional<std::string>>;

std::string text(const Row& row, std::size_t i) { return row[i].value_or(""); }
char letter(const Row& row, std::size_t i) { return row[i] && !row[i]->empty() ? row[i]->front() : '\0'; }
bool truth(const Row& row, std::size_t i) { return letter(row, i) == 't'; }

std::uint32_t number(std::string_view text) {
  std::uint32_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}
std::uint32_t number(const Row& row, std::size_t i) { return row[i] ? number(*row[i]) : 0; }

std::vector<std::string> split(std::string_view joined, char by) {
  std::vector<std::string> out;
  if (joined.empty()) return out;
  for (std::size_t from = 0;;) {
    const std::size_t to = joined.find(by, from);
    out.emplace_back(joined.substr(from, to - from));
    if (to == std::string_view::npos) return out;
    from = to + 1;
  }
}

std::vector<Oid> oids(std::string_view spaced) {
  std::vector<Oid> out;
  for (const std::string& one : split(spaced, ' ')) out.push_back(number(one));
  return out;
}

Error wrong(std::string_view what) {
  return Error{Code::malformed, Blame::upstream,
               fmt::format("catalog query {}: an answer of another shape than asked for", what)};
}

}  // namespace

// Fills a Catalog, one answer at a time. Relations come before what belongs to them.
class CatalogBuilder {
 public:
  CatalogBuilder(const CatalogAnswers& answers, const masking::Rules& rules) : answers_(answers), rules_(rules) {}

  Result<std::shared_ptr<const Catalog>> build() {
    NG_TRY_VOID(fill());
    return std::shared_ptr<const Catalog>(std::move(catalog_));
  }

 private:
  template <class Take>
  Result<Done> each(std::string_view question, std::size_t columns, Take take) {
    for (const Row& row : answers_.to(question)) {
      if (row.size() != columns) return wrong(question.substr(0, question.find('\n')));
      take(row);
    }
    return Done{};
  }

  Result<Done> fill() {
    NG_TRY_VOID(fill_login());
    NG_TRY_VOID(each(queries::schemas, 2, [&](const Row& row) { catalog_->schemas_[text(row, 0)] = truth(row, 1); }));
    NG_TRY_VOID(each(queries::settings, 2, [&](const Row& row) { catalog_->settings_[text(row, 0)] = text(row, 1); }));
    NG_TRY_VOID(fill_relations());
    NG_TRY_VOID(fill_functions());
    NG_TRY_VOID(fill_operators_and_types());
    if (!rules_.empty()) NG_TRY_VOID(mask_columns());
    return each(queries::event_triggers, 1, [&](const Row& row) { catalog_->ddl_functions_.push_back(number(row, 0)); });
  }

  Result<Done> fill_login() {
    return each(queries::login, 4, [&](const Row& row) {
      catalog_->search_path_ = text(row, 0);
      catalog_->database_ = text(row, 1);
      catalog_->user_ = text(row, 2);
      catalog_->server_version_ = static_cast<int>(number(row, 3));
    });
  }

  Result<Done> fill_relations() {
    NG_TRY_VOID(each(queries::relations, 9, [&](const Row& row) { take_relation(row); }));
    std::sort(catalog_->tables_.begin(), catalog_->tables_.end(),
              [](const TableName& a, const TableName& b) { return std::tie(a.schema, a.name) < std::tie(b.schema, b.name); });
    NG_TRY_VOID(each(queries::relation_facts, 5, [&](const Row& row) {
      Relation* on = relation(row, 0);
      if (on == nullptr) return;
      on->check_option = truth(row, 1);
      on->index_functions = oids(text(row, 2));
      on->partition_keys = split(text(row, 3), kBetween);
      on->partition_key_computed = truth(row, 4);
    }));
    NG_TRY_VOID(each(queries::children, 2, [&](const Row& row) {
      if (Relation* parent = relation(row, 0)) parent->children.push_back(number(row, 1));
    }));
    NG_TRY_VOID(each(queries::triggers, 6, [&](const Row& row) { take_trigger(row); }));
    NG_TRY_VOID(each(queries::rules, 5, [&](const Row& row) {
      if (Relation* on = relation(row, 0)) on->rules.push_back({letter(row, 1), truth(row, 2), truth(row, 3), text(row, 4)});
    }));
    NG_TRY_VOID(each(queries::references, 6, [&](const Row& row) {
      if (Relation* on = relation(row, 0))
        on->referenced_by.push_back(
            {number(row, 1), letter(row, 2), letter(row, 3), split(text(row, 4), kBetween), split(text(row, 5), kBetween)});
    }));
    NG_TRY_VOID(each(queries::policies, 3, [&](const Row& row) {
      if (Relation* on = relation(row, 0)) on->policies.push_back({letter(row, 1), text(row, 2)});
    }));
    return each(queries::checks, 2, [&](const Row& row) {
      if (Relation* on = relation(row, 0)) on->checks.push_back(text(row, 1));
    });
  }

  // The many of a catalog: they are cut in place.
  static void take_columns(Relation& relation, std::string_view joined) {
    relation.columns.reserve(std::size_t(std::count(joined.begin(), joined.end(), kBetween)) + 1);
    while (!joined.empty()) {
      std::string_view rest = joined.substr(0, joined.find(kBetween));
      joined.remove_prefix(std::min(rest.size() + 1, joined.size()));
      std::array<std::string_view, 5> fields;
      for (std::string_view& field : fields) {
        field = rest.substr(0, rest.find(kWithin));
        rest.remove_prefix(std::min(field.size() + 1, rest.size()));
      }
      const auto& [name, type, generated, expression, at] = fields;
      relation.columns.push_back(
          {std::string(name), number(type), !generated.empty(), generated == "v", std::string(expression)});
      relation.columns.back().number = std::int16_t(number(at));
    }
  }

  void take_relation(const Row& row) {
    auto out = std::make_unique<Relation>();
    out->oid = number(row, 0);
    out->schema = text(row, 1);
    out->name = text(row, 2);
    out->full_name = out->schema + '.' + out->name;
    out->kind = letter(row, 3);
    out->partition = truth(row, 4);
    out->row_security = truth(row, 5);
    out->definition = text(row, 6);
    if (row[7]) take_columns(*out, *row[7]);
    out->table = number(row, 8);
    if (!out->system() && std::string_view("rpf").find(out->kind) != std::string_view::npos)
      catalog_->tables_.push_back({out->schema, out->name});
    catalog_->relations_by_name_[out->schema][out->name] = out.get();
    catalog_->relations_by_oid_[out->oid] = out.get();
    catalog_->relations_.push_back(std::move(out));
  }

  // tgtype: 1 row, 2 before, 4 insert, 8 delete, 16 update, 32 truncate, 64 instead (pg_trigger.h)
  void take_trigger(const Row& row) {
    Relation* on = relation(row, 0);
    if (on == nullptr) return;
    const std::uint32_t bits = number(row, 2);
    Trigger out;
    out.function = number(row, 1);
    out.row = (bits & 1) != 0;
    out.before = (bits & 2) != 0;
    out.on_insert = (bits & 4) != 0;
    out.on_delete = (bits & 8) != 0;
    out.on_update = (bits & 16) != 0;
    out.on_truncate = (bits & 32) != 0;
    out.instead = (bits & 64) != 0;
    out.enabled = letter(row, 3);
    out.columns = split(text(row, 4), kBetween);
    out.definition = text(row, 5);
    on->triggers.push_back(std::move(out));
  }

  Result<Done> fill_functions() {
    NG_TRY_VOID(each(queries::functions, 19, [&](const Row& row) { take_function(row); }));
    NG_TRY_VOID(each(queries::aggregates, 2, [&](const Row& row) {
      const auto found = mutable_functions_.find(number(row, 0));
      if (found == mutable_functions_.end()) return;
      for (const Oid part : oids(text(row, 1)))
        if (part != 0) found->second->parts.push_back(part);
    }));
    return each(queries::builtins, 5, [&](const Row& row) { take_builtin(row); });
  }

  void take_function(const Row& row) {
    auto out = std::make_unique<Function>();
    out->oid = number(row, 0);
    out->schema = text(row, 1);
    out->name = text(row, 2);
    out->full_name = out->schema + '.' + out->name;
    out->kind = letter(row, 3);
    out->volatility = letter(row, 4);
    out->language = text(row, 5);
    out->extension = text(row, 6);
    out->arguments = static_cast<int>(number(row, 7));
    out->defaults = static_cast<int>(number(row, 8));
    out->variadic = truth(row, 9);
    out->returns_set = truth(row, 10);
    out->types = oids(text(row, 11));
    out->returns = number(row, 12);
    out->body = text(row, 13);
    for (const std::string& setting : split(text(row, 14), kBetween)) take_setting(*out, setting);
    out->argument_defaults = text(row, 15);
    out->definer = text(row, 16);
    if (out->kind == 'p' && row[17]) out->arguments = static_cast<int>(number(row, 17));  // CALL gives OUT arguments, too
    out->transition_tables = split(text(row, 18), kBetween);
    catalog_->functions_by_name_[out->name].push_back(out.get());
    catalog_->functions_by_oid_[out->oid] = out.get();
    mutable_functions_[out->oid] = out.get();
    catalog_->functions_.push_back(std::move(out));
  }

  static void take_setting(Function& function, std::string_view setting) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string_view::npos) return;
    const std::string_view name = setting.substr(0, equals);
    if (name == "search_path") {
      function.has_search_path = true;
      function.search_path = setting.substr(equals + 1);
    } else if (changes_meaning(name)) {
      function.sets_meaning = true;
    }
  }

  void take_builtin(const Row& row) {
    const std::string schema = text(row, 1), name = text(row, 2);
    auto& names = schema == "pg_catalog" ? catalog_->builtins_ : catalog_->information_schema_;
    char& worst = names[name];
    const char volatility = letter(row, 3);
    if (volatility > worst) worst = volatility;  // i < s < v
    if (schema != "pg_catalog") return;
    catalog_->builtin_names_[number(row, 0)] = name;
    if (row[4]) catalog_->builtin_signatures_[name].push_back(oids(*row[4]));
  }

  Result<Done> fill_operators_and_types() {
    NG_TRY_VOID(each(queries::operators, 7, [&](const Row& row) { take_operator(row); }));
    NG_TRY_VOID(each(queries::casts, 4, [&](const Row& row) {
      catalog_->casts_.push_back({number(row, 0), number(row, 1), number(row, 2), letter(row, 3)});
    }));
    NG_TRY_VOID(each(queries::types, 8, [&](const Row& row) { take_type(row); }));
    NG_TRY_VOID(each(queries::type_parts, 2, [&](const Row& row) {
      if (Type* type = mutable_type(number(row, 0))) type->base = number(row, 1);
    }));
    NG_TRY_VOID(each(queries::type_functions, 2, [&](const Row& row) {
      if (Type* type = mutable_type(number(row, 0))) type->functions.push_back(number(row, 1));
    }));
    return each(queries::type_checks, 2, [&](const Row& row) {
      if (Type* type = mutable_type(number(row, 0))) type->checks.push_back(text(row, 1));
    });
  }

  void take_operator(const Row& row) {
    const Oid oid = number(row, 0);
    const std::string name = text(row, 2);
    if (oid < first_user_oid) return void(catalog_->builtin_operators_[name].emplace_back(number(row, 3), number(row, 4)));
    auto out = std::make_unique<Operator>(
        Operator{oid, text(row, 1), name, number(row, 3), number(row, 4), number(row, 5), oids(text(row, 6))});
    catalog_->operators_by_name_[name].push_back(out.get());
    catalog_->operators_.push_back(std::move(out));
  }

  void take_type(const Row& row) {
    auto out = std::make_unique<Type>(Type{number(row, 0),
                                           text(row, 1),
                                           text(row, 2),
                                           letter(row, 3),
                                           number(row, 4),
                                           number(row, 5),
                                           number(row, 6),
                                           text(row, 7),
                                           {},
                                           {}});
    catalog_->types_by_name_[out->schema][out->name] = out.get();
    catalog_->types_by_oid_[out->oid] = out.get();
    mutable_types_[out->oid] = out.get();
    catalog_->types_.push_back(std::move(out));
  }

  // ---- masked columns

  static bool says(const masking::Rule& rule, const Relation& relation, const Column& column) {
    return (rule.schema == "*" ? !relation.system() : rule.schema == relation.schema) &&
           (rule.name == "*" || rule.name == relation.name) && (rule.columns.empty() || rule.columns.contains(column.name));
  }

  Result<Done> mask_columns() {
    for (const auto& relation : catalog_->relations_)
      if (std::string_view("rpfvm").find(relation->kind) != std::string_view::npos)
        for (const masking::Rule& rule : rules_)
          for (Column& column : relation->columns)
            if (says(rule, *relation, column)) mask(*relation, column, rule.label, rule.kind);
    while (spread_to_kin()) {}
    for (const auto& relation : catalog_->relations_) spread_to_generated(*relation);
    if (catalog_->masked_.size() <= masked_columns_max) return Done{};
    return Error{Code::too_large, Blame::gateway,
                 fmt::format("the configuration masks more than {} columns; name fewer", masked_columns_max)};
  }

  // Of several rules the first counts. True: it was not masked before.
  bool mask(const Relation& relation, Column& column, const std::string& label, masking::Kind kind) {
    if (!column.masked.clean() || catalog_->masked_.size() > masked_columns_max) return false;
    column.masked.add(std::uint16_t(catalog_->masked_.size()));
    catalog_->masked_places_.emplace(relation.oid, column.number);
    catalog_->masked_tables_.insert(relation.full_name);
    catalog_->masked_.push_back(
        {relation.full_name, column.name, label, kind, is_text(column.type), relation.oid, column.number});
    return true;
  }

  bool is_text(Oid oid) const {
    constexpr Oid text = 25, bpchar = 1042, varchar = 1043;
    const Type* type = catalog_->type(oid);
    while (type != nullptr && type->kind == 'd') type = catalog_->type(oid = type->base);
    return oid == text || oid == bpchar || oid == varchar || (type != nullptr && type->name == "citext");
  }

  // Rows of a partition are read through its parent, and the parent's by themselves.
  bool spread_to_kin() {
    bool more = false;
    const auto copy = [&](const Column& from, Relation& to) {
      if (from.masked.clean()) return;
      for (Column& column : to.columns)
        if (column.name == from.name) {
          const MaskedColumn known = catalog_->masked_[from.masked.columns.front()];
          more = mask(to, column, known.label, known.kind) || more;
        }
    };
    for (const auto& parent : catalog_->relations_)
      for (const Oid oid : parent->children) {
        const auto child = catalog_->relations_by_oid_.find(oid);
        if (child == catalog_->relations_by_oid_.end()) continue;
        for (const Column& column : parent->columns) copy(column, *child->second);
        for (const Column& column : child->second->columns) copy(column, *parent);
      }
    return more;
  }

  // What is generated from a masked column tells of it. Its name in the expression is enough.
  static void spread_to_generated(Relation& relation) {
    for (Column& column : relation.columns)
      for (const Column& other : relation.columns)
        if (column.generated && !other.generated && column.masked.clean() &&
            column.expression.find(other.name) != std::string::npos)
          for (const std::uint16_t place : other.masked.columns) {
            column.masked.add(place);
            column.masked.computed = true;
          }
  }

  Relation* relation(const Row& row, std::size_t i) {
    const auto found = catalog_->relations_by_oid_.find(number(row, i));
    return found == catalog_->relations_by_oid_.end() ? nullptr : found->second;
  }
  Type* mutable_type(Oid oid) {
    const auto found = mutable_types_.find(oid);
    return found == mutable_types_.end() ? nullptr : found->second;
  }

  const CatalogAnswers& answers_;
  const masking::Rules& rules_;
  std::shared_ptr<Catalog> catalog_ = std::make_shared<Catalog>();
  std::unordered_map<Oid, Function*> mutable_functions_;
  std::unordered_map<Oid, Type*> mutable_types_;
};

Result<std::shared_ptr<const Catalog>> CatalogLoader::load(const QueryFn& query, const masking::Rules& rules) {
  NG_TRY(const bool changed, answers_.renew(query));
  if (!changed) return std::shared_ptr<const Catalog>();
  auto built = CatalogBuilder(answers_, rules).build();
  if (!built.ok()) forget();
  return built;
}

Result<std::shared_ptr<const Catalog>> load_catalog(const QueryFn& query, const masking::Rules& rules) {
  return CatalogLoader().load(query, rules);
}

namespace {

using Connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;

// libpq ends its messages with a line end, and may put several lines.
std::string one_line(std::string_view message) {
  std::string out(message.substr(0, message.find_last_not_of("\r\n ") + 1));
  std::replace(out.begin(), out.end(), '\n', ' ');
  return out;
}

Result<Connection> connect(const std::string& conninfo) {
  Connection connection(PQconnectdb(conninfo.c_str()), &PQfinish);
  if (!connection || PQstatus(connection.get()) != CONNECTION_OK)
    return Error{
        Code::unavailable, Blame::upstream,
        fmt::format("catalog: cannot connect: {}", connection ? one_line(PQerrorMessage(connection.get())) : "out of memory")};
  if (PQsetClientEncoding(connection.get(), "UTF8") != 0)
    return Error{Code::unsupported, Blame::upstream, "catalog: the server does not speak UTF-8: set client_encoding"};
  return connection;
}

Result<Rows> ask(PGconn* connection, std::string_view sql) {
  const std::unique_ptr<PGresult, decltype(&PQclear)> answer(PQexec(connection, std::string(sql).c_str()), &PQclear);
  const ExecStatusType status = PQresultStatus(answer.get());
  if (status == PGRES_COMMAND_OK) return Rows{};
  if (status != PGRES_TUPLES_OK)
    return Error{Code::unavailable, Blame::upstream, fmt::format("catalog: {}", one_line(PQerrorMessage(connection)))};
  const int rows = PQntuples(answer.get()), columns = PQnfields(answer.get());
  if (static_cast<std::size_t>(rows) > kRowsMax)
    return Error{Code::too_large, Blame::upstream, fmt::format("catalog: {} rows; the limit is {}", rows, kRowsMax)};
  Rows out(static_cast<std::size_t>(rows));
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < columns; ++c) {
      auto& row = out[static_cast<std::size_t>(r)];
      if (PQgetisnull(answer.get(), r, c) != 0) row.emplace_back();
      else
        row.emplace_back(std::string(PQgetvalue(answer.get(), r, c), static_cast<std::size_t>(PQgetlength(answer.get(), r, c))));
    }
  return out;
}

class Watch final : public CatalogWatch {
 public:
  Watch(std::string conninfo, Connection connection) : conninfo_(std::move(conninfo)), connection_(std::move(connection)) {}

  Result<std::shared_ptr<const Catalog>> now() override {
    const QueryFn query = [this](std::string_view sql) { return ask(connection_.get(), sql); };
    auto changed = loader_.load(query, {});
    if (!changed.ok()) {  // perhaps only what a login starts with
      NG_TRY(connection_, connect(conninfo_));
      loader_.forget();
      changed = loader_.load(query, {});
    }
    if (!changed.ok()) return changed.error();
    if (*changed) catalog_ = std::move(changed).take();
    return catalog_;
  }

 private:
  const std::string conninfo_;
  Connection connection_;
  CatalogLoader loader_;
  std::shared_ptr<const Catalog> catalog_;
};

}  // namespace

Result<std::unique_ptr<CatalogWatch>> CatalogWatch::open(const std::string& conninfo) {
  NG_TRY(Connection connection, connect(conninfo));
  return std::unique_ptr<CatalogWatch>(std::make_unique<Watch>(conninfo, std::move(connection)));
}

}  // namespace narrowgate::postgres
