#!/usr/bin/env python3
"""Fails on words that mean unfinished work, names that say nothing, and paths of one machine."""

import re
import sys

from sources import ROOT, tracked

UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|not (yet )?implemented", re.IGNORECASE)
FILE_NAMES = {"util", "utils", "helper", "helpers", "manager", "misc", "common", "data", "impl"}
OWN = "tests/lint/words.py"


def problems():
    for path in tracked("*.cpp", "*.h", "*.py", "*.sh", "*.md", "*.txt", "*.cmake", "*.yaml", "dev"):
        if str(path) == OWN or "testdata" in path.parts or "corpus" in path.parts:
            continue
        if path.suffix in {".cpp", ".h"} and path.stem in FILE_NAMES:
            yield f"{path}: a file named '{path.stem}' says nothing about what it holds"
        for number, line in enumerate((ROOT / path).read_text(errors="replace").splitlines(), 1):
            if match := UNFINISHED.search(line):
                yield f"{path}:{number}: '{match.group(0)}': finish it, or write down where it is tracked"
            if "using namespace" in line and (path.suffix == ".h" or "using namespace std;" in line):
                yield f"{path}:{number}: no using-directives in headers, and none for std"


if __name__ == "__main__":
    found = list(problems())
    print("\n".join(found) if found else "words: nothing unfinished")
    sys.exit(1 if found else 0)
