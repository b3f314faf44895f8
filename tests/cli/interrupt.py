#!/usr/bin/env python3
"""Ctrl-C: a question is left without an answer, a command that only looks is ended, and both end with 130."""

import argparse
import os
import pathlib
import pty
import select
import signal
import subprocess
import sys
import tempfile
import time

DEADLINE = 60


def read_until(fd, text):
    seen, end = "", time.monotonic() + DEADLINE
    while text not in seen and time.monotonic() < end:
        if select.select([fd], [], [], 0.2)[0]:
            seen += os.read(fd, 65536).decode("utf-8", "replace")
    return seen


def question(lab, folder, environment):
    """`lab apply` at a terminal, with Ctrl-C instead of an answer."""
    master, slave = pty.openpty()
    process = subprocess.Popen([lab, "apply"], cwd=folder, env=environment, stdin=slave, stdout=slave, stderr=slave,
                               start_new_session=True)
    os.close(slave)
    seen = read_until(master, "Only 'yes' goes on")
    process.send_signal(signal.SIGINT)
    code = process.wait(DEADLINE)
    os.close(master)
    return [] if code == 130 and "Only 'yes'" in seen else [f"lab apply ended with {code} after {seen!r}"]


def looking(lab, folder, environment):
    """A fetch that never ends: the server takes the connection and says nothing."""
    import socket
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"git://127.0.0.1:{server.getsockname()[1]}/inventory"
        process = subprocess.Popen([lab, "get", "servers", "--inventory", url], cwd=folder, env=environment,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        server.settimeout(DEADLINE)
        connection, _ = server.accept()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=DEADLINE)
        connection.close()
    return [] if process.returncode == 130 else [f"lab get ended with {process.returncode}: {errors}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", required=True, type=pathlib.Path)
    lab = parser.parse_args().bin.resolve() / "lab"
    with tempfile.TemporaryDirectory(prefix="lab-interrupt-") as top:
        environment = {"PATH": f"{lab.parent}:/usr/bin:/bin", "HOME": top, "LC_ALL": "C.UTF-8", "TERM": "dumb"}
        folder = pathlib.Path(top) / "inventory"
        subprocess.run([lab, "init", "--quiet", folder], env=environment, check=True, stdout=subprocess.DEVNULL)
        wrong = question(lab, folder, environment) + looking(lab, folder, environment)
    for line in wrong:
        print(line)
    print(f"{len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
