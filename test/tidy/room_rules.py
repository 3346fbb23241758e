"""Rules about folders: who may include whom, and that each says why it exists."""

import re

from cpp import line_of
from tree import CPP

# Who may include whom. A room also includes itself; its tests may include testing/ as well. Change this table with a reason.
MAY_INCLUDE = {
    "base": [],
    "masking": ["base"],  # values in, masks out
    "net": ["base"],
    "http": ["base", "net"],
    "policy": ["base"],  # pure: no clock, no I/O, no store
    "grant": ["base", "policy"],
    "detect": ["base"],
    "config": ["base", "detect", "grant", "masking", "policy"],
    "identity": ["base", "config"],
    "store": ["base", "grant", "identity", "policy"],  # keeps what identity/ asks to have kept
    "credentials": ["base", "config", "detect", "grant", "http", "masking", "net", "policy"],  # an account is made for a grant
    "approval": ["base", "grant", "identity", "policy", "store"],
    "recording": ["base"],
    "protocol": ["base", "credentials", "net", "policy"],
    "protocol/wire": ["base"],
    "protocol/postgres/wire": ["base", "policy", "protocol/wire"],  # sans I/O
    "protocol/postgres/sql": ["base", "masking", "policy"],  # text in, effects out; the catalog is passed in
    # A role is compiled from a scope, and made over a connection of the gateway's own.
    "protocol/postgres/roles": ["base", "config", "credentials", "grant", "protocol/postgres", "protocol/postgres/sql",
                                "protocol/postgres/wire"],
    "protocol/postgres": ["base", "credentials", "detect", "masking", "net", "policy", "protocol", "protocol/postgres/sql",
                          "protocol/postgres/wire", "protocol/wire"],
    "session": ["approval", "base", "config", "credentials", "grant", "identity", "net", "policy", "protocol", "recording",
                "store"],
    "admin": ["approval", "base", "config", "credentials", "grant", "http", "identity", "net", "policy", "recording", "session",
              "store"],
    "testing": ["base", "masking", "net", "policy", "protocol", "protocol/postgres", "protocol/postgres/sql",
                "protocol/postgres/wire", "protocol/wire", "store"],
    "cli": "anything",
    "serve": "anything",  # the gateway put together
    "": "anything",  # main.cc wires everything
}
# The one list of protocols knows them all.
ALSO = {"src/protocol/protocols.cc": re.compile(r"protocol/")}

SEES_THE_IO_LIBRARY = {"net", "http", "testing"}


def room_of(name):
    """The room a file of src/ lives in: "protocol/postgres/wire"; "" for src/main.cc."""
    folder = name.removeprefix("src/").rpartition("/")[0]
    while folder and folder not in MAY_INCLUDE:
        folder = folder.rpartition("/")[0]
    return folder


def architecture_lists_every_folder(tree):
    """docs/architecture.md has one table row for every folder of src/, and for no other."""
    document = "docs/architecture.md"
    if document not in tree.files:
        return [f"{document}: is missing; write it, with one row `| \\`src/x/\\` | what |` for every folder"]
    listed = set(re.findall(r"^\|\s*`src/([\w/]+)/`", tree.text(document), re.MULTILINE))
    there = {name.removeprefix("src/").rpartition("/")[0] for name in tree.matching(r"^src/.+/[^/]+\.(cc|h)$")}
    return ([f"{document}: src/{folder}/ is not in the folder table; add a row that says what belongs there" for folder in
             sorted(there - listed)] +
            [f"{document}: the folder table lists src/{folder}/, which is not there; remove the row" for folder in
             sorted(listed - there)])


def every_folder_says_why_it_exists(tree):
    """A folder has a README.md of a few lines: why it exists, what belongs there."""
    findings = []
    for folder in sorted({name.rpartition("/")[0] for name in tree.matching(r"^src/.+/.*\.(cc|h)$")}):
        readme = f"{folder}/README.md"
        essay = f"{folder}/{folder.rpartition('/')[2]}.h"
        if readme in tree.files:
            if len(tree.text(readme).splitlines()) > 12:
                findings.append(f"{readme}: is longer than 12 lines; a reader wants six, the rest belongs into docs/")
        elif essay not in tree.files:
            findings.append(f"{folder}/: has neither README.md nor {essay}; write six lines: why it exists, what belongs here")
    return findings


def every_room_is_in_the_table(tree):
    """Every folder of src/ falls under a row of MAY_INCLUDE."""
    return [f"{folder}/: is not in MAY_INCLUDE of test/tidy/room_rules.py; say there whom it may include" for folder in
            sorted({name.rpartition("/")[0] for name in tree.matching(r"^src/.+/.*\.(cc|h)$")})
            if room_of(folder + "/x.h") == ""]


def includes_point_down(tree):
    """A room includes only the rooms that MAY_INCLUDE gives it."""
    findings = []
    for name in tree.matching(CPP):
        room = room_of(name)
        allowed = MAY_INCLUDE[room]
        if allowed == "anything":
            continue
        test = re.search(r"_(test|fuzz)\.cc$", name)
        for match in re.finditer(r'^\s*#include "([^"]+/[^"]+)"', tree.text(name), re.MULTILINE):
            other = room_of("src/" + match.group(1))
            if other in allowed or other == room or "src/" + match.group(1) not in tree.files:
                continue
            if test and (other == "testing" or room == "testing"):
                continue
            if name in ALSO and ALSO[name].match(match.group(1)):
                continue
            findings.append(f"{name}:{line_of(tree.text(name), match.start(1))}: {room or 'src'} may not include {other} "
                            f"({match.group(1)}); it may include {', '.join(allowed) or 'nothing of ours'}. Pass a value or an "
                            f"interface in, or argue for the arrow in test/tidy/room_rules.py")
    return findings


def only_net_sees_the_io_library(tree):
    """boost/asio and boost/beast stay behind net/ and http/."""
    findings = []
    for name in tree.matching(CPP):
        if room_of(name) in SEES_THE_IO_LIBRARY or re.search(r"_test\.cc$", name):
            continue
        for match in re.finditer(r"#include <boost/(asio|beast)[^>]*>", tree.text(name)):
            findings.append(f"{name}:{line_of(tree.text(name), match.start())}: includes boost/{match.group(1)}; use "
                            f"net/stream.h, net/task.h or http/")
    return findings


def no_drawer_called_utils(tree):
    """A helper lives where its noun lives."""
    drawer = re.compile(r"(?:^|[/_.-])(utils?|helpers?|common|misc)(?:[/_.-]|$)")
    return [f"{name}: is called {match.group(1)}; name it after the thing it is about, and put it where that lives"
            for name in tree.files for match in [drawer.search(name)] if match]


def sources_are_built(tree):
    """Every .cc is named by a CMakeLists.txt above it: a forgotten test passes for ever."""
    findings = []
    for name in tree.matching(r"^src/.*\.cc$"):
        folder, _, base = name.rpartition("/")
        stem = re.sub(r"(_test|_fuzz)?\.cc$", "", base)
        lists = ""
        while folder:
            lists += tree.text(f"{folder}/CMakeLists.txt") if f"{folder}/CMakeLists.txt" in tree.files else ""
            folder = folder.rpartition("/")[0]
        if base not in lists and "GLOB" not in lists and not re.search(rf"\b{re.escape(stem)}\b", lists):
            findings.append(f"{name}: no CMakeLists.txt names it; add it to its ng_library, ng_test or ng_fuzz, or delete it")
    return findings


def fuzz_targets_are_declared(tree):
    """Every *_fuzz.cc is declared to CMake, so that it runs."""
    findings = []
    for name in tree.matching(r"^src/.*_fuzz\.cc$"):
        folder, _, base = name.rpartition("/")
        lists = f"{folder}/CMakeLists.txt"
        text = tree.text(lists) if lists in tree.files else ""
        if base not in text and not ("ng_fuzz" in text and "_fuzz.cc" in text and base.removesuffix("_fuzz.cc") in text):
            findings.append(f"{name}: is not declared in {lists}; add ng_fuzz(… SOURCE {base} …), else nobody runs it")
    return findings

RULES = [
    architecture_lists_every_folder,
    every_folder_says_why_it_exists,
    every_room_is_in_the_table,
    includes_point_down,
    only_net_sees_the_io_library,
    no_drawer_called_utils,
    sources_are_built,
    fuzz_targets_are_declared,
]
