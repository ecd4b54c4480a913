# SPDX-License-Identifier: Apache-2.0
"""Root's collector under floods from another user: connections, half messages and rubbish on the sockets that are open
to all, and names of rings that are none. The honest go on, exactly."""
import os
import resource
import socket
import struct
import time
from pathlib import Path

from world import ALICE, BIN, MALLORY, SHM, Collector, Script, World, as_user, comes_true, main, run

GATEWAY, TRACY = "/tmp/tt_allocation_server.sock", "/tmp/tracy_memory_monitor.sock"


def query(path=GATEWAY, device=0):
    """What a client of version A is answered: (type, DRAM bytes)."""
    frame = bytearray(72)
    struct.pack_into("<B3xi", frame, 0, 3, device)
    with socket.socket(socket.AF_UNIX) as client:
        # As the older clients do, it waits for its turn where the queue of connections is full; Python's own
        # time limit would make the socket non-blocking, and connect() fail at once.
        for limit in (socket.SO_SNDTIMEO, socket.SO_RCVTIMEO):
            client.setsockopt(socket.SOL_SOCKET, limit, struct.pack("ll", 60, 0))
        client.connect(path)
        client.sendall(frame)
        answer = client.recv(4096)
    return (answer[0], struct.unpack_from("<Q", answer, 40)[0]) if len(answer) == 72 else None


def flood(path, until, most):
    """As many connections as one gets, each with something that is no whole message; then rubbish, until the file is there."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (most + 100, most + 100))
    held, closed = [], 0
    for i in range(most):
        client = socket.socket(socket.AF_UNIX)
        client.setblocking(False)
        try:
            client.connect(path)
            if i % 3:
                client.send(b"\x01\0\0\0" if i % 3 == 1 else os.urandom(71))
            held.append(client)
        except OSError:
            client.close()
    while not os.path.exists(until):
        with socket.socket(socket.AF_UNIX) as client:
            try:
                client.connect(path)
                client.send(os.urandom(4096))
            except OSError:
                closed += 1
    for client in held:
        client.close()
    return [len(held), closed]


def make_names(count):
    for i in range(count):
        os.close(os.open(SHM / f"tidemark.ring.{i:016x}", os.O_CREAT | os.O_WRONLY, 0o600))


class Floods(World):
    def while_flooding(self, path, most, task):
        stop = Path("/run/stop")
        child = os.fork()
        if child == 0:
            try:
                as_user(MALLORY, flood, path, str(stop), most)
            finally:
                os._exit(0)
        try:
            task()
        finally:
            stop.touch()
            os.waitpid(child, 0)
            stop.unlink()

    def test_floods_of_the_older_sockets_keep_only_the_flooder_out(self):
        collector = Collector(self, 0, "--legacy-socket", "--tracy-socket")
        self.assertTrue(collector.ready, collector.said())
        first = Script(self, ALICE, 600)
        row = self.assert_drained(first)

        def honest():
            # Under way: what one user may have of the older socket is another test's (process.gateway_users).
            self.assertTrue(comes_true(lambda: len(os.listdir(f"/proc/{collector.pid}/fd")) > 1000))
            for count in (100, 200, 300):
                script = Script(self, ALICE, count)
                self.assert_drained(script)
                script.end()
                self.assertEqual(as_user(ALICE, query)[0], 4)
            self.assertEqual(self.usage(row["image"])[2], as_user(ALICE, query)[1])

        self.while_flooding(GATEWAY, 3000, honest)
        self.assertIsNone(collector.process.poll())

    def test_the_control_socket_lets_nobody_else_in(self):
        collector = Collector(self)
        own = Collector(self, ALICE)
        self.assertTrue(collector.ready and own.ready, collector.said() + own.said())
        for path in ("/run/tidemark/system.sock", f"/tmp/tidemark-{ALICE}/user-{ALICE}.sock"):

            def knock():
                with socket.socket(socket.AF_UNIX) as client:
                    try:
                        client.connect(path)
                        return "in"
                    except PermissionError:
                        return "out"

            self.assertEqual([as_user(MALLORY, knock), as_user(0, knock)], ["out", "in"])
            if path.startswith("/tmp"):
                self.assertEqual(as_user(ALICE, knock), "in")
        for uid, instance in ((MALLORY, "system"), (MALLORY, f"user-{ALICE}"), (ALICE, "system")):
            code, _, err = run(uid, BIN / "tidemarkd", "--stop", "--instance", instance)
            self.assertEqual(code, 3, err)
            self.assertIn("its owner and root may look", err)
        self.assertIsNone(collector.process.poll())
        self.assertIsNone(own.process.poll())

    def test_half_requests_on_the_control_socket_hold_nobody_up(self):
        own = Collector(self, ALICE)
        self.assertTrue(own.ready, own.said())
        path = f"/tmp/tidemark-{ALICE}/user-{ALICE}.sock"

        def clog():
            held = []
            for _ in range(200):
                client = socket.socket(socket.AF_UNIX)
                client.connect(path)
                held.append(client)
                try:
                    client.send(b'{"command":')
                except ConnectionError:
                    pass  # more than it serves at once are closed
            Path("/tmp/clogged").touch()
            while not os.path.exists("/tmp/unclog"):
                time.sleep(0.01)
            for client in held:
                client.close()

        child = os.fork()
        if child == 0:
            try:
                as_user(ALICE, clog)
            finally:
                os._exit(0)
        try:
            self.assertTrue(comes_true(Path("/tmp/clogged").exists))
            self.assert_drained(Script(self, ALICE, 500), f"user-{ALICE}", ALICE)
            # --stop falls back to a signal, so that it works all the same.
            code, _, err = run(ALICE, BIN / "tidemarkd", "--stop", "--instance", f"user-{ALICE}")
            self.assertEqual(code, 0, err)
        finally:
            Path("/tmp/unclog").touch()
            os.waitpid(child, 0)

    def test_thousands_of_names_that_are_no_rings_hold_nobody_up(self):
        as_user(MALLORY, make_names, 5000)
        collector = Collector(self)
        self.assertTrue(collector.ready, collector.said())
        for count in (100, 200):
            self.assert_drained(Script(self, ALICE, count))


if __name__ == "__main__":
    main()
