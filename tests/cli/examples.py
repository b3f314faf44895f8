#!/usr/bin/env python3
"""Every example of every command's help is run as it stands, in an inventory made by `lab init`."""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile


def commands_of(lab):
    overview = subprocess.run([lab, "help"], capture_output=True, text=True, check=True).stdout.split("Topics")[0]
    return re.findall(r"^  ([a-z]+(?: [a-z]+)*)  ", overview, re.M)


def examples_of(lab, command):
    text = subprocess.run([lab, *command.split(), "--help"], capture_output=True, text=True, check=True).stdout
    part = text.split("\nExamples\n")[-1] if "\nExamples\n" in text else ""
    return re.findall(r"^      (\S.*)$", part, re.M)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", required=True, type=pathlib.Path)
    binaries = parser.parse_args().bin.resolve()
    lab = binaries / "lab"
    wrong = ran = 0
    for command in commands_of(lab):
        examples = examples_of(lab, command)
        if not examples:
            wrong += 1
            print(f"'lab {command}' has no example")
        with tempfile.TemporaryDirectory(prefix="lab-examples-") as top:
            environment = {"PATH": f"{binaries}:/usr/local/bin:/usr/bin:/bin", "HOME": top, "LC_ALL": "C.UTF-8", "TERM": "dumb",
                           "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org", "GIT_COMMITTER_NAME": "Ada",
                           "GIT_COMMITTER_EMAIL": "ada@example.org"}

            def shell(line, folder):
                return subprocess.run(["bash", "-c", line], cwd=folder, env=environment, capture_output=True, text=True,
                                      stdin=subprocess.DEVNULL, timeout=120)

            made = shell("lab init --quiet && git add -A && git commit --quiet -m first && lab apply --auto-approve --quiet"
                         " && mkdir -p ~/.config/fish/completions ~/inventory", folder_in(top))
            if made.returncode != 0:
                print(f"no inventory to run examples in: {made.stderr}")
                return 1
            runs = shell("lab get runs -o name", folder_in(top)).stdout.split()
            run = runs[0].removeprefix("run/") if runs else "none"
            for line in examples:
                ran += 1
                folder = pathlib.Path(tempfile.mkdtemp(dir=top)) if command == "init" else folder_in(top)
                done = shell(re.sub(r"\bRUN\b", run, line), folder)
                if done.returncode not in (0, 2):
                    wrong += 1
                    print(f"$ {line}\nends with {done.returncode}\n{done.stdout}{done.stderr}")
    print(f"{ran} examples, {wrong} wrong")
    return 1 if wrong else 0


def folder_in(top):
    folder = pathlib.Path(top) / "homelab"
    folder.mkdir(exist_ok=True)
    return folder


if __name__ == "__main__":
    sys.exit(main())
