#!/usr/bin/env python3
"""Modules from git: pinned, fetched by the real git over every transport, cached, offline, beside each other, killed, and hostile."""

import getpass
import hashlib
import http.server
import json
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

from lab_harness import BIN, LabCase, main

SSHD = shutil.which("sshd", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
MODULE = """name: {name}
version: {version}
{more}resources:
  - file: /etc/{name}
    content: "{text}\\n"
    mode: "0644"
"""


class ModulesCase(LabCase):
    def setUp(self):
        super().setUp()
        self.repos = self.folder / "repos"
        self.repos.mkdir()

    # ---- repositories of modules

    def in_repo(self, name, *words, **more):
        return self.run_program(["git", "-c", "user.name=Mo", "-c", "user.email=mo@example.org", *words],
                                cwd=self.repos / name, **more)

    def publish(self, name="motd", text="one", version="1.0.0", more="", folder="", tag=None, module=None):
        """A commit of a module's repository; gives its id."""
        repo = self.repos / name
        if not repo.exists():
            repo.mkdir()
            self.in_repo(name, "init", "-q", "-b", "main")
            self.in_repo(name, "config", "receive.denyCurrentBranch", "ignore")
        target = repo / folder / "module.yaml"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(MODULE.format(name=module or name, version=version, text=text, more=more))
        return self.commit_repo(name, text, tag)

    def commit_repo(self, name, subject, tag=None):
        self.in_repo(name, "add", "-A")
        self.in_repo(name, "commit", "-q", "--allow-empty", "-m", subject)
        if tag:
            self.in_repo(name, "tag", "-f", tag)
        return self.in_repo(name, "rev-parse", "HEAD").out.strip()

    def url(self, name="motd"):
        return f"file://{self.repos / name}"

    def write_inventory(self, sources=None, more=""):
        """One server with every module of `sources`: {name: {git, ref, path}}."""
        sources = sources or {"motd": {"git": self.url(), "ref": "main"}}
        self.write("lab.yaml", "lab: {format: 1, name: e2e, id: e2e-modules}\n"
                   f"modules: {json.dumps(sources)}\n"
                   f"labels: {{base: {{modules: {json.dumps(list(sources))}}}}}\n"
                   "servers: {s1: {cloud: local, root: machines/s1, labels: [base]}}\n" + more)

    def lock(self):
        return (self.inventory / "lab.lock").read_text()

    def cache(self):
        return self.home / "cache/modules"

    def made(self, name="motd"):
        return (self.root("s1") / "etc" / name).read_text()

    def verify(self, *words, code=1):
        found = {}
        for module in self.lab("modules", "verify", "-o", "json", *words, code=code).json()["modules"]:
            found[module["name"]] = [problem["code"] for problem in module["problems"]]
        return found


class Pins(ModulesCase):
    def test_a_missing_pin_names_the_command_and_fetches_nothing(self):
        self.publish()
        self.write_inventory()
        for command in (["validate"], ["plan"], ["get", "servers"]):
            refused = self.lab(*command, code=1)
            self.assertIn("module 'motd' is not pinned to a commit in lab.lock [module/not-pinned]", refused.err)
            self.assertIn("`lab modules update motd`", refused.err)
        self.assertFalse(self.cache().exists())

    def test_update_shows_what_moved_and_writes_the_same_bytes_for_the_same_pins(self):
        first = self.publish(text="one")
        self.write_inventory()
        shown = self.lab("modules", "update", "--dry-run", "--detailed-exitcode", code=2)
        self.assertIn(f"module motd (main): pinned at {first[:7]}", shown.out)
        self.assertFalse((self.inventory / "lab.lock").exists())
        self.lab("modules", "update")
        text = self.lock()
        self.assertIn(f'commit: "{first}"', text)
        self.assertIn("up to date", self.lab("modules", "update", "--detailed-exitcode").err)
        self.assertEqual(self.lock(), text)
        self.publish(text="two")
        second = self.commit_repo("motd", "three \x1b[31m")
        moved = self.lab("modules", "update", "--detailed-exitcode", code=2)
        self.assertIn(f"module motd (main): {first[:7]} -> {second[:7]}, 2 commits\n", moved.out)
        self.assertIn("three \\x1b[31m\n", moved.out)
        self.assertIn(" two\n", moved.out)
        (self.inventory / "lab.lock").unlink()
        self.lab("modules", "update")
        again = self.lock()
        self.lab("modules", "update")
        self.assertEqual(self.lock(), again)

    def test_a_rewritten_history_is_said(self):
        self.publish(text="one")
        old = self.publish(text="two")
        self.write_inventory()
        self.lab("modules", "update")
        self.in_repo("motd", "reset", "-q", "--hard", "HEAD~1")
        new = self.publish(text="other")
        moved = self.lab("modules", "update", "-o", "json").json()["modules"][0]
        self.assertEqual((moved["before"], moved["after"], moved["added"], moved["dropped"]), (old, new, 1, 1))

    def test_update_is_all_or_nothing(self):
        self.publish("motd")
        self.publish("base")
        self.write_inventory({"motd": {"git": self.url(), "ref": "main"}, "base": {"git": self.url("base"), "ref": "main"}})
        self.lab("modules", "update")
        before = self.lock()
        self.publish("motd", text="two")
        (self.repos / "base").rename(self.repos / "away")
        failed = self.lab("modules", "update", code=1)
        self.assertIn("1 module could not be pinned: nothing was written", failed.err)
        self.assertIn("module base", failed.err)
        self.assertEqual(self.lock(), before)
        self.lab("modules", "update", "motd")
        self.assertNotEqual(self.lock(), before)
        self.assertIn("base", self.lock())

    def test_a_broken_module_is_not_pinned(self):
        self.publish()
        self.write_inventory()
        self.lab("modules", "update")
        before = self.lock()
        bad = self.publish(more="dpes: [x]\n")
        refused = self.lab("modules", "update", code=1)
        self.assertIn(f"module motd at {bad[:7]}: module.yaml:3:1: error: ", refused.err)
        self.assertIn("3 | dpes: [x]", refused.err)
        (self.repos / "motd/module.yaml").rename(self.repos / "motd/moved.yaml")
        self.commit_repo("motd", "no module any more")
        self.assertIn("there is no module.yaml", self.lab("modules", "update", code=1).err)
        self.assertEqual(self.lock(), before)
        self.lab("validate")

    def test_names_are_checked_and_the_place_must_be_writable(self):
        self.publish()
        self.write_inventory()
        self.assertIn("did you mean 'motd'?", self.lab("modules", "update", "mtod", code=1).err)
        self.write("modules/own/module.yaml", "name: own\n")
        self.assertIn("lies in the inventory itself", self.lab("modules", "update", "own", code=1).err)
        self.lab("modules", "update")
        self.commit()
        self.assertIn("cannot be written to", self.lab("modules", "update", "--ref", "HEAD", code=1).err)
        self.lab("modules", "update", "--ref", "HEAD", "--dry-run")

    def test_a_changed_source_needs_a_new_pin_and_an_unused_pin_goes(self):
        self.publish(tag="v1")
        self.publish("base")
        self.write_inventory({"motd": {"git": self.url(), "ref": "main"}, "base": {"git": self.url("base"), "ref": "main"}})
        self.lab("modules", "update")
        self.write_inventory({"motd": {"git": self.url(), "ref": "v1"}})
        self.assertIn("is pinned in lab.lock for the ref 'main', not 'v1'", self.lab("validate", code=1).err)
        self.assertEqual(self.verify(), {"motd": ["unpinned"], "base": ["unused"]})
        self.lab("modules", "update", "motd")
        self.assertIn("base", self.lock())
        self.assertIn("module base: not from git any more", self.lab("modules", "update").out)
        self.assertEqual(self.verify(code=0), {"motd": []})

    def test_someone_elses_lock_is_not_overwritten(self):
        self.publish()
        ssh = self.folder / "ssh"
        ssh.write_text(f"#!/bin/sh\necho '# meanwhile' >> '{self.inventory}/lab.lock'\nfor last; do :; done\nexec sh -c \"$last\"\n")
        ssh.chmod(0o755)
        self.write_inventory({"motd": {"git": f"ssh://host{self.repos}/motd", "ref": "main"}})
        self.write("lab.lock", "format: lab.lock/1\nmodules: {}\n")
        refused = self.lab("modules", "update", code=1, env={"GIT_SSH_COMMAND": str(ssh)})
        self.assertIn("changed by someone else meanwhile", refused.err)
        self.assertIn("# meanwhile", self.lock())
        self.assertNotIn("commit", self.lock())

    def test_other_formats_of_the_lock_are_refused(self):
        self.publish()
        self.write_inventory()
        self.write("lab.lock", "format: lab.lock/2\nmodules: {}\n")
        for command in (["validate"], ["modules", "update"], ["modules", "verify"]):
            self.assertIn("[module/bad-lock]", self.lab(*command, code=1).err)
        self.assertIn("lab.lock/2", self.lock())


class Reading(ModulesCase):
    def test_offline_from_the_working_tree_from_commits_and_from_saved_plans(self):
        self.publish(text="one")
        self.write_inventory()
        self.lab("modules", "update")
        self.commit("one")
        self.apply()
        self.assertEqual(self.made(), "one\n")
        self.lab("plan", "--out", "saved.plan", "--refresh", "never")
        self.publish(text="two")
        self.lab("modules", "update")
        dirty = self.lab("plan", "-o", "json").json()
        self.assertTrue(dirty["inventory"]["dirty"])
        self.assertEqual(dirty["summary"]["update"], 1)
        self.commit("two")
        (self.repos / "motd").rename(self.repos / "away")
        plan = self.lab("plan", "-o", "json").json()
        self.assertFalse(plan["inventory"]["dirty"])
        self.assertNotEqual(plan["inventory"]["digest"], self.lab("plan", "-o", "json", "--ref", "HEAD~1").json()["inventory"]["digest"])
        self.assert_plan_empty("--ref", "HEAD~1")
        change = self.lab("plan", "--baseline", "HEAD~1", "-o", "json").json()
        self.assertEqual(change["summary"]["update"], 1)
        self.lab("plan", "--out", str(self.folder / "saved.plan"))
        self.git("checkout", "-q", "HEAD~1")
        self.apply(str(self.folder / "saved.plan"))
        self.assertEqual(self.made(), "two\n")

    def test_a_fresh_clone_fetches_what_is_pinned_and_says_so(self):
        self.publish(text="one")
        self.write_inventory()
        self.lab("modules", "update")
        self.commit()
        self.publish(text="two")
        clone = self.folder / "clone"
        self.run_program(["git", "clone", "-q", str(self.inventory), str(clone)])
        env = {"LAB_HOME": str(self.folder / "other")}
        first = self.lab("apply", "--auto-approve", cwd=clone, env=env)
        self.assertIn("fetching module motd from file://", first.err)
        self.assertEqual((self.folder / "other/machines/s1/etc/motd").read_text(), "one\n")
        self.assertNotIn("fetching", self.lab("plan", cwd=clone, env=env).err)
        quiet = self.lab("validate", "--quiet", env={"LAB_HOME": str(self.folder / "third")})
        self.assertEqual(quiet.err, "")

    def test_an_inventory_by_url_reads_the_lock_of_its_commit(self):
        self.publish(text="one")
        self.write_inventory()
        self.lab("modules", "update")
        self.commit()
        shown = self.lab("modules", "list", "-o", "json", "--inventory", f"file://{self.inventory}", cwd=self.folder)
        self.assertEqual(shown.json()["modules"][0]["pinned"], True)
        self.lab("validate", "--inventory", f"file://{self.inventory}", cwd=self.folder)

    def test_modules_of_several_repositories_depend_on_each_other(self):
        self.publish("motd", more="deps: [base, own]\n")
        self.publish("many", module="base", folder="deep/base", more="deps: [own]\n")
        self.write("modules/own/module.yaml", MODULE.format(name="own", version="1.0.0", text="own", more=""))
        self.write_inventory({"motd": {"git": self.url(), "ref": "main"},
                              "base": {"git": self.url("many"), "ref": "main", "path": "deep/base"}})
        self.lab("modules", "update")
        self.apply()
        self.assertEqual((self.made("own"), self.made("base"), self.made("motd")), ("own\n", "one\n", "one\n"))
        listed = {one["name"]: one for one in self.lab("modules", "list", "-o", "json").json()["modules"]}
        self.assertEqual(listed["base"]["used_by"], ["label/base", "module/motd"])
        self.assertEqual(listed["base"]["source"], self.url("many") + "//deep/base")
        self.assertEqual((listed["own"]["from"], listed["own"]["commit"], listed["own"]["cached"]), ("inventory", None, None))
        self.assertEqual((listed["motd"]["version"], listed["motd"]["cached"]), ("1.0.0", "yes"))

    def test_the_name_must_be_the_entrys(self):
        self.publish("motd", module="other")
        self.write_inventory()
        refused = self.lab("modules", "update", code=1)
        self.assertIn("calls this module 'motd', not 'other'", refused.err)

    def test_completion_offers_modules_and_never_fetches(self):
        self.publish()
        self.write_inventory()
        self.lab("modules", "update")
        self.assertIn("motd", self.lab("__complete", "--", "describe", "module", "m").out)
        shutil.rmtree(self.home)
        self.assertIn("motd", self.lab("__complete", "--", "modules", "update", "m").out)
        self.assertFalse(self.cache().exists())

    def test_list_works_while_pins_and_cache_are_missing(self):
        self.publish()
        self.write_inventory()
        self.assertIn("not pinned", self.lab("modules", "list").out)
        self.lab("modules", "update")
        (self.repos / "motd").rename(self.repos / "away")
        shutil.rmtree(self.home)
        row = self.lab("modules", "list", "-o", "json").json()["modules"][0]
        self.assertEqual((row["pinned"], row["cached"], row["version"]), (True, "no", None))
        gone = self.lab("plan", code=1)
        self.assertIn("[module/unavailable]", gone.err)
        self.assertIn("git ls-remote", gone.err)


class Verify(ModulesCase):
    def setUp(self):
        super().setUp()
        self.publish(tag="v1")
        self.write_inventory({"motd": {"git": self.url(), "ref": "v1"}})
        self.lab("modules", "update")

    def pack(self):
        return next(self.cache().glob("*.git/objects/pack/*.pack"))

    def test_tags_that_moved_or_are_gone_and_repositories_that_are_away(self):
        self.assertEqual(self.verify(code=0), {"motd": []})
        self.publish(text="two", tag="v1")
        self.assertEqual(self.verify(), {"motd": ["moved"]})
        self.assertEqual(self.verify("--offline", code=0), {"motd": []})
        self.in_repo("motd", "tag", "-d", "v1")
        self.assertEqual(self.verify(), {"motd": ["gone"]})
        (self.repos / "motd").rename(self.repos / "away")
        self.assertEqual(self.verify(), {"motd": ["unreachable"]})
        shutil.rmtree(self.home)
        self.assertEqual(self.verify("--offline"), {"motd": ["not-cached"]})

    def test_a_branch_that_moved_on_is_no_problem(self):
        self.write_inventory()
        self.lab("modules", "update")
        new = self.publish(text="two")
        verdict = self.lab("modules", "verify", "-o", "json").json()["modules"][0]
        self.assertEqual((verdict["ok"], verdict["newer"]), (True, new))

    def test_a_damaged_cache_is_told_of_and_mended(self):
        pack = self.pack()
        pack.chmod(0o644)
        bytes_ = bytearray(pack.read_bytes())
        for at in range(40, len(bytes_) - 30):
            bytes_[at] ^= 0x55
        pack.write_bytes(bytes_)
        self.assertEqual(self.verify(), {"motd": ["damaged"]})
        (self.repos / "motd").rename(self.repos / "away")
        self.assertIn("[module/unavailable]", self.lab("validate", code=1).err)
        (self.repos / "away").rename(self.repos / "motd")
        self.assertIn("fetching module motd", self.lab("validate").err)
        self.assertEqual(self.verify(code=0), {"motd": []})

    def test_content_that_is_not_the_pinned_one_is_never_used(self):
        text = self.lock()
        digest = next(line for line in text.splitlines() if "digest" in line).split('"')[1]
        self.write("lab.lock", text.replace(digest, "sha256:" + hashlib.sha256(b"other").hexdigest()))
        self.assertEqual(self.verify(), {"motd": ["changed"]})
        for command in (["validate"], ["plan"], ["apply", "--auto-approve"]):
            refused = self.lab(*command, code=1)
            self.assertIn("[module/changed]", refused.err)
            self.assertIn("pinned here is sha256:", refused.err)
        self.assertFalse(self.root("s1").exists())

    def test_objects_that_were_replaced_in_the_cache_are_found(self):
        """Other bytes under the name of the module's blob, as someone with write access to the cache could leave them."""
        repo = self.pack().parents[2]
        pack = self.pack().rename(self.folder / "kept.pack")
        for old in (repo / "objects/pack").iterdir():
            old.unlink()
        git = ["git", "--git-dir", str(repo)]
        subprocess.run([*git, "unpack-objects", "-q"], input=pack.read_bytes(), check=True, env=self.env)
        blob = self.in_repo("motd", "rev-parse", "v1:module.yaml").out.strip()
        evil = (self.repos / "motd/module.yaml").read_text().replace("one", "pwn")
        other = subprocess.run([*git, "hash-object", "-w", "--stdin"], input=evil, text=True, capture_output=True, check=True,
                               env=self.env).stdout.strip()
        place = lambda one: repo / "objects" / one[:2] / one[2:]
        place(blob).chmod(0o644)
        place(blob).write_bytes(place(other).read_bytes())
        self.assertEqual(self.verify("--offline"), {"motd": ["changed"]})
        refused = self.apply(code=1)
        self.assertIn("[module/changed]", refused.err)
        self.assertIn(str(self.cache()), refused.err)
        shutil.rmtree(self.cache())
        self.apply()
        self.assertEqual(self.made(), "one\n")


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


class Hostile(ModulesCase):
    def test_links_and_submodules_lead_nowhere(self):
        self.publish()
        repo = self.repos / "motd"
        (repo / "module.yaml").write_text("name: motd\nresources:\n  - file: /etc/x\n    source: files/shadow\n")
        (repo / "files").mkdir()
        (repo / "files/shadow").symlink_to("/etc/shadow")
        bad = self.commit_repo("motd", "link")
        self.write_inventory()
        refused = self.lab("modules", "update", code=1)
        self.assertIn(f"module motd at {bad[:7]}: module.yaml:4:13: error: 'files/shadow' is reached through a symbolic link", refused.err)
        shutil.rmtree(repo / "files")
        (repo / "files").symlink_to("/etc")
        self.commit_repo("motd", "linked folder")
        self.assertIn("symbolic link", self.lab("modules", "update", code=1).err)
        (repo / "files").unlink()
        self.publish(text="good")
        (repo / "sub").symlink_to(".")
        self.commit_repo("motd", "a path through a link")
        self.write_inventory({"motd": {"git": self.url(), "ref": "main", "path": "sub"}})
        self.assertIn("there is no folder 'sub'", self.lab("modules", "update", code=1).err)
        (repo / "sub").unlink()
        other = self.publish("other")
        self.in_repo("motd", "update-index", "--add", "--cacheinfo", f"160000,{other},vendor")
        (repo / ".gitmodules").write_text(f'[submodule "vendor"]\npath = vendor\nurl = ext::sh -c "touch {self.folder}/ran"\n')
        self.in_repo("motd", "add", ".gitmodules", "module.yaml")
        self.in_repo("motd", "commit", "-q", "-m", "submodule")
        self.write_inventory()
        self.lab("modules", "update")
        self.apply()
        self.assertEqual(self.made(), "good\n")
        self.assertFalse((self.folder / "ran").exists())

    def test_what_is_too_large_is_refused_quickly(self):
        self.publish()
        self.write_inventory()
        (self.repos / "motd/big").write_bytes(b"\0" * (9 << 20))
        self.commit_repo("motd", "a large file that packs to nothing")
        self.assertIn("'big' has 9437184 bytes", self.lab("modules", "update", code=1).err)
        (self.repos / "motd/big").unlink()
        # Ten folders of ten folders of ... of one blob: 10^10 files in eleven objects.
        blob = self.in_repo("motd", "hash-object", "-w", "--stdin", stdin="x").out.strip()
        kind, entry = "100644 blob", blob
        for _ in range(10):
            tree = "".join(f"{kind} {entry}\tf{n}\n" for n in range(10))
            kind, entry = "040000 tree", self.in_repo("motd", "mktree", stdin=tree).out.strip()
        module = self.in_repo("motd", "rev-parse", "HEAD:module.yaml").out.strip()
        top = self.in_repo("motd", "mktree", stdin=f"100644 blob {module}\tmodule.yaml\n040000 tree {entry}\tz\n").out.strip()
        bomb = self.in_repo("motd", "commit-tree", "-m", "bomb", top).out.strip()
        self.in_repo("motd", "update-ref", "refs/heads/main", bomb)
        began = time.monotonic()
        self.assertIn("more than 10000 files and folders", self.lab("modules", "update", code=1).err)
        self.assertLess(time.monotonic() - began, 60)

    def test_configuration_and_surroundings_do_not_make_git_do_more(self):
        self.publish()
        ran = self.folder / "ran"
        hooks = self.folder / "hooks"
        hooks.mkdir()
        for hook in ("reference-transaction", "post-checkout", "pre-auto-gc"):
            (hooks / hook).write_text(f"#!/bin/sh\ntouch {ran}\n")
            (hooks / hook).chmod(0o755)
        config = self.folder / "gitconfig"
        config.write_text(f'[core]\nhooksPath = {hooks}\n[url "ext::sh -c \\"touch {ran}\\" "]\ninsteadOf = https://evil.example/\n'
                          '[protocol "ext"]\nallow = always\n')
        env = {"GIT_CONFIG_GLOBAL": str(config), "GIT_DIR": str(self.folder / "nowhere"), "GIT_OBJECT_DIRECTORY": str(self.folder / "none"),
               "GIT_INDEX_FILE": "/nonexistent", "GIT_DEFAULT_HASH": "sha256"}
        self.write_inventory({"motd": {"git": "https://evil.example/x", "ref": "main"}})
        self.assertIn("not allowed", self.lab("modules", "update", code=1, env=env).err)
        self.write_inventory()
        self.lab("modules", "update", env=env)
        self.lab("validate", env=env)
        self.assertFalse(ran.exists())
        self.assertFalse((self.folder / "none").exists())


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
