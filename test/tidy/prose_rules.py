"""Rules about any text: its shape, its words, its links."""

import os
import re

from cpp import string_literals
from tree import CPP, TEXT

LINE_MAX = 130
FILE_LINES_MAX = 700
FILE_LINES_NUDGE = 500
BLOB_BYTES_MAX = 1 << 20
TODO_KINDS = ("security", "perf", "compat", "test")

WORDS = [
    (r"\bdownstream\b", "client"),
    (r"\bbackend (?:connection|server|database)\b", "upstream"),
    (r"\btarget (?:database|resource|server|host)\b", "resource"),
    (r"\b(?:white|black)list", "allow-list, deny-list, or what it allows"),
    (r"\brequest (?:was|is) (?:blocked|rejected)\b", "denied"),
    (r"\bneeds? (?:a )?review\b", "needs approval"),
]


def lines_are_short_enough(tree):
    """Lines of code fit into 130 columns."""
    findings = []
    for name in tree.matching(r"\.(cc|h|py|sh|cmake|sql|rs)$|^scripts/|CMakeLists\.txt$"):
        for number, line in enumerate(tree.text(name).splitlines(), 1):
            if len(line) > LINE_MAX and 'R"' not in line:  # a raw string is as long as it is
                findings.append(f"{name}:{number}: has {len(line)} columns, {LINE_MAX} fit; scripts/format breaks C++ lines")
    return findings


def whitespace_is_plain(tree):
    """No tabs, no trailing blanks, one newline at the end."""
    findings = []
    for name in tree.matching(TEXT):
        text = tree.text(name)
        for number, line in enumerate(text.splitlines(), 1):
            if "\t" in line:
                findings.append(f"{name}:{number}: has a tab; use blanks (in a string: \\t)")
            if line != line.rstrip() and not name.endswith(".md"):
                findings.append(f"{name}:{number}: ends with blanks; remove them")
        if text and not text.endswith("\n"):
            findings.append(f"{name}: ends without a newline; add one")
        if text.endswith("\n\n"):
            findings.append(f"{name}: ends with an empty line; remove it")
    return findings


def files_hold_one_thought(tree):
    """No source file above 700 lines; from 500 on it is asked whether it is two."""
    findings = []
    for name in tree.matching(r"\.(cc|h|py|rs)$|^scripts/"):
        lines = len(tree.text(name).splitlines())
        if lines > FILE_LINES_MAX:
            findings.append(f"{name}: has {lines} lines, {FILE_LINES_MAX} at most; give each thought in it a file")
        elif lines > FILE_LINES_NUDGE:
            print(f"  note: {name} has {lines} lines; is it still one thought?")
    return findings


def no_blob_is_checked_in(tree):
    """Nothing above 1 MiB."""
    return [f"{name}: has {tree.size(name)} bytes, {BLOB_BYTES_MAX} at most; make it by a script, or fetch it"
            for name in tree.files if tree.size(name) > BLOB_BYTES_MAX]


def todos_have_a_kind(tree):
    """TODO(security): …; FIXME and XXX never land."""
    findings = []
    kinds = "|".join(TODO_KINDS)
    for name in tree.matching(r"\.(cc|h|py|sh|rs|cmake|sql|cedar)$"):
        if name.startswith("test/tidy/"):
            continue
        for number, line in enumerate(tree.text(name).splitlines(), 1):
            if re.search(r"\b(FIXME|XXX)\b", line):
                findings.append(f"{name}:{number}: fix it, or write TODO(kind): with what has to happen")
            elif re.search(r"\bTODO\b", line) and not re.search(rf"\bTODO\(({kinds})\): \S", line):
                findings.append(f"{name}:{number}: a TODO has a kind: TODO({kinds}): what has to happen")
    return findings


def documents_have_one_title(tree):
    """A Markdown file opens with its one # title."""
    findings = []
    for name in tree.matching(r"\.md$"):
        text = re.sub(r"<!--(.|\n)*?-->", "", tree.text(name))
        prose = re.sub(r"^```(.|\n)*?^```", "", text, flags=re.MULTILINE)
        titles = re.findall(r"^# .+$", prose, re.MULTILINE)
        if len(titles) != 1 or not prose.lstrip().startswith(titles[0]):
            findings.append(f"{name}: has {len(titles)} titles; open with one \"# Title\" and use ## below it")
    return findings


def links_in_documents_lead_somewhere(tree):
    """A relative link names a file or folder of the clone."""
    findings = []
    for name in tree.matching(r"\.md$"):
        text = re.sub(r"^```(.|\n)*?^```", "", tree.text(name), flags=re.MULTILINE)
        for match in re.finditer(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
            link = match.group(1)
            if re.match(r"[a-z]+:", link):
                continue
            path = os.path.normpath(os.path.join(os.path.dirname(name), link))
            if path not in tree.files and not any(other.startswith(path + "/") for other in tree.files):
                findings.append(f"{name}: links to {link}, which is not there; correct or remove the link")
    return findings


def people_read_the_glossary_words(tree):
    """Documents and messages use the words of docs/glossary.md."""
    findings = []

    def look(name, number, text):
        for expression, better in WORDS:
            match = re.search(expression, text, re.IGNORECASE)
            if match:
                findings.append(f"{name}:{number}: says \"{match.group(0)}\"; the word here is {better} (docs/glossary.md)")

    for name in tree.matching(r"\.md$|\.yaml$"):
        if name != "docs/glossary.md":
            for number, line in enumerate(tree.text(name).splitlines(), 1):
                look(name, number, line)
    for name in tree.matching(CPP):
        for number, literal in string_literals(tree.text(name)):
            look(name, number, literal)
    return findings


def nothing_names_the_machine_it_was_written_on(tree):
    """No home folders, no mounts of one machine."""
    findings = []
    expression = re.compile(r"(?<![\w.~$})-])/(?:root|home/[a-z]\w*|Users/\w+|work)/")
    for name in tree.matching(TEXT):
        for number, line in enumerate(tree.text(name).splitlines(), 1):
            if expression.search(line) and not name.startswith("test/tidy/"):
                findings.append(f"{name}:{number}: names a folder of one machine; use a relative path, $HOME or a parameter")
    return findings

RULES = [
    lines_are_short_enough,
    whitespace_is_plain,
    files_hold_one_thought,
    no_blob_is_checked_in,
    todos_have_a_kind,
    documents_have_one_title,
    links_in_documents_lead_somewhere,
    people_read_the_glossary_words,
    nothing_names_the_machine_it_was_written_on,
]
