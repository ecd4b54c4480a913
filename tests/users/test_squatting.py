# SPDX-License-Identifier: Apache-2.0
"""Names taken before their owner comes. Root takes its own back, whatever stands there; what a user can't take back it
is told of; and nothing that another user put there is believed."""
import os
import signal
import socket
from pathlib import Path

from world import ALICE, BIN, MALLORY, SHM, Background, Collector, Script, World, as_user, comes_true, lock_byte, main, objects, run

KINDS = ("file", "open file", "directory", "full directory", "link", "dangling link", "fifo", "socket")


def squat(path, kind):
    path = str(path)
    if kind == "file":
        Path(path).write_bytes(b"\0" * 65536)
        os.chmod(path, 0o600)
    elif kind == "open file":
        Path(path).write_bytes(os.urandom(65536))
        os.chmod(path, 0o666)
    elif kind.endswith("directory"):
        os.mkdir(path, 0o777)
        if kind == "full directory":
            Path(path, "inside").touch()
    elif kind.endswith("link"):
        os.symlink("/etc/passwd" if kind == "link" else "/dev/shm/nothing", path)
    elif kind == "fifo":
        os.mkfifo(path, 0o666)
    else:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path)


def squat_every_ring(until):
    """For each object in the making the name that it would get, as quickly as one can, until the file is there."""
    tried = 0
    while not os.path.exists(until):
        for name in os.listdir(SHM):
            if not name.startswith("tidemark.tmp."):
                continue
            try:
                os.close(os.open(SHM / name.replace(".tmp.", ".ring."), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
                tried += 1
            except FileExistsError:
                pass
    return tried


class Squatting(World):
    def test_root_s_collector_starts_whatever_stands_under_its_names(self):
        for kind in KINDS:
            with self.case(kind=kind):
                for what in ("lock", "ledger", "stats", "stats.new"):
                    as_user(MALLORY, squat, SHM / f"tidemark.system.{what}", kind)
                collector = Collector(self)
                self.assertTrue(collector.ready, collector.said())
                for what in ("lock", "ledger", "stats"):
                    status = os.lstat(SHM / f"tidemark.system.{what}")
                    self.assertEqual((status.st_uid, status.st_nlink), (0, 1))
                script = Script(self, ALICE, 500)
                self.assert_drained(script)
                script.end()
                collector.end(signal.SIGTERM)

    def test_root_s_collector_starts_also_when_names_are_taken_again_and_again(self):
        stop = Path("/run/stop")
        self.addCleanup(stop.unlink, missing_ok=True)

        def take_them():
            while not stop.exists():
                for what in ("lock", "ledger", "stats", "stats.new"):
                    try:
                        os.close(os.open(SHM / f"tidemark.system.{what}", os.O_CREAT | os.O_EXCL, 0o600))
                    except OSError:
                        pass

        squatter = os.fork()
        if squatter == 0:
            try:
                as_user(MALLORY, take_them)
            finally:
                os._exit(0)
        try:
            for _ in range(10):
                collector = Collector(self)
                self.assertTrue(collector.ready, collector.said())
                collector.end()
        finally:
            stop.touch()
            os.waitpid(squatter, 0)

    def test_accounts_and_bells_that_somebody_made_before_cost_nothing_but_polling(self):
        as_user(MALLORY, squat, SHM / f"tidemark.bell.{ALICE}", "open file")
        for kind in KINDS:
            with self.subTest(kind=kind):
                script = Script(self, ALICE, 500)
                self.assertTrue(script.arrived())
                (ring,) = objects("ring.")
                account = SHM / f"tidemark.system.account.{ring.rsplit('.', 1)[1]}"
                as_user(MALLORY, squat, account, kind)
                collector = Collector(self)
                self.assertTrue(collector.ready, collector.said())
                self.assert_drained(script)
                self.assertEqual(os.lstat(account).st_uid, 0)
                script.end()
                collector.end(signal.SIGTERM)
                for left in objects("system."):
                    (SHM / left).unlink()

    def test_an_account_that_somebody_forged_is_not_adopted(self):
        collector = Collector(self)
        self.assertTrue(collector.ready, collector.said())
        mine = Script(self, MALLORY, 500)
        honest = Script(self, ALICE, 500)
        row = self.assert_drained(mine)
        self.assert_drained(honest)
        before = {r["image"]: r["uid"] for r in self.rows("process")}
        collector.end()

        def forge():  # the best template there is: one's own, which one may read
            with open(SHM / f"tidemark.system.account.{row['image']:016x}", "rb") as own:
                template = bytearray(own.read(1 << 23))
            template[32:40] = (77).to_bytes(8, "little")
            forged = SHM / "tidemark.system.account.000000000000004d"
            forged.write_bytes(template)
            os.chmod(forged, 0o600)

        as_user(MALLORY, forge)
        collector = Collector(self)
        self.assertTrue(collector.ready, collector.said())
        self.assertEqual({r["image"]: r["uid"] for r in self.rows("process")}, before)
        self.assertIn(f"owned by uid {MALLORY}", collector.said())
        self.assert_drained(honest)

    def test_who_watches_rings_in_the_making_can_not_take_their_names(self):
        collector = Collector(self)
        self.assertTrue(collector.ready, collector.said())
        stop = Path("/run/stop")
        self.addCleanup(stop.unlink, missing_ok=True)
        squatter = os.fork()
        if squatter == 0:
            try:
                as_user(MALLORY, squat_every_ring, str(stop))
            finally:
                os._exit(0)
        try:
            scripts = [Script(self, ALICE, 40) for _ in range(30)]
            for script in scripts:
                self.assert_drained(script)
        finally:
            stop.touch()
            os.waitpid(squatter, 0)
        self.assertEqual(self.rows("collector")[0]["untracked_images"], 0)

    def test_a_user_whose_names_are_taken_is_told_by_whom_and_served_by_root(self):
        root = Collector(self)
        self.assertTrue(root.ready, root.said())
        for what in ("lock", "stats", "ledger"):
            as_user(MALLORY, squat, SHM / f"tidemark.user-{ALICE}.{what}", "open file")
        own = Collector(self, ALICE)
        self.assertFalse(own.ready)
        self.assertEqual(own.process.wait(60), 3)
        self.assertIn(f"belongs to uid {MALLORY}", own.said())
        self.assert_drained(Script(self, ALICE, 500))
        # What reads without a name finds root's collector, also where it may not even look at the other.
        for kind in ("open file", "file", "link", "fifo"):
            with self.subTest(kind=kind):
                stats = SHM / f"tidemark.user-{ALICE}.stats"
                stats.unlink()
                as_user(MALLORY, squat, stats, kind)
                for reader in ("abi.print_stats_c", "abi.print_stats_cpp", "Python"):
                    words = [BIN / reader] if reader != "Python" else ["/usr/bin/python3", "/run/source/tests/abi/print_stats.py"]
                    code, out, err = run(ALICE, *words)
                    self.assertEqual((code, out.split()[:2]), (0, ["segment", "system"]), err)

    def test_a_collector_under_another_user_s_name_gets_nothing(self):
        pretender = Collector(self, MALLORY, "--instance", f"user-{ALICE}")
        system = Collector(self, MALLORY, "--instance", "system")
        self.assertTrue(pretender.ready and system.ready)
        script = Script(self, ALICE, 500)
        self.assertTrue(script.arrived())
        for instance in (f"user-{ALICE}", "system"):
            self.assertEqual(self.rows("process", instance, MALLORY), [])
        real = Collector(self)  # root's; the pretender's objects make way
        self.assertTrue(real.ready, real.said())
        self.assert_drained(script)

    def test_root_does_not_take_the_names_of_a_user_s_own_collector(self):
        own = Collector(self, ALICE)
        self.assertTrue(own.ready, own.said())
        root = Collector(self, 0, "--instance", f"user-{ALICE}")
        self.assertFalse(root.ready)
        self.assertIn(f"belongs to uid {ALICE}", root.said())
        self.assert_drained(Script(self, ALICE, 500), f"user-{ALICE}", ALICE)

    def test_a_record_that_names_a_stranger_s_process_sends_no_signal_there(self):
        victim = Script(self, ALICE, 40)
        self.assertTrue(victim.arrived())
        ticks = Path(f"/proc/{victim.pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
        namespace = os.stat("/proc/self/ns/pid").st_ino
        lock = SHM / f"tidemark.user-{MALLORY}.lock"
        record = (
            f'{{"pid":{victim.pid},"start_ticks":{ticks},"pid_namespace":{namespace},"started_unix_ns":1,"ready":true,'
            f'"control_socket":"/run/tidemark/system.sock"}}'
        )
        root = Collector(self)
        self.assertTrue(root.ready)
        out, into = os.pipe()
        holder = os.fork()
        if holder == 0:
            os.setresgid(MALLORY, MALLORY, MALLORY)
            os.setresuid(MALLORY, MALLORY, MALLORY)
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
            os.write(descriptor, record.encode().ljust(512))
            lock_byte(descriptor, 0)
            os.write(into, b"1")
            signal.pause()
        os.read(out, 1)
        try:
            code, _, err = run(0, BIN / "tidemarkd", "--stop", "--instance", f"user-{MALLORY}")
        finally:
            os.kill(holder, signal.SIGKILL)
            os.waitpid(holder, 0)
            os.close(out)
            os.close(into)
        self.assertEqual(code, 3, err)
        self.assertIsNone(victim.process.poll())
        self.assertIsNone(root.process.poll())

    def test_a_log_is_not_written_to_what_somebody_else_made_where_everybody_may(self):
        for flag in ("--leak-log", "--event-log"):
            for kind in ("open file", "link", "dangling link", "fifo", "directory"):
                with self.case(flag=flag, kind=kind):
                    as_user(MALLORY, squat, "/tmp/tidemark.log", kind)
                    collector = Collector(self, 0, flag, "/tmp/tidemark.log")
                    self.assertFalse(collector.ready)
                    self.assertRegex(collector.said(), "cannot open .* /tmp/tidemark.log: ")
        with self.case(flag="nobody was there first"):
            collector = Collector(self, 0, "--leak-log", "/tmp/tidemark.log")
            self.assertTrue(collector.ready, collector.said())
            self.assertEqual(os.stat("/tmp/tidemark.log").st_mode & 0o777, 0o600)

    def test_the_older_sockets_names_are_root_s_where_root_serves_them(self):
        for kind in KINDS + ("listening",):
            with self.case(kind=kind):
                path = Path("/tmp/tt_allocation_server.sock")
                listening = "import socket,time; s=socket.socket(socket.AF_UNIX); s.bind(%r); s.listen(); time.sleep(600)"
                if kind == "listening":
                    Background(self, MALLORY, ["/usr/bin/python3", "-c", listening % str(path)])
                    self.assertTrue(comes_true(path.is_socket))
                else:
                    as_user(MALLORY, squat, path, kind)
                collector = Collector(self, 0, "--legacy-socket")
                self.assertTrue(collector.ready, collector.said())
                self.assertEqual(path.lstat().st_uid, 0)
                self.assertTrue(path.is_socket())


if __name__ == "__main__":
    main()
