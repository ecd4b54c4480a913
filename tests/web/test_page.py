# SPDX-License-Identifier: Apache-2.0
"""The page in a real Chromium: starts npm's playwright-core with page/scenario.mjs and does in the world what that asks
for. TIDEMARK_SCREENSHOTS=FOLDER also writes the pictures of docs/web.md."""
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import unittest
from pathlib import Path

from world import ENVIRONMENT, SOURCE, Server, WebTest, end, wait_until

HERE = Path(__file__).resolve().parent / "page"
MB = 1 << 20


def skip_or_fail(reason):
    """A developer may go without; continuous integration may not."""
    if os.environ.get("CI") == "true":
        sys.exit(f"failed: {reason}")
    print(f"skipped: {reason}", file=sys.stderr)
    sys.exit(77)


def program_named(*names):
    for name in names:
        if path := shutil.which(name):
            return path
    skip_or_fail(f"there is no {names[0]} (`./dev deps test` installs it)")


def packages():
    """The folder with node_modules/ as the lock file says, below the build folder."""
    lock = (HERE / "package-lock.json").read_bytes()
    folder = Path.cwd() / "npm-page"
    stamp = folder / "lock.sha256"
    digest = hashlib.sha256(lock).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return folder
    npm = program_named("npm")
    folder.mkdir(exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(HERE / name, folder / name)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--cache", str(folder / "cache")]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        skip_or_fail(f"npm could not fetch playwright-core: {done.stderr.strip()[-500:]}")
    shutil.rmtree(folder / "cache", ignore_errors=True)
    stamp.write_text(digest)
    return folder


class Page(WebTest):
    def setUp(self):
        super().setUp()
        self.programs = []
        self.daemon = None
        self.serving = self.server()

    def do(self, words):
        verb, *rest = words
        if verb in ("start", "stop"):
            return getattr(self, f"{verb}_{rest[0]}")(*rest[1:])
        if verb in ("pause", "continue"):
            return self.daemon.send_signal(signal.SIGSTOP if verb == "pause" else signal.SIGCONT)
        if verb == "allocate":
            return self.programs[int(rest[0])].allocate(int(rest[1]), int(rest[2]), *rest[3:])
        if verb == "free":
            return self.programs[int(rest[0])].free(int(rest[1]), *rest[2:])
        if verb == "pids":
            return " ".join(str(program.process.pid) for program in self.programs)
        if verb == "end":
            return end(self.programs.pop(int(rest[1])).process)
        if verb == "show":
            return self.show_something()
        raise AssertionError(f"the scenario asks for {words}")

    def start_collector(self):
        self.daemon = self.collector()

    def stop_collector(self):
        end(self.daemon)

    def start_program(self, stacks=""):
        self.programs.append(self.program(**({"TIDEMARK_STACKS": stacks} if stacks else {})))

    def stop_server(self):
        end(self.serving.process)

    def start_server(self):
        """At the same port: the page knows no other."""
        port = self.serving.port
        self.serving = Server(self.instance, "--port", str(port))
        self.addCleanup(end, self.serving.process)

    def show_something(self):
        for id in (2, 77, 1 << 20, 1 << 21):  # the scenario's
            self.programs[0].free(id)
        while len(self.programs) < 5:
            self.start_program()
        for number, program in enumerate(self.programs):
            address = (1 + number) << 32
            for id in range(16):
                size = (1 + (id * 7 + number * 5) % 24) * MB
                program.allocate(address, size)
                if id % 5 == 3:
                    program.free(address)
                address += size + (id * number) % 3 * MB
            for device, pool, size in ((0, "L1", 96 << 10), (0, "CB", 32 << 10), (1, "DRAM", MB), ("host", "SYSTEM_MEMORY", MB)):
                program.allocate((1 + number) << 24, (1 + number) * size, device, pool)

    def test_the_page(self):
        environment = {
            **ENVIRONMENT,
            "PATH": os.environ["PATH"],
            "HOME": self.folder(),
            "TMPDIR": self.folder(),
            "TIDEMARK_URL": f"http://127.0.0.1:{self.serving.port}/",
            "TIDEMARK_NPM": str(packages()),
            "TIDEMARK_CHROMIUM": program_named("chromium"),
            "TIDEMARK_SCREENSHOTS": os.environ.get("TIDEMARK_SCREENSHOTS", ""),
        }
        browser = subprocess.Popen(
            [program_named("node"), str(HERE / "scenario.mjs")],
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.addCleanup(end, browser)
        said = []
        for line in browser.stdout:
            said.append(line.strip())
            if line.startswith("do "):
                browser.stdin.write(f"{self.do(line.split()[1:])}\n")
                browser.stdin.flush()
        self.assertEqual(browser.wait(), 0, said)
        self.assertEqual(said[-1], "passed")


if __name__ == "__main__":
    program_named("chromium"), program_named("node"), packages()
    unittest.main()
