# SPDX-License-Identifier: Apache-2.0
"""The tracker harms nobody. Programs run as they would without it: preloaded but not enabled, enabled with no collector
anywhere (rings fill, the oldest events stay, the rest is counted), and in odd surroundings."""
import os
import resource
import unittest
from pathlib import Path

import tracked

SCRIPT = """
set -e
for i in 1 2 3 4 5; do echo "round $i: $(seq 1 $((i * 100)) | sort -rn | head -n 3 | tr '\\n' ' ')"; done
( exec 3<<<"here"; read line <&3; echo "$line" ) & wait
"""
PYTHON = "import json, subprocess, threading; d = {str(i): [i] * 20 for i in range(20000)};" \
    "t = [threading.Thread(target=json.dumps, args=(d,)) for _ in range(4)]; [x.start() for x in t]; [x.join() for x in t];" \
    "print(len(json.dumps(d)), subprocess.run(['/bin/echo', 'child'], capture_output=True).stdout)"  # fmt: skip
PERL = 'my %h; $h{$_} = "x" x ($_ % 50) for 1..30000; my $s = join ",", sort keys %h; print length($s), "\\n"; print `echo child`'
SQL = "CREATE TABLE t(a, b); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) " \
    "INSERT INTO t SELECT i, hex(i) FROM n; SELECT count(*), max(b) FROM t;"  # fmt: skip
CPP = "#include <map>\n#include <string>\nint main() { std::map<std::string, int> m; m[\"a\"] = 1; return m.size() - 1; }\n"


def no_files_of_any_size():
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def few_descriptors():
    resource.setrlimit(resource.RLIMIT_NOFILE, (4, 4))


class Harmless(tracked.TrackedTest):
    def assert_unharmed(self, command, environment=None, name=None, **options):
        """Same status, output and error output: without the tracker, with it, and with tracking enabled."""
        options = {"cwd": self.folder, "stderr": -1, **options}
        environment = {"PWD": str(self.folder), **(environment or {})}
        plain = tracked.run(command, environment, **options)
        with tracked.Rings(TIDEMARK_ENABLED="0") as rings:
            idle = rings.run(command, environment, **options)
            self.assertEqual(rings.images(), [])
        with tracked.Rings() as rings:
            enabled = rings.run(command, environment, **options)
            images = rings.images()
        for done in (idle, enabled):
            self.assertEqual((done.returncode, done.stdout, done.stderr), (plain.returncode, plain.stdout, plain.stderr))
        for image in images:
            self.assertEqual(image["problem"], "")
            causes = {cause for cause, loss in image["lost"].items() if loss["allocations"] or loss["frees"]}
            self.assertLessEqual(causes, {"no_collector", "no_lane", "sandbox"}, image["command"])
        return enabled, images

    def test_small_tools(self):
        self.assert_unharmed(["ls", "-la", "/usr/bin"])
        self.assert_unharmed(["find", "/usr/include", "-name", "std*.h"])
        self.assert_unharmed(["false"])

    def test_a_shell_script(self):
        self.assert_unharmed(["bash", "-c", SCRIPT])

    def test_python(self):
        self.assert_unharmed(["/usr/bin/python3", "-c", PYTHON], {"PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "0"})

    def test_perl(self):
        self.assert_unharmed(["perl", "-e", PERL], {"PERL_HASH_SEED": "0"})

    def test_sqlite(self):
        self.assert_unharmed([tracked.installed("sqlite3"), ":memory:", SQL])

    def test_git(self):
        git = tracked.installed("git")
        self.assert_unharmed(["sh", "-c", f"rm -rf .git && {git} init -q . && {git} status --porcelain=v2 && {git} var -l | wc -l"])

    def test_a_compiler_and_what_it_made(self):
        source = Path(self.folder, "map.cpp")
        source.write_text(CPP)
        self.assert_unharmed([tracked.installed("g++"), "-O1", "-o", "map", source.name])
        self.assert_unharmed(["./map"])

    def test_a_program_with_an_allocator_of_its_own(self):
        # Debian's redis-server is linked with jemalloc, from a library.
        done, _ = self.assert_unharmed([tracked.installed("redis-server"), "--version"])
        self.assertIn(b"jemalloc", done.stdout)

    def test_threads_signals_and_forks(self):
        for name in ("many_threads.c", "cancel.c", "fork_threads.c", "fork_200.c", "cross_thread.c", "early_late.cpp"):
            with self.subTest(name):
                self.assert_unharmed([tracked.program(name)])

    def test_sandboxes(self):
        for arguments in ([], ["strict"]):
            _, images = self.assert_unharmed([tracked.program("sandbox.c"), *arguments])
            self.assertEqual(images[0]["allocations"] >= 10, True)

    def test_the_oldest_events_stay_and_the_rest_is_counted(self):
        _, (image,) = self.assert_unharmed([tracked.program("cross_thread.c")])
        self.assertGreater(image["allocations"], 0)
        # Of its 17 threads some may find no lane of their own; nothing is lost for another reason.
        lost = {cause: loss for cause, loss in image["lost"].items() if loss["allocations"] or loss["frees"]}
        self.assertGreater(lost["no_collector"]["allocations"], 0)
        self.assertLessEqual(set(lost), {"no_collector", "no_lane"})
        self.assertEqual(image["allocations"] + sum(loss["allocations"] for loss in lost.values()), 352016)
        self.assertEqual(image["frees"] + sum(loss["frees"] for loss in lost.values()), 352016)

    def test_a_ring_takes_no_more_than_its_budget(self):
        with tracked.Rings() as rings:
            rings.run([tracked.program("many_threads.c")])
            (image,) = rings.images()
            self.assertLessEqual(Path(image["path"]).stat().st_size, 8 << 20)

    def test_no_file_may_have_a_size(self):
        self.assert_unharmed(["bash", "-c", "echo unharmed; exit 5"], preexec_fn=no_files_of_any_size)

    def test_hardly_a_descriptor(self):
        self.assert_unharmed([tracked.program("quick_exit.c")], preexec_fn=few_descriptors)

    def test_no_descriptor_at_all_is_open(self):
        self.assert_unharmed(["bash", "-c", f"exec {tracked.program('quick_exit.c')} 0<&- 1>&- 2>&-"])

    def test_an_environment_that_asks_for_nonsense(self):
        with tracked.Rings(TIDEMARK_RING_BUDGET="plenty", TIDEMARK_POLICY="perhaps", TIDEMARK_STACKS="-3") as rings:
            done = rings.run([tracked.program("quick_exit.c")])
        self.assertEqual(done.returncode, 7)

    @unittest.skipIf(os.geteuid() != 0, "becoming somebody else needs root")
    def test_a_program_that_drops_its_privileges(self):
        code = "import os; os.setuid(65534); print(os.getuid(), len([0] * 100000)); os.fork() and os.wait()"
        self.assert_unharmed(["/usr/bin/python3", "-c", code], {"PYTHONMALLOC": "malloc"})


if __name__ == "__main__":
    unittest.main()
