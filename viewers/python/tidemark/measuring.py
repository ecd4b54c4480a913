# SPDX-License-Identifier: Apache-2.0
"""measure: how long a piece of a program took and what it changed, per device and pool, over all tracked programs.

    with tidemark.measure("load") as changes:        # prints at the end; changes.rows afterwards
        load()

    @tidemark.measure()
    def step(): ...
"""
import functools
import sys
import time
from collections import namedtuple

from . import producer
from .query import usage
from .words import device_number, device_word, format_bytes

# Bytes; peak_rise is by how much the highest figure ever seen rose meanwhile. exact: False after a loss of events.
Change = namedtuple("Change", "device pool before after change peak_before peak peak_rise exact")


class measure:
    """Context manager and decorator. device: only this one; name: what the report calls it; file: where the report goes
    (None: standard error; False: nowhere). Afterwards: `seconds`, `rows` (Change of each device × pool that moved), `published`: False if
    what this process recorded was not all published in time, so that the figures may lag."""

    def __init__(self, name=None, device=None, file=None, instance=None):
        self.name, self.seconds, self.rows, self.published = name, None, [], True
        self._device = None if device is None else device_number(device)
        self._file, self._instance = file, instance

    def __call__(self, function):
        @functools.wraps(function)
        def measured(*arguments, **named):
            # One for each call, so that the function may call itself or run in several threads.
            with measure(self.name or function.__qualname__, self._device, self._file, self._instance):
                return function(*arguments, **named)

        return measured

    def __enter__(self):
        self._before = self._read()
        self._begun = time.perf_counter()
        return self

    def __exit__(self, *_):
        self.seconds = time.perf_counter() - self._begun
        after = self._read()
        changes = (_change(self._before.get(key), row) for key, row in sorted(after.items()))
        self.rows = [change for change in changes if change.change or change.peak_rise]
        if self._file is not False:
            print(self.report(), file=self._file or sys.stderr)

    def report(self):
        lines = [f"{self.name or 'measured'}: {self.seconds:.3f} s" + ("" if self.rows else ", no change")]
        for row in self.rows:
            sign = "+" if row.change >= 0 else ""
            line = f"  {device_word(row.device)} {row.pool}: {sign}{format_bytes(row.change)}, now {format_bytes(row.after)}"
            line += f", peak +{format_bytes(row.peak_rise)}" if row.peak_rise else ", peak unchanged"
            lines.append(line + ("" if row.exact else " (not exact: events were lost)"))
        if not self.published:
            lines.append("  not all of this program's events were published in time: the figures may lag")
        return "\n".join(lines)

    def _read(self):
        self.published = flush_own() != "timed out" and self.published
        wanted = (row for row in usage(self._instance) if self._device in (None, row["device"]))
        return {(row["device"], row["pool_name"]): row for row in wanted}


def flush_own():
    """Waits until what this process recorded is published; at once if it records nothing."""
    try:
        return producer.flush(1.0)
    except producer.LibraryError:
        return "no collector"


def _change(before, after):
    current, peak = (before["current"], before["peak"]) if before else (0, 0)
    key = (after["device"], after["pool_name"], current, after["current"], after["current"] - current)
    return Change(*key, peak, after["peak"], after["peak"] - peak, bool(after["exact"]))
