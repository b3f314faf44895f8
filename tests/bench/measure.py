"""Runs a program and tells what the kernel says it cost."""

import dataclasses
import os
import statistics
import subprocess
import sys
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


def once(argv: list[str], codes: tuple[int, ...] = (0,), env: dict | None = None, cwd: str | None = None) -> Cost:
    """One run; its output is read and dropped. Any other exit code than those expected ends the benchmark."""
    began = time.monotonic()
    child = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env, cwd=cwd)
    first, tail = None, b""
    while chunk := os.read(child.stdout.fileno(), 1 << 16):
        first = first or time.monotonic() - began
        tail = (tail + chunk)[-2000:]
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - began
    if child.returncode not in codes:
        sys.exit(f"{' '.join(argv)} ended with {child.returncode}:\n{tail.decode(errors='replace')}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, child.returncode, first)


def median(argv: list[str], runs: int = 5, **options) -> Cost:
    """The run with the median wall time, after one that only warms up."""
    once(argv, **options)
    costs = [once(argv, **options) for _ in range(runs)]
    middle = statistics.median_low(cost.wall for cost in costs)
    best = next(cost for cost in costs if cost.wall == middle)
    best.peak_mib = max(cost.peak_mib for cost in costs)
    return best
