# SPDX-License-Identifier: Apache-2.0
"""Real programs under the malloc tracker while /dev/shm is small, full, or fills up under them, and with few descriptors:
each one's output and exit status are its own, and what could not be kept is counted and shown. Needs root: each size is a
tmpfs in a mount namespace of this process."""
import ctypes
import errno
import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "programs"))
import tracked  # noqa: E402

MIB = 1 << 20
PAGE = 4096
CLONE_NEWNS, MS_REC_PRIVATE, MNT_DETACH = 0x20000, 0x4000 | 0x40000, 2
LIBC = ctypes.CDLL(None, use_errno=True)

SQL = """
CREATE TABLE measure(id INTEGER PRIMARY KEY, name TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
INSERT INTO measure SELECT i, 'name ' || (i * 7919 % 200003) FROM n;
SELECT count(*), min(name), max(name) FROM measure;
"""
# Threads, a child by fork, and a status of its own; rests in the middle until a line comes.
PYTHON = """
import json, os, sys, threading
def work(results, i):
    kept = [json.dumps({"key": k, "more": [k, i]}) for k in range(1200)]
    results[i] = sum(map(len, kept))
def four():
    results = {}
    threads = [threading.Thread(target=work, args=(results, i)) for i in range(4)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    return sorted(results.items())
print(four(), flush=True)
sys.stdin.readline()
child = os.fork()
if child == 0:
    print(four(), flush=True)
    os._exit(3)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), four())
sys.exit(5)
"""
EVERY_OBJECT = {"PYTHONMALLOC": "malloc"}
PIPELINE = "seq 1 20000 | sort -rn | grep 7 | sed s/7/8/ | uniq -c | head -n 100 | cksum; exit 4"


def commands():
    return [
        [tracked.installed("python3"), "-c", PYTHON],
        [tracked.installed("sqlite3"), ":memory:", SQL],
        ["/bin/sh", "-c", PIPELINE],
        ["/bin/false"],
    ]


class SmallShm:
    """A tmpfs over /dev/shm, seen by this process and its children."""

    def __init__(self, size):
        if LIBC.mount(b"tidemark-test", b"/dev/shm", b"tmpfs", 0, f"mode=1777,size={size}".encode()) != 0:
            raise OSError(ctypes.get_errno(), "mount")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        LIBC.umount2(b"/dev/shm", MNT_DETACH)

    def leave(self, pages):
        with open("/dev/shm/filler", "ab") as filler:
            for _ in range(100):  # programs take pages meanwhile
                free = os.statvfs("/dev/shm").f_bavail
                if free <= pages:
                    return
                try:
                    return os.posix_fallocate(filler.fileno(), filler.tell(), (free - pages) * PAGE)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
        raise OSError(errno.ENOSPC, "free pages of /dev/shm come and go")

    def release(self):
        os.unlink("/dev/shm/filler")


class ExhaustedTest(tracked.TrackedTest):
    known = {}  # what a command does without the tracker

    def plain(self, command):
        key = tuple(command)
        if key not in self.known:
            self.known[key] = tracked.run(command, EVERY_OBJECT, stderr=subprocess.PIPE)
        return self.known[key]

    def outcome(self, command):
        return self.plain(command).returncode, self.plain(command).stdout

    def same(self, command, run):
        """True outputs and status; run(command) is how it runs under Tidemark."""
        done = run(command)
        self.assertEqual((done.returncode, done.stdout), self.outcome(command), command[0])
        return done

    def under_run(self, command):
        words = [str(tracked.BIN / "tidemark"), "run", "--", *command]
        return tracked.run(words, EVERY_OBJECT, stderr=subprocess.PIPE)

    def test_a_container_of_64_mb_is_enough_for_exact_figures(self):
        with SmallShm(64 * MIB):
            for command in commands():
                done, report = self.tracked(command, EVERY_OBJECT)
                self.assertEqual((done.returncode, done.stdout), self.outcome(command))
                self.assert_exact(report)
            self.assertEqual([n for n in os.listdir("/dev/shm") if not n.startswith("tidemark.bell.")], [])

    def test_with_too_little_a_command_runs_untracked_and_that_is_said(self):
        for size in (64 * MIB, MIB):
            with SmallShm(size) as shm:
                if size > MIB:
                    shm.leave(100)
                for command in commands():
                    done = self.same(command, self.under_run)
                    self.assertIn(b"untracked", done.stderr)
                    self.assertIn(b"/dev/shm", done.stderr)
                left = [n for n in os.listdir("/dev/shm") if n != "filler" and not n.startswith("tidemark.bell.")]
                self.assertEqual(left, [])

    def test_programs_do_the_same_with_any_amount_left_under_a_collector_that_runs(self):
        lost = 0
        for pages in (0, 9, 40, 64, 200):
            with self.subTest(pages=pages), SmallShm(64 * MIB) as shm, Collector() as collector:
                shm.leave(pages)
                for command in commands():
                    self.same(command, collector.run)
                snapshot = collector.query()
                self.assertEqual(snapshot["collector"]["state"], "running")
                shm.release()
                lost += snapshot["collector"]["untracked_images"]
                lost += sum(cause["count"] for cause in snapshot["collector"]["lost"].values())
        self.assertGreater(lost, 0)

    def test_a_program_under_which_dev_shm_fills_up_ends_as_ever_and_its_report_says_what_is_missing(self):
        command = commands()[0]
        self.plain(command)
        report = self.folder / "report.json"
        with SmallShm(64 * MIB) as shm:
            words = [str(tracked.BIN / "tidemark"), "run", "--json", "-o", str(report), "--", *command]
            with subprocess.Popen(
                words, env={**tracked.ENVIRONMENT, **EVERY_OBJECT}, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            ) as child:
                first = child.stdout.readline()
                shm.leave(0)
                rest, _ = child.communicate(b"\n")
            self.assertEqual((child.returncode, first + rest), self.outcome(command))
            told = tracked.report(report)
            self.assertEqual(told["exit_status"], 5)
            # The child's ring found no space; the parent may have had all that it needed.
            causes = {cause for cause, lost in told["collector"]["lost"].items() if lost["count"]}
            self.assertLessEqual(causes, {"no_space", "full"})
            for process in told["processes"]:
                is_lost = any(lost["count"] for lost in process["lost"].values())
                for usage in process["usage"]:
                    self.assertFalse(is_lost and usage["exact"], usage)

    def test_few_descriptors_are_as_many_as_without_the_tracker(self):
        # How many files it can open, and what it is told then.
        count = "import os\nn = 0\ntry:\n  while True: os.open('/dev/null', os.O_RDONLY); n += 1\nexcept OSError as e: "
        count += "print(n, e.errno, [bytearray(k) for k in range(3)])"
        with Collector() as collector:
            for limit in (8, 16, 64):
                command = ["/bin/sh", "-c", f'ulimit -n {limit}; exec "$@"', "sh", tracked.installed("python3"), "-c", count]
                self.same(command, collector.run)


class Collector:
    """A collector that was there before the shortage, and programs under it."""

    def __enter__(self):
        self.name = tracked.instance_name()
        words = [str(tracked.BIN / "tidemarkd"), "-q", "-q", "--instance", self.name, "--ready-fd"]
        ready, theirs = os.pipe()
        self.process = subprocess.Popen([*words, str(theirs)], pass_fds=[theirs], stderr=subprocess.DEVNULL)
        os.close(theirs)
        assert os.read(ready, 16), "no collector"
        os.close(ready)
        self.environment = {"LD_PRELOAD": str(tracked.TRACKER), "TIDEMARK_ENABLED": "1", "TIDEMARK_INSTANCE": self.name}
        return self

    def __exit__(self, *_):
        self.process.terminate()
        status = self.process.wait()
        tracked.run([str(tracked.BIN / "ring_counts"), self.name, "--remove"])
        for name in os.listdir("/dev/shm"):
            if name.startswith(f"tidemark.{self.name}."):
                os.unlink(f"/dev/shm/{name}")
        assert status == 0, f"the collector ended with {status}"

    def run(self, command):
        return tracked.run(command, {**self.environment, **EVERY_OBJECT}, stderr=subprocess.PIPE)

    def query(self):
        done = tracked.run([str(tracked.BIN / "tidemark"), "query", "--json", "--instance", self.name])
        return json.loads(done.stdout)


def enter_own_namespace():
    """77, or 1 in CI, where it can't be."""
    if LIBC.unshare(CLONE_NEWNS) == 0 and LIBC.mount(None, b"/", None, MS_REC_PRIVATE, None) == 0:
        return
    must_run = bool(os.environ.get("CI"))
    print("failed" if must_run else "skipped", ": needs a mount namespace of its own (root)", sep="", file=sys.stderr)
    sys.exit(1 if must_run else 77)


if __name__ == "__main__":
    enter_own_namespace()
    unittest.main()
