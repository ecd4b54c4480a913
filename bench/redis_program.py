# SPDX-License-Identifier: Apache-2.0
"""The whole program that run.py measures: redis-server for as long as redis-benchmark takes. It is started here, so that a
tracker given to this script sees it: `redis_program.py REQUESTS [TRACKER WORD ...]`, the tracker before the server."""
import os
import subprocess
import sys
import tempfile
import time


def main(requests, tracker):
    with tempfile.TemporaryDirectory() as folder:
        socket = os.path.join(folder, "redis.sock")
        command = [*tracker, "redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--daemonize", "no", "--dir",
                   folder]  # fmt: skip
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as server:
            deadline = time.monotonic() + 30
            while not os.path.exists(socket) and time.monotonic() < deadline and server.poll() is None:
                time.sleep(0.002)
            bench = ["redis-benchmark", "-s", socket, "-q", "-n", str(requests), "-t", "set,get,lpush,lpop", "-r", "100000"]
            done = subprocess.run(bench, stdout=subprocess.DEVNULL, check=False)
            subprocess.run(["redis-cli", "-s", socket, "shutdown", "nosave"], check=False, stderr=subprocess.DEVNULL)
            server.wait(timeout=60)
        return done.returncode


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
