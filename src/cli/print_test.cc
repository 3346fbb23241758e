#include "cli/print.h"

#include <gtest/gtest.h>

namespace narrowgate::cli {
namespace {

TEST(Table, HasColumnsAsWideAsTheyNeedToBe) {
  EXPECT_EQ(table({"NAME", "STATE"}, {{"a", "live"}, {"refund-bot", ""}}, "none"),
            "NAME        STATE\na           live\nrefund-bot\n");
}

TEST(Table, CountsCharactersAndNotBytes) { EXPECT_EQ(table({"A", "B"}, {{"é", "1"}, {"ab", "2"}}, ""), "A   B\né   1\nab  2\n"); }

TEST(Table, SaysSoWhenThereIsNothing) { EXPECT_EQ(table({"A"}, {}, "nothing waits"), "nothing waits\n"); }

TEST(Wrapped, BreaksAtBlanks) {
  EXPECT_EQ(wrapped("select id from refunds", 10), (std::vector<std::string>{"select id", "from", "refunds"}));
}

TEST(Wrapped, BreaksWhereThereIsNoBlankAndNeverInsideACharacter) {
  EXPECT_EQ(wrapped("ééééé", 2), (std::vector<std::string>{"éé", "éé", "é"}));
}

TEST(Wrapped, KeepsEveryCharacterOfATextWithoutBlanks) {
  std::string text, back;
  for (int i = 0; i < 500; ++i) text += char('a' + i % 26);
  for (const std::string& line : wrapped(text, 7)) {
    EXPECT_LE(shown_width(line), 7u);
    back += line;
  }
  EXPECT_EQ(back, text);
}

TEST(Wrapped, LeavesWhatFitsAlone) {
  EXPECT_EQ(wrapped("", 10), std::vector<std::string>{""});
  EXPECT_EQ(wrapped("0123456789", 10), std::vector<std::string>{"0123456789"});
}

TEST(TextOf, SpellsWhatIsNoString) {
  const json::object object{{"s", "x"}, {"n", 3}, {"b", true}, {"nothing", nullptr}};
  EXPECT_EQ(text_of(object, "s") + text_of(object, "n") + text_of(object, "b") + text_of(object, "nothing") +
                text_of(object, "missing"),
            "x3true");
}

}  // namespace
}  // namespace narrowgate::cli
