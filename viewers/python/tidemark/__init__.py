# SPDX-License-Identifier: Apache-2.0
"""Tidemark's live memory figures in Python: standard library only, no compiled part, no request to anyone.

    import tidemark
    print(tidemark.query_device_stats(0)["dram_allocated"])
    with tidemark.Stats() as stats:
        for row in stats.usage():
            print(row["device"], row["pool_name"], row["current"])

The figures are mapped read-only from the collector's stats segment and decoded by the schema inside it, so fields that a
newer collector adds appear by themselves. Not for programs that need a figure every microsecond: those use the C or C++
reader. tidemark.producer feeds events (it loads libtidemark_producer.so); tidemark.pytest_plugin is the pytest plugin.
"""
from .csv_log import append_snapshot, log_snapshots
from .errors import NoCollectorError, StatsError
from .measuring import measure
from .query import (
    buffers, is_collector_running, processes, query_all_devices, query_device_stats, regions, usage,
)  # fmt: skip
from .source import Source
from .stats import Stats
from .words import HOST, POOLS, format_bytes, parse_size

__all__ = [
    "HOST", "POOLS", "NoCollectorError", "Source", "Stats", "StatsError", "append_snapshot", "buffers", "format_bytes",
    "is_collector_running", "log_snapshots", "measure", "parse_size", "processes", "query_all_devices",
    "query_device_stats", "regions", "usage",
]  # fmt: skip
