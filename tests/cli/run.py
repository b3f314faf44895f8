#!/usr/bin/env python3
"""Runs the cases of tests/cli: each a folder with `cmd` (a bash script), and what it must print and end with.

    run.py --bin build/dev/bin [CASE...]

A case runs in an empty folder, or a copy of the fixture that its first line names ("# fixture: fleet"), with a LAB_HOME
of its own. What differs from run to run (paths, times, ids, commits) is replaced before comparing. LAB_TEST_ACCEPT=1 writes
what was printed as what is wanted, and then reports that as skipped, never as passed.
"""

import argparse
import concurrent.futures
import difflib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77

REPLACED = [
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "<time>"),
    (re.compile(r"\br-\d{8}T\d{6}-[0-9a-z]+\b"), "<run>"),
    (re.compile(r"sha256:[0-9a-f]{64}"), "<digest>"),
    (re.compile(r"\b[0-9a-f]{40}\b"), "<commit>"),
    (re.compile(r"\bcommit [0-9a-f]{7,12}\b"), "commit <short>"),
]


def normalised(text, places):
    for path, name in places:
        text = text.replace(path, name)
    for pattern, name in REPLACED:
        text = pattern.sub(name, text)
    return text


def environment(binaries, work, home):
    return {
        "PATH": f"{binaries}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        "HOME": str(home),
        "LAB_HOME": str(home / ".lab"),
        "LC_ALL": "C.UTF-8",
        "TERM": "dumb",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CEILING_DIRECTORIES": str(work.parent),
        "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org",
        "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.org",
        "GIT_AUTHOR_DATE": "2026-03-15T14:22:03Z", "GIT_COMMITTER_DATE": "2026-03-15T14:22:03Z",
    }


def run_case(case, binaries):
    """Gives {stdout, stderr, exit} as they came, normalised."""
    with tempfile.TemporaryDirectory(prefix="lab-cli-") as top:
        top = pathlib.Path(top).resolve()
        work, home = top / "work", top / "home"
        home.mkdir()
        script = (case / "cmd").read_text()
        fixture = re.match(r"# fixture: (\S+)", script)
        if fixture:
            shutil.copytree(HERE / "fixtures" / fixture.group(1), work, symlinks=True)
        else:
            work.mkdir()
        done = subprocess.run(["bash", "--noprofile", "--norc", "-u", "-c", script], cwd=work, capture_output=True, timeout=120,
                              stdin=subprocess.DEVNULL, env=environment(binaries, work, home))
        places = [(str(work), "<work>"), (str(home), "<home>"), (str(top), "<top>"), (str(binaries), "<bin>")]
        return {"stdout": normalised(done.stdout.decode("utf-8", "backslashreplace"), places),
                "stderr": normalised(done.stderr.decode("utf-8", "backslashreplace"), places),
                "exit": f"{done.returncode}\n"}


def wanted(case):
    return {name: (case / name).read_text() if (case / name).exists() else default
            for name, default in (("stdout", ""), ("stderr", ""), ("exit", "0\n"))}


def accept(case, got):
    for name, default in (("stdout", ""), ("stderr", ""), ("exit", "0\n")):
        if got[name] != default:
            (case / name).write_text(got[name])
        elif (case / name).exists():
            (case / name).unlink()


def difference(case, got):
    expected, text = wanted(case), ""
    for name in ("exit", "stdout", "stderr"):
        if got[name] != expected[name]:
            text += "".join(difflib.unified_diff(expected[name].splitlines(True), got[name].splitlines(True),
                                                 f"{case.name}/{name} wanted", f"{case.name}/{name} got"))
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True, type=pathlib.Path, help="folder with lab and lab-agent")
    parser.add_argument("cases", nargs="*")
    arguments = parser.parse_args()
    cases = [HERE / name for name in arguments.cases] or sorted(path.parent for path in HERE.glob("*/cmd"))
    accepting = os.environ.get("LAB_TEST_ACCEPT") == "1"
    failed = changed = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for case, got in zip(cases, pool.map(lambda one: run_case(one, arguments.bin.resolve()), cases)):
            text = difference(case, got)
            if text and accepting:
                accept(case, got)
                changed += 1
                print(f"accepted {case.name}")
            elif text:
                failed += 1
                print(text)
    print(f"{len(cases)} cases, {failed} failed, {changed} accepted")
    return 1 if failed else SKIPPED if accepting else 0


if __name__ == "__main__":
    sys.exit(main())
