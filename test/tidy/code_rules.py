"""Rules about C++ text that no compiler knows."""

import re

from cpp import closing, lambdas, line_of, without_comments
from tree import CPP

MAY_PRINT = re.compile(r"^src/(cli/|main\.cc$|base/check\.cc$|base/log\.cc$)|_(test|fuzz)\.cc$")


def headers_begin_with_what_they_are(tree):
    """A header opens with a comment and has #pragma once."""
    findings = []
    for name in tree.matching(r"^src/.*\.h$"):
        text = tree.text(name)
        if not text.startswith("//"):
            findings.append(f"{name}:1: opens without a comment; say in a line or an essay what this is and what it promises")
        if "#pragma once" not in text:
            findings.append(f"{name}:1: has no #pragma once; add it below the opening comment")
    return findings


def coroutine_lambdas_capture_nothing(tree):
    """A lambda that is a coroutine has no captures: they die before it resumes."""
    findings = []
    for name in tree.matching(CPP):
        code = without_comments(tree.text(name))
        found = list(lambdas(code))
        for start, captures, body, end in found:
            if not captures:
                continue
            own = code[body:end]
            for other in found:  # what a lambda inside it does is that one's business
                if other[2] > body and other[3] < end:
                    own = own.replace(code[other[2]:other[3]], "")
            if re.search(r"\bco_(await|return|yield)\b|\bNG_CO_", own):
                findings.append(f"{name}:{line_of(code, start)}: a coroutine lambda captures [{captures}], which is gone when it "
                                f"resumes; pass it as a parameter: [](auto x) -> Task<…> {{ … }}(x)")
    return findings


def awaited_calls_are_given_named_values(tree):
    """No argument inside `co_await f(...)` is braced or conditional: g++ 12 destroys such a temporary twice. Name it first."""
    findings = []
    for name in tree.matching(r"^src/.*\.(cc|h)$"):
        code = without_comments(tree.text(name))
        for awaited in re.finditer(r"\bco_await\s+[\w:.>*()-]*?\(", code):
            end = closing(code, awaited.end() - 1)
            arguments = code[awaited.end():end]
            for start, _, body, last in list(lambdas(arguments)):
                arguments = arguments[:start] + " " * (last - start + 1) + arguments[last + 1:]
            if re.search(r"[{?]", arguments):
                findings.append(f"{name}:{line_of(code, awaited.start())}: awaits a call with a braced or conditional argument; "
                                "name the value on a line of its own before it")
    return findings


def only_the_cli_prints(tree):
    """The gateway speaks through base/log.h."""
    findings = []
    for name in tree.matching(CPP):
        if MAY_PRINT.search(name):
            continue
        code = without_comments(tree.text(name))
        for match in re.finditer(r"\b(std::cout|std::cerr|std::clog|(?<!\w)f?printf\s*\(|\bputs\s*\(|fmt::print\w*\s*\()", code):
            findings.append(f"{name}:{line_of(code, match.start())}: prints with {match.group(1).strip('( ')}; log an event with "
                            f"base/log.h, or return a value for cli/ to print")
    return findings


def nothing_switches_verification_off(tree):
    """No setting, option or call that leaves a peer unverified."""
    findings = []
    expression = re.compile(r"sslmode=(?:disable|allow|prefer)|insecure_skip|skip_verif|verify_peer\s*=\s*false|"
                            r"set_verify_mode\([^)]*verify_none|\bverify\s*=\s*false\b|SSL_VERIFY_NONE", re.IGNORECASE)
    for name in tree.matching(r"^(src|ffi)/.*\.(cc|h|rs)$"):
        if re.match(r"src/net/tls\w*\.cc$|.*_test\.cc$", name):
            continue  # net/ asks no certificate of clients where none is configured
        for match in expression.finditer(without_comments(tree.text(name), strings=False)):
            findings.append(f"{name}:{line_of(tree.text(name), match.start())}: \"{match.group(0)}\" leaves a peer unverified; "
                            f"name the decision in the configuration, as UpstreamTlsMode does")
    return findings


def test_names_are_sentences(tree):
    """TEST(Subject, DoesSomethingWhenSomething)."""
    findings = []
    for name in tree.matching(r"^src/.*_test\.cc$"):
        for match in re.finditer(r"^\s*(?:TEST|TEST_F|TEST_P|RC_GTEST_PROP)\(\s*\w+,\s*(\w+)\s*[,)]", tree.text(name),
                                 re.MULTILINE):
            words = re.findall(r"[A-Z0-9][a-z0-9]*|[a-z0-9]+", match.group(1))
            if len(words) < 2 or re.match(r"Test[A-Z0-9]|(?:Basic|Works|Simple)\d*$", match.group(1)):
                findings.append(f"{name}:{line_of(tree.text(name), match.start(1))}: \"{match.group(1)}\" says no behaviour; "
                                f"name what is promised: DeniedExecuteSkipsToSync")
    for name in tree.matching(r"^test/.*test\w*\.py$"):
        for match in re.finditer(r"^\s+def (test_\w+)", tree.text(name), re.MULTILINE):
            if match.group(1).count("_") < 3:
                findings.append(f"{name}:{line_of(tree.text(name), match.start(1))}: \"{match.group(1)}\" says no behaviour; "
                                f"name what is promised: test_a_denied_statement_leaves_the_session_usable")
    return findings

RULES = [
    headers_begin_with_what_they_are,
    coroutine_lambdas_capture_nothing,
    awaited_calls_are_given_named_values,
    only_the_cli_prints,
    nothing_switches_verification_off,
    test_names_are_sentences,
]
