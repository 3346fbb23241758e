"""Rules that another program checks."""

import concurrent.futures
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest


def scripts_pass_shellcheck(tree):
    """Shell scripts are clean under shellcheck."""
    scripts = [name for name in tree.matching(r"^(scripts|\.ci)/|\.sh$") if re.match(r"#!.*\b(ba)?sh\b|# ", tree.text(name)[:40])
               and not name.endswith(".py")]
    if not shutil.which("shellcheck"):
        raise unittest.SkipTest("shellcheck is not installed; scripts/test tidy installs it")
    run = subprocess.run(["shellcheck", "-x", "-P", str(tree.root), "-f", "gcc", *scripts], cwd=tree.root, capture_output=True,
                         text=True)
    return run.stdout.splitlines()


def cpp_is_formatted(tree):
    """clang-format leaves every file as it is."""
    if not shutil.which("clang-format-19"):
        raise unittest.SkipTest("clang-format-19 is not installed; scripts/test tidy installs it")
    files = tree.matching(r"^(src|test|bench)/.*\.(cc|h)$")
    if not files:
        return []
    run = subprocess.run(["clang-format-19", "--dry-run", "-Werror", *files], cwd=tree.root, capture_output=True, text=True)
    places = re.findall(r"^([^:\n]+):\d+:\d+: error: ", run.stderr, re.MULTILINE)
    return [f"{name}: is not formatted in {places.count(name)} places; run scripts/format" for name in sorted(set(places))]


def headers_compile_alone(tree):
    """Every header compiles by itself. What passed is remembered by content, so that only what changed is compiled again."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "narrowgate" / "headers"
    cache.mkdir(parents=True, exist_ok=True)

    def closure(name, seen):
        if name in seen or name not in tree.files:
            return seen
        seen.add(name)
        for match in re.finditer(r'^\s*#include "([^"]+)"', tree.text(name), re.MULTILINE):
            for other in ("src/" + match.group(1), "ffi/" + match.group(1), os.path.dirname(name) + "/" + match.group(1)):
                closure(other, seen)
        return seen

    libraries = subprocess.run(["pkg-config", "--cflags", "libpq"], capture_output=True, text=True).stdout.split()

    def compile_one(name):
        digest = hashlib.sha256()
        for part in sorted(closure(name, set())):
            digest.update(part.encode() + b"\0" + tree.text(part).encode())
        stamp = cache / digest.hexdigest()
        if stamp.exists():
            return None
        with tempfile.NamedTemporaryFile("w", suffix=".cc") as source:
            source.write(f'#include "{name.removeprefix("src/")}"\n')
            source.flush()
            run = subprocess.run(["g++", "-std=c++20", "-fsyntax-only", "-Wall", "-I", str(tree.root / "src"), "-I",
                                  str(tree.root / "ffi"), "-I", str(tree.root / "ffi" / "include"), *libraries, source.name],
                                 capture_output=True, text=True)
        if run.returncode == 0:
            stamp.touch()
            return None
        first = next((line for line in run.stderr.splitlines() if "error" in line), run.stderr.strip()[:200])
        first = first.replace(str(tree.root) + "/", "")
        return f"{name}: does not compile by itself ({first}); include what it uses"

    generated = re.compile(r'#include [<"][^">]*(\.pb\.h|_generated\.h)[">]')
    headers = [name for name in tree.matching(r"^src/.*\.h$") if not generated.search(tree.text(name))]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return [finding for finding in pool.map(compile_one, headers) if finding]

RULES = [
    scripts_pass_shellcheck,
    cpp_is_formatted,
    headers_compile_alone,
]
