#!/usr/bin/env python3
"""The README's first hour is typed as it stands, on a terminal where every question is answered with yes."""

import argparse
import os
import pathlib
import pty
import re
import subprocess
import sys
import tempfile

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"


def lines_of_the_hour():
    hour = README.read_text().split("\n## A first hour\n")[1].split("\n## ")[0]
    building, *blocks = re.findall(r"^```sh\n(.*?)^```$", hour, re.M | re.S)
    assert building.startswith("./dev build"), building
    return [line for block in blocks for line in block.splitlines()]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", required=True, type=pathlib.Path)
    binaries = parser.parse_args().bin.resolve()
    # However it ends, the inventory's own cases hold.
    lines = [*lines_of_the_hour(), "lab test"]
    with tempfile.TemporaryDirectory(prefix="lab-first-hour-") as home:
        environment = {"PATH": f"{binaries}:/usr/local/bin:/usr/bin:/bin", "HOME": home, "LC_ALL": "C.UTF-8", "TERM": "dumb",
                       "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org",
                       "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.org"}
        script = "\n".join(f'{line}\nended[{number}]=$?' for number, line in enumerate(lines)) + '\necho "${ended[*]}" > ~/ended\n'
        person, terminal = pty.openpty()
        os.write(person, b"yes\n" * len(lines))
        done = subprocess.run(["bash", "--noprofile", "--norc", "-c", script], cwd=home, env=environment, stdin=terminal,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
        ended = [int(code) for code in pathlib.Path(home, "ended").read_text().split()]
    # 2 is what drift and diff end with where something differs, as it does here.
    wrong = [f"$ {line}\nends with {code}" for line, code in zip(lines, ended, strict=True)
             if code != (2 if line.startswith(("lab drift", "lab diff")) else 0)]
    if wrong:
        print(done.stdout, *wrong, sep="\n")
    print(f"{len(lines)} lines, {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
