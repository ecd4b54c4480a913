# SPDX-License-Identifier: Apache-2.0
"""The functions over the mapped segment, against programs of this user and a collector that comes and goes."""
import csv
import io
import os
import signal
import threading
import time
import unittest
from datetime import datetime
from pathlib import Path

from world import Program, World

import tidemark
from tidemark import words

TELL = "from tidemark import producer; producer.declare_device(2, 'idle card'); "
HOLD = TELL + (
    "producer.allocation(0, 'DRAM', 1, 450 << 20); producer.allocation(0, 'L1', 2, 3000); "
    "producer.allocation(0, 'L1_SMALL', 3, 200); producer.allocation(0, 'TRACE', 4, 10); "
    "producer.allocation(1, 'DRAM', 1, 7); assert producer.flush() == 'published'"
)
KEYS = ["device_id", "dram_allocated", "l1_allocated", "l1_small_allocated", "trace_allocated"]


class Query(World):
    def held(self):
        program = Program(self.environment)
        self.addCleanup(program.__exit__)
        program.do(HOLD)
        return program

    def test_a_device_has_exactly_five_integer_keys(self):
        self.start()
        self.held()
        stats = tidemark.query_device_stats(0, self.instance)
        self.assertEqual(list(stats), KEYS)
        self.assertEqual(list(stats.values()), [0, 450 << 20, 3000, 200, 10])
        self.assertTrue(all(type(value) is int for value in stats.values()))
        self.assertEqual(list(tidemark.query_device_stats(7, self.instance).values()), [7, 0, 0, 0, 0])

    def test_all_devices_are_those_that_were_used_or_declared(self):
        self.start()
        self.held()
        found = [(d["device_id"], d["dram_allocated"]) for d in tidemark.query_all_devices(self.instance)]
        self.assertEqual(found, [(0, 450 << 20), (1, 7), (2, 0)])

    def test_no_such_device_number(self):
        for wrong in (-1, 1.5, "0", True, 70000):
            with self.assertRaises(ValueError):
                words.device_number(wrong)

    def test_processes_say_who_holds_what(self):
        self.start()
        program = self.held()
        (row,) = tidemark.processes(self.instance)
        self.assertEqual((row["pid"], row["state"], row["exact"], row["uid"]), (program.pid, "running", True, os.geteuid()))
        self.assertEqual({(use["device"], use["pool_name"]): use["live"] for use in row["usage"]}[0, "DRAM"], 1)

    def test_buffers_are_listed_with_their_age(self):
        self.start()
        program = self.held()
        program.do("pool = producer.name_pool('weights', 'DRAM'); producer.allocation(0, pool, 77, 5); producer.flush()")
        found = tidemark.buffers(instance=self.instance)
        self.assertTrue(found.exact, found.problems)
        self.assertEqual(len(found), 6)
        (named,) = tidemark.buffers(pool="weights", instance=self.instance)
        self.assertEqual((named["device"], named["id"], named["size"], named["pid"]), (0, 77, 5, program.pid))
        self.assertTrue(0 <= named["age_ms"] < 100_000)
        self.assertEqual([b["id"] for b in tidemark.buffers(device=1, instance=self.instance)], [1])
        self.assertEqual(tidemark.buffers(pid=1, instance=self.instance), [])

    def test_many_buffers_are_listed_while_they_change(self):
        self.start()
        program = self.held()
        program.do("for i in range(5000): producer.allocation(0, 'CB', i, i)")
        program.do("producer.flush()")
        found = tidemark.buffers(pool="CB", instance=self.instance)
        self.assertEqual(sorted((b["id"], b["size"]) for b in found), [(i, i) for i in range(5000)])
        self.assertTrue(found.exact)
        program.do("import threading; more = range(10**5, 10**5 + 30000)")
        program.do("churn = lambda: [producer.allocation(0, 'CB', i, i) for i in more]")
        program.do("churner = threading.Thread(target=churn); churner.start()")
        while not program.do("print(churner.is_alive())").startswith("False"):
            found = tidemark.buffers(pool="CB", instance=self.instance)
            if found.exact:
                lasting = sorted(b["id"] for b in found if b["id"] < 10**5)
                self.assertEqual(lasting, list(range(5000)))

    def test_what_an_ended_program_left_is_listed_on_request(self):
        self.start()
        program = self.held()
        program.__exit__()
        self.tidemark("leaks")
        while not (left := tidemark.buffers(state="exited", device=0, instance=self.instance)):
            pass
        self.assertEqual(sorted(b["size"] for b in left), [10, 200, 3000, 450 << 20])
        self.assertEqual(tidemark.buffers(instance=self.instance), [])

    def test_without_a_collector_it_is_said_what_to_do(self):
        self.assertFalse(tidemark.is_collector_running(self.instance))
        for call in (tidemark.query_all_devices, tidemark.processes, tidemark.usage):
            with self.assertRaisesRegex(tidemark.NoCollectorError, f"{self.instance}.*start the collector"):
                call(self.instance)
        with self.assertRaises(tidemark.NoCollectorError):
            tidemark.buffers(instance=self.instance)

    def test_a_stopped_collector_is_an_error_and_a_restarted_one_is_followed(self):
        self.start()
        program = self.held()
        before = tidemark.query_device_stats(0, self.instance)
        self.daemon("--stop")
        with self.assertRaisesRegex(tidemark.NoCollectorError, "has ended"):
            tidemark.query_device_stats(0, self.instance)
        self.assertFalse(tidemark.is_collector_running(self.instance))
        self.start()
        self.assertEqual(tidemark.query_device_stats(0, self.instance), before)
        program.do("producer.allocation(0, 'L1', 9, 1); producer.flush()")
        self.assertEqual(tidemark.query_device_stats(0, self.instance)["l1_allocated"], 3001)

    def test_a_killed_collector_is_silent_until_another_one_goes_on(self):
        self.start()
        self.held()
        source = tidemark.Source(self.instance)
        first = source.stats()
        os.kill(first.segment.collector_pid, signal.SIGKILL)
        while first.heartbeat_age() <= 2:
            time.sleep(0.05)
        with self.assertRaisesRegex(tidemark.NoCollectorError, "no sign of life.*last heartbeat"):
            source.stats()
        self.start()
        self.assertNotEqual(source.stats().segment.generation, first.segment.generation)
        self.assertEqual(tidemark.query_device_stats(0, self.instance)["dram_allocated"], 450 << 20)

    def test_threads_may_query_while_the_collector_restarts(self):
        self.start()
        self.held()
        failures, ended = [], threading.Event()

        def look():
            while not ended.is_set():
                try:
                    if tidemark.query_device_stats(0, self.instance)["dram_allocated"] != 450 << 20:
                        failures.append("a wrong figure")
                except tidemark.NoCollectorError:
                    pass
                except Exception as error:  # noqa: BLE001
                    failures.append(repr(error))

        threads = [threading.Thread(target=look) for _ in range(3)]
        for thread in threads:
            thread.start()
        for _ in range(3):
            self.daemon("--stop")
            self.start()
        ended.set()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])


class Measure(World):
    def test_time_and_change_are_reported_per_pool(self):
        self.start()
        out = self.python(HOLD + """
import io, sys, tidemark
producer.free(1, "DRAM", 1)
producer.allocation(1, "DRAM", 2, 7)
with tidemark.measure("step", file=sys.stdout) as changes:
    producer.allocation(0, "DRAM", 50, 1 << 20)
    producer.allocation(0, "DRAM", 51, 1 << 20)
    producer.free(0, "DRAM", 50)
    producer.free(0, "L1", 2)
    producer.free(1, "DRAM", 2)
print([tuple(row)[:8] for row in changes.rows])
""")  # fmt: skip
        lines = out.splitlines()
        self.assertRegex(lines[0], r"^step: \d+\.\d{3} s$")
        self.assertEqual(lines[1:4], [
            "  0 DRAM: +1.00 MB, now 451.00 MB, peak +2.00 MB", "  0 L1: -2.93 KB, now 0 B, peak unchanged",
            "  1 DRAM: -7 B, now 0 B, peak unchanged",
        ])  # fmt: skip
        dram = 450 << 20
        self.assertIn(str((0, "DRAM", dram, dram + (1 << 20), 1 << 20, dram, dram + (2 << 20), 2 << 20)), lines[4])

    def test_a_decorated_function_gives_its_result(self):
        self.start()
        out = self.python("""
import sys, tidemark
from tidemark import producer
@tidemark.measure(device=0, file=sys.stdout)
def load(size):
    producer.allocation(0, "DRAM", size, size)
    producer.allocation(1, "DRAM", size, size)
    return size
print(load(5) + load(6))
""")  # fmt: skip
        lines = out.splitlines()
        self.assertEqual([line for line in lines if " DRAM" in line],
                         ["  0 DRAM: +5 B, now 5 B, peak +5 B", "  0 DRAM: +6 B, now 11 B, peak +6 B"])  # fmt: skip
        self.assertRegex(lines[0], "^load: ")
        self.assertEqual(lines[-1], "11")

    def test_an_exception_passes_and_nothing_changed_is_said(self):
        self.start()
        out = self.python("""
import sys, tidemark
try:
    with tidemark.measure(file=sys.stdout):
        raise KeyError("mine")
except KeyError:
    print("caught")
""")  # fmt: skip
        self.assertRegex(out, r"^measured: [\d.]+ s, no change\ncaught\n$")


class Log(World):
    def test_snapshots_are_appended_as_csv_with_iso_time(self):
        self.start()
        path = self.folder / "log.csv"
        with Program(self.environment) as program:
            program.do(HOLD)
            tidemark.log_snapshots(path, seconds=0, count=2, instance=self.instance)
            status, _, error = self.tidemark("query", "--log", str(path), "--once")
            self.assertEqual((status, error), (0, ""))
        text = path.read_text()
        self.assertTrue(text.startswith("timestamp,device,dram,l1\n"))
        rows = list(csv.DictReader(io.StringIO(text)))
        self.assertEqual([row["device"] for row in rows], ["0", "1", "2"] * 3)
        self.assertEqual([row["dram"] for row in rows[:3]], [str(450 << 20), "7", "0"])
        self.assertEqual([tuple(row.values())[1:] for row in rows[6:]], [tuple(row.values())[1:] for row in rows[:3]])
        for row in rows:
            self.assertIsNotNone(datetime.fromisoformat(row["timestamp"]).tzinfo)
            self.assertEqual(len(row["timestamp"]), len(rows[0]["timestamp"]))


class Killed(World):
    def test_scripts_are_told_that_the_figures_are_old_and_what_to_do(self):
        self.start()
        with Program(self.environment) as program:
            program.do(HOLD)
        source = tidemark.Source(self.instance)
        stats = source.stats()
        os.kill(stats.segment.collector_pid, signal.SIGKILL)
        while stats.heartbeat_age() <= 2 or self.daemon("--status").returncode != 3:
            time.sleep(0.05)
        for options in (["--query", "device,pool,allocated"], ["--format", "proc"], ["--json"]):
            status, out, error = self.tidemark("query", *options)
            self.assertEqual(status, 3, options)
            self.assertIn("DRAM", out)
            died = rf"^tidemark: collector died .* ago \(pid {stats.segment.collector_pid} is gone\); .*starts it"
            self.assertRegex(error, died)
        self.assertEqual(self.tidemark("smi")[0], 3)
        path = self.folder / "log.csv"
        status, _, error = self.tidemark("query", "--log", path, "--once")
        self.assertEqual((status, path.read_text()), (3, ""))
        self.assertIn("samples are left out", error)

    def test_after_an_orderly_stop_doctor_removes_all_that_is_left_at_once(self):
        self.start()
        for _ in range(4):
            with Program(self.environment) as program:
                program.do(HOLD)
        self.daemon("--stop")
        left = f"tidemark.{self.instance}.*"
        self.assertTrue(list(Path("/dev/shm").glob(left)))
        self.tidemark("doctor", "--fix", "--instance", self.instance)
        self.assertEqual(list(Path("/dev/shm").glob(left)), [])


class Sizes(unittest.TestCase):
    def test_bytes_for_people(self):
        given = {0: "0 B", 1023: "1023 B", 1024: "1.00 KB", 450 << 20: "450.00 MB", (1 << 20) - 1: "1.00 MB", -2048: "-2.00 KB"}
        self.assertEqual({size: tidemark.format_bytes(size) for size in given}, given)

    def test_sizes_of_people(self):
        given = {"64 MB": 64 << 20, "64M": 64 << 20, "0 B": 0, "1.5 KiB": 1536, "3g": 3 << 30, "12": 12, 12: 12}
        self.assertEqual({text: tidemark.parse_size(text) for text in given}, given)
        for wrong in ("", "MB", "-1", "1 XB", "1 MB more", None, True):
            with self.assertRaises(ValueError):
                tidemark.parse_size(wrong)


if __name__ == "__main__":
    unittest.main(verbosity=2)
