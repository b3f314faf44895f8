#!/usr/bin/env python3
"""Folded, literal and quoted texts of several lines, at random: `lab` reads each as PyYAML does, line feed for line feed.

    LAB_BIN=build/dev/bin yaml_values_test.py [--seed N] [--count N]

Each text is the default of a module's param, which `lab show module` prints. Every seventh text ends its file, for a text
that nothing comes after is read in another way.
"""

import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

try:
    import yaml
except ImportError as missing:
    print(f"skipped: {missing} (Debian: python3-yaml)")
    sys.exit(77)

LAB = pathlib.Path(os.environ.get("LAB_BIN", "build/dev/bin")).resolve() / "lab"
IN_DOUBLE = ["\\n", "\\t", "\\\\", "\\ ", '\\"', "\\x41", "\\u00e9", "\\U0001f600", "\\N", "\\_"]
IN_SINGLE = ["''", "\\", '"']


def block(chance: random.Random, margin: int) -> str:
    """With lines that are indented further, empty lines and lines of blanks."""
    indent = chance.choice([1, 2, 3])
    sign = chance.choice(["", "-", "+", "+"])
    hint = chance.choice(["", "", "", str(indent)])
    lines = [chance.choice(">>|") + chance.choice([sign + hint, hint + sign])]
    for _ in range(chance.randint(0, 6)):
        kind = chance.random()
        if kind < 0.4:
            lines.append("")
        elif kind < 0.5:
            lines.append(" " * chance.randint(0, margin + indent))
        else:
            further = "" if kind < 0.75 else chance.choice([" ", "  ", "\t"])
            lines.append(" " * (margin + indent) + further + chance.choice(["a", "b c", "d ", "# e", "- f", "" if further == " " else "g"]))
    return "\n".join(lines)


def quoted(chance: random.Random, margin: int) -> str:
    quote = chance.choice("\"'")
    pieces = ["a", "b c", " ", "  ", "\t", "e", "#f", ": g"] + (IN_DOUBLE if quote == '"' else IN_SINGLE)
    lines = []
    for number in range(chance.randint(1, 6)):
        line = "" if chance.random() < 0.45 else "".join(chance.choice(pieces) for _ in range(chance.randint(0, 3)))
        if number > 0 and (line.strip() or chance.random() < 0.3):
            line = " " * (margin + 1) + line
        lines.append(line)
    # A backslash at the end of a line joins it with the next.
    lines[:-1] = [line + "\\" * (quote == '"' and chance.random() < 0.15) for line in lines[:-1]]
    return quote + "\n".join(lines) + quote


def is_text(module: str) -> bool:
    try:
        return all(isinstance(param["default"], str) for param in yaml.safe_load(module)["params"].values())
    except yaml.YAMLError:
        return False


def modules(chance: random.Random, count: int):
    head, margin = "name: m\nparams:\n", 4
    module = head
    for number in range(count):
        text = chance.choice([block, quoted])(chance, margin)
        param = f"  p{number}:\n    type: string\n    default: {text}"
        if not is_text(head + param + "\n"):
            continue  # a text that is less indented than its first line says, say
        if number % 7 == 0:
            yield module + param + chance.choice(["", "\n", "\n\n", "\n" + " " * margin, "\n" + " " * (margin + 1)])
            module = head
        else:
            module += param + "\n"
    yield module


def shown(folder: pathlib.Path, module: str) -> dict[str, str]:
    (folder / "modules/m/module.yaml").write_bytes(module.encode())
    done = subprocess.run([LAB, "show", "module", "m", "-o", "json", "--inventory", folder], capture_output=True, text=True, timeout=60,
                          env={"PATH": os.environ["PATH"], "HOME": str(folder), "LAB_HOME": f"{folder}/.home"})
    if done.returncode != 0:
        sys.exit(f"exit {done.returncode}: {done.stderr}\n{module!r}")
    return {param["name"]: param["default"] for param in json.loads(done.stdout)["params"]}


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    arguments.add_argument("--count", type=int, default=700)
    options = arguments.parse_args()
    print(f"--seed {options.seed}")
    compared, wrong = 0, 0
    with tempfile.TemporaryDirectory(prefix="lab-yaml-values-") as work:
        folder = pathlib.Path(work)
        (folder / "modules/m").mkdir(parents=True)
        (folder / "lab.yaml").write_text("lab: {format: 1, name: values}\n")
        for module in modules(random.Random(options.seed), options.count):
            if not is_text(module):
                continue  # what ends the file made it another text
            found = shown(folder, module)
            for name, param in yaml.safe_load(module)["params"].items():
                compared += 1
                if found[name] != param["default"]:
                    wrong += 1
                    print(f"{name}: {found[name]!r}, not {param['default']!r}, in\n{module}")
    print(f"{compared} texts, {wrong} read in another way")
    return 1 if wrong or compared < options.count / 2 else 0


if __name__ == "__main__":
    sys.exit(main())
