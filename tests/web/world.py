# SPDX-License-Identifier: Apache-2.0
"""A real collector, real programs and a real `tidemark serve` of one instance, for the tests of the server. Standard
library only."""
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from events import merged, next_event

BIN = Path(os.environ["TIDEMARK_BIN_DIR"])
LIB = Path(os.environ["TIDEMARK_LIB_DIR"])
SOURCE = Path(os.environ["TIDEMARK_SOURCE_DIR"])
PATIENCE = 60  # seconds for what must come; nothing is timed
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"}

PROGRAM = """
import sys
from tidemark import producer
producer.declare_device(0, "card")
producer.declare_memory(0, "DRAM", 12 << 30)
for line in sys.stdin:
    word, id, size, device, pool = line.split()
    device = int(device) if device.isdigit() else device
    if word == "*":
        for number in range(int(id)):
            producer.allocation(device, pool, (number + 1) << 12, int(size))
            if number % 1000 == 0:
                producer.flush(30)
    elif word == "+":
        producer.allocation(device, pool, int(id), int(size))
    else:
        producer.free(device, pool, int(id))
    print(producer.flush(30), flush=True)
"""


def wait_until(condition, what):
    end = time.monotonic() + PATIENCE
    while not (found := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain: {what}")
        time.sleep(0.02)
    return found


def end(process, number=signal.SIGTERM):
    if process.poll() is None:
        process.send_signal(number)
    status = process.wait(PATIENCE)
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
    return status


def without_age(document):
    """What is of the moment of reading, not of what was published, differs between two readings."""
    document = {key: value for key, value in document.items() if key != "time_unix_ns"}
    changing = ("heartbeat_age_ms", "passes", "audits", "publish_latency_last_ns", "publish_latency_highest_ns")
    document["collector"] = {k: v for k, v in document["collector"].items() if k not in changing}
    return document


class Program:
    """Allocates and frees, in DRAM of device 0 or where it is told, and waits until that is published."""

    def __init__(self, instance, more=None):
        environment = {
            **ENVIRONMENT,
            "TIDEMARK_ENABLED": "1",
            "TIDEMARK_INSTANCE": instance,
            "TIDEMARK_PRODUCER_LIBRARY": str(LIB / "libtidemark_producer.so"),
            "PYTHONPATH": str(SOURCE / "viewers/python"),
            "PYTHONDONTWRITEBYTECODE": "1",
            **(more or {}),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        if answer != "published":
            raise AssertionError(f"{line}: {answer}")

    def allocate(self, id, size, device=0, pool="DRAM"):
        self.tell(f"+ {id} {size} {device} {pool}")

    def allocate_many(self, count, size=4096):
        self.tell(f"* {count} {size} 0 DRAM")

    def free(self, id, device=0, pool="DRAM"):
        self.tell(f"- {id} 0 {device} {pool}")


class Answer:
    def __init__(self, raw):
        self.status, self.headers, self.body = raw.status, raw.headers, raw.read()

    @property
    def json(self):
        return json.loads(self.body)


class Stream:
    """Events of /api/v1/stream, one by one."""

    def __init__(self, server, parameters="", headers=None, last=None):
        self.names, self.last = [], last
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
        self.connection.request("GET", "/api/v1/stream" + parameters, headers=headers or {})
        self.socket = self.connection.sock  # which the connection forgets
        self.answer = self.connection.getresponse()

    def next(self):
        """The next event as (id, document), changes put together with what was before; None when the server ends it."""
        event = next_event(self.answer)
        if event is None:
            return None
        event_id, name, document = event
        self.names.append(name)
        self.last = merged(self.last, name, document)
        return event_id, self.last

    def until(self, condition):
        while event := self.next():
            if condition(event[1]):
                return event
        raise AssertionError("the stream ended before what it was to show")

    def waiting(self):
        """What has come and was not read, without waiting for more."""
        self.socket.setblocking(False)
        try:
            return self.answer.read1(65536) or b""
        except BlockingIOError:
            return b""

    def close(self):
        self.answer.close()
        self.connection.close()


class Server:
    def __init__(self, instance, *arguments, environment=None):
        command = [str(BIN / "tidemark"), "serve", "--port", "0", "--instance", instance, *arguments]
        self.process = subprocess.Popen(
            command, env={**ENVIRONMENT, **(environment or {})}, stdout=subprocess.PIPE, text=True
        )
        self.line = self.process.stdout.readline()
        if not self.line:
            self.process.stdout.close()
            raise AssertionError(f"{command}: ended with {self.process.wait()}")
        self.port = int(self.line.split("/")[2].rsplit(":", 1)[1])

    def ask(self, target, method="GET", headers=None, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, target, body=body, headers=headers or {})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def raw(self, data=b"", source=None):
        """A connection on which `data` was sent as it is. `source`: another address of this machine, such as 127.0.0.2."""
        peer = socket.create_connection(("127.0.0.1", self.port), PATIENCE, source and (source, 0))
        peer.sendall(data)
        return peer

    def exchange(self, data, source=None):
        """What the server says to `data` until it closes."""
        with self.raw(data, source) as peer:
            said = b""
            while True:
                try:
                    part = peer.recv(65536)
                except ConnectionResetError:
                    return said
                if not part:
                    return said
                said += part

    def ticks(self):
        return processor_ticks(self.process.pid)


def processor_ticks(pid):
    """User and system time of a process, in ticks (1/100 s)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


class WebTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.instance = f"{os.environ.get('TIDEMARK_TEST_NAME', 'web')}-{os.getpid()}-{self._testMethodName}"[:60]
        self.addCleanup(self.remove_objects)

    def remove_objects(self):
        for path in Path("/dev/shm").glob(f"tidemark.{self.instance}.*"):
            path.unlink(missing_ok=True)

    def collector(self):
        process = subprocess.Popen(
            [str(BIN / "tidemarkd"), "-q", "--instance", self.instance],
            env={**ENVIRONMENT, "XDG_RUNTIME_DIR": self.folder()},
            stderr=subprocess.DEVNULL,
        )
        self.addCleanup(end, process)
        wait_until(lambda: self.query_state() == "running", "the collector publishes")
        return process

    def folder(self):
        folder = tempfile.TemporaryDirectory(prefix="tidemark-web-")
        self.addCleanup(folder.cleanup)
        return folder.name

    def query(self):
        done = subprocess.run(
            [str(BIN / "tidemark"), "query", "--json", "--instance", self.instance],
            env=ENVIRONMENT, capture_output=True, check=False,
        )  # fmt: skip
        return json.loads(done.stdout) if done.stdout else None

    def query_state(self):
        document = self.query()
        return document and document["collector"]["state"]

    def program(self, **environment):
        program = Program(self.instance, environment)
        self.addCleanup(end, program.process)
        return program

    def server(self, *arguments, **options):
        server = Server(self.instance, *arguments, **options)
        self.addCleanup(lambda: self.assertEqual(end(server.process), 0))
        return server

    def stream(self, server, *arguments, **options):
        stream = Stream(server, *arguments, **options)
        self.addCleanup(stream.close)
        return stream
