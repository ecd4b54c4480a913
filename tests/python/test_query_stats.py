# SPDX-License-Identifier: Apache-2.0
"""The older module over the older socket: against a stand-in that answers byte by byte as the older server did, and
against tidemarkd's gateway."""
import json
import socket
import struct
import sys
import threading
import unittest

from world import BIN, PYTHON, ROOT, Program, World, environment, run

import query_stats

MODULE = ROOT / "viewers/python/query_stats.py"
MB = 1 << 20


class StandIn:
    """An allocation server: answers each query with `totals` of the device, in as many parts as `parts` says."""

    def __init__(self, path, parts=1, kind=4):
        self.asked, self.totals, self._parts, self._kind = [], {}, parts, kind
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.bind(str(path))
        self._socket.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _serve(self):
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            with client:
                request = client.recv(4096)
                if request:
                    self.asked.append(request)
                    self._answer(client, struct.unpack_from("<i", request, 4)[0])

    def _answer(self, client, device):
        frame = bytearray(112)
        struct.pack_into("<Bxxxi", frame, 0, self._kind, device)
        struct.pack_into("<4Q", frame, 40, *self.totals.get(device, (0, 0, 0, 0)))
        struct.pack_into("<QQ6I", frame, 72, 12 << 30, 1 << 20, 2, 12, 1 << 30, 1 << 20, 1, 1)
        size = -(-len(frame) // self._parts)
        for at in range(0, len(frame), size):
            client.sendall(frame[at : at + size])


class Socket(World):
    def setUp(self):
        super().setUp()
        self.path = str(self.folder / "server.sock")

    def script(self, *arguments):
        return run([PYTHON, MODULE, *arguments], environment(TIDEMARK_LEGACY_SOCKET=self.path))

    def test_a_query_is_one_frame_of_version_b(self):
        with StandIn(self.path, parts=5) as server:
            server.totals[3] = (450 * MB, 7, 5, 1 << 40)
            stats = query_stats.query_device_stats(3, self.path)
        expected = {
            "device_id": 3, "dram_allocated": 450 * MB, "l1_allocated": 7, "l1_small_allocated": 5,
            "trace_allocated": 1 << 40,
        }  # fmt: skip
        self.assertEqual((stats, list(stats)), (expected, list(expected)))
        (request,) = server.asked
        self.assertEqual(len(request), 112)
        self.assertEqual(request[:8], struct.pack("<Bxxxi", 3, 3))
        self.assertEqual(request[8:], bytes(104))

    def test_the_script_prints_the_devices(self):
        with StandIn(self.path) as server:
            server.totals[1] = (450 * MB, 2048, 0, 12)
            done = self.script("1")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(
            done.stdout.split(),
            ["Device", "1:", "DRAM:", "450.00", "MB", "L1:", "2.00", "KB", "L1_SMALL:", "0", "B", "TRACE:", "12", "B"],
        )

    def test_without_a_server_it_says_how_to_start_one(self):
        self.assertFalse(query_stats.is_server_running(self.path))
        done = self.script("0")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertRegex(done.stderr, "^no allocation server .*server.sock.*tidemarkd --background --legacy-socket\n$")
        self.assertEqual(self.script("x").returncode, 2)

    def test_what_is_no_allocation_server_is_told(self):
        with StandIn(self.path, kind=9):
            self.assertTrue(query_stats.is_server_running(self.path))
            with self.assertRaisesRegex(query_stats.ServerError, "answered type 9"):
                query_stats.query_device_stats(0, self.path)

    def test_a_profiled_function_gives_its_result_and_the_change_is_printed(self):
        with StandIn(self.path) as server:
            server.totals[0] = (1 * MB, 4096, 0, 0)

            def work():
                server.totals[0] = (3 * MB, 1024, 0, 0)
                return "result"

            shown = []
            query_stats.print = lambda *words: shown.append(" ".join(words))
            self.addCleanup(delattr, query_stats, "print")
            self.assertEqual(query_stats.profile_function(work, 0, self.path), "result")
        self.assertRegex(shown[0], r"^work: \d+\.\d{3} s$")
        self.assertEqual(shown[1:], ["  DRAM: +2.00 MB (now 3.00 MB)", "  L1: -3.00 KB (now 1.00 KB)"])

    def test_against_the_gateway(self):
        if "--legacy-socket" not in run([BIN / "tidemarkd", "--help"], self.environment).stdout:
            print("skipped: this tidemarkd has no --legacy-socket", file=sys.stderr)
            self.skipTest("this tidemarkd has no --legacy-socket")
        done = self.daemon("--background", f"--legacy-socket={self.path}")
        self.assertEqual(done.returncode, 0, done.stderr)
        with Program(self.environment) as program:
            program.do("from tidemark import producer; producer.allocation(0, 'DRAM', 1, 450 << 20)")
            program.do("producer.allocation(0, 'L1', 1, 100); producer.allocation(1, 'TRACE', 1, 9); producer.flush()")
            self.assertTrue(query_stats.is_server_running(self.path))
            self.assertEqual(list(query_stats.query_device_stats(0, self.path).values()), [0, 450 * MB, 100, 0, 0])
            self.assertEqual(query_stats.query_device_stats(1, self.path)["trace_allocated"], 9)
            self.assertIn("450.00 MB", self.script("0").stdout)


class Monitor(World):
    def test_the_process_sees_its_figures_at_once_and_viewers_see_them_too(self):
        self.start()
        text = self.python("""
import json
from tracy_memory_monitor import BufferType, TracyMemoryMonitor
monitor = TracyMemoryMonitor.instance()
assert monitor is TracyMemoryMonitor.instance() and not monitor.is_tracy_enabled()
monitor.track_allocation(0, 1, 1000, BufferType.DRAM)
monitor.track_allocation(0, 1, 600, BufferType.DRAM)
monitor.track_allocation(0, 2, 50, BufferType.L1)
monitor.track_allocation(0, 3, 5, 5)
monitor.track_deallocation(0, 2)
monitor.track_deallocation(0, 99)
def shown(stats):
    return [stats.dram_allocated, stats.l1_allocated, stats.get_total_allocated(), stats.get_allocated(BufferType.CB),
            stats.num_buffers, stats.total_allocs, stats.peaks[BufferType.L1], stats.peaks[BufferType.DRAM]]
print(json.dumps([shown(monitor.query_device(0)), shown(monitor.query_device(0, all_processes=True)),
      [info.buffer_id for info in monitor.get_active_buffers(0)], monitor.get_active_buffer_count(0),
      monitor.double_allocations, monitor.unknown_frees, len(monitor.query_all_devices())]))
monitor.reset()
assert monitor.query_device(0).get_total_allocated() == 0
""")  # fmt: skip
        own, everyone, active, count, double, unknown, devices = json.loads(text)
        self.assertEqual(own, [600, 0, 605, 5, 2, 4, 50, 1000])
        self.assertEqual(everyone, own)
        self.assertEqual((active, count, double, unknown, devices), ([1, 3], 2, 1, 1, 8))

    def test_a_device_out_of_range_is_told_once(self):
        code = "from tracy_memory_monitor import *; m = TracyMemoryMonitor.instance(); "
        done = run([PYTHON, "-c", code + "m.track_allocation(8, 1, 1, 0); m.track_deallocation(-1, 1)"], self.environment)
        self.assertEqual((done.returncode, len(done.stderr.splitlines())), (0, 1), done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
