"""Rules find an offender and leave an innocent alone."""

import re
import unittest

import code_rules
import cpp
import prose_rules
import room_rules


class Sample:
    """A tree of invented files."""

    def __init__(self, files):
        self._texts = files
        self.files = sorted(files)

    def text(self, name):
        return self._texts[name]

    def size(self, name):
        return len(self._texts[name])

    def matching(self, pattern):
        return [name for name in self.files if re.search(pattern, name)]


class RuleTest(unittest.TestCase):
    def finds(self, rule, *, name="src/session/x.cc", offender, innocent):
        found = rule(Sample({name: offender}))
        self.assertEqual(len(found), 1, f"{rule.__name__} on {offender!r}: {found}")
        self.assertIn(name.rpartition("/")[0], found[0])
        self.assertEqual(rule(Sample({name: innocent})), [])


class CodeRules(RuleTest):
    def test_a_capturing_coroutine_lambda_is_found_wherever_its_body_ends(self):
        rule = code_rules.coroutine_lambdas_capture_nothing
        self.finds(rule, offender="auto t = [s]() -> Task<void> { co_await use(s); };",
                   innocent="auto t = [](int s) -> Task<void> { co_await use(s); };")
        self.finds(rule, offender="run([&] { NG_CO_TRY(auto a, b()); });", innocent="run([&] { a[i] = b; });")

    def test_an_awaited_call_with_a_braced_or_conditional_argument_is_found(self):
        rule = code_rules.awaited_calls_are_given_named_values
        self.finds(rule, offender="NG_CO_TRY_VOID(co_await say(client, offer ? a : b));", innocent="co_await say(client, reply);")
        self.finds(rule, offender="co_await conversation.prove({.token = t});",
                   innocent="co_await pool.run(loop, [&] { return a ? b : c; });")

    def test_a_lambda_answers_only_for_its_own_body(self):
        self.assertEqual(code_rules.coroutine_lambdas_capture_nothing(Sample({
            "src/net/x.cc": "f([&] { return [](int x) -> Task<void> { co_return; }(1); });"})), [])

    def test_coroutine_words_in_comments_and_strings_are_not_code(self):
        self.assertEqual(code_rules.coroutine_lambdas_capture_nothing(Sample({
            "src/net/x.cc": "f([&] { // co_await\n g(\"co_await\"); });"})), [])

    def test_printing_is_for_the_cli(self):
        self.finds(code_rules.only_the_cli_prints, offender='std::cout << "x";', innocent='// std::cout\nlog("printf(");')
        self.assertEqual(code_rules.only_the_cli_prints(Sample({"src/cli/x.cc": "std::cout << 1;"})), [])

    def test_a_header_says_what_it_is_and_guards_itself(self):
        rule = code_rules.headers_begin_with_what_they_are
        self.finds(rule, name="src/base/x.h", offender="#pragma once\n", innocent="// A thing.\n#pragma once\n")
        self.finds(rule, name="src/base/x.h", offender="// A thing.\n", innocent="// A thing.\n#pragma once\n")

    def test_switching_verification_off_is_found_in_strings_too(self):
        self.finds(code_rules.nothing_switches_verification_off, offender='connect("sslmode=disable");',
                   innocent="// sslmode=disable is never used\n")

    def test_a_test_is_named_after_behaviour(self):
        self.finds(code_rules.test_names_are_sentences, name="src/base/x_test.cc", offender="TEST(Bytes, Basic) {",
                   innocent="TEST(Bytes, SplitAtEveryByteReadsTheSame) {")
        self.finds(code_rules.test_names_are_sentences, name="test/e2e/test_x.py", offender="class T:\n    def test_it(self):\n",
                   innocent="class T:\n    def test_a_denied_statement_is_refused(self):\n")


class RoomRules(RuleTest):
    def includes(self, source, included):
        return room_rules.includes_point_down(Sample({source: f'#include "{included}"\n', f"src/{included}": "//\n"}))

    def test_an_include_that_points_up_is_found(self):
        self.assertEqual(len(self.includes("src/policy/x.cc", "net/loop.h")), 1)
        self.assertEqual(len(self.includes("src/protocol/postgres/wire/x.cc", "net/loop.h")), 1)
        self.assertEqual(len(self.includes("src/session/x.cc", "protocol/postgres/x.h")), 1)
        self.assertEqual(self.includes("src/session/x.cc", "protocol/protocol.h"), [])
        self.assertEqual(self.includes("src/protocol/protocols.cc", "protocol/postgres/x.h"), [])
        self.assertEqual(self.includes("src/main.cc", "admin/x.h"), [])

    def test_no_room_of_the_table_can_be_reached_from_below(self):
        table = {room: rooms for room, rooms in room_rules.MAY_INCLUDE.items() if rooms != "anything"}

        def reach(room, seen):
            for other in table[room]:
                self.assertNotIn(other, seen, f"{room} and {other} include each other")
                reach(other, seen | {other})

        for room in table:
            reach(room, {room})

    def test_a_folder_missing_from_the_architecture_is_found_and_so_is_a_gone_one(self):
        rule = room_rules.architecture_lists_every_folder
        files = {"docs/architecture.md": "| `src/base/` | x |\n| `src/gone/` | x |\n", "src/base/a.h": "", "src/net/a.h": ""}
        self.assertEqual([re.search(r"src/(\w+)/", finding).group(1) for finding in rule(Sample(files))], ["net", "gone"])
        self.assertEqual(rule(Sample({"docs/architecture.md": "| `src/base/` | x |\n", "src/base/a.h": ""})), [])

    def test_a_source_nobody_builds_is_found(self):
        rule = room_rules.sources_are_built
        files = {"src/base/CMakeLists.txt": "ng_library(base SOURCES a.cc)\n", "src/base/a.cc": ""}
        self.assertEqual(rule(Sample(files)), [])
        self.assertEqual(len(rule(Sample(files | {"src/base/lost_test.cc": ""}))), 1)

    def test_the_io_library_stays_behind_net(self):
        self.finds(room_rules.only_net_sees_the_io_library, offender="#include <boost/asio/buffer.hpp>\n",
                   innocent="#include <boost/json.hpp>\n")

    def test_a_drawer_is_found_by_its_name(self):
        self.assertEqual(len(room_rules.no_drawer_called_utils(Sample({"src/base/string_utils.h": ""}))), 1)
        self.assertEqual(room_rules.no_drawer_called_utils(Sample({"src/base/utility_bill.h": ""})), [])


class ProseRules(RuleTest):
    def test_a_long_line_and_a_tab_are_found(self):
        self.finds(prose_rules.lines_are_short_enough, offender="//" + "x" * 129 + "\n", innocent="//" + "é" * 128 + "\n")
        self.assertEqual(prose_rules.lines_are_short_enough(Sample({"src/x.cc": 'f(R"(' + "x" * 200 + ')");\n'})), [])
        self.finds(prose_rules.whitespace_is_plain, offender="\tx\n", innocent="  x\n")
        self.finds(prose_rules.whitespace_is_plain, offender="x", innocent="x\n")

    def test_a_todo_without_a_kind_is_found(self):
        self.finds(prose_rules.todos_have_a_kind, offender="// TODO: more\n", innocent="// TODO(perf): one copy less\n")
        self.finds(prose_rules.todos_have_a_kind, offender="// FIXME\n", innocent="// fixed\n")

    def test_a_document_has_one_title_outside_its_code(self):
        self.finds(prose_rules.documents_have_one_title, name="docs/x.md", offender="# A\n\n# B\n",
                   innocent="# A\n\n```\n# not a title\n```\n")

    def test_a_dead_link_is_found(self):
        self.finds(prose_rules.links_in_documents_lead_somewhere, name="docs/x.md", offender="[a](gone.md)\n",
                   innocent="[a](x.md#part) [b](https://example.com)\n")

    def test_a_word_the_glossary_does_not_use_is_found(self):
        self.finds(prose_rules.people_read_the_glossary_words, offender='f("the downstream went away");',
                   innocent='f("the client went away");  // what others call downstream\n')

    def test_a_folder_of_one_machine_is_found(self):
        self.finds(prose_rules.nothing_names_the_machine_it_was_written_on, name="docs/x.md",
                   offender="see /" + "home/someone/notes\n", innocent="see $HOME/work/notes and src/work/x\n")


class Cpp(unittest.TestCase):
    def test_blanking_keeps_line_numbers_and_digit_separators(self):
        text = "int a = 1'000; // \"x\n/* b\nc */ auto s = R\"(// not a comment)\"; int d;\n"
        code = cpp.without_comments(text)
        self.assertEqual(code.count("\n"), text.count("\n"))
        self.assertIn("1'000", code)
        self.assertIn("int d;", code)
        self.assertNotIn("comment", code)
