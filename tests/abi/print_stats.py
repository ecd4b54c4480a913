# SPDX-License-Identifier: Apache-2.0
"""Prints every figure of a stats segment through the Python reader: the same text as print_stats.c, for golden_test.py.

    print_stats.py INSTANCE
"""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "viewers" / "python"))
import tidemark  # noqa: E402

TABLES = ["collector", "device", "memory", "usage", "process", "process_usage", "history", "region"]
STATES = {"running": 1, "stopped": 2, "superseded": 3}


def words(value):
    return " ".join(str(item) for item in (value if isinstance(value, tuple) else (value,)))


def print_all(stats):
    segment = stats.segment
    print(f"segment {segment.instance} version {segment.major}.{segment.minor} state {STATES[stats.state]}")
    print("heartbeat", words(stats.heartbeat))
    print("passes", words(stats.passes))
    print("control socket", segment.control_socket or "none")
    for table in TABLES:
        for at, row in enumerate(stats.rows(table)):
            for field, value in row.items():
                print(f"{table}[{at}] {field} {words(value)}")
    for row in stats.history():
        for kind in ("fine", "coarse"):
            for sample in stats.history_samples(row, kind):
                print(kind, words(sample))


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    try:
        with tidemark.Stats(sys.argv[1] if len(sys.argv) > 1 else None) as opened:
            print_all(opened)
    except tidemark.StatsError as error:
        print(error, file=sys.stderr)
        sys.exit(3)
