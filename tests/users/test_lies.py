# SPDX-License-Identifier: Apache-2.0
"""What a user may write (its own rings and its bell page) and what it may claim there: nothing of it stops the drain,
ends another user's image or moves another user's figures."""
import mmap
import os
import signal
import struct
import time
from pathlib import Path

from world import ALICE, MALLORY, SHM, Collector, Script, World, as_user, comes_true, figures, lock_byte, main, objects

# Offsets of ring_layout.hpp.
IMAGE, START_TICKS, PID, UID, LOSS, CONSUMER = 40, 56, 72, 80, 640, 896
BELL_SLOTS, SLOT = 127, 128


def forge_ring(template, image, pid, start_ticks, uid=None):
    """A ring of this user's that claims to be another process, held by us until we end."""
    content = bytearray((SHM / template).read_bytes())
    struct.pack_into("<Q", content, IMAGE, image)
    struct.pack_into("<Q", content, START_TICKS, start_ticks)
    struct.pack_into("<i", content, PID, pid)
    if uid is not None:
        struct.pack_into("<I", content, UID, uid)
    struct.pack_into("<iIQ", content, CONSUMER, -1, 0, 0)
    for offset in range(8192, 8192 + 512 * 256, 256):  # nothing was taken from it
        content[offset + 128 : offset + 144] = bytes(16)
    path = SHM / f"tidemark.tmp.{image:016x}"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    lock_byte(descriptor, 0)
    os.write(descriptor, content)
    os.rename(path, SHM / f"tidemark.ring.{image:016x}")
    return descriptor


def start_ticks(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19])


def play_with_bell(until):
    """Cuts the user's bell page off, fills it with rubbish, makes it whole, again and again."""
    bell = SHM / f"tidemark.bell.{os.geteuid()}"
    rounds = 0
    while not os.path.exists(until):
        os.truncate(bell, (0, 4096, 100)[rounds % 3])
        time.sleep(0.001)
        os.truncate(bell, SLOT * (BELL_SLOTS + 1))
        with open(bell, "r+b") as file:
            file.write(os.urandom(SLOT * (BELL_SLOTS + 1)) if rounds % 2 else b"\xff" * SLOT * (BELL_SLOTS + 1))
        time.sleep(0.001)
        rounds += 1
    return rounds


class Lies(World):
    def setUp(self):
        self.collector = Collector(self)
        self.assertTrue(self.collector.ready, self.collector.said())

    def assert_serves(self):
        """The collector lives, answers, and drains an honest user's new program exactly."""
        self.assertIsNone(self.collector.process.poll(), self.collector.said())
        with self.stats() as stats:
            before = stats.heartbeat
            self.assertTrue(comes_true(lambda: stats.heartbeat != before))
        script = Script(self, ALICE, 700)
        self.assert_drained(script)
        script.end()

    def forger(self, *arguments):
        """A process of Mallory's that holds a forged ring; its pid."""
        out, into = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                as_id = (MALLORY,) * 3
                os.setgroups([])
                os.setresgid(*as_id)
                os.setresuid(*as_id)
                forge_ring(*arguments)
                os.write(into, b"1")
                signal.pause()
            finally:
                os._exit(1)
        self.addCleanup(lambda: (os.kill(child, signal.SIGKILL), os.waitpid(child, 0)))
        self.assertEqual(os.read(out, 1), b"1")
        os.close(out)
        os.close(into)
        return child

    def test_a_bell_page_that_is_cut_off_or_filled_with_rubbish_stops_nobody(self):
        stop = Path("/run/stop")
        self.addCleanup(stop.unlink, missing_ok=True)
        hostile, honest = Script(self, MALLORY, 400), Script(self, ALICE, 400)
        self.assert_drained(hostile)
        self.assert_drained(honest)
        child = os.fork()
        if child == 0:
            try:
                as_user(MALLORY, play_with_bell, str(stop))
            finally:
                os._exit(0)
        try:
            for _ in range(10):
                self.assert_serves()
            row = self.rows("collector")[0]
            self.assertLessEqual(row["untracked_images"], 1 << 40)  # Mallory's word, bounded; it never wraps
        finally:
            stop.touch()
            os.waitpid(child, 0)
        self.assert_serves()
        # And its own rings are drained still, if only because they are polled.
        self.assert_drained(Script(self, MALLORY, 300))

    def test_a_ring_that_claims_another_user_s_process_is_refused_and_changes_nothing_of_that_one(self):
        template = Script(self, MALLORY, 100)
        self.assert_drained(template)
        (ring,) = objects("ring.")
        victim = Script(self, ALICE, 500)
        row = self.assert_drained(victim)
        ticks = start_ticks(victim.pid)
        self.forger(ring, 0xF0F0, victim.pid, ticks)
        self.assertTrue(comes_true(lambda: "which is another user's" in self.collector.said()))
        self.assertFalse([r for r in self.rows("process") if r["image"] == 0xF0F0])
        own = [r for r in self.rows("process") if r["image"] == row["image"]]
        self.assertEqual((own[0]["uid"], own[0]["state"], own[0]["events"]), (ALICE, row["state"], row["events"]))
        self.assertEqual(self.usage(row["image"])[0], figures(500)[0])
        victim.end(signal.SIGTERM)
        # A second one comes just when the victim has ended: it was no exec.
        self.forger(ring, 0xF0F1, victim.pid, ticks)
        ended = lambda: [r for r in self.rows("process") if r["image"] == row["image"] and r["ending"]]  # noqa: E731
        self.assertTrue(comes_true(ended))
        self.assertEqual((ended()[0]["ending_code"], ended()[0]["uid"]), (signal.SIGTERM, ALICE))
        self.assertFalse([r for r in self.rows("process") if r["parent_image"] == row["image"]])

    def test_a_ring_that_claims_another_uid_is_refused_by_name(self):
        template = Script(self, MALLORY, 100)
        self.assert_drained(template)
        (ring,) = objects("ring.")
        self.forger(ring, 0xABCD, template.pid, start_ticks(template.pid), ALICE)
        self.assertTrue(comes_true(lambda: "it claims another user" in self.collector.said()))
        self.assertIn("tidemark.ring.000000000000abcd", self.collector.said())
        self.assertEqual({r["uid"] for r in self.rows("process")}, {MALLORY})
        self.assert_serves()

    def test_losses_that_a_user_claims_are_its_own(self):
        liar, honest = Script(self, MALLORY, 400), Script(self, ALICE, 400)
        self.assert_drained(liar)
        row = self.assert_drained(honest)
        mine = [name for name in objects("ring.") if (SHM / name).stat().st_uid == MALLORY][0]

        def claim():
            with open(SHM / mine, "r+b") as file, mmap.mmap(file.fileno(), 8192) as ring:
                ring[LOSS : LOSS + 24] = struct.pack("<3Q", *[(1 << 64) - 1] * 3)

        as_user(MALLORY, claim)
        lied = lambda: self.process(liar.pid)["exact"] == 0  # noqa: E731
        self.assertTrue(comes_true(lied))
        self.assertEqual(self.process(honest.pid)["exact"], 1)
        self.assertEqual(sum(self.process(honest.pid)["lost_bytes"]), 0)
        self.assertEqual(self.usage(row["image"])[0], figures(400)[0])
        self.assert_serves()


if __name__ == "__main__":
    main()
