#include <gtest/gtest.h>

#include "protocol/wire/reader.h"
#include "protocol/wire/writer.h"

namespace narrowgate::wire {
namespace {

TEST(Writer, WritesNetworkOrderAndClosesStrings) {
  Bytes out;
  Writer w(out);
  w.u8(1);
  w.u16(0x0203);
  w.u32(0x04050607);
  w.i32(-1);
  w.cstring("ab");
  EXPECT_EQ(out, (Bytes{1, 2, 3, 4, 5, 6, 7, 0xFF, 0xFF, 0xFF, 0xFF, 'a', 'b', 0}));
}

TEST(Writer, CountsAFramesLengthWithItself) {
  Bytes out{9};
  Writer w(out);
  w.message('Q', [&] { w.cstring("x"); });
  w.message('S');
  EXPECT_EQ(out, (Bytes{9, 'Q', 0, 0, 0, 6, 'x', 0, 'S', 0, 0, 0, 4}));
}

TEST(WriterDeathTest, NeverPutsAZeroInsideAString) {
  Bytes out;
  EXPECT_DEATH(Writer(out).cstring(std::string_view("a\0b", 3)), "find");
}

TEST(Reader, GivesBackWhatAWriterWrote) {
  Bytes out;
  Writer w(out);
  w.u8(7);
  w.i16(-2);
  w.u32(0xDEADBEEF);
  w.cstring("");
  w.cstring("name");
  w.text("rest");
  Reader in(out);
  EXPECT_EQ(in.u8(), 7);
  EXPECT_EQ(in.i16(), -2);
  EXPECT_EQ(in.u32(), 0xDEADBEEFu);
  EXPECT_EQ(in.cstring(), "");
  EXPECT_EQ(in.cstring(), "name");
  EXPECT_EQ(as_text(in.rest()), "rest");
  EXPECT_TRUE(in.finish("test", Blame::client, 1).ok());
}

TEST(Reader, StaysFailedAfterTheFirstThingThatIsMissing) {
  const Bytes bytes{1, 2, 3};
  Reader in(bytes);
  EXPECT_EQ(in.u32(), 0u);
  EXPECT_TRUE(in.failed());
  EXPECT_EQ(in.u8(), 0);
  EXPECT_EQ(in.cstring(), "");
  const auto end = in.finish("Bind", Blame::upstream, 1);
  ASSERT_FALSE(end.ok());
  EXPECT_EQ(end.error().code, Code::malformed);
  EXPECT_EQ(end.error().blame, Blame::upstream);
  EXPECT_EQ(end.error().detail, "Bind message ends too early");
}

TEST(Reader, NamesTheFault) {
  const auto fault = [](ByteView bytes, auto&& read) {
    Reader in(bytes);
    read(in);
    return in.finish("Parse", Blame::client, 1).error().detail;
  };
  const Bytes open{'a', 'b'};
  EXPECT_EQ(fault(open, [](Reader& in) { in.cstring(); }), "Parse message holds a string without its closing zero");
  EXPECT_EQ(fault({}, [](Reader& in) { in.cstring(); }), "Parse message holds a string without its closing zero");
  EXPECT_EQ(fault(open, [](Reader& in) { in.u8(); }), "Parse message has bytes after its end");
  EXPECT_EQ(fault(open, [](Reader& in) { in.refuse("is odd"); }), "Parse message is odd");
}

TEST(Reader, DoesNotTrustACountThatCannotFit) {
  const Bytes bytes(8);
  Reader in(bytes);
  EXPECT_TRUE(in.holds(2, 4));
  EXPECT_FALSE(in.holds(3, 4));
  EXPECT_TRUE(in.failed());
}

}  // namespace
}  // namespace narrowgate::wire
