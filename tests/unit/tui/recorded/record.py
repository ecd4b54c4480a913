#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Records machine.json anew: what a real collector said of real programs. `record.py BUILD`, then write the golden
screens anew (render_test.cpp says how) and look at each."""
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TRAIN = """
import os, sys, time
from tidemark import producer
child = os.fork() == 0
if child:
    os.execvp("python3", ["python3", "loader.py", "--workers", "2"])
for device in (0, 1):
    producer.declare_device(device, "n300")
    producer.declare_memory(device, "DRAM", 12 << 30)
    producer.declare_memory(device, "L1", 120 << 20)
held = [producer.Buffer(0, "DRAM", 4096 * (i + 1), 48 << 20) for i in range(20)]
producer.allocation(0, "DRAM", 1, 1 << 30); producer.free(0, "DRAM", 1)
held += [producer.Buffer(0, "L1", i, 4097) for i in range(64)]
held += [producer.Buffer(0, "CB", i, 1 << 15) for i in range(56)]
weights = producer.name_pool("weights", "DRAM")
held += [producer.Buffer(1, weights, i, 700 << 20) for i in range(9)]
producer.flush(); print("there", flush=True); time.sleep(1000)
"""
LOADER = """
import time
from tidemark import producer
held = [producer.Buffer("host", "SYSTEM_MEMORY", i, 3 << 20) for i in range(31)]
producer.flush(); print("there", flush=True); time.sleep(1000)
"""
LEAKY = """
import os
from tidemark import producer
producer.allocation(1, "TRACE", 1, 5 << 20); producer.flush(); os._exit(3)
"""


def main(build):
    root, out = Path(__file__).resolve().parents[4], Path(__file__).parent / "machine.json"
    binaries, instance = Path(build, "bin").resolve(), f"record-{os.getpid()}"
    environment = {
        **os.environ, "TIDEMARK_INSTANCE": instance, "TIDEMARK_ENABLED": "1", "PYTHONPATH": str(root / "viewers/python"),
        "TIDEMARK_PRODUCER_LIBRARY": str(Path(build, "lib/libtidemark_producer.so.0").resolve()),
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("train.py", TRAIN), ("loader.py", LOADER), ("leaky.py", LEAKY)):
            Path(folder, name).write_text(text)
        daemon = lambda *words: subprocess.run([binaries / "tidemarkd", "--instance", instance, *words], check=True)  # noqa: E731
        daemon("--background", "--exited-grace", "3600")
        train = subprocess.Popen(["python3", "train.py", "--epochs", "3"], cwd=folder, env=environment, text=True,
                                 stdout=subprocess.PIPE, start_new_session=True)  # fmt: skip
        try:
            print(train.stdout.readline(), train.stdout.readline())
            subprocess.run(["python3", "leaky.py"], cwd=folder, env=environment, check=False)
            query = [binaries / "tidemark", "query", "--json"]
            while '"exit_status": 3' not in (text := subprocess.check_output(query, env=environment, text=True)):
                time.sleep(0.1)
            out.write_text(text.replace(instance, "recorded"))
        finally:
            os.killpg(train.pid, 9)
            train.wait()
            daemon("--stop")
            for left in Path("/dev/shm").glob(f"tidemark.{instance}.*"):
                left.unlink(missing_ok=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: record.py BUILD, such as build/release")
    main(sys.argv[1])
