#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What looking costs: `bench/viewers.py BUILD [NUMBER]` starts a collector and NUMBER programs (1000) on 16 devices, and
lets `tidemark top` and one stream of `tidemark serve` look ten times a second: while nothing changes, while a hundredth
of the programs allocates ten times a second, and while all do. Then the collector's cost alone, with a hundred
streams, and beside a process that only wakes as often, in turn. Shares of one processor. --smoke: for an instant."""
import contextlib
import os
import pty
import re
import statistics
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import processes

STREAMS, ROUNDS, SECONDS = 100, 5, 4.0
SMOKE = "--smoke" in sys.argv
if SMOKE:
    STREAMS, ROUNDS, SECONDS = 5, 1, 0.1


def share(pid):
    return processes.watched(pid, SECONDS)["cpu_share"]


def forget(read):
    """Takes what a viewer writes, for ever, as a terminal or a browser does."""

    def take():
        with contextlib.suppress(OSError):
            while read():
                pass

    threading.Thread(target=take, daemon=True).start()


class Bed:
    def __init__(self, stack, build, changing, number):
        self.stack, self.binaries = stack, Path(build, "bin").resolve()
        instance = f"bench-viewers-{os.getpid()}"
        self.environment = {**os.environ, "TIDEMARK_ENABLED": "1", "TIDEMARK_INSTANCE": instance, "TERM": "xterm-256color"}
        self.collector = stack.enter_context(processes.collector(str(self.binaries / "tidemarkd"), instance))
        programs = self.start("bench.idle_rings", "--changing", str(changing), str(number))
        stack.callback(programs.stdin.close)
        answer = programs.stdout.readline().strip()
        if answer != "ready":
            raise RuntimeError(f"of {number} programs: {answer or 'nothing'}")

    def start(self, program, *arguments, **pipes):
        pipes = pipes or {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        command = [self.binaries / program, *arguments]
        return self.stack.enter_context(subprocess.Popen(command, env=self.environment, **pipes))

    @contextlib.contextmanager
    def top(self, *options):
        terminal, other = pty.openpty()
        program = self.start("tidemark", "top", "-r", "100", *options, stdin=other, stdout=other, stderr=subprocess.DEVNULL)
        os.close(other)
        forget(lambda: os.read(terminal, 65536))
        try:
            yield program.pid
        finally:
            program.terminate()
            program.wait()

    @contextlib.contextmanager
    def serve(self):
        program = self.start("tidemark", "serve", "--port", "0")
        try:
            yield program.pid, re.search(r"http://[\d.:]+/", program.stdout.readline()).group(0)
        finally:
            program.terminate()
            program.wait()


@contextlib.contextmanager
def streams(url, number, query="?interval_ms=100"):
    opened = [urllib.request.urlopen(f"{url}api/v1/stream{query}") for _ in range(number)]
    for stream in opened:
        forget(lambda stream=stream: stream.read1(1 << 20))
    try:
        yield
    finally:
        for stream in opened:
            with contextlib.suppress(OSError):
                stream.fp.raw._sock.shutdown(2)


def looks(bed):
    for name, options in (("top", ()), ("top -d 0", ("-d", "0")), ("top -u nobody", ("-u", "nobody"))):
        with bed.top(*options) as pid:
            print(f"  {name}: {share(pid):.2%}", flush=True)
    with bed.serve() as (pid, url):
        for query in ("?interval_ms=100", "?interval_ms=100&changes=1"):
            with contextlib.suppress(urllib.error.HTTPError), streams(url, 1, query):
                print(f"  serve, one stream {query}: {share(pid):.2%}", flush=True)


@contextlib.contextmanager
def somebody_else():
    """Who wakes as often as the server with streams does, and touches nothing of ours: what the machine alone makes of that."""
    command = [sys.executable, "-c", "import time\nwhile True: time.sleep(0.01)"]
    with subprocess.Popen(command) as process:
        try:
            yield
        finally:
            process.kill()


def hundred(bed):
    with bed.serve() as (_, url):
        found = {"alone": [], f"with {STREAMS} streams": [], "beside a process that wakes 100 times a second": []}
        besides = (contextlib.nullcontext, lambda: streams(url, STREAMS), somebody_else)
        for _ in range(ROUNDS):
            for shares, beside in zip(found.values(), besides):
                with beside():
                    shares.append(share(bed.collector))
    for name, shares in found.items():
        print(f"  collector {name}: {statistics.median(shares):.3%} ({min(shares):.3%} to {max(shares):.3%})", flush=True)


def main(build, number):
    for changing in (0, number // 100, number):
        with contextlib.ExitStack() as stack:
            bed = Bed(stack, build, changing, number)
            print(f"{changing} of {number} programs change:", flush=True)
            looks(bed)
            if changing < number:
                hundred(bed)


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--smoke"]
    if len(words) not in (1, 2) or not (words[1:] or ["1"])[0].isdigit():
        sys.exit("usage: bench/viewers.py BUILD [NUMBER] [--smoke], such as build/release 1000")
    main(words[0], int((words[1:] or ["10" if SMOKE else "1000"])[0]))
