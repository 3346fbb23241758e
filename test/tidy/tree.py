"""The files that the rules look at."""

import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

CPP = r"^src/.*\.(cc|h)$"
TEXT = (r"\.(cc|h|py|sh|cmake|md|txt|yaml|yml|json|sql|rs|toml|cedar|cedarschema|proto|in)$"
        r"|^(scripts|\.ci)/|(^|/)(CMakeLists\.txt|justfile)$")


class Tree:
    """The files of the clone that are tracked, or would be."""

    def __init__(self, root):
        self.root = root
        listed = subprocess.run(["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                                check=True, capture_output=True).stdout.decode().split("\0")
        self.files = sorted({name for name in listed if name and (root / name).is_file()})
        self._texts = {}

    def size(self, name):
        return (self.root / name).stat().st_size

    def text(self, name):
        if name not in self._texts:
            try:
                self._texts[name] = (self.root / name).read_text(encoding="utf-8")
            except UnicodeDecodeError:
                self._texts[name] = ""
        return self._texts[name]

    def matching(self, pattern):
        expression = re.compile(pattern)
        return [name for name in self.files if expression.search(name)]
