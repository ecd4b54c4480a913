# SPDX-License-Identifier: Apache-2.0
"""A long loop that warns once a device is nearly full, and makes room. Reading the figure asks nobody, so it may stand in
every round.

    tidemark run -q -- python3 examples/threshold.py
"""
import tidemark
from tidemark import producer

CAPACITY, THRESHOLD = 1 << 30, 0.8
producer.declare_memory(0, "DRAM", CAPACITY)

cache = []
for step in range(100):
    producer.allocation(0, "DRAM", step, 24 << 20)
    cache.append(step)
    producer.flush()
    used = tidemark.query_device_stats(0)["dram_allocated"]
    if used > THRESHOLD * CAPACITY:
        print(f"step {step}: {tidemark.format_bytes(used)} of {tidemark.format_bytes(CAPACITY)} in use, emptying the cache")
        for buffer in cache:
            producer.free(0, "DRAM", buffer)
        cache.clear()
print("finished")
