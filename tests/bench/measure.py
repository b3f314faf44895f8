"""Runs a program and tells what the kernel says it cost."""

import dataclasses
import os
import pty
import selectors
import shutil
import statistics
import subprocess
import sys
import tempfile
import time


@dataclasses.dataclass
class Cost:
    wall: float
    cpu: float
    peak_mib: float
    code: int
    first_output: float | None = None

    def text(self) -> str:
        return f"{self.wall:8.3f} s wall  {self.cpu:8.3f} s cpu  {self.peak_mib:7.0f} MiB"


def start(argv: list[str], terminal: bool, **options) -> tuple[subprocess.Popen, selectors.BaseSelector]:
    """The child, and its outputs to read from."""
    outputs = selectors.DefaultSelector()
    out, out_end = os.pipe()
    err, err_end = pty.openpty() if terminal else (None, os.dup(out_end))
    child = subprocess.Popen(argv, stdout=out_end, stderr=err_end, **options)
    os.close(out_end)
    os.close(err_end)
    for fd in (out, err):
        if fd is not None:
            outputs.register(fd, selectors.EVENT_READ)
    return child, outputs


def read(fd: int) -> bytes:
    try:
        return os.read(fd, 1 << 16)
    except OSError:  # how the end of a terminal reads
        return b""


def once(argv: list[str], codes: tuple[int, ...] = (0,), env: dict | None = None, cwd: str | None = None,
         terminal: bool = False, weigh: bool = True) -> Cost:
    """One run, with a terminal as its stderr where `terminal`; its output is read and dropped. Any other exit code than
    those expected ends the benchmark. The peak is known where `weigh`: then GNU time starts the program, because what
    the kernel tells of a child counts the memory of what it was forked from, and this Python is larger than some."""
    with tempfile.NamedTemporaryFile("r", prefix="lab-bench-") as peak:
        if weigh:
            argv = [shutil.which("time") or sys.exit("GNU time is missing"), "-f", "%M", "-o", peak.name, *argv]
        began = time.monotonic()
        child, outputs = start(argv, terminal, env=env, cwd=cwd)
        first, tail = None, b""
        while outputs.get_map():
            for key, _ in outputs.select():
                chunk = read(key.fd)
                if chunk:
                    first = first or time.monotonic() - began
                    tail = (tail + chunk)[-2000:]
                else:
                    outputs.unregister(key.fd)
                    os.close(key.fd)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - began
        if child.returncode not in codes:
            sys.exit(f"{' '.join(argv)} ended with {child.returncode}:\n{tail.decode(errors='replace')}")
        kib = int(peak.read().split()[-1]) if weigh else 0  # the last line: above it is any exit code but 0
        return Cost(wall, usage.ru_utime + usage.ru_stime, kib / 1024, child.returncode, first)


def median(argv: list[str], runs: int = 5, **options) -> Cost:
    """The run with the median wall time, after one that warms up and is weighed."""
    peak = once(argv, **options).peak_mib
    costs = [once(argv, weigh=False, **options) for _ in range(runs)]
    middle = statistics.median_low(cost.wall for cost in costs)
    best = next(cost for cost in costs if cost.wall == middle)
    best.peak_mib = peak
    return best
