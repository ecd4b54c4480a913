# SPDX-License-Identifier: Apache-2.0
"""Reads Tidemark's live memory figures from Python: standard library only, no compiled part, no request to anyone.

    import tidemark
    with tidemark.Stats() as stats:
        for row in stats.usage():
            print(row["device"], row["pool_name"], row["current"])

The figures are mapped read-only from the collector's stats segment and decoded by the schema inside it, so fields that a
newer collector adds appear by themselves. Not for live buffers, and not for programs that need a figure every
microsecond: those use the C or C++ reader.
"""
from .errors import StatsError
from .stats import Stats

__all__ = ["Stats", "StatsError"]
