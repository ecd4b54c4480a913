# SPDX-License-Identifier: Apache-2.0
"""Programs that gain or give up rights, and those for which nothing is left: output and status are as without the tracker,
errno stays, and who is not tracked is said. Needs root."""
import json
import os
import shutil
import unittest

import host
import tracked

NOBODY = 65534
AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]


class Privileges(host.HostTest):
    def setuid_copy(self, name, owner):
        """Where anybody may run it."""
        self.folder.chmod(0o755)
        self.assertEqual(os.statvfs(self.folder).f_flag & os.ST_NOSUID, 0, f"{self.folder} is mounted nosuid")
        copy = self.folder / "copy"
        shutil.copy(host.program(name), copy)
        os.chown(copy, owner, owner)
        copy.chmod(0o4755)
        return str(copy)

    def heaps(self, report):
        return [tracked.host(process) for process in report["processes"]]

    def test_another_users_program_is_not_tracked(self):
        copy = self.setuid_copy("changes_identity.c", 0)
        done, report = self.both_ways([*AS_NOBODY, copy, "says"])
        self.assertEqual((done.returncode, done.stdout), (7, b"65534 0 secure 1 tracker no\n"))
        self.assertEqual({process["name"] for process in report["processes"]}, {"setpriv"})

    def test_a_command_that_is_setuid_is_said_to_be(self):
        done, report = self.both_ways([self.setuid_copy("changes_identity.c", NOBODY), "says"])
        self.assertEqual((done.returncode, done.stdout), (7, b"0 65534 secure 1 tracker no\n"))
        self.assertIs(report["tracked"], False)
        self.assertIn("setuid", report["notes"][0])

    def test_the_producer_library_in_a_setuid_program_switches_itself_off(self):
        copy = self.setuid_copy("children.c", 0)
        for path, tracks in ((host.program("children.c"), True), (copy, False)):
            name = tracked.instance_name()
            command = [*AS_NOBODY, path] if path == copy else [path]
            done = tracked.run(command, {"TIDEMARK_ENABLED": "1", "TIDEMARK_INSTANCE": name}, stderr=-1)
            rings = json.loads(tracked.run([str(tracked.BIN / "ring_counts"), name, "--remove"]).stdout)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(len(rings) > 0, tracks)

    def test_a_program_that_becomes_somebody_else_and_its_child(self):
        done, report = self.both_ways([host.program("changes_identity.c"), "drops"])
        self.assertEqual(done.returncode, 0)
        self.assert_right(report)
        self.assertEqual(sorted(heap["allocations"] for heap in self.heaps(report)), [1000, 2000])
        self.assertEqual({process["uid"] for process in report["processes"]}, {0, NOBODY})

    def test_a_child_without_shared_memory_is_untracked_and_that_is_said(self):
        empty = self.folder / "empty"
        empty.mkdir()
        done, report = self.both_ways([host.program("changes_identity.c"), "chroots", str(empty)])
        self.assertEqual(done.returncode, 0)
        self.assert_right(report)
        self.assertEqual([heap["allocations"] for heap in self.heaps(report)], [2000])
        self.assertGreaterEqual(report["collector"]["untracked_images"], 1)
        self.assertIn("ran untracked", " ".join(report["notes"]))

    def report_of(self, command):
        """What a person reads, and what a script does."""
        done, report = self.both_ways(command)
        words = [str(tracked.BIN / "tidemark"), "run", "--", *command]
        text = " ".join(tracked.run(words, stderr=-1).stderr.decode().replace("\u2502", " ").replace("|", " ").split())
        return done, report, text

    def test_a_program_whose_first_allocation_comes_where_no_shared_memory_is_is_said_to_be_untracked(self):
        empty = self.folder / "empty"
        empty.mkdir()
        done, report, text = self.report_of([host.program("changes_identity.c"), "begins", str(empty)])
        self.assertEqual((done.returncode, report["processes"]), (0, []))
        self.assertEqual(report["collector"]["untracked_images"], 1)
        self.assertIs(report["tracked"], False)
        self.assertIn("nothing was tracked", report["notes"])
        self.assertIn("ran untracked", text)
        self.assertNotIn("no allocation was made", text)

    def test_a_program_in_a_user_namespace_is_refused_and_that_is_said(self):
        copy = self.folder / "copy"
        self.folder.chmod(0o755)
        shutil.copy(host.program("changes_identity.c"), copy)
        copy.chmod(0o755)
        command = [*AS_NOBODY, "unshare", "--user", "--map-root-user", str(copy), "works"]
        if tracked.run(command).returncode != 7:
            self.skipTest("users may make no user namespaces here")
        before = set(os.listdir("/dev/shm"))
        self.addCleanup(self.remove_refused, before)
        done, report, text = self.report_of(command)
        self.assertEqual(done.returncode, 7)
        self.assertEqual(report["collector"]["rings_refused"], 1)
        self.assertNotIn("copy", {process["name"] for process in report["processes"]})
        for said in (text, " ".join(report["notes"])):
            self.assertIn("what such a program does is not known", said)
        self.assertNotIn("nothing lost", text)
        self.assertIn("nothing of theirs lost", text)

    def remove_refused(self, before):
        """Nobody drains such a ring, so nobody removes it."""
        for name in set(os.listdir("/dev/shm")) - before:
            path = os.path.join("/dev/shm", name)
            if name.startswith("tidemark.ring.") and os.path.exists(path) and os.stat(path).st_uid == NOBODY:
                os.unlink(path)

    def test_what_a_program_in_a_sandbox_forks_is_said_not_to_be_known(self):
        done, report, text = self.report_of([host.program("sandbox_forks.c")])
        self.assertEqual(done.returncode, 0)
        (process,) = report["processes"]
        self.assertIs(process["sandboxed"], True)
        self.assertEqual(tracked.host(process)["allocations"], 2000)
        for said in (text, " ".join(report["notes"])):
            self.assertIn("what it forked since is not tracked, and not known", said)
        self.assertNotIn("nothing lost", text)
        # And of one that is in no sandbox nothing of the kind is said.
        _, report, text = self.report_of([host.program("changes_identity.c"), "drops"])
        self.assertEqual({process["sandboxed"] for process in report["processes"]}, {False})
        self.assertIn("nothing lost", text)

    def test_namespaces_of_its_own(self):
        for options in (["--pid", "--fork", "--mount-proc"], ["--mount"], ["--net", "--ipc", "--uts"]):
            with self.subTest(options=options):
                done, report = self.both_ways(["unshare", *options, host.program("errno_malloc.c")])
                self.assertEqual(done.returncode, 0)
                self.assert_right(report)
                self.assertGreater(max(heap["allocations"] for heap in self.heaps(report)), 400_000)

    def test_errno_where_shared_memory_is_full(self):
        """A /dev/shm of its own: of one page, of less than a ring's beginning, and of less than it grows to."""
        for size in ("4k", "64k", "200k"):
            mount = f'mount -t tmpfs -o size={size} tmpfs /dev/shm && exec "$@"'
            # An instance without a collector, in a mount namespace that goes with the program.
            environment = {"TIDEMARK_ENABLED": "1", "TIDEMARK_INSTANCE": tracked.instance_name()}
            for what in (["errno_api.cpp", "nothing"], ["errno_malloc.c"], ["threads_4000.c", "200"]):
                command = [host.program(what[0]), *what[1:]]
                inside = ["env", f"LD_PRELOAD={tracked.TRACKER}", *command]
                with self.subTest(size=size, what=what):
                    plain = tracked.run(command, stderr=-1)
                    full = tracked.run(["unshare", "--mount", "sh", "-c", mount, "sh", *inside], environment, stderr=-1)
                    self.assertEqual((full.returncode, full.stdout, full.stderr), (plain.returncode, plain.stdout, plain.stderr))


if __name__ == "__main__":
    host.require_root()
    unittest.main()
