// Rows that leave masked: DataRow, and COPY in its three formats.
#include "protocol/postgres/masked_answer.h"

#include <gtest/gtest.h>

#include "protocol/postgres/masked_copy.h"
#include "protocol/postgres/wire/messages_backend.h"
#include "protocol/postgres/wire/values.h"

namespace narrowgate::postgres {
namespace {

const masking::Masks masks{masking::Key(Bytes(32))};

// The second of three columns is public.people.ssn, shown by its last characters.
std::shared_ptr<const AnswerMasks> second_of_three(CopyFormat copy = {}, bool placed = true) {
  const ColumnMask ssn{{"public.people.ssn"}, masking::Kind::partial, "pii"};
  if (!placed)
    return std::make_shared<AnswerMasks>(
        AnswerMasks{{{ColumnMask{{"public.people.ssn"}, masking::Kind::null, ""}}, false, copy}});
  return std::make_shared<AnswerMasks>(AnswerMasks{{{ColumnMask{}, ssn, ColumnMask{}}, true, copy}});
}

using Texts = std::vector<std::optional<std::string>>;

Texts row(RowMask& mask, const Texts& values, std::size_t result = 0) {
  std::vector<Value> given;
  for (const auto& value : values) given.push_back(value ? Value(as_bytes(*value)) : Value());
  Bytes body, out;
  write_values(body, given);
  if (!mask.write('D', body, result, out).ok()) return {"an error"};
  const auto back = backend::decode_text_row(ByteView(out).subspan(5));
  return back.ok() ? *back : Texts{"not a row"};
}

std::string copied(RowMask& mask, std::string_view line) {
  Bytes out;
  const Result<Done> done = mask.write('d', as_bytes(line), 0, out);
  return done.ok() ? std::string(as_text(ByteView(out).subspan(5))) : "error: " + done.error().detail;
}

TEST(RowMask, MasksTheColumnsItIsTold) {
  RowMask mask(second_of_three(), {}, masks);
  EXPECT_TRUE(mask.masks(0));
  EXPECT_EQ(row(mask, {"1", "123-45-6789", "x"}), (Texts{"1", "****6789", "x"}));
  EXPECT_EQ(row(mask, {"1", std::nullopt, "x"}), (Texts{"1", std::nullopt, "x"}));
}

TEST(RowMask, LeavesAloneWhatMayBeSeen) {
  RowMask mask(second_of_three(), {"public.people.ssn"}, masks);
  EXPECT_FALSE(mask.masks(0));
  EXPECT_EQ(row(mask, {"1", "123-45-6789", "x"}), (Texts{"1", "123-45-6789", "x"}));
}

TEST(RowMask, MasksEverythingWhereItCannotTellOneFromAnother) {
  RowMask unplaced(second_of_three({}, false), {}, masks);
  EXPECT_EQ(row(unplaced, {"1", "2"}), (Texts{std::nullopt, std::nullopt}));
  RowMask mask(second_of_three(), {}, masks);
  EXPECT_EQ(row(mask, {"1", "2", "3", "4"}), (Texts{std::nullopt, std::nullopt, std::nullopt, std::nullopt}));
  EXPECT_EQ(row(mask, {"123-45-6789"}), (Texts{std::nullopt}));
  EXPECT_TRUE(mask.masks(1)) << "a result that nobody expected";
  EXPECT_EQ(row(mask, {"1"}, 1), (Texts{"an error"}));
}

TEST(RowMask, RefusesARowThatIsNone) {
  RowMask mask(second_of_three(), {}, masks);
  Bytes out;
  for (const Bytes& body : {Bytes{}, Bytes{0, 1}, Bytes{0, 1, 0, 0, 0, 5, 'x'}, Bytes{0, 0, 'x'}})
    EXPECT_FALSE(mask.write('D', body, 0, out).ok());
}

TEST(RowMask, MasksCopyAsText) {
  RowMask mask(second_of_three(), {}, masks);
  EXPECT_EQ(copied(mask, "1\t123-45-6789\tx\n"), "1\t****6789\tx\n");
  EXPECT_EQ(copied(mask, "1\t\\N\tx\n"), "1\t\\N\tx\n");
  EXPECT_EQ(copied(mask, "1\tabcdef\\tx12\ta\\\tb\n"), "1\t****\ta\\\tb\n") << "a tab inside, so no characters are shown";
  EXPECT_EQ(copied(mask, "1\tabcdefg\\\\12\tx\n"), "1\t****g\\\\12\tx\n");
  EXPECT_EQ(copied(mask, "1\t2\n").substr(0, 6), "error:") << "a field is missing";
  EXPECT_EQ(copied(mask, "1\t2\t3\n4\t5\t6\n").substr(0, 6), "error:") << "two rows in one message";
  EXPECT_EQ(copied(mask, "1\t2\t3").substr(0, 6), "error:");
}

TEST(RowMask, MasksCopyAsCsv) {
  CopyFormat csv{.kind = CopyFormat::Kind::csv, .delimiter = ',', .null = "", .header = true};
  RowMask mask(second_of_three(csv), {}, masks);
  EXPECT_EQ(copied(mask, "id,ssn,note\n"), "id,ssn,note\n") << "the header";
  EXPECT_EQ(copied(mask, "1,123-45-6789,x\n"), "1,\"****6789\",x\n");
  EXPECT_EQ(copied(mask, "1,\"12\"\"3,45\n-67\",\"a,b\"\n"), "1,\"****\",\"a,b\"\n");
  EXPECT_EQ(copied(mask, "1,,x\n"), "1,,x\n");
  EXPECT_EQ(copied(mask, "1,\"\",x\n"), "1,\"****\",x\n") << "empty, not null";
  EXPECT_EQ(copied(mask, "1,\"2,x\n").substr(0, 6), "error:");
}

TEST(RowMask, MasksCopyAsBinary) {
  CopyFormat binary{.kind = CopyFormat::Kind::binary};
  RowMask mask(second_of_three(binary), {}, masks);
  std::string header("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
  const auto field = [](std::string_view text) { return std::string("\0\0\0", 3) + char(text.size()) + std::string(text); };
  const std::string count("\0\3", 2);
  EXPECT_EQ(copied(mask, header + count + field("1") + field("123-45-6789") + field("x")),
            header + count + field("1") + field("****6789") + field("x"));
  EXPECT_EQ(copied(mask, count + field("1") + field("123-45-6789") + field("x")),
            count + field("1") + field("****6789") + field("x"));
  EXPECT_EQ(copied(mask, std::string("\377\377", 2)), std::string("\377\377", 2));
  EXPECT_EQ(copied(mask, count + field("1")).substr(0, 6), "error:");
  RowMask fresh(second_of_three(binary), {}, masks);
  EXPECT_EQ(copied(fresh, count + field("1") + field("2") + field("3")).substr(0, 6), "error:") << "no header";
}

}  // namespace
}  // namespace narrowgate::postgres
