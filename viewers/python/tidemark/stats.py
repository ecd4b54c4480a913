# SPDX-License-Identifier: Apache-2.0
"""Stats: the figures of one collector, as lists of dicts. Keys are the field names of include/tidemark/stats_abi.h;
sizes are integers in bytes, texts are str, arrays are tuples."""
import os
import time

from .errors import StatsError
from .schema import decoders
from .segment import (
    HEARTBEAT_COUNT, HEARTBEAT_MONOTONIC, HEARTBEAT_UNIX, PASS_BEGUN, PASS_ENDED, STATE, Segment,
)  # fmt: skip

STATES = {1: "running", 2: "stopped", 3: "superseded"}
HISTORY = {"fine": (600, 100_000_000), "coarse": (900, 1_000_000_000)}  # samples, ns that each stands for


class Stats:
    """Maps the stats segment of `instance`. None: the one that TIDEMARK_INSTANCE names, else the user's own (root:
    `system`), else `system`. Its owner must be root, oneself, or `trust_uid`. Raises StatsError."""

    def __init__(self, instance=None, trust_uid=None):
        self._segment = _find(instance, trust_uid)
        try:
            self._decoders = decoders(self._segment)
        except StatsError:
            self._segment.close()
            raise

    def close(self):
        self._segment.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # ---- Tables: every row in use, each of one moment; snapshot() tells whether they are all of the same ----

    def devices(self):
        return self.rows("device")

    def memories(self):
        """Each memory of each device: capacity (if capacity_known) and what is allocated."""
        return self.rows("memory")

    def usage(self):
        """Each device × pool."""
        return self.rows("usage")

    def processes(self):
        return self.rows("process")

    def process_usage(self):
        """Each process × device × pool; `image` joins it with processes()."""
        return self.rows("process_usage")

    def regions(self):
        """What tt-metal's own shared regions say; in no sum of the other tables."""
        return self.rows("region")

    def history(self):
        """Each device × pool that has one; history_samples() reads it."""
        return self.rows("history")

    def collector(self):
        """The collector's own figures; None before its first publication."""
        rows = self.rows("collector")
        return rows[0] if rows else None

    def rows(self, name):
        """All rows in use of the table of that name."""
        if name not in self._decoders:
            return []
        table, decode = self._decoders[name]
        payloads = (self._segment.payload(table, i) for i in range(self._segment.rows(table)))
        return [row for row in map(decode, payloads) if row["in_use"]]

    def snapshot(self, tries=10, names=None):
        """{table name: rows} of all tables, or of those named; under "consistent" whether nothing was published
        meanwhile."""
        for _ in range(tries):
            ended = self._segment.word(PASS_ENDED)
            tables = {name: self.rows(name) for name in (self._decoders if names is None else names)}
            tables["consistent"] = self._segment.word(PASS_BEGUN) == ended
            if tables["consistent"]:
                break
        return tables

    def history_samples(self, row, kind="fine"):
        """[(unix_ns, current, highest)] of a row of history(), oldest first: one for each 100 ms (`fine`) or second
        (`coarse`) in which something changed; in between the last one holds."""
        count, period = HISTORY[kind]
        horizon = self._segment.word(HEARTBEAT_UNIX) - count * period  # what is older was not overwritten yet
        offset = row.get(f"{kind}_offset", 0)  # by the schema's word alone
        samples = self._segment.samples(offset, count) if isinstance(offset, int) else []
        return [sample for sample in samples if sample[0] > horizon]

    # ---- The collector ----

    def is_collector_running(self, max_age=2.0):
        """True if it says so and its heartbeat is at most `max_age` seconds old (it beats twice a second)."""
        return self.state == "running" and self.heartbeat_age() <= max_age

    def heartbeat_age(self):
        """Seconds since the collector's last heartbeat, by the clock that does not step."""
        return time.monotonic() - self._segment.word(HEARTBEAT_MONOTONIC) / 1e9

    @property
    def state(self):
        """running, stopped or superseded, as the collector last said; if superseded, open a new Stats."""
        return STATES.get(self._segment.half(STATE), "unknown")

    @property
    def heartbeat(self):
        """(count, CLOCK_REALTIME ns, CLOCK_MONOTONIC ns) of the last heartbeat."""
        return tuple(self._segment.word(at) for at in (HEARTBEAT_COUNT, HEARTBEAT_UNIX, HEARTBEAT_MONOTONIC))

    @property
    def passes(self):
        """(begun, ended): numbers of the last publication begun and ended."""
        return self._segment.word(PASS_BEGUN), self._segment.word(PASS_ENDED)

    @property
    def segment(self):
        """The mapped segment: path, instance, generation, collector_pid, control_socket, schema_json ..."""
        return self._segment


def _find(instance, trust_uid):
    if instance is None:
        instance = os.environ.get("TIDEMARK_INSTANCE") or None
    if instance is not None:
        return _open(instance, trust_uid)
    if os.geteuid() == 0:
        return _open("system", trust_uid)
    try:
        return _open(f"user-{os.geteuid()}", trust_uid)
    except StatsError as first:
        # What another user put under that name is as if absent: only one's own is the user's own.
        if first.code not in ("NO_SEGMENT", "NOT_TRUSTED", "PERMISSION"):
            raise
        try:
            return _open("system", trust_uid)
        except StatsError as second:
            # If there is neither, the message names the one that this user could start.
            raise (first if second.code == "NO_SEGMENT" else second) from None


def _open(instance, trust_uid):
    if not 1 <= len(os.fsencode(instance)) <= 63 or "/" in instance:
        raise StatsError("BAD_NAME")
    return Segment(f"/dev/shm/tidemark.{instance}.stats", trust_uid)
