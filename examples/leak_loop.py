# SPDX-License-Identifier: Apache-2.0
"""A leak check around a loop: what each round left, and the list of what is still there. Exits 1 if it finds a leak.

    tidemark run -q -- python3 examples/leak_loop.py
"""
import os
import sys

import tidemark
from tidemark import producer


def one_round(number):
    """The code under test, with a leak in each third round."""
    producer.allocation(0, "DRAM", number, 1 << 20)
    if number % 3 != 0:
        producer.free(0, "DRAM", number)


def held():
    assert producer.flush() == "published", "is the collector there?"
    return tidemark.query_device_stats(0)["dram_allocated"]


start = held()
for number in range(1, 10):
    before = held()
    one_round(number)
    if held() != before:
        print(f"round {number} left {tidemark.format_bytes(held() - before)}")

leaked = tidemark.buffers(device=0, pid=os.getpid())
for buffer in leaked:
    print(f"leaked: id {buffer['id']:#x}, {tidemark.format_bytes(buffer['size'])} in {buffer['pool']}")
print(f"in all {tidemark.format_bytes(held() - start)} in {len(leaked)} buffers")
sys.exit(1 if leaked else 0)
