#include "protocol/postgres/masked_answer.h"

#include <algorithm>

#include "protocol/postgres/masked_copy.h"
#include "protocol/postgres/wire/values.h"

namespace narrowgate::postgres {
namespace {

// Of columns that nobody expected.
const ColumnMask kUnexpected{{"?"}, masking::Kind::null, ""};

ColumnMask mask_of(const Origin& origin, const Catalog& catalog) {
  ColumnMask out;
  for (const std::uint16_t place : origin.columns) {
    const MaskedColumn& column = catalog.masked()[place];
    out.of.push_back(fmt::format("{}.{}", column.table, column.name));
    out.kind = column.kind;
    out.label = column.label;
  }
  // What is made of a value, or is no text, has no other mask.
  const bool whole = origin.columns.size() == 1 && !origin.computed && catalog.masked()[origin.columns.front()].text;
  if (!whole) out.kind = masking::Kind::null;
  return out;
}

ResultMask mask_of(const StatementFacts& facts, const Catalog& catalog) {
  ResultMask out;
  out.placed = facts.gives.placed;
  out.copy = facts.copy_format;
  for (const Origin& origin : facts.gives.columns) out.columns.push_back(mask_of(origin, catalog));
  return out;
}

}  // namespace

std::shared_ptr<const AnswerMasks> masks_of(const std::vector<StatementFacts>& facts, const Catalog& catalog) {
  const auto clean = [](const StatementFacts& one) { return one.gives.clean(); };
  return std::all_of(facts.begin(), facts.end(), clean) ? nullptr : every_answer(facts, catalog);
}

std::shared_ptr<const AnswerMasks> every_answer(const std::vector<StatementFacts>& facts, const Catalog& catalog) {
  auto out = std::make_shared<AnswerMasks>();
  for (const StatementFacts& one : facts) out->push_back(mask_of(one, catalog));
  return out;
}

RowMask::RowMask(std::shared_ptr<const AnswerMasks> answer, const std::set<std::string>& unmasked, const masking::Masks& masks,
                 std::shared_ptr<const detect::Detectors> detectors)
    : answer_(std::move(answer)), masks_(masks), detectors_(std::move(detectors)), copied_(answer_->size()) {
  for (const ResultMask& result : *answer_) {
    Columns& columns = results_.emplace_back();
    for (const ColumnMask& one : result.columns) {
      const auto shown = [&](const std::string& column) { return unmasked.contains(column); };
      columns.columns.push_back(std::all_of(one.of.begin(), one.of.end(), shown) ? nullptr : &one);
      columns.any = columns.any || columns.columns.back() != nullptr;
    }
    if (columns.any) columns.rest = &kUnexpected;
    if (!result.placed && columns.any) columns.columns.clear();  // any of them may be it
    if (!columns.any) columns.columns.clear();
  }
}

bool RowMask::masks(std::size_t result) const {
  return detectors_ != nullptr || result >= results_.size() || results_[result].any;
}

std::vector<std::pair<std::string, std::uint64_t>> RowMask::found() const {
  std::vector<std::pair<std::string, std::uint64_t>> out;
  for (std::size_t i = 0; i < counts_.size(); ++i)
    if (counts_[i] > 0) out.emplace_back(detectors_->names()[i], counts_[i]);
  return out;
}

FieldMasked RowMask::masked(const ColumnMask* mask, std::string_view value) {
  if (mask != nullptr) return {true, masks_.mask(mask->kind, mask->label, value)};
  if (detectors_ == nullptr) return {};
  auto cleaned = detectors_->clean_binary(value, counts_);
  if (!cleaned) return {};
  return {true, cleaned->null ? std::nullopt : std::optional(std::move(cleaned->text))};
}

const ColumnMask* RowMask::mask_at(const Columns& result, std::size_t column) const {
  return column < result.columns.size() ? result.columns[column] : result.rest;
}

Result<Done> RowMask::write(char type, ByteView body, std::size_t result, Bytes& out) {
  if (result >= results_.size())
    return Error{Code::bug, Blame::gateway, "rows of a statement that the text does not have, in an answer with masked columns"};
  if (type == 'D') return data_row(body, results_[result], out);
  return copy_row(body, results_[result], (*answer_)[result].copy, out);
}

Result<Done> RowMask::data_row(ByteView body, const Columns& result, Bytes& out) {
  wire::Reader in(body);
  std::vector<Value> values = read_values(in);
  NG_TRY_VOID(in.finish("DataRow", Blame::upstream, Done{}));
  std::vector<std::string> made;
  made.reserve(values.size());  // so that what the values below look at stays where it is
  // More columns than expected, or fewer: no column is where it was thought to be.
  const bool as_expected = result.columns.empty() || result.columns.size() == values.size();
  for (std::size_t i = 0; i < values.size(); ++i) {
    const ColumnMask* mask = as_expected ? mask_at(result, i) : &kUnexpected;
    if (!values[i]) continue;
    FieldMasked field = masked(mask, as_text(*values[i]));
    if (!field.masked) continue;
    values[i] = field.by ? Value(as_bytes(made.emplace_back(std::move(*field.by)))) : Value();
  }
  wire::Writer writer(out);
  writer.message('D', [&] { write_values(writer, values); });
  return Done{};
}

Result<Done> RowMask::copy_row(ByteView body, const Columns& result, const CopyFormat& format, Bytes& out) {
  std::uint64_t& row = copied_[std::size_t(&result - results_.data())];
  const FieldMask field = [&](std::size_t column, std::string_view value) -> FieldMasked {
    return masked(mask_at(result, column), value);
  };
  Bytes written;
  NG_TRY_VOID(mask_copy_row(body, format, row++, result.columns.size(), field, written));
  wire::Writer writer(out);
  writer.message('d', [&] { writer.bytes(written); });
  return Done{};
}

}  // namespace narrowgate::postgres
