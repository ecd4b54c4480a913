# SPDX-License-Identifier: Apache-2.0
"""The stats segment's bytes and its three readers: what version 1.0 published is read by today's C, C++ and Python
readers, all print the same; a newer minor version is read; everything else is refused with the right words."""
import json
import os
import re
import subprocess
import sys
import unittest
from pathlib import Path

import golden_segment
from golden_segment import TABLES, VARIANTS

HERE = Path(__file__).resolve().parent
GOLDEN = HERE / "golden"
BIN = Path(os.environ.get("TIDEMARK_BIN_DIR", "bin"))
READERS = {
    "C": [str(BIN / "abi.print_stats_c")],
    "C++": [str(BIN / "abi.print_stats_cpp")],
    "Python": [sys.executable, str(HERE / "print_stats.py")],
}
INSTANCE = f"test-{os.getpid()}-abi"
SEGMENT = Path(f"/dev/shm/tidemark.{INSTANCE}.stats")
NOBODY = 65534


def read(reader, instance=INSTANCE, **options):
    """(exit status, standard output, standard error)"""
    command = READERS[reader] + ([instance] if instance is not None else [])
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False, **options)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def error_texts():
    """{name: text} from the C header."""
    header = (HERE.parents[1] / "include/tidemark/stats_reader_open.h").read_text().replace("\\\n", "\n")
    found = re.findall(r'\bX\((\w+), -\d+,((?:\s*"[^"]*")+)\)', header)
    return {name: "".join(re.findall(r'"([^"]*)"', text)) for name, text in found}


class Golden(unittest.TestCase):
    maxDiff = 2000

    def setUp(self):
        self.addCleanup(lambda: SEGMENT.unlink() if SEGMENT.is_symlink() or SEGMENT.exists() else None)

    def check_refused(self, code, path=SEGMENT, **options):
        expected = f"cannot read {path}: {error_texts()[code]}\n"
        for reader in READERS:
            with self.subTest(reader=reader):
                self.assertEqual(read(reader, **options), (3, "", expected))

    def test_the_generator_gives_the_checked_in_bytes(self):
        self.assertEqual(golden_segment.build(), (GOLDEN / "stats-1.0.bin").read_bytes())

    def test_every_reader_prints_the_same_of_version_1_0(self):
        SEGMENT.write_bytes((GOLDEN / "stats-1.0.bin").read_bytes())
        expected = (GOLDEN / "stats-1.0.txt").read_text(encoding="utf-8")
        for reader in READERS:
            with self.subTest(reader=reader):
                self.assertEqual(read(reader), (0, expected, ""))

    def test_a_newer_minor_version_is_read(self):
        SEGMENT.write_bytes(VARIANTS["1.1"]()[0])

        def comparable(text):  # rings lie elsewhere; the Python reader sees the new fields through the schema
            return [line for line in text.splitlines() if "_offset " not in line and "later_word" not in line]

        expected = comparable((GOLDEN / "stats-1.0.txt").read_text(encoding="utf-8").replace("version 1.0", "version 1.1"))
        for reader in READERS:
            with self.subTest(reader=reader):
                status, out, error = read(reader)
                self.assertEqual((status, comparable(out), error), (0, expected, ""))
        self.assertIn("usage[1] later_word 99\n", read("Python")[1])

    def test_what_is_no_readable_segment_is_refused(self):
        for variant, make in VARIANTS.items():
            content, code = make()
            if code:
                with self.subTest(variant=variant):
                    SEGMENT.write_bytes(content)
                    self.check_refused(code)

    def test_a_name_without_segment_and_a_bad_name_are_told(self):
        self.check_refused("NO_SEGMENT")
        for name in ("", "a/b", "n" * 64):
            with self.subTest(name=name):
                self.check_refused("BAD_NAME", path="the stats segment", instance=name)

    def test_what_is_not_a_file_is_refused_at_once(self):
        SEGMENT.symlink_to(GOLDEN / "stats-1.0.bin")
        self.check_refused("NOT_TRUSTED")
        SEGMENT.unlink()
        os.mkfifo(SEGMENT)
        self.check_refused("NOT_TRUSTED")

    @unittest.skipUnless(os.geteuid() == 0, "needs root, to give files away")
    def test_a_stranger_s_segment_is_refused(self):
        SEGMENT.write_bytes((GOLDEN / "stats-1.0.bin").read_bytes())
        os.chown(SEGMENT, NOBODY, NOBODY)
        self.check_refused("NOT_TRUSTED")

    @unittest.skipUnless(os.geteuid() == 0, "needs root, to become somebody else")
    def test_a_user_without_permission_is_told_so(self):
        SEGMENT.write_bytes((GOLDEN / "stats-1.0.bin").read_bytes())
        SEGMENT.chmod(0o600)
        try:
            self.check_refused("PERMISSION", user=NOBODY, group=NOBODY, extra_groups=[])
        except PermissionError:
            self.skipTest("the build folder is closed to other users")

    def test_the_default_instance_is_found(self):
        SEGMENT.write_bytes((GOLDEN / "stats-1.0.bin").read_bytes())
        for reader in READERS:
            with self.subTest(reader=reader):
                status, out, _ = read(reader, instance=None, env={**os.environ, "TIDEMARK_INSTANCE": INSTANCE})
                self.assertEqual((status, out.split()[:2]), (0, ["segment", "golden"]))

    def test_the_collector_s_schema_is_that_of_version_1_0(self):
        made = json.loads(subprocess.run([BIN / "abi.print_schema"], stdout=subprocess.PIPE, check=True).stdout)
        golden = json.loads(golden_segment.Segment().schema())
        for table in made["tables"]:
            for field in table["fields"]:
                self.assertTrue(field.pop("doc"), f"{table['name']}.{field['name']} has no meaning")
        for table, name in zip(golden["tables"], TABLES):
            self.assertEqual(table["name"], name)
            for field in table["fields"]:
                field.pop("doc")
        # A later minor version adds at the end only: compare what 1.0 had.
        for was, now in zip(golden["tables"], made["tables"]):
            self.assertEqual(was["fields"], now["fields"][: len(was["fields"])])
        self.assertEqual(made["schema"], 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
