#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Records machine.json and held.json anew: what a real collector said of real programs, and what one of them held, with
call sites, sizes and a minute of history. `record.py BUILD`, then write the golden screens anew (golden.hpp says how)
and look at each."""
import http.client
import json
import os
import re
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
    os.execvp("./loader", ["loader", "--workers", "2"])
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
LOADER = r"""
#include <stdio.h>
#include <unistd.h>
#include "tidemark/producer.h"
#define HOST TIDEMARK_DEVICE_HOST
#define POOL TIDEMARK_POOL_SYSTEM_MEMORY
static void read_file(uint64_t i) {
    tidemark_allocation(HOST, POOL, 0x1000 + i, 3 << 20);
}
static void keep_index(uint64_t i) {
    tidemark_allocation(HOST, POOL, 0x9000 + i, 600 + 40 * i);
}
static void decode(uint64_t i) {
    tidemark_allocation(HOST, POOL, 0xF000 + i, 48 << 10);
    if (i > 1) tidemark_free(HOST, POOL, 0xF000 + i - 2);
}
static void load(uint64_t i) {
    read_file(i);
    if (i % 2 == 0) keep_index(i);
    for (uint64_t k = 0; k < 3; ++k) decode(3 * i + k);
    tidemark_flush(1000);
}
int main(void) {
    for (uint64_t i = 0; i < 9; ++i) {
        load(i);
        sleep(2);
    }
    puts("there");
    fflush(stdout);
    sleep(1000);
}
"""
LEAKY = """
import os
from tidemark import producer
producer.allocation(1, "TRACE", 1, 5 << 20); producer.flush(); os._exit(3)
"""


KEPT = ("schema", "exact", "inexact", "count", "buffers")


def compile_loader(folder, root, build):
    Path(folder, "loader.c").write_text(LOADER)
    library = Path(build, "lib").resolve()
    subprocess.run(["cc", "-g", "-O0", f"-fdebug-prefix-map={folder}=/src", f"-I{root}/include", "loader.c",
                    "-o", "loader", f"-L{library}", "-ltidemark_producer", f"-Wl,-rpath,{library}"],
                   cwd=folder, check=True)  # fmt: skip


def history(binaries, environment):
    """The last minute, a value a second."""
    with subprocess.Popen([binaries / "tidemark", "serve", "--port", "0"], env=environment, text=True,
                          stderr=subprocess.STDOUT, stdout=subprocess.PIPE) as server:  # fmt: skip
        try:
            while not (found := re.search(r"http://[^/]*:(\d+)", server.stdout.readline())):
                pass
            connection = http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=60)
            connection.request("GET", "/api/v1/history?resolution=coarse&points=60")
            return json.loads(connection.getresponse().read())["pools"]
        finally:
            server.terminate()


def held(pid, query, instance, environment, root):
    """What that process holds, and how large its allocations were."""
    sys.path.insert(0, str(root / "viewers/python"))
    import tidemark

    text = subprocess.check_output([*query, "buffers", "--json", "-p", str(pid)], env=environment, text=True)
    buffers = json.loads(text)
    with tidemark.Stats(instance) as stats:
        image = next(row["image"] for row in stats.rows("process") if row["pid"] == pid)
        sizes = [{"device": row["device"], "pool": row["pool"], "counts": list(row["size_histogram"])}
                 for row in stats.rows("process_usage") if row["image"] == image]  # fmt: skip
    return {"pid": pid, "sizes": sizes, **{key: buffers[key] for key in KEPT}}


def main(build):
    root, here = Path(__file__).resolve().parents[4], Path(__file__).parent
    binaries, instance = Path(build, "bin").resolve(), f"record-{os.getpid()}"
    environment = {
        **os.environ, "TIDEMARK_INSTANCE": instance, "TIDEMARK_ENABLED": "1", "TIDEMARK_STACKS": "8",
        "TIDEMARK_PRODUCER_LIBRARY": str(Path(build, "lib/libtidemark_producer.so.0").resolve()),
        "PYTHONPATH": str(root / "viewers/python"), "PATH": "/usr/bin:/bin",
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("train.py", TRAIN), ("leaky.py", LEAKY)):
            Path(folder, name).write_text(text)
        compile_loader(folder, root, build)
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
            (here / "machine.json").write_text(text.replace(instance, "recorded"))
            pid = next(p["pid"] for p in json.loads(text)["processes"] if p["name"] == "loader")
            lists = {**held(pid, query[:1], instance, environment, root), "history": history(binaries, environment)}
            text = json.dumps(lists, indent=1).replace(folder, "/opt/demo").replace(str(root), "/src/tidemark")
            # Numbers of a list stand in one line.
            (here / "held.json").write_text(re.sub(r"(?<=[\d\[l,])\s*\n\s+(?=[\d\]n])", " ", text) + "\n")
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
