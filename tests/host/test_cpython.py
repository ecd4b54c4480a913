# SPDX-License-Identifier: Apache-2.0
"""CPython's own tests pass, fail and are skipped under the tracker exactly as without it, test by test, and what they
allocated is counted exactly or said not to be.

A few quick modules, or with TIDEMARK_TORTURE all of them, in an order that TIDEMARK_SEED decides, until the minutes are
over. Some of CPython's tests depend on time: a test that differs is run again with its module, and counts if it differs in
two of three rounds."""
import collections
import random
import subprocess
import time
import unittest
import xml.etree.ElementTree as xml

import host
import tracked

QUICK = ["test_list", "test_dict", "test_thread", "test_popen", "test_json", "test_mmap", "test_posix"]
ALL = QUICK + [
    "test_array", "test_asyncio", "test_bytes", "test_concurrent_futures", "test_ctypes", "test_deque", "test_exceptions", "test_faulthandler", "test_fork1", "test_gc",
    "test_io", "test_memoryview", "test_multiprocessing_fork", "test_multiprocessing_forkserver",
    "test_multiprocessing_spawn", "test_os", "test_pickle", "test_pty", "test_queue", "test_re", "test_resource",
    "test_select", "test_selectors", "test_set", "test_signal", "test_subprocess",
    "test_threading", "test_threading_local", "test_threadsignals", "test_tracemalloc", "test_wait3", "test_wait4",
    "test_weakref", "test_zlib",
]  # fmt: skip
MOST_SECONDS = 1200  # a module that takes longer hangs
ROUNDS = 3


def outcomes(path):
    """What became of each test: ran, failed, skipped with its reason."""
    found = {}
    for case in xml.parse(path).getroot().iter("testcase"):
        kinds = sorted({part.tag for part in case} - {"system-out", "system-err"})
        name = case.get("name") if not case.get("classname") else f"{case.get('classname')}.{case.get('name')}"
        found[name] = (case.get("result"), case.get("status"), *kinds)
    return found


class CPython(host.HostTest):
    def play(self, module, start):
        place = self.folder / tracked.instance_name()
        place.mkdir()
        # CPython's own allocator asks malloc for little.
        environment = {"PYTHONMALLOC": "malloc", "HOME": str(place)}
        command = ["/usr/bin/python3", "-m", "test", "--verbose", "--junit-xml", "results.xml", module]
        done = start(command, environment, cwd=place, timeout=MOST_SECONDS, stderr=subprocess.STDOUT)
        report = None
        if isinstance(done, tuple):
            done, report = done
        results = place / "results.xml"
        self.assertTrue(results.exists(), f"{module}: no results, status {done.returncode}: {done.stdout[-2000:]!r}")
        return outcomes(results), done.returncode, report

    def compare(self, module):
        """The tests that differ, and how."""
        plain, status, _ = self.play(module, tracked.run)
        seen, tracked_status, report = self.play(module, self.tracked)
        self.assertGreater(len(plain), 0, module)
        self.assert_right(report, {"full", "handler", "no_lane"})
        different = {name: (plain.get(name), seen.get(name)) for name in plain.keys() | seen.keys()
                     if plain.get(name) != seen.get(name)}  # fmt: skip
        if status != tracked_status:
            different["exit status"] = (status, tracked_status)
        return len(plain), len(report["processes"]), different

    def test_modules(self):
        modules = QUICK
        if host.MINUTES:
            modules = random.Random(host.SEED).sample(ALL, len(ALL))
        end = time.monotonic() + 60 * (host.MINUTES or 1000)
        print(f"seed {host.SEED}")
        for module in modules:
            if time.monotonic() > end:
                print(f"the time is over before {module}")
                break
            with self.subTest(module):
                self.module(module)

    def module(self, module):
        begun = time.monotonic()
        tests, processes, different = self.compare(module)
        print(f"{module}: {tests} tests, {processes} processes, {time.monotonic() - begun:.0f} s, {len(different)} differ")
        times = collections.Counter(different)
        rounds = 1
        while times and max(times.values()) < 2 and rounds < ROUNDS:
            print(f"{module} again, for {different}")
            different = self.compare(module)[2]
            times.update(different)
            rounds += 1
        self.assertEqual([name for name, count in times.items() if count > 1], [], different)


if __name__ == "__main__":
    unittest.main()
