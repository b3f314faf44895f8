"""A throw-away Debian with a booted systemd, for tests of what acts on a live system.

The root file system is built once by mmdebstrap and kept in the user's cache folder; each machine is an overlay over
it, with a network of its own that leads nowhere. Needs root, systemd-nspawn and mmdebstrap (package systemd-container,
mmdebstrap), and the distribution's mirror the first time.
"""

import fcntl
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

SUITE = "bookworm"
PACKAGES = "systemd-sysv,dbus,udev,kmod,dnf,rpm,createrepo-c"
LEFT_OUT = ["/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*"]
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
               "LC_ALL": "C.UTF-8"}
BOOT_SECONDS = 60


def missing() -> str | None:
    """Why machines cannot be had here; None where they can."""
    if os.geteuid() != 0:
        return "needs root"
    for program in ("systemd-nspawn", "mmdebstrap", "nsenter"):
        if not shutil.which(program):
            return f"needs {program}"
    if subprocess.run(["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True).returncode != 0:
        return "needs leave to mount"
    return None


def root_file_system() -> pathlib.Path:
    """The folder of the minimal system, built where it is not in the cache."""
    recipe = hashlib.sha256(f"{SUITE} {PACKAGES} {LEFT_OUT}".encode()).hexdigest()[:12]
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "lab-tests"
    cache.mkdir(parents=True, exist_ok=True)
    target = cache / f"{SUITE}-{recipe}"
    with open(cache / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if target.is_dir():
            return target
        with tempfile.TemporaryDirectory(dir=cache) as work:
            options = [f"--dpkgopt=path-exclude={pattern}" for pattern in LEFT_OUT]
            for attempt in range(3):  # a mirror may miss a file while it is being renewed
                built = subprocess.run(
                    ["mmdebstrap", "--variant=minbase", "--format=directory", "--dpkgopt=force-unsafe-io", *options,
                     f"--include={PACKAGES}", SUITE, f"{work}/root-{attempt}"], capture_output=True, text=True)
                if built.returncode == 0:
                    os.rename(f"{work}/root-{attempt}", target)
                    break
            else:
                raise RuntimeError(f"mmdebstrap failed:\n{built.stderr[-4000:]}")
    return target


class Machine:
    """One booted machine; use it as a context. `root` is its file system as seen from here."""

    def __init__(self, name: str, prepare=None):
        self.name = name
        self.work = pathlib.Path(tempfile.mkdtemp(prefix=f"lab-{name}-"))
        self.root = self.work / "space" / "merged"
        self.prepare = prepare
        self.nspawn = None
        self.leader = 0

    def __enter__(self):
        try:
            self._mount()
            if self.prepare:
                self.prepare(self)
            self._boot()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.nspawn and self.nspawn.poll() is None:
            self.nspawn.terminate()  # an orderly shutdown
            try:
                self.nspawn.wait(30)
            except subprocess.TimeoutExpired:
                self.nspawn.kill()
                self.nspawn.wait()
        for mount in (self.root, self.work / "space"):
            if os.path.ismount(mount):
                subprocess.run(["umount", "--lazy", mount], check=False)
        shutil.rmtree(self.work, ignore_errors=True)

    def _mount(self):
        space = self.work / "space"
        space.mkdir()
        # In memory: what lies below /tmp may be an overlay itself, which cannot carry another one.
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2G", "tmpfs", space], check=True)
        for folder in ("upper", "work", "merged"):
            (space / folder).mkdir()
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o",
                        f"lowerdir={root_file_system()},upperdir={space}/upper,workdir={space}/work", self.root],
                       check=True)

    def _boot(self):
        self.console = open(self.work / "console", "wb")
        self.nspawn = subprocess.Popen(
            ["systemd-nspawn", "--quiet", "-D", self.root, "-M", self.name, "--boot", "--register=no", "--keep-unit",
             "--private-network", "--console=read-only"],
            stdin=subprocess.DEVNULL, stdout=self.console, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + BOOT_SECONDS
        state = "not started"
        while time.monotonic() < deadline:
            if self.nspawn.poll() is not None:
                break
            self.leader = self._find_leader()
            if self.leader:
                state = self.run("systemctl", "is-system-running", check=False).stdout.strip()
                if state in ("running", "degraded"):
                    return
            time.sleep(0.05)
        text = (self.work / "console").read_text(errors="replace")
        raise RuntimeError(f"{self.name} did not boot ({state}):\n{text[-4000:]}")

    def _find_leader(self) -> int:
        try:
            text = pathlib.Path(f"/proc/{self.nspawn.pid}/task/{self.nspawn.pid}/children").read_text()
        except OSError:
            return 0
        return int(text.split()[0]) if text.split() else 0

    def _inside(self, argv) -> list[str]:
        return ["nsenter", "-t", str(self.leader), "-m", "-u", "-i", "-p", "-n", "-C", "--", *map(str, argv)]

    def run(self, *argv, check=True, timeout=120) -> subprocess.CompletedProcess:
        """Runs a program inside to its end."""
        done = subprocess.run(self._inside(argv), capture_output=True, text=True, env=ENVIRONMENT, timeout=timeout,
                              stdin=subprocess.DEVNULL)
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(map(str, argv))} exited {done.returncode}:\n{done.stdout}{done.stderr}")
        return done

    def wait_until(self, what: str, condition, seconds=30):
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {seconds} s in vain until {what}")
            time.sleep(0.05)

    def path(self, path: str) -> pathlib.Path:
        return self.root / path.lstrip("/")

    def text(self, path: str) -> str:
        return self.run("cat", path).stdout

    def write(self, path: str, text: str, mode: int = 0o644):
        target = self.path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        target.chmod(mode)

    def install_program(self, program: pathlib.Path, folder: str):
        """Copies a program with its libraries and its loader, whatever distribution it was built on; a script of its
        name in /usr/local/bin starts it."""
        target = self.path(folder)
        target.mkdir(parents=True, exist_ok=True)
        listing = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
        loader = ""
        for path in re.findall(r"(/\S+) \(0x", listing):
            shutil.copy(path, target / os.path.basename(path))
            if os.path.basename(path).startswith("ld-"):
                loader = os.path.basename(path)
        shutil.copy(program, target / f"{program.name}.program")  # not by its name: it runs only through the script
        self.write(f"/usr/local/bin/{program.name}",
                   f'#!/bin/sh\nexec {folder}/{loader} --library-path {folder} {folder}/{program.name}.program "$@"\n', 0o755)
