#!/usr/bin/env python3
"""Modules from git: fetched by the real git over every transport, killed while it does, and by several runs at once."""

import getpass
import http.server
import os
import pathlib
import random
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
import unittest

from lab_harness import main
from modules_harness import ModulesCase

SSHD = shutil.which("sshd", path=os.environ["PATH"] + ":/usr/sbin:/sbin")


class Server(http.server.BaseHTTPRequestHandler):
    """git http-backend behind a plain HTTP server."""
    protocol_version = "HTTP/1.0"

    def do_GET(self):
        path, _, query = self.path.partition("?")
        if path.startswith("/locked/"):
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="modules"')
            self.end_headers()
            return
        if path.startswith("/moved/"):
            self.send_response(302)
            self.send_header("Location", "ext::sh%20-c%20id")
            self.end_headers()
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        env = {"PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": str(self.server.root), "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": path,
               "QUERY_STRING": query, "REQUEST_METHOD": self.command, "CONTENT_TYPE": self.headers.get("Content-Type", ""),
               "CONTENT_LENGTH": str(len(body)), "REMOTE_ADDR": "127.0.0.1", "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
               "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""), "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_COUNT": "1",
               "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
        answer = subprocess.run(["git", "http-backend"], input=body, capture_output=True, env=env).stdout
        head, _, rest = answer.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in {**headers, "Content-Length": str(len(rest))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(rest)

    do_POST = do_GET

    def log_message(self, *_):
        pass


class Transports(ModulesCase):
    def story(self, url, env=None):
        """Pins a commit that no ref names any more when it is fetched again."""
        old = self.publish(text="one")
        self.write_inventory({"motd": {"git": url, "ref": "main"}})
        self.lab("modules", "update", env=env)
        self.publish(text="two")
        shutil.rmtree(self.cache())
        self.lab("validate", env=env)
        self.assertIn(old, self.lock())
        self.lab("modules", "update", env=env)
        self.assertEqual(self.verify(code=0), {"motd": []}) if not env else self.lab("modules", "verify", env=env)
        self.apply(env=env)
        self.assertEqual(self.made(), "two\n")

    def serve(self, tls=None):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
        server.root = self.repos
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server.server_address[1]

    def test_file(self):
        self.story(self.url())

    def test_http(self):
        port = self.serve()
        self.story(f"http://127.0.0.1:{port}/motd/.git")

    def test_http_that_asks_for_a_password_or_leads_elsewhere(self):
        port = self.serve()
        for where in ("locked", "moved"):
            self.write_inventory({"motd": {"git": f"http://127.0.0.1:{port}/{where}/motd", "ref": "main"}})
            began = time.monotonic()
            refused = self.lab("modules", "update", code=1)
            self.assertLess(time.monotonic() - began, 30)
            self.assertIn("while pinning module motd", refused.err)

    def test_https(self):
        pem = self.folder / "cert.pem"
        self.run_program(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
                          "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", pem, "-out", self.folder / "crt.pem"])
        with open(pem, "a") as both:
            both.write((self.folder / "crt.pem").read_text())
        port = self.serve(tls=pem)
        self.story(f"https://127.0.0.1:{port}/motd/.git", env={"GIT_SSL_CAINFO": str(self.folder / "crt.pem")})

    @unittest.skipUnless(SSHD, "no sshd on this machine")
    def test_ssh(self):
        folder = self.folder / "sshd"
        folder.mkdir(mode=0o700)
        for key in ("host", "user"):
            self.run_program(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / key])
        (folder / "authorized").write_text((folder / "user.pub").read_text())
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        (folder / "config").write_text(
            f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nPidFile {folder}/pid\nAuthorizedKeysFile {folder}/authorized\n"
            "PasswordAuthentication no\nKbdInteractiveAuthentication no\nUsePAM no\nStrictModes no\nPermitRootLogin prohibit-password\n")
        if os.geteuid() == 0:
            pathlib.Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        with open(folder / "log", "w") as log:
            daemon = subprocess.Popen([SSHD, "-D", "-e", "-f", str(folder / "config")], stderr=log)
        self.addCleanup(daemon.wait)
        self.addCleanup(daemon.terminate)
        end = time.monotonic() + 20
        while time.monotonic() < end and daemon.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        host = (folder / "host.pub").read_text().split()[:2]
        (folder / "known").write_text(f"[127.0.0.1]:{port} {' '.join(host)}\n")
        command = f"ssh -F none -i {folder}/user -o IdentitiesOnly=yes -o UserKnownHostsFile={folder}/known"
        url = f"ssh://{getpass.getuser()}@127.0.0.1:{port}{self.repos}/motd"
        self.story(url, env={"GIT_SSH_COMMAND": command})
        stranger = self.lab("modules", "update", code=1, env={"GIT_SSH_COMMAND": command.replace("known", "nobody")})
        self.assertIn("Host key verification failed", stranger.err)


class Crash(ModulesCase):
    def setUp(self):
        super().setUp()
        self.publish()
        (self.repos / "motd/ballast").write_bytes(random.Random(1).randbytes(6 << 20))
        self.commit_repo("motd", "ballast")
        self.write_inventory()
        self.lab("modules", "update")

    def descendants(self, pid):
        children = {}
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rsplit(") ", 1)[1].split()
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
        found, left = [], [pid]
        while left:
            below = children.get(left.pop(), [])
            found += below
            left += below
        return found

    def repositories(self):
        return [one.name for one in self.cache().iterdir() if one.suffix == ".git"]

    def test_a_kill_at_any_instant_leaves_a_cache_that_works(self):
        began = time.monotonic()
        shutil.rmtree(self.cache())
        self.lab("validate")
        whole = time.monotonic() - began
        for turn in range(14):
            if turn % 2:
                self.publish(text=f"turn {turn}")
                self.lab("modules", "update")  # the next fetch adds to what is there
                for tip in self.cache().glob("*.git/refs/lab/*"):
                    tip.unlink()
                for pack in self.cache().glob("*.git/objects/pack/*"):
                    pack.unlink()
            else:
                shutil.rmtree(self.cache(), ignore_errors=True)
            run = self.start("validate")
            time.sleep(whole * (turn + 0.5) / 14)
            # Every other time git is killed too; else it goes on without us beside the next run.
            run.send_signal(signal.SIGSTOP)
            victims = self.descendants(run.pid) if turn % 4 < 2 else []
            for pid in [run.pid, *victims]:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            run.communicate()
            self.lab("validate")
            self.assertEqual(self.verify("--offline", code=0), {"motd": []}, f"turn {turn}")
        # What a git left that went on by itself is cleared away by the next fetch.
        shutil.rmtree(self.cache() / self.repositories()[0])
        self.lab("validate")
        self.assertEqual([one.name for one in self.cache().iterdir() if one.suffix in (".new", ".old")], [])

    def test_runs_beside_each_other_fetch_once(self):
        shutil.rmtree(self.cache())
        runs = [self.start("validate") for _ in range(6)]
        for run in runs:
            out, err = run.communicate(timeout=120)
            self.assertEqual(run.returncode, 0, out + err)
        self.assertEqual(len(list(self.cache().glob("*.git/objects/pack/*.pack"))), 1)


if __name__ == "__main__":
    main()
