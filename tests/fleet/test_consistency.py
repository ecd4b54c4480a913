# SPDX-License-Identifier: Apache-2.0
"""One collector, programs at rest: every way to ask for the figures gives the same ones. Each view is read into the same
shape, {(device, pool): figures}, and compared with what the programs really did."""
import csv
import io
import json
import os
import re
import shutil
import signal
import socket
import struct
import sys
import unittest
import urllib.request
from pathlib import Path

import fleet
from consistency_programs import EXPECTED, FIRST, GONE, SECOND
from fleet import FleetWorld, Program

sys.path.append(str(Path(__file__).resolve().parents[1] / "web"))
from events import merged, next_event  # noqa: E402

MB = 1 << 20
LEGACY = {  # size of a frame: where its figures stand, by pool (COMPATIBILITY: dram, l1, l1_small, trace, cb, kernel)
    72: {"DRAM": 40, "L1": 48, "L1_SMALL": 56, "TRACE": 64},
    112: {"DRAM": 40, "L1": 48, "L1_SMALL": 56, "TRACE": 64},
    128: {"DRAM": 40, "L1": 48, "L1_SMALL": 56, "TRACE": 64, "CB": 72, "KERNEL": 80},
    144: {"DRAM": 40, "L1": 48, "L1_SMALL": 56, "TRACE": 64, "CB": 72, "KERNEL": 80},
}
QUERY = 3
FIGURES = ("allocated", "peak", "live", "allocations", "frees", "total_allocated", "total_freed")
OF_PYTHON = {"allocated": "current"}
OF_METRICS = {
    "allocated": "pool_current_bytes", "peak": "pool_peak_bytes", "live": "pool_live_buffers",
    "allocations": "pool_allocations_total", "frees": "pool_frees_total",
    "total_allocated": "pool_allocated_bytes_total", "total_freed": "pool_freed_bytes_total",
}  # fmt: skip
HOST = 65535


def shown(size):
    """As people read it: two digits behind the point, from a KB on."""
    for unit, factor in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if size >= factor:
            return f"{size / factor:.2f} {unit}"
    return f"{size} B"


def word(device):
    return "host" if device == HOST else str(device)


def of_documents(devices):
    return {(str(d["device"]), p["pool"]): tuple(p[f] for f in FIGURES) for d in devices for p in d["pools"]}


def of_processes(processes):
    return {
        (p["pid"], str(u["device"]), u["pool"]): (u["allocated"], u["peak"], u["live"])
        for p in processes if p["state"] == "running" for u in p["usage"]
    }  # fmt: skip


class Consistency(FleetWorld):
    def setUp(self):
        super().setUp()
        self.legacy, self.tracy = str(self.folder / "legacy.sock"), str(self.folder / "tracy.sock")
        done = self.daemon("--background", f"--legacy-socket={self.legacy}", f"--tracy-socket={self.tracy}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.address = self.serve()
        address = f"http://{self.address}/api/v1/stream?interval_ms=100&changes=1"
        stream = self.enterContext(urllib.request.urlopen(address, timeout=fleet.PATIENCE))
        with self.program() as gone:
            gone.do(one_line(GONE))
            # Together, so that the peak is the one of all three.
            self.first, self.second = self.enterContext(self.program()), self.enterContext(self.program())
            self.first.do(one_line(FIRST))
            self.second.do(one_line(SECOND))
        ended = lambda: self.json()["collector"]["processes_running"] == 2  # noqa: E731
        fleet.wait_until(ended, "the end of the third program")
        # Before anybody asks: the server's readings serve all for a moment, and are now of this one.
        self.changes = self.followed(stream)

    def program(self):
        program = Program(self.environment)
        program.do("from tidemark import producer")
        return program

    def json(self):
        return json.loads(self.tidemark("query", "--json")[1])

    def rest(self, path):
        return json.loads(self.get(self.address, path))

    def followed(self, stream):
        """What a stream of changes, open since before the programs began, adds up to."""
        last = None
        while last is None or self.unfinished(last):
            _, name, document = next_event(stream)
            last = merged(last, name, document)
        return last

    def unfinished(self, document):
        states = sorted(process["state"] for process in document["processes"])
        return document["collector"]["events"] != 14 or states != ["exited", "running", "running"]

    def rows(self, *flags):
        code, text, error = self.tidemark("query", "--csv", "--nounits", *flags)
        self.assertEqual((code, error), (0, ""))
        return list(csv.DictReader(io.StringIO(text)))

    def test_pools_are_the_same_everywhere(self):
        moment = self.json()["collector"]["events"]
        for name, view in self.views_of_pools().items():
            with self.subTest(view=name):
                self.assertEqual(view, EXPECTED)
        for name, view in self.views_of_allocated().items():
            with self.subTest(view=name):
                self.assertEqual(view, {key: figures[0] for key, figures in EXPECTED.items()})
        self.assertEqual(self.json()["collector"]["events"], moment)

    def views_of_pools(self):
        return {
            "query --json": of_documents(self.json()["devices"]),
            "query --csv": {
                (row["device"], row["pool"]): tuple(int(row[f]) for f in FIGURES)
                for row in self.rows("--query", "device,pool," + ",".join(FIGURES))
            },
            "smi --json": of_documents(json.loads(self.tidemark("smi", "--json")[1])["devices"]),
            "query --format prometheus": self.of_metrics(self.text()),
            "/metrics": self.of_metrics(self.get(self.address, "/metrics")),
            "/api/v1/snapshot": of_documents(self.rest("/api/v1/snapshot")["devices"]),
            "/api/v1/stream?changes=1": of_documents(self.changes["devices"]),
            "/api/v1/devices": of_documents(self.rest("/api/v1/devices")["devices"]),
            "Python": {
                (word(row["device"]), row["pool_name"]): tuple(row[OF_PYTHON.get(f, f)] for f in FIGURES)
                for row in self.of_python("snapshot(names=('usage',))['usage']")
            },
        }  # fmt: skip

    def views_of_allocated(self):
        """Those that tell current figures alone."""
        return {"the table": self.of_table(), "query --format proc": self.of_proc(), "monitor": self.of_monitor()[0]}

    def of_metrics(self, text):
        found = fleet.metrics(text)
        columns = [fleet.sums(found[f"tidemark_{OF_METRICS[figure]}"], "device", "pool") for figure in FIGURES]
        return {key: tuple(column[key] for column in columns) for key in columns[0]}

    def of_python(self, expression):
        shown = f"print(json.dumps(stats.{expression}, default=list))"
        return json.loads(self.python(f"import json, tidemark\nwith tidemark.Stats() as stats: {shown}"))

    def of_table(self):
        """Rows of the block of pools; the device stands in the first of its rows."""
        found, device = {}, ""
        _, text, _ = self.tidemark("smi", "--nounits", "--ascii")
        block = text[text.index(" Pool ") :].split("\n+")[0]
        for line in block.splitlines()[1:]:
            words = line.strip("|").split()
            if line[2] != " ":
                device = words.pop(0)
            found[(device, words[0])] = int(words[1])
        return found

    def of_proc(self):
        """The lines TOTAL; pools that are always columns and were never used hold 0."""
        found, device, pools = {}, "", []
        for line in self.tidemark("query", "--format", "proc")[1].splitlines():
            words = line.split()
            if line.startswith("device "):
                device = words[1]
            elif words[:1] == ["PID"]:
                pools = words[2:-1]
            elif words[:1] == ["TOTAL"]:
                found.update({(device, pool): int(held) for pool, held in zip(pools, words[1:])})
        return {key: held for key, held in found.items() if held or key in EXPECTED}

    def of_monitor(self):
        """What each pool holds, where it is or was used; and each device's live buffers, allocations and frees."""
        held, counts, device = {}, {}, ""
        _, text, _ = self.tidemark("monitor", "--once", "-d", "0,1,host", "--nounits", "--ascii")
        for line in text.splitlines():
            words = line.strip("|").split()
            if words[:1] in (["Device"], ["Host"]):
                device = words[1] if words[0] == "Device" else "host"
            elif words[1:3] and words[1].isdigit() and words[2] == "/":
                held[(device, words[0].replace("SYS_MEM", "SYSTEM_MEMORY"))] = int(words[1])
            elif words[:2] == ["Active", "buffers"]:
                counts[device] = tuple(map(int, re.findall(r"\d+", line)))
        return {key: bytes for key, bytes in held.items() if bytes or key in EXPECTED}, counts

    def test_the_monitor_counts_the_same(self):
        expected = {}
        for (device, _), figures in EXPECTED.items():
            more = figures[2:5]  # live, allocations, frees
            expected[device] = tuple(a + b for a, b in zip(expected.get(device, (0, 0, 0)), more))
        self.assertEqual(self.of_monitor()[1], expected)

    def top_screen(self, *keys, rows=40, until=r"q quit"):
        """What a person sees of `tidemark top` after those keys."""
        if shutil.which("tmux") is None:
            if os.environ.get("CI"):
                self.fail("tmux is missing (packaging/debian-packages.txt)")
            self.skipTest("tmux is missing")
        environment = {**self.environment, "TMUX_TMPDIR": str(self.folder), "XDG_CONFIG_HOME": str(self.folder)}
        tmux = lambda *words: fleet.run(["tmux", "-f", "/dev/null", *words], environment).stdout  # noqa: E731
        self.addCleanup(tmux, "kill-server")
        tmux("new-session", "-d", "-x", "120", "-y", str(rows), f"{fleet.BIN}/tidemark top --ascii; sleep 1000")

        def shows(wanted):
            text = tmux("capture-pane", "-p")
            return text if re.search(wanted, text) else None

        screen = lambda: tmux("capture-pane", "-p")  # noqa: E731
        whole = fleet.wait_until(lambda: shows(rf"(?ms)^ +{self.second.pid} .*q quit"), screen)
        for key in keys:
            tmux("send-keys", key)
        return fleet.wait_until(lambda: shows(until), screen) if keys else whole

    def test_the_screen_of_top_shows_the_same(self):
        pools, programs, device = {}, {}, ""
        for line in self.top_screen().splitlines():
            amounts = re.findall(r"\d+(?:\.\d+)? [KMG]?B(?!/)", line)
            if found := re.match(r"- (?:device )?(\w+) ", line):
                device = found[1]
            elif "[" in line:
                pools[(device, line.split()[0])] = (amounts[0], amounts[-1])
            elif re.match(r" +\d+ ", line):
                programs[int(line.split()[0])] = tuple(amounts)
        self.assertEqual(pools, {key: (shown(figures[0]), shown(figures[1])) for key, figures in EXPECTED.items()})
        self.assertEqual(programs[self.first.pid], (shown(50 * MB), shown(4097 + 77 + 51200), shown(999)))
        self.assertEqual(programs[self.second.pid], (shown(7), shown(33), shown(1001)))

    def test_sizes_of_allocations_are_the_same_everywhere(self):
        """Of the first program: top opens the largest."""
        expected = {4: 1, 64: 1, 512: 1, 4096: 1, 32768: 1, 32 * MB: 1, 256 * MB: 1}
        (image,) = [p["image"] for p in self.json()["processes"] if p["pid"] == self.first.pid]
        told = {}
        for pool in self.rest(f"/api/v1/processes/{image}/sizes")["sizes"]:
            for size in pool["bins"]:
                told[size["from"]] = told.get(size["from"], 0) + size["count"]
        rows = [row for row in self.of_python("rows('process_usage')") if row["image"] == int(image, 16)]
        counts = [sum(column) for column in zip(*(row["size_histogram"] for row in rows))]
        python = {1 << place if place else 0: count for place, count in enumerate(counts) if count}
        screen = self.top_screen("Enter", rows=80, until=r"largest buffers")
        lines = re.findall(r"(?m)^ +([\d.]+ [KMG]?B) \.\. \S*?[\[ ][^\d\n]*? +(\d+)(?:\s|$)", screen)
        self.assertEqual((told, python), (expected, expected))
        self.assertEqual({size: int(count) for size, count in lines if count != "0"},
                         {shown(size): count for size, count in expected.items()}, screen)  # fmt: skip

    def test_programs_are_the_same_everywhere(self):
        one, two = self.first.pid, self.second.pid
        expected = {
            (one, "0", "DRAM"): (50 * MB, 500 * MB, 1), (one, "0", "L1"): (4097, 4097, 1), (one, "0", "CB"): (77, 77, 1),
            (one, "0", "KERNEL"): (51200, 51200, 1), (one, "1", "TRACE"): (5, 5, 1),
            (one, "host", "SYSTEM_MEMORY"): (999, 999, 1), (two, "0", "DRAM"): (7, 7, 1),
            (two, "0", "L1_SMALL"): (33, 33, 1), (two, "host", "SYSTEM_MEMORY"): (1001, 1001, 1),
        }  # fmt: skip
        columns = "pid,state,device,pool,allocated,peak,live"
        metrics = [fleet.sums(fleet.metrics(self.get(self.address, "/metrics?pid_label=1"))[f"tidemark_process_{name}"],
                              "pid", "device", "pool") for name in ("current_bytes", "peak_bytes", "live_buffers")]  # fmt: skip
        tables = self.of_python("snapshot(names=('process', 'process_usage'))")
        running = {row["image"] for row in tables["process"] if row["state"] == 1}
        views = {
            "query --json": of_processes(self.json()["processes"]),
            "/api/v1/snapshot": of_processes(self.rest("/api/v1/snapshot")["processes"]),
            "/api/v1/stream?changes=1": of_processes(self.changes["processes"]),
            "/api/v1/processes": of_processes(self.rest("/api/v1/processes")["processes"]),
            "query --csv": {
                (int(row["pid"]), row["device"], row["pool"]): (int(row["allocated"]), int(row["peak"]), int(row["live"]))
                for row in self.rows("--query", columns) if row["state"] == "running"
            },
            "/metrics?pid_label=1": {
                (int(pid), device, pool): tuple(m[(pid, device, pool)] for m in metrics) for pid, device, pool in metrics[0]
            },
            "Python": {
                (row["pid"], word(row["device"]), row["pool_name"]): (row["current"], row["peak"], row["live"])
                for row in tables["process_usage"] if row["image"] in running
            },
        }  # fmt: skip
        for name, view in views.items():
            with self.subTest(view=name):
                self.assertEqual(view, expected)

    def test_what_is_not_exact_is_marked_everywhere(self):
        lossy = self.enterContext(Program({**self.environment, "TIDEMARK_RING_BUDGET": "1M"}))
        lossy.do("from tidemark import producer; producer.allocation(2, 'L1', 1, 1); producer.flush()")
        collector = self.json()["collector"]["pid"]
        os.kill(collector, signal.SIGSTOP)
        try:  # more than its ring holds
            lossy.do("[producer.allocation(2, 'L1', number, 1) for number in range(2, 100000)]")
        finally:
            os.kill(collector, signal.SIGCONT)
        lossy.do("producer.flush()")
        is_marked = lambda document: not all(pool["exact"] for d in document["devices"] for pool in d["pools"])  # noqa: E731
        fleet.wait_until(lambda: is_marked(self.json()), "the loss shows")
        marks = lambda devices: {(str(d["device"]), p["pool"]): p["exact"] for d in devices for p in d["pools"]}  # noqa: E731
        expected = marks(self.json()["devices"])
        self.assertEqual({key for key, exact in expected.items() if not exact}, {("2", "L1")})
        metrics = fleet.metrics(self.get(self.address, "/metrics"))
        views = {
            "/api/v1/snapshot": marks(self.rest("/api/v1/snapshot")["devices"]),
            "/api/v1/devices": marks(self.rest("/api/v1/devices")["devices"]),
            "query --csv": {(row["device"], row["pool"]): row["exact"] == "1" for row in self.rows("--query", "device,pool,exact")},
            "/metrics": {key: bool(exact) for key, exact in fleet.sums(metrics["tidemark_pool_exact"], "device", "pool").items()},
            "Python": {(word(row["device"]), row["pool_name"]): bool(row["exact"]) for row in self.of_python("rows('usage')")},
        }  # fmt: skip
        for name, view in views.items():
            with self.subTest(view=name):
                self.assertEqual(view, expected)
        (image,) = [p["image"] for p in self.json()["processes"] if p["pid"] == lossy.pid]
        self.assertIs(self.rest(f"/api/v1/processes/{image}/sizes")["exact"], False)
        self.assertRegex(self.tidemark("smi", "--ascii", "-d", "2")[1], r"L1\s+~")

    def test_memories_and_the_collector_are_the_same_everywhere(self):
        document, snapshot = self.json(), self.rest("/api/v1/snapshot")
        metrics = fleet.metrics(self.get(self.address, "/metrics"))
        memories = {(str(d["device"]), m["memory"]): (m["allocated"], m["capacity"])
                    for d in document["devices"] for m in d["memories"]}  # fmt: skip
        self.assertEqual(memories[("0", "DRAM")], (50 * MB + 7, 12 << 30))
        self.assertEqual(memories[("0", "L1")], (4097 + 77 + 51200 + 33, None))
        self.assertEqual({(str(d["device"]), m["memory"]): (m["allocated"], m["capacity"])
                          for d in snapshot["devices"] for m in d["memories"]}, memories)  # fmt: skip
        held = fleet.sums(metrics["tidemark_memory_current_bytes"], "device", "memory")
        room = fleet.sums(metrics["tidemark_memory_capacity_bytes"], "device", "memory")
        self.assertEqual({key: (held[key], room.get(key)) for key in held}, memories)
        (counters,) = self.of_python("rows('collector')")
        (events,) = metrics["tidemark_collector_events_total"].values()
        views = [document["collector"]["events"], snapshot["collector"]["events"], counters["events"], events]
        self.assertEqual(views, [14, 14, 14, 14])
        self.assertEqual(sum(metrics["tidemark_lost_events_total"].values()), sum(counters["lost_allocations"]))
        left = fleet.sums(metrics["tidemark_pool_freed_by_exit_bytes_total"], "device", "pool")
        self.assertEqual({key: bytes for key, bytes in left.items() if bytes}, {("0", "L1"): 600})

    def test_the_older_sockets_tell_the_same(self):
        for size, places in LEGACY.items():
            for device in (0, 1):
                with self.subTest(frame=size, device=device):
                    frame = self.ask(self.legacy, size, struct.pack("<Bxxxi", QUERY, device))
                    told = {pool: struct.unpack_from("<Q", frame, at)[0] for pool, at in places.items()}
                    self.assertEqual(told, {pool: self.held(device, pool) for pool in places})
        frame = self.ask(self.tracy, 76, struct.pack("<Bxxxi", 1, 0))
        dram, l1, system, small, trace, live = struct.unpack_from("<6Q", frame, 12)
        expected = [self.held(0, pool) for pool in ("DRAM", "L1", "SYSTEM_MEMORY", "L1_SMALL", "TRACE")]
        self.assertEqual([dram, l1, system, small, trace], expected)
        self.assertEqual(live, sum(figures[2] for (device, _), figures in EXPECTED.items() if device == "0"))

    def held(self, device, pool):
        held = lambda name: EXPECTED.get((str(device), name), (0,))[0]  # noqa: E731
        return held(pool) + (held("SYSTEM_MEMORY") if pool == "L1_SMALL" else 0)

    @staticmethod
    def ask(path, size, head):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(fleet.PATIENCE)
            client.connect(path)
            client.sendall(head.ljust(size, b"\0"))
            answer = client.recv(4096)
        assert len(answer) == size, (len(answer), size)
        return answer

    def test_the_five_keys_of_older_scripts_tell_the_same(self):
        text = self.python("import json, tidemark; print(json.dumps(tidemark.query_all_devices()))")
        expected = [
            {"device_id": device, "dram_allocated": self.held(device, "DRAM"), "l1_allocated": self.held(device, "L1"),
             "l1_small_allocated": self.held(device, "L1_SMALL"), "trace_allocated": self.held(device, "TRACE")}
            for device in (0, 1)
        ]  # fmt: skip
        self.assertEqual(json.loads(text), expected)
        self.assertEqual(self.rest("/api/devices"), expected)
        self.assertEqual([self.rest(f"/api/devices/{device}/stats") for device in (0, 1)], expected)


def one_line(code):
    return re.sub(r"\s*\n\s*", "; ", code.strip())


if __name__ == "__main__":
    unittest.main(verbosity=2)
