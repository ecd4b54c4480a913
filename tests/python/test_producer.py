# SPDX-License-Identifier: Apache-2.0
"""The binding of the producer library: what Python tells is what viewers see, and a process has one runtime."""
import ast
import json
import re
import unittest
from pathlib import Path

from world import LIBRARY, ROOT, TRACKER, World, run

import tidemark
from tidemark import words

HEADER = """
from tidemark import producer
import json
def say(**what): print(json.dumps(what))
"""
EXPORTED = {
    "tidemark_may_be_enabled", "tidemark_enabled", "tidemark_allocation", "tidemark_free", "tidemark_free_sized",
    "tidemark_name_pool", "tidemark_declare_device", "tidemark_declare_memory", "tidemark_flush", "tidemark_get_status",
    "tidemark_runtime_v1",
}  # fmt: skip
OF_START_FILES = {"_ITM_deregisterTMCloneTable", "_ITM_registerTMCloneTable", "__gmon_start__"}


class Producer(World):
    def test_what_is_told_is_seen(self):
        self.start()
        text = self.python(HEADER + """
producer.declare_device(3, "card")
producer.declare_memory(3, "DRAM", 1 << 30)
weights = producer.name_pool("weights", "DRAM")
producer.allocation(3, "DRAM", 1, 1000)
producer.allocation(3, weights, 1, 500)
with producer.Buffer(3, "L1", 7, 64):
    pass
producer.allocation("host", "SYSTEM_MEMORY", 9, 10)
producer.free("host", "ANY", 9)
say(flush=producer.flush(), status=producer.status()._asdict(), weights=weights)
from tidemark import Stats
with Stats() as stats:
    say(devices=stats.devices(), memories=stats.memories(), usage=stats.usage(), processes=stats.processes())
""")  # fmt: skip
        first, second = map(json.loads, text.splitlines())
        self.assertEqual(first["flush"], "published")
        self.assertTrue(first["status"]["enabled"] and first["status"]["attached"] and first["status"]["collector"])
        self.assertEqual(first["weights"], 7)
        self.assertEqual([row["name"] for row in second["devices"] if row["device"] == 3], ["card"])
        self.assertIn((3, 1 << 30), [(row["device"], row["capacity"]) for row in second["memories"]])
        current = {(row["device"], row["pool_name"]): (row["current"], row["peak"], row["live"]) for row in second["usage"]}
        self.assertEqual(
            current,
            {
                (3, "DRAM"): (1000, 1000, 1), (3, "weights"): (500, 500, 1), (3, "L1"): (0, 64, 0),
                (65535, "SYSTEM_MEMORY"): (0, 10, 0),
            },
        )  # fmt: skip
        self.assertEqual([row["image"] for row in second["processes"]], [first["status"]["image"]])

    def test_wrong_arguments_are_told(self):
        text = self.python(HEADER + """
for call in (lambda: producer.allocation(0, "dram", 1, 1), lambda: producer.allocation(-1, "DRAM", 1, 1),
             lambda: producer.name_pool("", "DRAM"), lambda: producer.name_pool("x" * 24, "L1"),
             lambda: producer.declare_memory(0, "DRAM", 0)):
    try:
        call()
    except ValueError as error:
        print(error)
""")  # fmt: skip
        self.assertEqual(len(text.splitlines()), 5, text)

    def test_without_tracking_nothing_is_recorded(self):
        text = self.python(
            HEADER + 'producer.allocation(0, "DRAM", 1, 1); say(on=producer.enabled(), flush=producer.flush(), '
            "attached=producer.status().attached)",
            TIDEMARK_ENABLED="0",
        )
        self.assertEqual(json.loads(text), {"on": False, "flush": "no collector", "attached": False})

    def test_a_missing_library_is_told_in_one_line(self):
        env = {**self.environment, "TIDEMARK_PRODUCER_LIBRARY": str(self.folder / "none.so")}
        done = run(["/usr/bin/python3", "-c", "from tidemark import producer; producer.enabled()"], env)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr.splitlines()[-1], "LibraryError: cannot load .*none.so.*TIDEMARK_PRODUCER_LIBRARY")

    def test_under_the_malloc_tracker_there_is_one_ring(self):
        self.start()
        text = self.python(
            HEADER + """
producer.allocation(0, "DRAM", 1, 4096)
say(flush=producer.flush(), image=producer.status().image)
import os
from tidemark import Stats
with Stats() as stats:
    say(images=[row["image"] for row in stats.processes() if row["pid"] == os.getpid()],
        pools=sorted(row["pool_name"] for row in stats.process_usage() if row["pid"] == os.getpid()))
""",
            LD_PRELOAD=str(TRACKER),
        )  # fmt: skip
        first, second = map(json.loads, text.splitlines())
        self.assertEqual(first["flush"], "published")
        self.assertEqual(second, {"images": [first["image"]], "pools": ["DRAM", "SYSTEM_MEMORY"]})

    def test_other_producer_libraries_in_the_process_use_the_first_ones_runtime(self):
        self.start()
        second, extension = self.folder / "second.so", LIBRARY.with_name("tidemark_test_extension.so")
        second.write_bytes(LIBRARY.read_bytes())
        text = self.python(
            HEADER + f"""
import ctypes
producer.allocation(0, "DRAM", 1, 4096)
second = ctypes.CDLL({str(second)!r})
second.tidemark_allocation(0, 0, ctypes.c_uint64(2), ctypes.c_uint64(4096))
ctypes.CDLL({str(extension)!r}).extension_allocate(ctypes.c_uint64(3), ctypes.c_uint64(4096))
producer.flush()
from tidemark import processes
say(images=[(row["image"], [use["live"] for use in row["usage"]]) for row in processes()], own=producer.status().image)
"""
        )
        said = json.loads(text)
        self.assertEqual(said["images"], [[said["own"], [3]]])

    def test_a_fork_child_has_a_ring_of_its_own(self):
        self.start()
        text = self.python(HEADER + """
import os
producer.allocation(0, "DRAM", 1, 100)
child = os.fork()
if child == 0:
    producer.allocation(0, "DRAM", 2, 200)
    os._exit(0 if producer.flush() == "published" else 1)
status = os.waitpid(child, 0)[1]
producer.flush()
from tidemark import processes
found = {row["pid"]: row for row in processes()}
say(status=status, parent=found[os.getpid()]["usage"][0]["current"], child=found[child]["usage"][0]["current"],
    family=found[child]["parent_image"] == found[os.getpid()]["image"])
""")  # fmt: skip
        self.assertEqual(json.loads(text), {"status": 0, "parent": 100, "child": 200, "family": True})


class Package(unittest.TestCase):
    def test_it_is_written_for_python_3_9(self):
        files = list((ROOT / "viewers/python").rglob("*.py"))
        self.assertGreater(len(files), 10)
        for path in files:
            ast.parse(path.read_text(encoding="utf-8"), str(path), feature_version=(3, 9))


class Library(unittest.TestCase):
    def readelf(self, *options):
        done = run(["readelf", "-W", *options, LIBRARY], {"PATH": "/usr/bin:/bin"})
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def symbols(self, defined):
        for line in self.readelf("--dyn-syms").splitlines():
            fields = line.split()
            if len(fields) >= 8 and fields[0].rstrip(":").isdigit() and (fields[6] != "UND") == defined:
                yield fields[7]

    def test_it_exports_the_interface_and_the_runtime_alone(self):
        self.assertEqual(set(self.symbols(defined=True)), EXPORTED)

    def test_it_needs_libc_alone(self):
        needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", self.readelf("-d")))
        self.assertLessEqual(needed, {"libc.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"})
        foreign = [name for name in self.symbols(defined=False) if "@GLIBC_" not in name]
        self.assertLessEqual(set(foreign), OF_START_FILES)

    def test_it_has_a_soname_and_stays_loaded(self):
        dynamic = self.readelf("-d")
        self.assertIn(f"[{LIBRARY.name}]", dynamic)
        self.assertRegex(dynamic, "FLAGS.*NODELETE")

    def test_the_words_are_those_of_the_header(self):
        header = Path(__file__).resolve().parents[2] / "include/tidemark/words.h"
        text = header.read_text()
        pools = {name: int(value) for name, value in re.findall(r"TIDEMARK_POOL_(\w+) = (\d+)", text)}
        self.assertEqual(words.POOLS, {name: value for name, value in pools.items() if value < 7})
        self.assertEqual(words.ANY_POOL, pools["ANY"])
        memories = {name: int(value) for name, value in re.findall(r"TIDEMARK_MEMORY_(\w+) = (\d+)", text)}
        self.assertEqual(words.MEMORIES, {name: value for name, value in memories.items() if name != "COUNT"})
        self.assertEqual(list(words.LOSS_CAUSES), re.findall(r'X\(\w+, "(\w+)",', text))
        self.assertEqual(tidemark.HOST, int(re.search(r"TIDEMARK_DEVICE_HOST (0x\w+)u", text)[1], 16))


if __name__ == "__main__":
    unittest.main(verbosity=2)
