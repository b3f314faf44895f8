#!/usr/bin/env python3
"""Completion as a person has it: real bash and zsh at a terminal with the Tab key, and fish by its own `complete -C`.

    completion.py --bin build/dev/bin [bash|zsh|fish]
"""

import argparse
import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
DEADLINE = 60  # seconds; a busy machine is slow, a right answer comes long before

# What is typed before Tab, and what the line then holds (bash, zsh) or is offered (fish).
UNIQUE = [
    ("lab vers", "lab version "),
    ("lab config li", "lab config list "),
    ("lab completion z", "lab completion zsh "),
    ("lab get ser", "lab get servers "),
    ("lab get servers --lab", "lab get servers --label "),
    ("lab get servers --label ba", "lab get servers --label base "),
    ("lab get servers --label=ba", "lab get servers --label=base "),
    ("lab get servers --label k3s=s", "lab get servers --label k3s=server "),
    ("lab get servers --label=k3s=s", "lab get servers --label=k3s=server "),
    ("lab get servers -l ba", "lab get servers -l base "),
    ("lab get servers --env prod", "lab get servers --env production "),
    ("lab get servers -o js", "lab get servers -o json "),
    ("lab describe server db", "lab describe server db-1 "),
    ("lab describe server/db", "lab describe server/db-1 "),
    ("lab show group all-", "lab show group all-web "),
    ("lab describe module mo", "lab describe module motd "),
    ("lab help exit", "lab help exit-codes "),
    ("lab config set col", "lab config set color "),
    ("lab config set color al", "lab config set color always "),
    ("lab apply sav", "lab apply saved.plan "),
    ("lab apply server/db", "lab apply server/db-1 "),
    ("lab drift --target server/lo", "lab drift --target server/lone-1 "),
    ("lab plan --out sav", "lab plan --out saved.plan "),
    ("lab --inventory mod", "lab --inventory modules/"),
]


class Terminal:
    """A shell on a terminal of its own."""

    def __init__(self, argv, environment, folder):
        pid, self.fd = pty.fork()
        if pid == 0:
            os.chdir(folder)
            os.execvpe(argv[0], argv, environment)
        self.pid, self.text = pid, ""

    def send(self, text):
        os.write(self.fd, text.encode())

    def wait_for(self, found):
        """Reads until `found(text)`; None when it never comes."""
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            result = found(self.text)
            if result:
                return result
            if select.select([self.fd], [], [], 0.2)[0]:
                try:
                    self.text += os.read(self.fd, 65536).decode("utf-8", "replace")
                except OSError:
                    return None
        return None

    def close(self):
        os.close(self.fd)
        try:
            os.kill(self.pid, 9)
        except ProcessLookupError:
            pass
        os.waitpid(self.pid, 0)


def plain(text):
    """What a terminal would show: without escape sequences, with backspaces done."""
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>]|\x1b\][^\x07]*\x07|\x07", "", text)
    return text


def check_on_terminal(shell, argv, setup, environment, folder):
    """Each line gets a shell that asks it to print what is on its command line after Tab."""
    wrong = 0
    terminal = Terminal(argv, environment, folder)
    terminal.send(setup + "\n")
    if not terminal.wait_for(lambda text: "READY:1" in text):
        print(f"{shell} did not start: {terminal.text!r}")
        return 1
    for number, (typed, expected) in enumerate(UNIQUE):
        terminal.text = ""
        # Tab, and then the key that prints the line and empties it.
        terminal.send(typed + "\t")
        time.sleep(0)  # what is typed ahead waits in the terminal until the shell is done with Tab
        terminal.send("\x18p")
        got = terminal.wait_for(lambda text: re.search(r"LINE<([^>]*)>", plain(text)))
        line = got.group(1) if got else plain(terminal.text)
        if line != expected:
            wrong += 1
            print(f"{shell}: {typed!r} became {line!r}, not {expected!r}")
        terminal.send("\x18q")
        terminal.wait_for(lambda text: f"DONE:{number}" in text or "EMPTIED" in text)
    terminal.close()
    return wrong


BASH_SETUP = r"""bind 'set enable-bracketed-paste off'; bind 'set bell-style none'; bind 'set completion-query-items 0'
source <(lab completion bash)
show_line() { printf '\nLINE<%s>\n' "$READLINE_LINE"; }; empty_line() { READLINE_LINE=; READLINE_POINT=0; printf '\nEMPTIED\n'; }
bind -x '"\C-xp": show_line'; bind -x '"\C-xq": empty_line'; echo READY:$((0+1))"""

ZSH_SETUP = r"""autoload -Uz compinit; compinit -u -D; unsetopt beep; source <(lab completion zsh)
show_line() { print -r -- ""; print -r -- "LINE<$BUFFER>" }; empty_line() { BUFFER=; print -r -- ""; print -r -- EMPTIED }
zle -N show_line; zle -N empty_line; bindkey '^Xp' show_line; bindkey '^Xq' empty_line; echo READY:$((0+1))"""


def check_bash(environment, folder):
    return check_on_terminal("bash", ["bash", "--noprofile", "--norc", "-i"], BASH_SETUP, environment, folder)


def check_zsh(environment, folder):
    return check_on_terminal("zsh", ["zsh", "-f", "-i"], ZSH_SETUP, environment, folder)


def check_fish(environment, folder):
    wrong = 0
    script = "lab completion fish | source\n" + "".join(
        f"echo LINE {number}; complete -C '{typed}'\n" for number, (typed, _) in enumerate(UNIQUE))
    done = subprocess.run(["fish", "--no-config", "-c", script], cwd=folder, env=environment, capture_output=True, text=True,
                          timeout=DEADLINE * 5)
    answers = re.split(r"^LINE \d+\n", done.stdout, flags=re.M)[1:]
    for (typed, expected), answer in zip(UNIQUE, answers):
        words = [line.split("\t")[0] for line in answer.splitlines()]
        before, last = typed.rsplit(" ", 1)
        if not any(f"{before} {word}".rstrip() == expected.rstrip() for word in words):
            wrong += 1
            print(f"fish: {typed!r} was offered {words}, not {expected!r}")
    if len(answers) != len(UNIQUE):
        wrong += 1
        print("fish:", done.stderr)
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True, type=pathlib.Path)
    parser.add_argument("shells", nargs="*", default=["bash", "zsh", "fish"])
    arguments = parser.parse_args()
    wrong = ran = 0
    for shell in arguments.shells:
        if not shutil.which(shell):
            print(f"no {shell} on this machine")
            continue
        with tempfile.TemporaryDirectory(prefix="lab-completion-") as top:
            folder = pathlib.Path(top) / "fleet"
            shutil.copytree(HERE / "fixtures" / "fleet", folder)
            (folder / "saved.plan").write_text("{}")
            environment = {"PATH": f"{arguments.bin.resolve()}:/usr/bin:/bin", "HOME": top, "TERM": "dumb", "LC_ALL": "C.UTF-8",
                           "PS1": "$ ", "HISTFILE": "/dev/null", "COLUMNS": "200", "LINES": "50"}
            wrong += {"bash": check_bash, "zsh": check_zsh, "fish": check_fish}[shell](environment, folder)
            ran += 1
    print(f"{ran} shells, {len(UNIQUE)} lines each, {wrong} wrong")
    return 1 if wrong else 0 if ran else 77


if __name__ == "__main__":
    sys.exit(main())
