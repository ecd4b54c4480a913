# SPDX-License-Identifier: Apache-2.0
"""What the tests on real programs share: where things are, running a program with and without the tracker, and what must
be true of every report. Standard library only."""
import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

BIN = Path(os.environ["TIDEMARK_BIN_DIR"])
TRACKER = Path(os.environ["TIDEMARK_LIB_DIR"], "libtidemark_malloc.so")
SOURCES = Path(__file__).resolve().parent / "src"
CAUSES = {"full", "no_collector", "no_lane", "handler", "no_space", "budget", "sandbox", "corrupt"}

# Programs get this and nothing else, so that they do the same everywhere.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LC_ALL": "C.UTF-8", "PWD": "/"}

# Which Debian package a program comes from.
PACKAGES = {
    "g++": "g++", "git": "git", "node": "nodejs", "perl": "perl", "python3": "python3", "readelf": "binutils",
    "redis-benchmark": "redis-tools", "redis-cli": "redis-tools", "redis-server": "redis-server", "sqlite3": "sqlite3",
    "valgrind": "valgrind",
}  # fmt: skip


def program(name):
    """A program of src/."""
    return str(BIN / "programs" / name.replace(".", "_"))


def installed(name):
    """A program of the system; a test that needs one fails without it."""
    path = shutil.which(name, path=ENVIRONMENT["PATH"])
    if path is None:
        raise AssertionError(f"{name} is not installed: apt-get install {PACKAGES.get(name, name)}")
    return path


def instance_name():
    instance_name.count += 1
    return f"{os.environ.get('TIDEMARK_TEST_NAME', 'programs')}-{os.getpid()}-{instance_name.count}"


instance_name.count = 0


def run(command, environment=None, **options):
    """Runs it to its end; a hang is ended by the test's own time limit."""
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run(command, env={**ENVIRONMENT, **(environment or {})}, check=False, **options)


class Rings:
    """An instance without a collector: what programs under it write stays in their rings, to be counted."""

    def __init__(self, **settings):
        self.name = instance_name()
        self.environment = {"LD_PRELOAD": str(TRACKER), "TIDEMARK_ENABLED": "1", "TIDEMARK_INSTANCE": self.name}
        self.environment.update(settings)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        run([str(BIN / "ring_counts"), self.name, "--remove"])

    def run(self, command, environment=None, **options):
        return run(command, {**(environment or {}), **self.environment}, **options)

    def images(self):
        done = run([str(BIN / "ring_counts"), self.name])
        return json.loads(done.stdout)


def report(path):
    return json.loads(Path(path).read_text())


class TrackedTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="tidemark-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def tracked(self, command, environment=None, **options):
        """Under `tidemark run` with default settings: the finished process and its report."""
        output = self.folder / f"report-{instance_name()}.json"
        wrapped = [str(BIN / "tidemark"), "run", "--json", "-o", str(output), "--", *command]
        options.setdefault("stderr", subprocess.PIPE)
        done = run(wrapped, environment, **options)
        self.assertTrue(output.exists(), f"no report; standard error: {done.stderr!r}")
        return done, report(output)

    def assert_nothing_lost(self, report):
        for owner in [report["collector"], *report["processes"]]:
            self.assertEqual(set(owner["lost"]), CAUSES)
            lost = {cause: loss for cause, loss in owner["lost"].items() if loss["count"] or loss["bytes"]}
            self.assertEqual(lost, {}, owner.get("command", "the collector"))

    def assert_exact(self, report):
        """Nothing lost, every sum exact, and each of the host's sums that of its processes."""
        self.assert_nothing_lost(report)
        usages = [usage for process in report["processes"] for usage in process["usage"]]
        pools = [pool for device in report["devices"] for pool in device["pools"]]
        for entry in usages + pools:
            self.assertIs(entry["exact"], True, entry)
        for process in report["processes"]:
            self.assertEqual(process["duplicates"], 0, process["command"])
            self.assertEqual(process["unknown_frees"], 0, process["command"])
            self.assertEqual(process["state"], "exited", process["command"])
        totals = [pool for pool in pools if pool["pool"] == "SYSTEM_MEMORY"]
        for key in ("allocations", "frees", "total_allocated"):
            self.assertEqual(sum(p[key] for p in totals), sum(u[key] for u in usages), key)
        self.assertEqual(len(report["leaks"]), sum(u["live"] for u in usages))

    def assert_same_and_exact(self, command, environment=None, folder=None):
        """The program's output and status are its own, and all of it was seen. Each run has a fresh copy of folder."""
        results = []
        for kind in ("plain", "tracked"):
            place = self.folder / kind / "place"  # the same name in both
            if folder is not None:
                shutil.copytree(folder, place, symlinks=True)
            else:
                place.mkdir(parents=True)
            start = run if kind == "plain" else self.tracked
            results.append(start(command, environment, cwd=place))
        plain, (done, report) = results
        status = plain.returncode if plain.returncode >= 0 else 128 - plain.returncode  # as a shell says it
        self.assertEqual(done.returncode, status)
        self.assertEqual(done.stdout, plain.stdout)
        self.assertEqual(report["exit_status"], done.returncode)
        self.assert_exact(report)
        return done, report


def host(process):
    """A process's usage of host memory."""
    return next(u for u in process["usage"] if (u["device"], u["pool"]) == ("host", "SYSTEM_MEMORY"))


def named(report, name):
    """The images whose kernel name is this one."""
    return [process for process in report["processes"] if process["name"] == name]
