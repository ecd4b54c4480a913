# SPDX-License-Identifier: Apache-2.0
"""Other versions, older and newer: rings that other producer libraries made, accounts and ledgers that other collectors
left, accounts read by other readers. What is compatible goes on exactly; what is not is named, kept byte for byte and
harms nobody. The stats segment's own versions: tests/abi/golden_test.py."""
import json
import os
import signal
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "users"))
from world import ALICE, BIN, SHM, Collector, Script, World, comes_true, main, objects, run  # noqa: E402

# Offsets of ring_layout.hpp and account_abi.h, which agree as far as this goes, and of ledger.hpp.
RING = ACCOUNT = {"major": 12, "minor": 16, "header_size": 20, "compatible": 24, "incompatible": 28}
LEDGER = {"major": 12, "size": 16}
NEWER = {"minor": 9, "compatible": 1 << 31}
STRANGE = {"major 2": {"major": 2}, "major 0": {"major": 0}, "unknown incompatible bit": {"incompatible": 1 << 31}}


def change(name, layout, words):
    with open(SHM / name, "r+b") as file:
        for word, value in words.items():
            file.seek(layout[word])
            file.write(struct.pack("<I", value))


def content(name):
    """Its bytes as far as they are there: a sparse object has holes of many gigabytes."""
    found = []
    with open(SHM / name, "rb") as file:
        end, at = os.fstat(file.fileno()).st_size, 0
        while at < end:
            try:
                begin = os.lseek(file.fileno(), at, os.SEEK_DATA)
            except OSError:
                break
            at = os.lseek(file.fileno(), begin, os.SEEK_HOLE)
            found.append(os.pread(file.fileno(), at - begin, begin).rstrip(b"\0"))
    return b"".join(found)


class Versions(World):
    def collector(self, *words):
        made = Collector(self, 0, *words)
        self.assertTrue(made.ready, made.said())
        return made

    def half_way(self, layout=None, kind=None, words=None):
        """A program that did half of its events under a collector that was killed since, and whose object was changed."""
        collector = self.collector()
        script = Script(self, ALICE, 1000, what="flood")
        self.assertTrue(script.arrived(1))
        script.go(1)
        self.assertTrue(script.arrived(2))
        self.assertTrue(comes_true(lambda: (self.process(script.pid) or {}).get("events") == 1000))
        collector.end()
        if kind is not None:
            (name,) = objects(kind)
            change(name, layout, words)
        return script

    def finishes(self, script):
        """The program goes on and ends as it would have."""
        script.go(2)
        self.assertTrue(script.arrived(3))
        script.go(3)
        return script.process.wait(60)

    # ---- Rings

    def test_a_ring_of_a_newer_minor_version_is_drained(self):
        for words in (NEWER, {"minor": 1}, {"compatible": 0xFFFFFFFF}):
            with self.case(words=words):
                script = Script(self, ALICE, 500)
                self.assertTrue(script.arrived())
                change(objects("ring.")[0], RING, words)
                self.collector()
                self.assert_drained(script)

    def test_a_ring_of_another_layout_is_named_and_left_alone_and_its_program_is_not_harmed(self):
        for reason, words in STRANGE.items():
            with self.case(reason=reason):
                script = Script(self, ALICE, 1000, what="flood")
                self.assertTrue(script.arrived(1))
                script.go(1)
                self.assertTrue(script.arrived(2))
                (ring,) = objects("ring.")
                change(ring, RING, words)
                before = content(ring)
                collector = self.collector()
                self.assertIn(ring, collector.said())
                self.assertIn("it is left alone", collector.said())
                self.assertEqual(content(ring), before)
                self.assertEqual(self.rows("collector")[0]["rings_refused"], 1)
                self.assert_drained(Script(self, ALICE, 300))
                self.assertEqual(self.finishes(script), 0)

    # ---- Accounts and ledger

    def test_accounts_of_another_compatible_version_are_taken_over_exactly(self):
        for words in ({}, NEWER, {"minor": 0}):
            with self.case(words=words):
                script = self.half_way(ACCOUNT, "system.account.", words)
                self.collector("--exited-grace", "600")
                row = self.process(script.pid)
                self.assertEqual((row["events"], row["exact"]), (1000, 1))
                self.assertEqual(self.finishes(script), 0)
                self.assertTrue(comes_true(lambda: self.process(script.pid)["ending"] != 0))
                row = self.process(script.pid)
                self.assertEqual((row["events"], row["exact"]), (2000, 1))
                self.assertEqual(self.usage(row["image"])[0], 20000)
                self.assertEqual(self.rows("collector")[0]["restarts"], 1)

    def test_an_account_of_another_layout_is_named_and_kept_and_its_program_is_not_harmed(self):
        for reason, words in STRANGE.items():
            with self.case(reason=reason):
                script = self.half_way(ACCOUNT, "system.account.", words)
                (account,) = objects("system.account.")
                before = content(account)
                collector = self.collector()
                self.assertIn(account, collector.said())
                self.assertIn("made by another version", collector.said())
                self.assertIn("cannot go on with", collector.said())
                self.assert_drained(Script(self, ALICE, 300))
                self.assertEqual(self.finishes(script), 0)
                # Whoever cleans up leaves it as well.
                run(0, BIN / "tidemark", "doctor", "--fix", "--instance", "system")
                self.assertEqual(content(account), before)
                self.assertEqual(len(self.rows("process")), 1)
                collector.end(signal.SIGTERM)
                # The version that understands it goes on.
                self.assertEqual(content(account), before)

    def test_a_name_that_an_unknown_account_holds_is_freed_without_a_byte_of_it_lost(self):
        script = Script(self, ALICE, 400)
        self.assertTrue(script.arrived())
        (ring,) = objects("ring.")
        account = SHM / f"tidemark.system.account.{ring.rsplit('.', 1)[1]}"
        header = bytearray(8192)
        header[:8] = b"TACCOUNT"
        header[ACCOUNT["major"]] = 7
        account.write_bytes(header)
        collector = self.collector()
        self.assert_drained(script)
        (kept,) = objects("system.kept.")
        self.assertEqual((SHM / kept).read_bytes(), bytes(header))
        self.assertIn(kept, collector.said())

    def test_a_ledger_of_another_version_is_kept_with_its_accounts_and_the_collector_starts_clean(self):
        for words in ({"major": 2}, {"major": 0}, {"size": 4096}):
            with self.case(words=words):
                script = self.half_way(LEDGER, "system.ledger", words)
                before = {content(name) for name in objects("system.ledger") + objects("system.account.")}
                collector = self.collector()
                kept = objects("system.kept.")
                self.assertEqual({content(name) for name in kept}, before)
                self.assertEqual(len(kept), 2)
                for name in kept:
                    self.assertIn(name, collector.said())
                self.assertEqual(self.rows("process"), [])
                self.assertEqual(self.rows("collector")[0]["restarts"], 0)
                self.assert_drained(Script(self, ALICE, 300))
                self.assertEqual(self.finishes(script), 0)
                run(0, BIN / "tidemark", "doctor", "--fix", "--instance", "system")
                self.assertEqual({content(name) for name in objects("system.kept.")}, before)

    def test_a_ledger_that_was_never_finished_keeps_no_collector_down(self):
        for size in (0, 100, 4096):
            with self.case(size=size):
                (SHM / "tidemark.system.ledger").write_bytes(bytes(size))
                self.collector()
                self.assert_drained(Script(self, ALICE, 300))
                self.assertEqual(objects("system.kept."), [])

    # ---- Who drained before

    def test_a_ring_whose_account_is_gone_is_not_read_from_the_middle(self):
        script = self.half_way()
        (SHM / objects("system.account.")[0]).unlink()
        collector = self.collector()
        self.assertIn("cannot go on with", collector.said())
        self.assertEqual(self.rows("process"), [])
        self.assertEqual([(row["current"], row["total_allocated"]) for row in self.rows("usage")], [(0, 0)])
        self.assertEqual(self.finishes(script), 0)

    # ---- Readers of accounts

    def test_readers_of_accounts_take_a_newer_minor_version_and_refuse_another_layout(self):
        python = (
            "import sys, tidemark.account as a\n"
            "found, exact = a.Account('system', int(sys.argv[1], 16)).live_buffers()\nprint(len(found), exact)\n"
        )
        for reason, words in {"newer": {**NEWER, "header_size": 4096}, **STRANGE}.items():
            with self.case(reason=reason):
                collector = self.collector()
                script = Script(self, ALICE, 400)
                self.assert_drained(script)
                collector.process.send_signal(signal.SIGSTOP)
                (account,) = objects("system.account.")
                change(account, ACCOUNT, words)
                _, out, err = run(ALICE, BIN / "tidemark", "buffers", "--instance", "system", "--json")
                code, said, failed = run(
                    ALICE, "/usr/bin/python3", "-c", python, account.rsplit(".", 1)[1], PYTHONPATH="/run/source/viewers/python"
                )
                if reason == "newer":
                    self.assertEqual(len(json.loads(out)["buffers"]), 200, err)
                    self.assertEqual((code, said), (0, "200 True\n"), failed)
                else:
                    self.assertIn("another version of the layout", out + err)
                    self.assertIn("another layout", failed)


if __name__ == "__main__":
    main()
