# SPDX-License-Identifier: Apache-2.0
"""The pytest plugin: each limit is shown to fail a test that exceeds it and to pass one that doesn't, by numbers that are
exact also below an earlier peak, and what is not tracked is said to be unchecked."""
import re
import shutil
import sys
import unittest
import zipfile

from world import BIN, PYTHON, ROOT, TRACKER, World, run

HEADER = """
import os, subprocess, sys
import pytest
from tidemark import producer
MB = 1 << 20
limit_memory, limit_leaks = pytest.mark.limit_memory, pytest.mark.limit_leaks
def churn(size, pool="DRAM", device=0):
    producer.allocation(device, pool, 1, size)
    producer.free(device, pool, 1)
"""


class Plugin(World):
    def pytest(self, tests, *options, env=None, command=()):
        """(exit status, output, {test name: passed?})"""
        path = self.folder / "test_it.py"
        path.write_text(HEADER + tests)
        done = run(
            [*command, PYTHON, "-m", "pytest", "-p", "tidemark.pytest_plugin", "-p", "no:cacheprovider", "-v", *options, path],
            env or self.outside, cwd=self.folder,
        )  # fmt: skip
        text = done.stdout + done.stderr
        results = dict(re.findall(r"^test_it.py::(\w+) (PASSED|FAILED|ERROR)", text, re.MULTILINE))
        return done.returncode, text, {name: result == "PASSED" for name, result in results.items()}

    def setUp(self):
        super().setUp()
        self.outside = {name: value for name, value in self.environment.items() if name not in ("TIDEMARK_INSTANCE", "TIDEMARK_ENABLED")}

    def expect(self, expected, tests, *options, **named):
        status, text, results = self.pytest(tests, *options, **named)
        self.assertEqual(results, expected, text)
        self.assertEqual(status, 0 if all(expected.values()) else 1, text)
        return text

    def test_limit_memory(self):
        text = self.expect(
            {"test_within": True, "test_above": False, "test_one_byte": False, "test_other_pool": True, "test_device": False},
            """
@limit_memory("64 MB", device=0, pool="DRAM")
def test_within():
    churn(64 * MB)
    churn(64 * MB)
@limit_memory("64 MB", device=0, pool="DRAM")
def test_above():
    producer.allocation(0, "DRAM", 2, 40 * MB)
    churn(30 * MB)
    producer.free(0, "DRAM", 2)
@limit_memory("64 MB")
def test_one_byte():
    churn(64 * MB + 1)
@limit_memory("1 KB", pool="L1")
def test_other_pool():
    churn(500 * MB)
@limit_memory("1 KB", device=3, pool="L1")
def test_device():
    churn(1025, "L1", 3)
""",
            "--tidemark",
        )
        self.assertIn("tidemark: device 0 DRAM rose by 70.00 MB (73,400,320 B), limit 64.00 MB (67,108,864 B)", text)
        self.assertIn("device 3 L1 rose by 1.00 KB (1,025 B), limit 1.00 KB (1,024 B)", text)
        self.assertIn("limits checked: 5 tests, 3 over a limit", text)
        self.assertNotIn("between", text)

    def test_limit_memory_below_an_earlier_peak_and_above_what_was_there_before(self):
        text = self.expect(
            {"test_peak": True, "test_below": False, "test_within": True},
            """
def test_peak():
    churn(500 * MB)
    producer.allocation(0, "DRAM", 77, 100 * MB)
@limit_memory("30 MB")
def test_below():
    for _ in range(20):
        churn(10 * MB)
    producer.allocation(0, "DRAM", 5, 31 * MB)
    producer.free(0, "DRAM", 5)
@limit_memory("30 MB")
def test_within():
    for _ in range(20):
        churn(10 * MB)
    producer.free(0, "DRAM", 77)
    producer.allocation(0, "DRAM", 78, 100 * MB)
""",
            "--tidemark",
        )
        self.assertIn("device 0 DRAM rose by 31.00 MB", text)

    def test_limit_leaks(self):
        text = self.expect(
            {"test_clean": True, "test_leak": False, "test_hidden": False, "test_little": True, "test_size": False,
             "test_host_is_another_matter": True},
            """
@limit_leaks("0 B")
def test_clean():
    churn(1 * MB)
@limit_leaks("0 B")
def test_leak():
    producer.allocation(0, "L1", 0xabc, 4096)
@limit_leaks("0 B")
def test_hidden():
    # What an earlier test left is freed, so that the level does not rise.
    producer.free(0, "L1", 0xabc)
    producer.allocation(0, "L1", 0xabc, 4096)
@limit_leaks("1 KB")
def test_little():
    producer.allocation(1, "DRAM", 1, 1024)
@limit_leaks("1 KB", device=1)
def test_size():
    producer.allocation(1, "DRAM", 2, 1025)
    producer.allocation(2, "DRAM", 2, 1 * MB)
@limit_leaks("0 B")
def test_host_is_another_matter():
    globals()["kept"] = [bytes(1 << 20) for _ in range(3)]
""",
            "--tidemark",
        )  # fmt: skip
        self.assertIn("tidemark: left 4.00 KB (4,096 B) in 1 buffer, limit 0 B; the largest:", text)
        self.assertIn("device 0 L1 id 0xabc: 4.00 KB (4,096 B), pid ", text)

    def test_host_memory_counts_when_it_is_named(self):
        self.expect(
            {"test_memory": False, "test_leak": False, "test_within": True},
            """
@limit_memory("8 MB", pool="SYSTEM_MEMORY")
def test_memory():
    bytes(16 * MB)
@limit_leaks("1 MB", pool="SYSTEM_MEMORY")
def test_leak():
    globals()["kept"] = bytes(2 * MB)
@limit_memory("1 GB", pool="SYSTEM_MEMORY")
@limit_leaks("1 MB", pool="SYSTEM_MEMORY")
def test_within():
    bytes(2 * MB)
""",
            "--tidemark",
        )

    def test_children_belong_to_the_test(self):
        child = (
            "subprocess.run([sys.executable, '-c', 'from tidemark import producer; "
            "producer.allocation(0, \"DRAM\", 1, %s); %s'], check=True)"
        )
        freed, kept = child % ("50 << 20", "producer.free(0, 'DRAM', 1)".replace("'", '\\"')), child % ("50 << 20", "pass")
        freed = freed.replace('\\"', '"')
        self.expect(
            {"test_peak": False, "test_freed": True, "test_left": False, "test_fork": False, "test_after": True},
            f"""
@limit_memory("49 MB")
def test_peak():
    {freed}
@limit_memory("50 MB")
@limit_leaks("0 B")
def test_freed():
    {freed}
@limit_leaks("0 B")
def test_left():
    {kept}
@limit_leaks("0 B")
def test_fork():
    child = os.fork()
    if child == 0:
        producer.allocation(0, "DRAM", 1, 1)
        os._exit(0)
    os.waitpid(child, 0)
@limit_memory("0 B")
@limit_leaks("0 B")
def test_after():
    pass
""",
            "--tidemark",
        )

    def test_fixtures_are_not_the_tests(self):
        self.expect(
            {"test_uses": True},
            """
@pytest.fixture
def buffer():
    producer.allocation(0, "DRAM", 9, 5 * MB)
    yield
    producer.free(0, "DRAM", 9)
@limit_memory("0 B")
@limit_leaks("0 B")
def test_uses(buffer):
    pass
""",
            "--tidemark",
        )

    def test_a_failing_test_fails_for_its_own_reason(self):
        text = self.expect({"test_own": False}, """
@limit_leaks("0 B")
def test_own():
    producer.allocation(0, "DRAM", 9, 5 * MB)
    assert not "mine"
""", "--tidemark")  # fmt: skip
        self.assertIn("assert not", text)
        self.assertNotIn("tidemark: left", text)

    def test_wrong_arguments_fail_the_test(self):
        text = self.expect({"test_size": False, "test_device": False, "test_pool": False, "test_own_pool": True}, """
@limit_memory("much")
def test_size(): pass
@limit_leaks("0 B", device=-1)
def test_device(): pass
@limit_memory("0 B", pool="dram")
def test_pool(): pass
@limit_memory("1 KB", pool="weights")
def test_own_pool(): churn(1024, producer.name_pool("weights", "DRAM"))
""", "--tidemark")  # fmt: skip
        self.assertIn("not a size: 'much'", text)
        self.assertIn("no pool 'dram' is known: DRAM,", text)

    def test_without_tracking_limits_are_said_to_be_unchecked(self):
        tests = '@limit_leaks("0 B")\ndef test_leak():\n    producer.allocation(0, "DRAM", 9, 5 * MB)\n'
        text = self.expect({"test_leak": True}, tests)
        self.assertIn("limits not checked: 1 test; run pytest --tidemark", text)
        self.assertNotIn("not checked", self.expect({"test_plain": True}, "def test_plain(): pass\n"))

    def test_a_run_that_is_tracked_already_is_not_started_again(self):
        tests = '@limit_leaks("0 B")\ndef test_leak():\n    producer.allocation(0, "DRAM", 9, 5 * MB)\n'
        text = self.expect({"test_leak": False}, tests, command=[BIN / "tidemark", "run", "--"])
        self.assertIn("exit status 1", text)
        self.start()
        self.expect({"test_leak": False}, tests, "--tidemark", env={**self.environment, "PATH": "/usr/bin:/bin"})

    def test_a_run_that_cannot_be_tracked_is_an_error(self):
        status, text, _ = self.pytest("def test_plain(): pass\n", "--tidemark", env={**self.outside, "PATH": "/usr/bin:/bin"})
        self.assertEqual(status, 4, text)
        self.assertIn("the program tidemark is not in PATH", text)
        env = {**self.outside, "TIDEMARK_PYTEST_AGAIN": "1"}
        status, text, _ = self.pytest("def test_plain(): pass\n", "--tidemark", env=env)
        self.assertEqual(status, 4, text)
        self.assertIn("cannot be tracked: tracking is not enabled", text)

    def test_the_summary_shows_the_run(self):
        status, text, _ = self.pytest("def test_it():\n    churn(3 * MB)\n    print('shown')\n", "--tidemark", "-s")
        self.assertEqual(status, 0, text)
        self.assertIn("device 0 DRAM: 1 allocations, 3.00 MB in all, peak 3.00 MB, left 0 B\n", text)
        self.assertRegex(text, r"host SYSTEM_MEMORY: [\d]+ allocations")
        self.assertEqual(text.count("shown"), 1)
        self.assertNotIn("not exact", text)

    def test_the_wheel_brings_the_plugin(self):
        source, place = self.folder / "source", self.folder / "place"
        shutil.copytree(ROOT / "viewers/python", source, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info", "build"))
        code = "from setuptools import build_meta; print('wheel', build_meta.build_wheel('..'))"
        done = run([PYTHON, "-c", code], self.outside, cwd=source)
        self.assertEqual(done.returncode, 0, done.stderr)
        wheel = self.folder / re.search(r"^wheel (\S+)$", done.stdout, re.MULTILINE)[1]
        version = re.search(r"^    VERSION (\S+)$", (ROOT / "CMakeLists.txt").read_text(), re.MULTILINE)[1]
        self.assertEqual(wheel.name, f"tidemark-{version}-py3-none-any.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(place)
        tests = self.folder / "test_plain.py"
        tests.write_text("def test_plain(): pass\n")
        done = run([PYTHON, "-m", "pytest", "--tidemark", tests], {**self.outside, "PYTHONPATH": str(place)}, cwd=self.folder)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("limits checked: 0 tests", done.stdout)


if __name__ == "__main__":
    assert TRACKER.exists(), sys.argv
    unittest.main(verbosity=2)
