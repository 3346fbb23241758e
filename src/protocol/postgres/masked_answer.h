// What of an answer leaves masked, and the masking of its rows.
//
//   AnswerMasks   of a text: for each of its statements, the masked columns that its rows come from
//   RowMask       of one execution: the same without what policy shows as it is, and what the detectors find in any value
//
// Promises: a value that comes from a masked column never passes a RowMask that was not told to let it; a row that is not what
// was expected (more columns, a format nobody understands) passes with every value masked, or not at all. Not here: finding out
// where a column comes from (sql/walk_origin.cc), what a mask looks like (masking/).
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "detect/detectors.h"
#include "masking/mask.h"
#include "protocol/postgres/masked_copy.h"
#include "protocol/postgres/sql/catalog.h"
#include "protocol/postgres/sql/session_state.h"

namespace narrowgate::postgres {

struct ColumnMask {
  std::vector<std::string> of;  // "schema.table.column" of each masked column it comes from; empty: nothing is masked
  masking::Kind kind = masking::Kind::null;
  std::string label;
};
struct ResultMask {
  std::vector<ColumnMask> columns;
  bool placed = true;  // false: one for all columns
  CopyFormat copy;
};
using AnswerMasks = std::vector<ResultMask>;

// Whether anything of it is masked or not.
std::shared_ptr<const AnswerMasks> every_answer(const std::vector<StatementFacts>& facts, const Catalog& catalog);
// nullptr: nothing of the answer is masked.
std::shared_ptr<const AnswerMasks> masks_of(const std::vector<StatementFacts>& facts, const Catalog& catalog);

class RowMask {
 public:
  // Borrows `masks`; keeps the rest. nullptr: nothing is looked for in values.
  RowMask(std::shared_ptr<const AnswerMasks> answer, const std::set<std::string>& unmasked, const masking::Masks& masks,
          std::shared_ptr<const detect::Detectors> detectors = nullptr);

  // The rows that come now belong to statement `result` of the text. Is anything of them masked?
  bool masks(std::size_t result) const;
  // Appends the message that leaves in the place of one DataRow or CopyData of that statement. Error: it cannot be understood.
  Result<Done> write(char type, ByteView body, std::size_t result, Bytes& out);

  // What the detectors found so far: entity and how often.
  std::vector<std::pair<std::string, std::uint64_t>> found() const;

 private:
  struct Columns {
    std::vector<const ColumnMask*> columns;  // nullptr: passes
    const ColumnMask* rest = nullptr;        // of columns that nobody expected
    bool any = false;
  };
  Result<Done> data_row(ByteView body, const Columns& result, Bytes& out);
  // What leaves in the place of a value: itself if nothing of it is masked.
  FieldMasked masked(const ColumnMask* mask, std::string_view value);
  Result<Done> copy_row(ByteView body, const Columns& result, const CopyFormat& format, Bytes& out);
  const ColumnMask* mask_at(const Columns& result, std::size_t column) const;

  const std::shared_ptr<const AnswerMasks> answer_;
  const masking::Masks& masks_;
  const std::shared_ptr<const detect::Detectors> detectors_;
  detect::Counts counts_;
  std::vector<Columns> results_;
  std::vector<std::uint64_t> copied_;  // rows of each COPY so far
};

}  // namespace narrowgate::postgres
