#!/usr/bin/env python3
"""Every man page that lab writes is read by man without a warning, and there is one for each command."""

import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True, type=pathlib.Path)
    lab = parser.parse_args().bin.resolve() / "lab"
    if not shutil.which("man"):
        print("no man on this machine")
        return 77
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([lab, "help", "--quiet", "--man", folder], check=True)
        pages = sorted(pathlib.Path(folder).iterdir())
        for page in pages:
            done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", str(page)], capture_output=True, text=True,
                                  env={"PATH": "/usr/bin:/bin", "MANWIDTH": "80", "LC_ALL": "C.UTF-8", "MANROFFOPT": "-ww"})
            if done.returncode != 0 or done.stderr.strip():
                wrong += 1
                print(page.name, done.stderr)
            for heading in ("NAME", "SYNOPSIS"):
                if not re.search(rf"^{heading}", done.stdout, re.M):
                    wrong += 1
                    print(page.name, "has no", heading)
            if shutil.which("mandoc"):
                lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", str(page)], capture_output=True, text=True)
                if lint.returncode != 0:
                    wrong += 1
                    print(lint.stdout)
        overview = subprocess.run([lab, "help"], capture_output=True, text=True, check=True).stdout.split("Topics")[0]
        names = {f"lab-{match.replace(' ', '-')}.1" for match in re.findall(r"^  ([a-z]+(?: [a-z]+)*)  ", overview, re.M)}
        missing = names - {page.name for page in pages}
        if missing or len(names) < 5:
            wrong += 1
            print("no page for", missing or names)
    print(f"{len(pages)} pages, {wrong} problems")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
