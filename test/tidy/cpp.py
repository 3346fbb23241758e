"""As much of C++ as the rules have to understand: comments, strings, brackets, lambdas."""

import re


def without_comments(text, strings=True):
    """The code with comments blanked out, and string contents too unless `strings` is false. Lines keep their numbers."""
    def blank(match):
        found = match.group(0)
        if found.startswith("/"):
            return re.sub(r"[^\n]", " ", found)
        if not strings or found.startswith("'"):
            return found
        return '"' + re.sub(r"[^\n]", " ", found[1:-1]) + '"'

    raw = r'R"(?P<tag>[^()\s\\]{0,16})\((?:.|\n)*?\)(?P=tag)"'
    return re.sub(raw + r"""|//[^\n]*|/\*(?:.|\n)*?\*/|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'""", blank, text)


def string_literals(text):
    for match in re.finditer(r'"((?:\\.|[^"\\\n])*)"', without_comments(text, strings=False)):
        yield line_of(text, match.start()), match.group(1)


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def closing(text, at):
    """Where the bracket that opens at `at` closes, or -1."""
    pairs = {"(": ")", "[": "]", "{": "}"}
    depth = 0
    for index in range(at, len(text)):
        if text[index] in pairs:
            depth += 1
        elif text[index] in pairs.values():
            depth -= 1
            if depth == 0:
                return index
    return -1


def lambdas(code):
    """(start, captures, start of body, end of body) of every lambda in code without comments."""
    for match in re.finditer(r"(?<![\w)\]\[])\s*\[(?!\[)", code):
        start = match.end() - 1
        end = closing(code, start)
        if end < 0 or re.search(r"\b(delete|operator|auto)\s*&{0,2}\s*$", code[max(0, start - 16):start]):
            continue
        at = re.compile(r"\s*").match(code, end + 1).end()
        if at < len(code) and code[at] == "(":
            at = closing(code, at) + 1
        head = re.compile(r"[\w:<>,*&\s-]*\{").match(code, at)
        if not head or at <= 0:
            continue
        body = head.end() - 1
        yield start, code[start + 1:end].strip(), body, closing(code, body)
