#!/usr/bin/env python3
"""Runs `lab validate` over inventories that are wrong and compares what it says.

    bad_inventories.py --bin build/dev/bin [NAME...]

A case is one file, bad/NAME.txt: a line about it, the files of the inventory after lines "=== PATH" (or "=== PATH -> TARGET"
for a symbolic link), and after "=== diagnostics" what stderr must be. What would be too large or too odd to keep as text is
made by a function below. Each must end with 1, within TIME seconds and MEMORY bytes. LAB_TEST_ACCEPT=1 writes what was said
as what is wanted, and then reports that as skipped, never as passed.
"""

import argparse
import concurrent.futures
import difflib
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent
CASES = HERE / "bad"
SKIPPED = 77
ELSEWHERE = {"spec/no-inventory", "spec/submodule"}  # in tests/unit/spec/load_test.cpp: `lab` looks for a lab.yaml first
TIME, MEMORY = 5, 512 << 20
LAB = "lab: {format: 1, name: bad, defaults: {cloud: ssh}}\n"


# ---- inventories that are made

def deep_nesting(top):
    (top / "lab.yaml").write_text(LAB + "servers: {a: {root: " + "[" * 100_000 + "]" * 100_000 + "}}\n")


def deep_blocks(top):
    text = "".join("  " * depth + "a:\n" for depth in range(200))
    (top / "lab.yaml").write_text(LAB + "clouds:\n" + "".join("  " + line + "\n" for line in text.splitlines()))


def huge_scalar(top):
    (top / "lab.yaml").write_text(LAB + "servers:\n  a:\n    root: " + "x" * (3 << 20) + "\n")


def huge_file(top):
    (top / "lab.yaml").write_text(LAB)
    (top / "servers.yaml").write_text("servers:\n" + "".join(f"  s{n}: {{root: {'r' * 60}}}\n" for n in range(500_000)))


def huge_module_file(top):
    (top / "modules/m").mkdir(parents=True)
    (top / "lab.yaml").write_text(LAB)
    (top / "modules/m/module.yaml").write_text("name: m\nresources:\n  - file: /big\n    source: big\n")
    (top / "modules/m/big").write_bytes(bytes(9 << 20))


def alias_bomb(top):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    (top / "lab.yaml").write_text(LAB)
    (top / "bomb.yaml").write_text("servers:\n  a:\n" + "".join(f"    {line}\n" for line in lines))


def not_utf8(top):
    (top / "lab.yaml").write_text(LAB)
    (top / "latin1.yaml").write_bytes("servers:\n  a: {root: caf\xe9}\n".encode("latin-1"))


def pipe(top):
    (top / "lab.yaml").write_text(LAB)
    os.mkfifo(top / "servers.yaml")
    os.mkfifo(top / "no-definitions")


def control_characters(top):
    (top / "lab.yaml").write_bytes(LAB.encode() + b"servers:\n  a: {root: \"x\x1b[31mred\"}\n")


def many_problems(top):
    (top / "lab.yaml").write_text(LAB)
    (top / "many.yaml").write_text("environments:\n" + "".join(f"  e{n}: {{reigon: x}}\n" for n in range(300_000)))


def many_unknown_names(top):
    (top / "lab.yaml").write_text(LAB)
    (top / "labels.yaml").write_text("labels:\n" + "".join(f"  label-number-{n}:\n" for n in range(5_000)))
    (top / "servers.yaml").write_text("servers:\n" + "".join(f"  s{n}: {{labels: [lable-number-{n}]}}\n" for n in range(20_000)))


def deep_groups(top):
    (top / "lab.yaml").write_text(LAB + "groups:\n" + "".join(f"  g{n:05}: {{groups: [g{n + 1:05}]}}\n" for n in range(50_000))
                                  + "  g50000: {servers: ['*']}\n")


def endless_template(top):
    (top / "modules/m").mkdir(parents=True)
    (top / "lab.yaml").write_text(LAB + "labels: {x: {modules: [m]}}\nservers: {a: {labels: [x]}}\n")
    loops = "".join(f"{{% for a{n} in params.l %}}" for n in range(12))
    (top / "modules/m/module.yaml").write_text(
        f"name: m\nparams: {{l: {{type: list, default: [{', '.join('x' * 60)}]}}}}\nresources:\n  - file: /f\n    content: |\n"
        f"      {loops}x{'{% endfor %}' * 12}\n")


MADE = {made.__name__.replace("_", "-"): made for made in (
    deep_nesting, deep_blocks, huge_scalar, huge_file, huge_module_file, alias_bomb, not_utf8, pipe, control_characters,
    many_problems, many_unknown_names, deep_groups, endless_template)}


# ---- cases

class Case:
    def __init__(self, path):
        self.path, self.name = path, path.stem
        parts = ("\n" + path.read_text()).split("\n=== ")
        self.about = parts[0].strip("\n")
        self.files, self.wanted = [], ""
        for part in parts[1:]:
            head, _, text = part.partition("\n")
            if head == "diagnostics":
                self.wanted = text
            else:
                self.files.append((head, text + "\n"))

    def make(self, top):
        if self.name in MADE:
            MADE[self.name](top)
        for head, text in self.files:
            path, _, target = head.partition(" -> ")
            (top / path).parent.mkdir(parents=True, exist_ok=True)
            if target:
                (top / path).symlink_to(target)
            else:
                (top / path).write_text(text)

    def accept(self, said):
        text = self.about + "\n" + "".join(f"=== {head}\n{body}" for head, body in self.files) + "=== diagnostics\n" + said
        self.path.write_text(text)


def shortened(said):
    """Hundreds of diagnostics are kept as their beginning and their end."""
    lines = said.splitlines(True)
    if len(lines) <= 200:
        return said
    return "".join(lines[:20] + [f"... {len(lines) - 30} lines ...\n"] + lines[-10:])


def run_case(case, lab, sanitized):
    """What `lab validate` said, and what is wrong besides."""
    with tempfile.TemporaryDirectory(prefix="lab-bad-") as top:
        top = pathlib.Path(top).resolve()
        (top / "inventory").mkdir()
        case.make(top / "inventory")
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(top), "LAB_HOME": str(top / "home"), "LC_ALL": "C.UTF-8",
                       **{name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}}
        said = top / "stderr"
        with said.open("wb") as stderr:
            child = subprocess.Popen([lab, "validate", "--no-color"], cwd=top / "inventory", env=environment,
                                     stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr)
            limit = TIME * (10 if sanitized else 1)
            killer = threading.Timer(300, child.kill) # what hangs; the time that counts is below
            killer.start()
            _, status, used = os.wait4(child.pid, 0)
            killer.cancel()
            child.returncode = os.waitstatus_to_exitcode(status)
        wrong = []
        if child.returncode != 1:
            wrong.append(f"exit {child.returncode}, wanted 1")
        # The processor's time: a busy machine is not a slow program.
        if used.ru_utime + used.ru_stime > limit:
            wrong.append(f"took {used.ru_utime + used.ru_stime:.1f} s of processor time, more than {limit}")
        if used.ru_maxrss * 1024 > MEMORY and not sanitized:
            wrong.append(f"took {used.ru_maxrss >> 10} MiB, more than {MEMORY >> 20}")
        return shortened(said.read_text(errors="backslashreplace").replace(str(top), "<top>")), wrong


def unseen(cases):
    """Slugs of the documentation that no case shows."""
    explained = re.findall(r"`((?:spec|yaml)/[a-z0-9-]+)`", (HERE.parents[1] / "docs/diagnostics.md").read_text())
    return set(explained) - {slug for case in cases for slug in re.findall(r"\[((?:spec|yaml)/[a-z0-9-]+)\]", case.wanted)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True, type=pathlib.Path, help="folder with lab")
    parser.add_argument("cases", nargs="*")
    arguments = parser.parse_args()
    lab = arguments.bin.resolve() / "lab"
    sanitized = b"__asan_init" in lab.read_bytes() or b"__tsan_init" in lab.read_bytes()
    cases = [Case(path) for path in sorted(CASES.glob("*.txt")) if not arguments.cases or path.stem in arguments.cases]
    accepting = os.environ.get("LAB_TEST_ACCEPT") == "1"
    failed = changed = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for case, (said, wrong) in zip(cases, pool.map(lambda one: run_case(one, lab, sanitized), cases)):
            if said != case.wanted and accepting:
                case.accept(said)
                changed += 1
            elif said != case.wanted:
                wrong += difflib.unified_diff(case.wanted.splitlines(), said.splitlines(), "wanted", "said", lineterm="")
            if wrong:
                failed += 1
                print(f"--- {case.name}", *wrong, sep="\n")
    if not arguments.cases:
        for slug in sorted(unseen(cases) - ELSEWHERE):
            failed += 1
            print(f"no case shows the diagnostic '{slug}' of docs/diagnostics.md")
    print(f"{len(cases)} bad inventories, {failed} failed, {changed} accepted")
    return 1 if failed else SKIPPED if accepting else 0


if __name__ == "__main__":
    sys.exit(main())
