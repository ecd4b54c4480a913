# SPDX-License-Identifier: Apache-2.0
"""Three programs on two make-believe devices, to be watched from another terminal with `tidemark smi -w`:

    tidemarkd --background
    TIDEMARK_ENABLED=1 python3 examples/three_processes.py [SECONDS]

It ends by itself: each program allocates, works for SECONDS (10), frees what it holds, and says what it did. The last one
forgets a buffer, which `tidemark leaks` then shows.
"""
import os
import signal
import subprocess
import sys
import time

from tidemark import producer
from tidemark.words import format_bytes

MB = 1 << 20
# name, device, what it holds: pool and size of each buffer
WORKERS = {
    "training": (0, [("DRAM", 512 * MB), ("DRAM", 128 * MB), ("L1", 4 * MB)]),
    "inference": (0, [("DRAM", 256 * MB), ("L1_SMALL", 64 << 10)]),
    "benchmark": (1, [("DRAM", 96 * MB), ("TRACE", 16 * MB)]),
}
ended = False


def end(*_):
    global ended
    ended = True


def work(name, seconds):
    """One of the three programs: holds its buffers, and takes and gives back another one at each step."""
    device, wanted = WORKERS[name]
    producer.declare_device(device, f"example card {device}")
    producer.declare_memory(device, "DRAM", 12 << 30)
    buffers = [producer.Buffer(device, pool, 0x1000 + i, size) for i, (pool, size) in enumerate(wanted)]
    total = format_bytes(sum(size for _, size in wanted))
    sys.stdout.write(f"{name}, pid {os.getpid()}: {total} on device {device}\n")  # at once: three programs write here
    sys.stdout.flush()
    until = time.monotonic() + seconds
    while time.monotonic() < until and not ended:
        with producer.Buffer(device, "DRAM", 0x9000, 32 * MB):
            time.sleep(0.1)
    for buffer in buffers[: -1 if name == "benchmark" else None]:
        buffer.close()
    return 0 if producer.flush() == "published" else 1


def main():
    seconds = sys.argv[1] if len(sys.argv) > 1 else "10"
    # SIGTERM and Ctrl-C: each frees what it holds, and ends.
    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    if len(sys.argv) > 2:
        return work(sys.argv[2], float(seconds))
    programs = [subprocess.Popen([sys.executable, __file__, seconds, name]) for name in WORKERS]
    told = False
    while any(program.poll() is None for program in programs):
        if ended and not told:
            told = True  # once: a program that is ending already has no handler any more
            for program in programs:
                program.terminate()
        time.sleep(0.05)
    failed = [name for name, program in zip(WORKERS, programs) if program.returncode != 0]
    if failed:
        print(f"not published, so nobody saw it: {', '.join(failed)} (is TIDEMARK_ENABLED=1 and does tidemarkd run?)")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
