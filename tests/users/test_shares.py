# SPDX-License-Identifier: Apache-2.0
"""A user that makes up devices takes its share of the tables that all users have together, and no more: the devices of
others are found, summed and shown; what is refused is counted, and told with the user's name."""
import json

from world import ALICE, BIN, MALLORY, Collector, Script, World, comes_true, main, run

PER_PROGRAM = 40  # pools of devices that an account holds
SHARE_OF_POOLS, SHARE_OF_DEVICES, SHARE_OF_HISTORIES = 2048 // 4, 256 // 4, 256 // 4
PROGRAMS = SHARE_OF_POOLS // PER_PROGRAM + 2
CLAIMED = PROGRAMS * PER_PROGRAM
ALICES = 5000  # a device that nobody made up


class Shares(World):
    def start(self):
        collector = Collector(self)
        self.assertTrue(collector.ready, collector.said())
        return collector

    def claim(self, uid, count, first):
        """A program that holds 100 bytes on each of `count` devices, once all of that is published."""
        script = Script(self, uid, count, "pools", words=[first])
        self.assertTrue(comes_true(lambda: (self.process(script.pid) or {"events": 0})["events"] == count))
        return script

    def claim_all(self):
        return [self.claim(MALLORY, PER_PROGRAM, 1000 + i * PER_PROGRAM) for i in range(PROGRAMS)]

    def devices_of(self, table, devices):
        return [row["device"] for row in self.rows(table) if row["device"] in devices]

    def refused(self):
        return self.rows("collector")[0]["rows_refused"]

    def assert_refused(self, collector):
        self.assertIn(f"uid {MALLORY} has its share of devices' pools", collector.said())
        self.assertNotIn(f"uid {ALICE}", collector.said())
        code, out, err = run(ALICE, BIN / "tidemark", "--instance", "system")
        self.assertEqual(code, 0, err)
        self.assertIn("a user has its share", out)
        self.assertNotIn("nothing lost", out)
        code, out, err = run(ALICE, BIN / "tidemark", "query", "--json", "--instance", "system")
        self.assertEqual(json.loads(out)["collector"]["rows_refused"], self.refused(), err)

    def assert_has_all_rows(self, device, held):
        rows = [row for row in self.rows("usage") if row["device"] == device]
        self.assertEqual([(row["current"], row["exact"]) for row in rows], [(held, 1)])
        for table in ("device", "memory", "history"):
            self.assertEqual(self.devices_of(table, [device]), [device], table)

    def test_who_makes_up_devices_keeps_nobody_else_s_out(self):
        collector = self.start()
        own = self.claim_all()
        made_up = range(1000, 1000 + CLAIMED)
        self.assertEqual(len(self.devices_of("usage", made_up)), SHARE_OF_POOLS)
        self.assertEqual(len(self.devices_of("device", made_up)), SHARE_OF_DEVICES)
        self.assertEqual(len(self.devices_of("history", made_up)), SHARE_OF_HISTORIES)
        refused = CLAIMED - SHARE_OF_POOLS + SHARE_OF_POOLS - SHARE_OF_DEVICES + SHARE_OF_POOLS - SHARE_OF_HISTORIES
        self.assertEqual(self.refused(), refused)
        # All of it stands in the programs' own rows.
        pids = {script.pid for script in own}
        held = sum(row["current"] for row in self.rows("process_usage") if row["pid"] in pids)
        self.assertEqual(held, 100 * CLAIMED)
        self.claim(ALICE, PER_PROGRAM, ALICES)
        for device in (ALICES, ALICES + PER_PROGRAM - 1):
            self.assert_has_all_rows(device, 100)
        self.assertEqual(self.refused(), refused)
        self.assert_refused(collector)
        # A device that was refused to one user is there once another has it.
        last = 1000 + CLAIMED - 1
        self.assertEqual(self.devices_of("usage", [last]), [])
        self.claim(ALICE, 1, last)
        self.assert_has_all_rows(last, 100)

    def test_the_share_outlives_the_collector_and_the_programs(self):
        collector = self.start()
        for script in self.claim_all():
            script.end()
        alices = self.claim(ALICE, 3, ALICES)
        collector.end()
        collector = self.start()
        self.assertEqual(self.rows("collector")[0]["restarts"], 1)
        self.claim(MALLORY, PER_PROGRAM, 20000)
        self.assertEqual(self.devices_of("usage", range(20000, 20000 + PER_PROGRAM)), [])
        self.assertGreaterEqual(self.refused(), PER_PROGRAM)
        self.assert_has_all_rows(ALICES, 100)
        self.claim(ALICE, 2, ALICES + 100)
        self.assert_has_all_rows(ALICES + 101, 100)
        self.assert_refused(collector)
        alices.end()

    def test_root_may_have_what_is_left(self):
        collector = self.start()
        for i in range(PROGRAMS):
            self.claim(0, PER_PROGRAM, 1000 + i * PER_PROGRAM)
        self.assertEqual(len(self.devices_of("usage", range(1000, 1000 + CLAIMED))), CLAIMED)
        self.assertEqual(self.refused(), 0)
        self.assertNotIn("has its share", collector.said())


if __name__ == "__main__":
    main()
