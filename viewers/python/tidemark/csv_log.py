# SPDX-License-Identifier: Apache-2.0
"""Snapshots to a CSV file, `timestamp,device,dram,l1`, as `tidemark query --log` writes them: local ISO time, bytes."""
import os
import time
from datetime import datetime

from .query import query_all_devices

HEADER = "timestamp,device,dram,l1\n"


def append_snapshot(path, instance=None):
    """Appends one line for each accelerator, and the header to an empty file. Answers how many lines. A log that is
    read or appended to by others meanwhile keeps whole lines."""
    now = datetime.now().astimezone().isoformat(timespec="milliseconds")
    devices = query_all_devices(instance)
    lines = "".join(f"{now},{d['device_id']},{d['dram_allocated']},{d['l1_allocated']}\n" for d in devices)
    with open(path, "a", encoding="ascii", newline="") as log:
        header = HEADER if os.fstat(log.fileno()).st_size == 0 else ""
        log.write(header + lines)
    return len(devices)


def log_snapshots(path, seconds=1.0, count=None, instance=None):
    """append_snapshot again and again, every `seconds`, `count` times or until interrupted."""
    written = 0
    while count is None or written < count:
        if written:
            time.sleep(seconds)
        append_snapshot(path, instance)
        written += 1
