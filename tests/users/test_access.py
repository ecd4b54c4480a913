# SPDX-License-Identifier: Apache-2.0
"""Who may read and write what: another user's objects, one's own under root's collector, the figures under --mode and
--group; and what makes a program hard to look at for its own user's collector."""
import errno
import grp
import json
import os
import shutil
import stat
from pathlib import Path

from world import ALICE, BIN, MALLORY, PYTHON, SHM, Collector, Script, World, as_user, comes_true, figures, libc, main, mount, objects, run

READ_FIGURES = "import tidemark, sys; print(tidemark.Stats(sys.argv[1]).segment.instance)"


def try_everything(names):
    """What this user could do to them, apart from reading."""
    done = []
    attempts = {
        "read": lambda path: os.close(os.open(path, os.O_RDONLY)),
        "write": lambda path: os.close(os.open(path, os.O_WRONLY)),
        "truncate": lambda path: os.truncate(path, 0),
        "chmod": lambda path: os.chmod(path, 0o666),
        "unlink": os.unlink,
        "rename": lambda path: os.rename(path, path + ".taken"),
        "link": lambda path: os.link(path, path + ".linked"),
        "touch": os.utime,
        "list": lambda path: os.removexattr(path, "system.posix_acl_access"),
    }
    for name in names:
        for what, attempt in attempts.items():
            try:
                attempt(str(SHM / name))
                done.append([name, what])
            except OSError as problem:
                if problem.errno not in (errno.EACCES, errno.EPERM):
                    raise
    return done


class Access(World):
    def world(self):
        """Root's collector and a program of Alice's that it drains."""
        collector = Collector(self)
        self.assertTrue(collector.ready, collector.said())
        script = Script(self, ALICE, 1000)
        row = self.assert_drained(script)
        self.assertEqual(row["uid"], ALICE)
        return collector, script, row

    def test_a_user_can_do_nothing_to_what_is_another_s_or_root_s_but_read_the_figures(self):
        collector, script, _ = self.world()
        names = objects("")
        for kind in ("ring.", "system.account.", "system.ledger", "system.lock", "system.stats", f"bell.{ALICE}", "bell.0"):
            self.assertTrue(any(name.startswith("tidemark." + kind) for name in names), (kind, names))
        self.assertEqual(as_user(MALLORY, try_everything, names), [["tidemark.system.stats", "read"]])
        self.assertEqual(objects(""), names)
        self.assertIsNone(collector.process.poll())
        self.assert_drained(script)

    def test_a_user_reads_its_own_account_under_root_s_collector_and_can_change_nothing_of_it(self):
        collector, script, row = self.world()
        account = f"tidemark.system.account.{row['image']:016x}"
        self.assertEqual(as_user(ALICE, try_everything, [account]), [[account, "read"]])
        status = os.stat(SHM / account)
        self.assertEqual((status.st_uid, stat.S_IMODE(status.st_mode) & 0o037), (0, 0))
        for uid, known in ((ALICE, True), (0, True), (MALLORY, False)):
            with self.subTest(uid=uid):
                code, out, err = run(uid, BIN / "tidemark", "buffers", "--instance", "system", "--json")
                listed = json.loads(out)["buffers"] if out else []
                self.assertEqual(len(listed), 500 if known else 0, (code, err))
        self.assertIsNone(collector.process.poll())

    def test_the_figures_are_shown_to_whom_mode_and_group_name(self):
        group = grp.getgrall()[-1]
        collector = Collector(self, 0, "--mode", "0640", "--group", group.gr_name)
        self.assertTrue(collector.ready, collector.said())
        words = (PYTHON, "-c", READ_FIGURES, "system")
        path = {"PYTHONPATH": "/run/source/viewers/python"}
        self.assertEqual(run(MALLORY, *words, groups=[group.gr_gid], **path)[:2], (0, "system\n"))
        code, _, err = run(MALLORY, *words, **path)
        self.assertNotEqual(code, 0)
        self.assertIn("permission denied", err)

    def test_nobody_can_be_given_the_right_to_write_the_figures(self):
        for mode in ("0666", "0660", "0646", "0622"):
            code, _, err = run(0, BIN / "tidemarkd", "--mode", mode)
            self.assertEqual(code, 2, err)
            self.assertIn("nobody but the collector may write", err)

    def test_a_user_s_own_collector_takes_its_rings_from_root_s_and_only_those(self):
        root = Collector(self)
        own = Collector(self, ALICE)
        self.assertTrue(root.ready and own.ready, root.said() + own.said())
        mine, other = Script(self, ALICE, 1000), Script(self, MALLORY, 600)
        self.assert_drained(mine, f"user-{ALICE}", ALICE)
        self.assert_drained(other)
        self.assertIsNone(self.process(mine.pid))
        self.assertIsNone(self.process(other.pid, f"user-{ALICE}", ALICE))
        own.end()  # its ring stays its own: what stands in its account is not started anew by somebody else
        again = Collector(self, ALICE)
        self.assertTrue(again.ready, again.said())
        self.assert_drained(mine, f"user-{ALICE}", ALICE)

    def test_a_program_whose_proc_can_not_be_read_is_drained_and_its_end_is_seen(self):
        program = Path("/run/unreadable")
        shutil.copy(BIN / "ledger_script", program)
        program.chmod(0o111)  # the kernel lets nobody look into what nobody may read
        mount("proc", "/proc", "proc", 0, "hidepid=2")
        self.addCleanup(libc.umount2, b"/proc", 2)
        for uid, instance, owner in ((ALICE, f"user-{ALICE}", ALICE), (0, "system", None)):
            with self.subTest(collector=uid):
                collector = Collector(self, uid)
                self.assertTrue(collector.ready, collector.said())
                script = Script(self, ALICE, 800, program=program)
                self.assertTrue(script.arrived())
                with self.assertRaises(AssertionError):
                    as_user(ALICE, lambda: Path(f"/proc/{script.pid}/maps").read_text())
                row = self.assert_drained(script, instance, owner)
                script.end()
                ended = lambda: self.process(script.pid, instance, owner)["state"] != row["state"]  # noqa: E731
                self.assertTrue(comes_true(ended))
                self.assertEqual(self.usage(row["image"], instance, owner)[:1], figures(800)[:1])
                collector.end(15)


if __name__ == "__main__":
    main()
