#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a scrape costs: `bench/scrape.py BUILD NUMBER` starts a collector, NUMBER programs at rest (bench.idle_rings) and
`tidemark serve`, and asks for /metrics ten times in each detail. Time of the answer, processor time of the server. --smoke: for an
instant, with ten programs."""
import contextlib
import os
import re
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

SMOKE = "--smoke" in sys.argv
SCRAPES = 1 if SMOKE else 10
DETAILS = ("", "?pid_label=1", "?processes=0")


def processor_ms(pid):
    """Of all threads: the first figure of schedstat is nanoseconds on a processor."""
    return sum(int(file.read_text().split()[0]) for file in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e6


def scrape(url, pid):
    took, before = [], processor_ms(pid)
    for _ in range(SCRAPES):
        time.sleep(0.15)  # a reading serves all who ask within 100 ms
        begun = time.perf_counter()
        body = urllib.request.urlopen(url).read()
        took.append((time.perf_counter() - begun) * 1e3)
    series = sum(not line.startswith(b"#") for line in body.splitlines())
    processor = (processor_ms(pid) - before) / SCRAPES
    return (
        f"{series} series, {len(body)} bytes, {statistics.median(took):.1f} ms (least {min(took):.1f}), "
        f"{processor:.1f} ms of processor"
    )


def remove(instance):
    for left in Path("/dev/shm").glob(f"tidemark.{instance}.*"):
        left.unlink(missing_ok=True)


def main(build, number):
    binaries = Path(build, "bin")
    instance = f"scrape-{os.getpid()}"
    environment = {**os.environ, "TIDEMARK_ENABLED": "1", "TIDEMARK_INSTANCE": instance}
    with contextlib.ExitStack() as stack:
        stack.callback(remove, instance)
        subprocess.run([binaries / "tidemarkd", "--background"], env=environment, check=True, stdout=subprocess.DEVNULL)
        stack.callback(subprocess.run, [binaries / "tidemarkd", "--stop"], env=environment, stdout=subprocess.DEVNULL)
        pipes = {"env": environment, "stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        programs = stack.enter_context(subprocess.Popen([binaries / "bench.idle_rings", number], **pipes))
        programs.stdout.readline()
        server = stack.enter_context(subprocess.Popen([binaries / "tidemark", "serve", "--port", "0"], **pipes))
        stack.callback(server.terminate)
        stack.callback(programs.stdin.close)
        url = re.search(r"http://[\d.:]+/", server.stdout.readline()).group(0)
        for detail in DETAILS:
            print(f"/metrics{detail}: {scrape(f'{url}metrics{detail}', server.pid)}")


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--smoke"]
    if len(words) != 2 or not words[1].isdigit():
        sys.exit("usage: bench/scrape.py BUILD NUMBER [--smoke], such as build/release 1000")
    main(words[0], "10" if SMOKE else words[1])
