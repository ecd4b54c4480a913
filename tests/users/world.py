# SPDX-License-Identifier: Apache-2.0
"""A world of its own for tests with several users: /dev/shm, /run and /tmp are private to the test, so that the real
names may be used, and nothing is left of it. The users are numbers without accounts. Needs root and a mount namespace."""
import contextlib
import ctypes
import fcntl
import itertools
import json
import mmap
import os
import signal
import struct
import subprocess
import sys
import time
import traceback
import unittest
from pathlib import Path

SOURCE = Path(os.environ["TIDEMARK_SOURCE_DIR"])
BUILT = Path(os.environ["TIDEMARK_BIN_DIR"])
BIN = Path("/run/bin")
SHM = Path("/dev/shm")
PYTHON = "/usr/bin/python3"
ALICE, MALLORY = 61001, 61002
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
CLONE_NEWNS = 0x20000
F_OFD_SETLK, F_OFD_GETLK = 37, 36
FUTEX = {"x86_64": 202, "aarch64": 98}[os.uname().machine]
libc = ctypes.CDLL(None, use_errno=True)
sys.path.insert(0, str(SOURCE / "viewers" / "python"))
import tidemark  # noqa: E402


def _called(answer, what):
    if answer != 0:
        raise OSError(ctypes.get_errno(), what)


def mount(source, target, kind=None, flags=0, options=None):
    words = [None if word is None else os.fsencode(word) for word in (source, target, kind)]
    _called(libc.mount(*words, ctypes.c_ulong(flags), None if options is None else os.fsencode(options)), f"mount {target}")


def _enter():
    _called(libc.unshare(CLONE_NEWNS), "unshare")
    mount(None, "/", flags=MS_REC | MS_PRIVATE)
    # Opened in the new namespace, before something else lies over the path.
    places = {BIN: os.open(BUILT, os.O_PATH), Path("/run/source"): os.open(SOURCE, os.O_PATH)}
    mount("tmpfs", SHM, "tmpfs", 0, "mode=1777,size=1g")
    mount("tmpfs", "/run", "tmpfs", 0, "mode=0755")
    for path, place in places.items():
        path.mkdir()
        mount(f"/proc/self/fd/{place}", path, flags=MS_BIND)
        os.close(place)
    # Not SOURCE: it may lie where other users may not look, or in /tmp.
    os.environ["PYTHONPATH"] = "/run/source/viewers/python"
    mount("tmpfs", "/tmp", "tmpfs", 0, "mode=1777")
    os.chdir("/")


def main():
    """Runs the tests of the calling script, or says why not: status 77, or 1 in CI."""
    try:
        if os.geteuid() != 0:
            raise PermissionError("not root")
        _enter()
    except OSError as problem:
        must_run = bool(os.environ.get("CI"))
        print(f"{'failed' if must_run else 'skipped'}: needs root and a mount namespace: {problem}", file=sys.stderr)
        sys.exit(1 if must_run else 77)
    unittest.main(verbosity=2)


def comes_true(condition):
    """True once it holds; False after a minute, which no working system needs."""
    until = time.monotonic() + 60
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.002)
    return True


def become(uid, groups=()):
    os.setgroups(list(groups))
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def as_user(uid, task, *arguments, groups=()):
    """What `task` answers (JSON) in a process of that user. Its exceptions are raised here, as text."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            become(uid, groups)
            said = [True, task(*arguments)]
        except BaseException:
            said = [False, traceback.format_exc()]
        with os.fdopen(into, "w") as pipe:
            json.dump(said, pipe)
        os._exit(0)
    os.close(into)
    with os.fdopen(out) as pipe:
        fine, answer = json.load(pipe)
    os.waitpid(child, 0)
    if not fine:
        raise AssertionError(answer)
    return answer


def environment(**more):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TIDEMARK_", "TT_", "LD_", "XDG_", "NOTIFY"))}
    kept.update(PYTHONDONTWRITEBYTECODE="1", HOME="/nonexistent", LC_ALL="C.UTF-8", **more)
    return kept


def run(uid, *words, groups=(), **more):
    """A command as that user; (status, output, errors)."""
    done = subprocess.run(
        [str(word) for word in words], env=environment(**more), user=uid, group=uid, extra_groups=list(groups), timeout=100,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


class Background:
    """A process of some user, killed at the end of the test."""

    def __init__(self, test, uid, words, pass_fds=(), **more):
        self.log = Path(f"/run/log.{next(COUNT)}")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [str(word) for word in words], env=environment(**more), user=uid, group=uid, extra_groups=[],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=pass_fds,
            )  # fmt: skip
        self.pid = self.process.pid
        test.addCleanup(self.end)

    def end(self, number=signal.SIGKILL):
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(60)

    def said(self):
        return self.log.read_text(errors="replace")


COUNT = itertools.count()


class Collector(Background):
    """tidemarkd of a user under its own name, or `--instance`; `ready` tells whether it came up."""

    def __init__(self, test, uid=0, *words):
        out, into = os.pipe()
        super().__init__(test, uid, [BIN / "tidemarkd", "--ready-fd", into, *words], pass_fds=(into,))
        os.close(into)
        with os.fdopen(out, "rb") as pipe:
            self.ready = pipe.read(1) != b""


class Script(Background):
    """ledger_script: `count` known events, then it waits."""

    PAGE = struct.Struct("=II4Q")

    def __init__(self, test, uid, count, what="run", program=None, words=(), **more):
        descriptor = os.memfd_create("script")
        os.truncate(descriptor, mmap.PAGESIZE)
        self.page = mmap.mmap(descriptor, mmap.PAGESIZE)
        words = [program or BIN / "ledger_script", what, descriptor, count, *words]
        super().__init__(test, uid, words, pass_fds=(descriptor,), TIDEMARK_ENABLED="1", **more)
        os.close(descriptor)
        self.count = count

    def arrived(self, times=1):
        return comes_true(lambda: self.PAGE.unpack_from(self.page)[1] >= times)

    def go(self, phase):
        self.page[0:4] = struct.pack("=I", phase)
        word = ctypes.c_uint32.from_buffer(self.page)
        libc.syscall(FUTEX, ctypes.byref(word), 1, 2**31 - 1, None, None, 0)  # FUTEX_WAKE, all


def figures(count):
    """(allocated, freed, current) in bytes of a script's first events: see ledger_script.hpp."""
    allocated = freed = 0
    for index in range(count):
        if index % 4 == 3:
            freed += 100 + (index - 2) % 50
        else:
            allocated += 100 + (index + 1) % 50
    return allocated, freed, allocated - freed


def objects(prefix):
    return sorted(path.name for path in SHM.iterdir() if path.name.startswith("tidemark." + prefix))


def lock_byte(descriptor, byte, kind=fcntl.F_WRLCK):
    """Takes the open file description's lock on one byte."""
    fcntl.fcntl(descriptor, F_OFD_SETLK, struct.pack("hhqqi4x", kind, os.SEEK_SET, byte, 1, 0))


class World(unittest.TestCase):
    maxDiff = None

    def tearDown(self):
        self.doCleanups()
        for place in (SHM, Path("/tmp")):
            subprocess.run(["/usr/bin/find", place, "-mindepth", "1", "-delete"], check=True)

    @contextlib.contextmanager
    def case(self, **what):
        """A sub-test that begins with nothing and leaves nothing."""
        with self.subTest(**what):
            try:
                yield
            finally:
                self.tearDown()

    def stats(self, instance="system", owner=None):
        return tidemark.Stats(instance, owner)

    def rows(self, table, instance="system", owner=None):
        """Between two publications: who waited for one row finds the others of that pass."""
        with self.stats(instance, owner) as stats:
            for _ in range(1000):  # a collector may have died inside one
                if len(set(stats.passes)) == 1:
                    break
                time.sleep(0.001)
            return stats.rows(table)

    def process(self, pid, instance="system", owner=None):
        found = [row for row in self.rows("process", instance, owner) if row["pid"] == pid]
        return found[0] if found else None

    def usage(self, image, instance="system", owner=None):
        for row in self.rows("process_usage", instance, owner):
            if row["image"] == image:
                return row["total_allocated"], row["total_freed"], row["current"]
        return None

    def assert_drained(self, script, instance="system", owner=None):
        """All of the script's events, no more and no less, under its own user."""
        def is_there():
            row = self.process(script.pid, instance, owner)
            return row is not None and row["events"] >= script.count

        self.assertTrue(comes_true(is_there), f"{self.process(script.pid, instance, owner)}")
        row = self.process(script.pid, instance, owner)
        self.assertEqual((row["events"], row["exact"]), (script.count, 1))
        # Each row is published on its own: its usage may come a moment after the process.
        wanted = figures(script.count)
        comes_true(lambda: self.usage(row["image"], instance, owner) == wanted)
        self.assertEqual(self.usage(row["image"], instance, owner), wanted)
        return row
