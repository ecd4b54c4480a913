# SPDX-License-Identifier: Apache-2.0
"""What the programs of test_consistency.py do, and what every view has to say of it."""
MB = 1 << 20

FIRST = """
producer.declare_device(0, 'card'); producer.declare_memory(0, 'DRAM', 12 << 30)
producer.allocation(0, 'DRAM', 1, 450 << 20); producer.allocation(0, 'DRAM', 2, 50 << 20); producer.free(0, 'DRAM', 1)
producer.allocation(0, 'L1', 1, 4097); producer.allocation(0, 'CB', 1, 77); producer.allocation(0, 'KERNEL', 1, 51200)
producer.allocation(1, 'TRACE', 9, 5); producer.allocation('host', 'SYSTEM_MEMORY', 1, 999); producer.flush()
"""
SECOND = """
producer.allocation(0, 'DRAM', 1, 7); producer.allocation(0, 'L1_SMALL', 1, 33)
producer.allocation('host', 'SYSTEM_MEMORY', 1, 1001); producer.flush()
"""
GONE = """
producer.allocation(0, 'L1', 1, 600); producer.allocation(0, 'L1', 2, 1); producer.free(0, 'L1', 2); producer.flush()
"""

EXPECTED = {  # figures in the order of FIGURES, over all programs; what the third left is freed by its end
    ("0", "DRAM"): (50 * MB + 7, 500 * MB, 2, 3, 1, 500 * MB + 7, 450 * MB),
    ("0", "L1"): (4097, 4097 + 600, 1, 3, 1, 4097 + 601, 1),
    ("0", "CB"): (77, 77, 1, 1, 0, 77, 0),
    ("0", "KERNEL"): (51200, 51200, 1, 1, 0, 51200, 0),
    ("0", "L1_SMALL"): (33, 33, 1, 1, 0, 33, 0),
    ("1", "TRACE"): (5, 5, 1, 1, 0, 5, 0),
    ("host", "SYSTEM_MEMORY"): (2000, 2000, 2, 2, 0, 2000, 0),
}
