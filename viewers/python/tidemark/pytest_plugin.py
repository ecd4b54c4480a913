# SPDX-License-Identifier: Apache-2.0
"""pytest under Tidemark: limits on what a test allocates, as markers; a summary at the end.

    @pytest.mark.limit_memory("64 MB", device=0, pool="DRAM")    # at most so much above the level at the test's start
    @pytest.mark.limit_leaks("0 B")                              # at most so much allocated and not freed by the test

`pytest --tidemark` starts itself again under `tidemark run`, so that the run has a collector of its own and the malloc
tracker. Limits are also checked, without the option, where pytest runs tracked already and the collector is the user's
own. Measured is the test function alone, without its fixtures, in this program and its children; limit_leaks without
a device means all accelerators, and host memory is pool="SYSTEM_MEMORY".
"""
import gc
import os
import shutil
import sys
from pathlib import Path

import pytest

from . import producer
from .account import AccountError
from .control import ControlError
from .errors import StatsError
from .family import Window, read_moment
from .source import source
from .words import HOST, POOLS, device_number, device_word, format_bytes, parse_size

AGAIN = "TIDEMARK_PYTEST_AGAIN"
SHOWN_BUFFERS = 5
TROUBLES = (StatsError, ControlError, AccountError, producer.LibraryError)
MARKERS = (
    'limit_memory(size, device=0, pool="DRAM"): the test fails if the pool rises more than that above its level at the start',
    "limit_leaks(size, device=None, pool=None): the test fails if it leaves more than that allocated",
)


def pytest_addoption(parser):
    group = parser.getgroup("tidemark")
    group.addoption("--tidemark", action="store_true", help="run under `tidemark run`: track memory, check the limits of tests")


def pytest_configure(config):
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    config.pluginmanager.register(Limits(config), "tidemark-limits")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config):
    if not config.getoption("tidemark") or config.option.help:
        return
    trouble = why_not_tracked()
    if trouble and os.environ.get(AGAIN):
        raise pytest.UsageError(f"--tidemark: this run cannot be tracked: {trouble}")
    if trouble:
        start_again(config)


def why_not_tracked():
    """None if this program is tracked and its figures can be read; else the reason."""
    try:
        if not producer.enabled():
            return "tracking is not enabled (TIDEMARK_ENABLED=1)"
        answer = producer.flush(5.0)
        if answer != "published":
            return f"its events do not reach a collector: {answer}"
        read_moment(source().stats())
    except TROUBLES as error:
        return str(error)
    return None


def start_again(config):
    program = shutil.which("tidemark") or _installed_program()
    if program is None:
        raise pytest.UsageError("--tidemark: the program tidemark is not in PATH: install Tidemark, or extend PATH")
    # As it was typed; what -m names is not in sys.argv. Python 3.9 has no orig_argv.
    words = getattr(sys, "orig_argv", [sys.executable, *sys.argv])
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        capture.suspend_global_capture(in_=True)  # gives the descriptors back
    os.environ[AGAIN] = "1"
    os.execv(program, [program, "run", "-q", "--", sys.executable, *words[1:]])


def _installed_program():
    found = [parent / "bin/tidemark" for parent in Path(__file__).resolve().parents]
    return next((str(path) for path in found if os.access(path, os.X_OK)), None)


class Limits:
    def __init__(self, config):
        self._is_tracked = None  # asked once, by the first test with a limit or by the option
        self._wanted = config.getoption("tidemark")
        self._messages = {}
        self.checked = self.failed = self.unchecked = self.inexact = 0

    def is_tracked(self):
        if self._is_tracked is None:
            self._is_tracked = why_not_tracked() is None
        return self._is_tracked

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self, item):
        memory, leaks = limits_of(item)
        if not memory and not leaks:
            yield
            return
        if not self.is_tracked():
            self.unchecked += 1
            yield
            return
        gc.collect()
        window = Window([key for _, key in memory], [key for _, key in leaks])
        try:
            outcome = yield
            if outcome.excinfo is None:
                self._check(item, window, memory, leaks)
        finally:
            window.close()

    def _check(self, item, window, memory, leaks):
        gc.collect()
        window.end()
        self.checked += 1
        complaints = [unknown_pool(window, key[1]) for _, key in memory + leaks]
        complaints += [self._memory_complaint(window, *limit) for limit in memory]
        complaints += [self._leak_complaint(window, *limit) for limit in leaks]
        message = "\n".join(filter(None, complaints))
        if message:
            self.failed += 1
            self._messages[item.nodeid] = message

    def _memory_complaint(self, window, size, key):
        rise, name = window.rise(*key), pool_text(*key)
        self.inexact += not rise.exact
        note = "" if rise.exact else " (events were lost, so it may be more)"
        if rise.low > size:
            at_least = "at least " if rise.low != rise.high else ""
            return f"{name} rose by {at_least}{exactly(rise.low)}, limit {exactly(size)}{note}"
        if rise.high > size:
            bounds = f"{exactly(rise.low)} and {exactly(rise.high)}"
            return f"{name} rose by something between {bounds}, limit {exactly(size)}: run this test alone to know"
        return None

    def _leak_complaint(self, window, size, key):
        left = window.left(*key)
        total = sum(buffer["size"] for buffer in left)
        if total <= size and (left == [] or size > 0):
            return None
        count = "1 buffer" if len(left) == 1 else f"{len(left)} buffers"
        lines = [f"left {exactly(total)} in {count}, limit {exactly(size)}; the largest:"]
        lines += [
            f"  {pool_text(b['device'], b['pool'])} id {b['id']:#x}: {exactly(b['size'])}, pid {b['pid']}"
            for b in left[:SHOWN_BUFFERS]
        ]
        return "\n".join(lines)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item, call):
        outcome = yield
        message = self._messages.pop(item.nodeid, None) if call.when == "call" else None
        report = outcome.get_result()
        if message and report.outcome == "passed":
            report.outcome, report.longrepr = "failed", f"tidemark: {message}"

    def pytest_terminal_summary(self, terminalreporter):
        if not self._wanted and not self.checked and not self.unchecked:
            return
        terminalreporter.section("tidemark")
        if self.unchecked:
            terminalreporter.line(f"limits not checked: {tests(self.unchecked)}; run pytest --tidemark")
        if self.is_tracked():
            self._summarise(terminalreporter)

    def _summarise(self, terminal):
        terminal.line(f"limits checked: {tests(self.checked)}, {self.failed} over a limit")
        if self.inexact:
            terminal.line(f"{self.inexact} of the figures checked are not exact: events were lost")
        pools = {}
        for (_, device, pool), row in read_moment(source().stats()).rows.items():
            pools.setdefault((device, pool), []).append(row)
        for key, rows in sorted(pools.items()):
            allocations, total, left, peak = (
                sum(row[name] for row in rows) for name in ("allocations", "total_allocated", "current", "peak")
            )
            # Programs need not have held their most at the same time.
            bound = "" if len(rows) == 1 else "at most "
            note = "" if all(row["exact"] for row in rows) else " (not exact: events were lost)"
            terminal.line(
                f"{pool_text(*key)}: {allocations} allocations, {format_bytes(total)} in all, "
                f"peak {bound}{format_bytes(peak)}, left {format_bytes(left)}{note}"
            )


def unknown_pool(window, pool):
    """A limit on a misspelt pool would never fail."""
    if pool is None or pool in POOLS or any(key[2] == pool for key in window.after.rows):
        return None
    return f"no pool {pool!r} is known: {', '.join(POOLS)}, or one that the program names"


def limits_of(item):
    """([(bytes, (device, pool))] of limit_memory, the same of limit_leaks). Wrong arguments are the test's failure."""
    memory = [_memory_limit(*mark.args, **mark.kwargs) for mark in item.iter_markers("limit_memory")]
    return memory, [_leak_limit(*mark.args, **mark.kwargs) for mark in item.iter_markers("limit_leaks")]


def _memory_limit(size, device=None, pool="DRAM"):
    if device is None:
        device = "host" if pool == "SYSTEM_MEMORY" else 0
    return parse_size(size), (device_number(device), pool)


def _leak_limit(size, device=None, pool=None):
    if device is None and pool == "SYSTEM_MEMORY":
        device = "host"
    return parse_size(size), (None if device is None else device_number(device), pool)


def tests(count):
    return "1 test" if count == 1 else f"{count} tests"


def pool_text(device, pool):
    return f"host {pool}" if device == HOST else f"device {device_word(device)} {pool}"


def exactly(size):
    """So that a limit and what exceeds it by a byte don't look the same."""
    return format_bytes(size) if size < 1024 else f"{format_bytes(size)} ({size:,} B)"
