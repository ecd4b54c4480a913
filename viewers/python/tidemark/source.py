# SPDX-License-Identifier: Apache-2.0
"""Source: the figures of an instance, whichever collector run writes them. A restarted collector makes a new segment;
this opens it. One for each instance is kept by the functions of query.py."""
import os

from .errors import NoCollectorError, StatsError
from .stats import Stats

SILENT_AFTER = 2.0  # seconds; a collector beats twice a second


class Source:
    """As Stats(instance, trust_uid), opened at the first use. Any thread."""

    def __init__(self, instance=None, trust_uid=None):
        self._instance, self._trust_uid = instance, trust_uid
        self._stats = None

    def stats(self):
        """The Stats of a collector that runs. Raises NoCollectorError if none does, StatsError if it can't be read."""
        stats = self.last()
        if stats.state != "running":
            raise NoCollectorError("STOPPED", stats.segment.path)
        if stats.heartbeat_age() > SILENT_AFTER:
            age = f"pid {stats.segment.collector_pid}, last heartbeat {stats.heartbeat_age():.1f} s ago"
            raise NoCollectorError("STALLED", stats.segment.path, age)
        return stats

    def last(self):
        """The newest Stats that there are, also of a collector that does not run. Raises StatsError."""
        stats = self._stats
        if stats is None or not stats.is_collector_running(SILENT_AFTER):
            # What it replaces is not closed here: another thread may be reading it.
            self._stats = stats = self._newest(stats)
        return stats

    def _newest(self, old):
        try:
            stats = Stats(self._instance, self._trust_uid)
        except StatsError as error:
            if old is not None:
                return old  # a collector that is just starting may not have published yet
            if error.code == "NO_SEGMENT":
                raise NoCollectorError(error.code, error.path) from None
            raise
        # The user's own collector ended, but the system's runs: that is the one a person means.
        by_default = self._instance is None and not os.environ.get("TIDEMARK_INSTANCE")
        if by_default and stats.state != "running" and stats.segment.instance != "system":
            try:
                system = Stats("system", self._trust_uid)
                return system if system.is_collector_running(SILENT_AFTER) else stats
            except StatsError:
                pass
        return stats


_sources = {}


def source(instance=None):
    """The process's one Source of that instance; None: the default one of this moment's TIDEMARK_INSTANCE."""
    name = instance if instance is not None else os.environ.get("TIDEMARK_INSTANCE") or None
    return _sources.setdefault(name, Source(name))
