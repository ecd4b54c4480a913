# SPDX-License-Identifier: Apache-2.0
"""Time, peak and counts around a benchmark.

    tidemark run -q -- python3 examples/benchmark_peak.py
"""
import sys

import tidemark
from tidemark import producer


def benchmark(layers):
    """Holds two layers at a time."""
    for layer in range(layers):
        producer.allocation(0, "DRAM", layer, 10 << 20)
        if layer > 0:
            producer.free(0, "DRAM", layer - 1)
    producer.free(0, "DRAM", layers - 1)


with tidemark.measure("benchmark", device=0, file=sys.stdout) as changes:
    benchmark(100)

(row,) = (row for row in tidemark.usage() if (row["device"], row["pool_name"]) == (0, "DRAM"))
print(f"peak {tidemark.format_bytes(changes.rows[0].peak)}, {row['allocations']} allocations, {row['frees']} frees")
