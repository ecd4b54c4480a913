# SPDX-License-Identifier: Apache-2.0
"""Call sites of real programs: named after they ended, however they ended, with and without frame pointers; leaks that are
known are left out; a program without stacks says so; nothing changes for it."""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import unittest

import tracked

PROGRAM = tracked.program("call_sites.c")
NO_FRAMES = tracked.program("call_sites_no_frames.c")
ON_X86 = os.uname().machine == "x86_64"


def tidemark(*arguments, environment=None):
    return tracked.run([str(tracked.BIN / "tidemark"), *arguments], environment, stderr=subprocess.PIPE)


def functions(leak):
    return [re.sub(r" .*", "", frame) for frame in leak["stack"]]


def of_size(report, size):
    return [leak for leak in report["leaks"] if leak["size"] == size]


class CallSites(tracked.TrackedTest):
    def reported(self, command, *options, environment=None):
        output = self.folder / f"report-{tracked.instance_name()}.json"
        done = tidemark("run", "--json", "-o", str(output), *options, "--", *command, environment=environment)
        self.assertTrue(output.exists(), done.stderr)
        return done, tracked.report(output)

    def assert_sites(self, report):
        leaks = of_size(report, 1000)
        self.assertEqual(len(leaks), 3)
        for leak in leaks:
            self.assertEqual(functions(leak)[:3], ["leak_here", "outer", "main"])
            self.assertRegex(leak["stack"][0], r"^leak_here at .*/call_sites\.c:14 \(/.*/call_sites\w*\+0x[0-9a-f]+\)$")
            self.assertRegex(leak["stack"][1], r"call_sites\.c:17 ")
        (leak,) = of_size(report, 2000)
        self.assertEqual(functions(leak)[0], "main")
        self.assertRegex(leak["stack"][0], r"call_sites\.c:31 ")

    def test_a_leaks_stack_names_functions_and_lines_after_the_program_ended(self):
        _, report = self.reported([PROGRAM], "--stacks")
        self.assert_sites(report)

    def test_from_an_alternate_stack_the_caller_is_there(self):
        _, report = self.reported([PROGRAM], "--stacks")
        (leak,) = of_size(report, 3000)
        self.assertEqual(functions(leak)[0], "leak_here")

    def test_without_frame_pointers_the_caller_is_there_always_and_the_rest_by_unwind_tables(self):
        _, report = self.reported([NO_FRAMES], "--stacks")
        for leak in of_size(report, 1000):
            self.assertEqual(functions(leak)[0], "leak_here")
        if ON_X86:
            self.assert_sites(report)

    def test_so_many_frames_as_were_asked_for(self):
        _, report = self.reported([PROGRAM], "--stacks=2")
        self.assertEqual({tuple(functions(leak)) for leak in of_size(report, 1000)}, {("leak_here", "outer")})

    def test_the_environment_alone_turns_them_on(self):
        for environment in ({"TT_ALLOC_STACK_TRACE": "1"}, {"TIDEMARK_STACKS": "3"}):
            _, report = self.reported([PROGRAM], environment=environment)
            self.assertEqual(functions(of_size(report, 1000)[0])[:3], ["leak_here", "outer", "main"])

    def test_without_stacks_a_leak_has_none(self):
        _, report = self.reported([PROGRAM])
        self.assertEqual({leak["stack"] for leak in report["leaks"]}, {None})
        done = tidemark("run", "--", PROGRAM)
        self.assertNotIn(b"Call site", done.stderr)

    def test_a_file_that_was_replaced_gives_no_wrong_names(self):
        own = self.folder / "own"
        shutil.copy(PROGRAM, own)
        with Killed(self, [str(own), "wait"]) as world:
            world.program.kill()
            own.unlink()
            shutil.copy("/bin/true", own)
            leak = of_size(world.leaks(), 1000)[0]
        self.assertRegex(leak["stack"][0], rf"^{re.escape(str(own))}\+0x[0-9a-f]+$")

    def test_call_sites_outlive_a_killed_program_and_a_killed_collector(self):
        with Killed(self, [PROGRAM, "wait"]) as world:
            world.restart_collector()
            world.program.kill()
            self.assert_sites(world.leaks())

    def test_the_leak_log_says_files_and_offsets(self):
        log = self.folder / "leaks.json"
        with Killed(self, [PROGRAM, "wait"], "--leak-log", str(log)) as world:
            world.program.kill()
            world.leaks()
        leaks = [json.loads(line) for line in log.read_text().splitlines() if '"op":"leak"' in line]
        stacks = {tuple(leak["stack"]) for leak in leaks if leak["size"] == 1000}
        for stack in stacks:
            self.assertRegex(stack[0], rf"^{re.escape(PROGRAM)}\+0x[0-9a-f]+$")
        told = tidemark("leaks", str(log), "--by-site").stdout
        self.assertIn(f"#0 {PROGRAM}+0x".encode(), told)

    def test_live_buffers_have_theirs(self):
        with Killed(self, [PROGRAM, "wait"]) as world:
            told = world.tidemark("buffers", "--stacks")
            self.assertRegex(told.stdout, rb"#0 leak_here at .*call_sites\.c:14")
            self.assertRegex(told.stdout, rb"#1 outer at .*call_sites\.c:17")
            buffers = json.loads(world.tidemark("buffers", "--json").stdout)["buffers"]
            self.assertEqual(functions([b for b in buffers if b["size"] == 1000][0])[0], "leak_here")

    def test_suppressed_leaks_count_for_no_limit(self):
        known = self.folder / "known.txt"
        known.write_text("# known\nleak:^leak_h*e$\n")
        options = ["--max-leak", "2500", "--pool", "SYSTEM_MEMORY"]
        done, _ = self.reported([PROGRAM], *options)
        self.assertEqual(done.returncode, 1)
        done, report = self.reported([PROGRAM], *options, "--suppressions", str(known))
        self.assertEqual(done.returncode, 0)
        self.assertEqual(report["suppressed"], {"count": 4, "bytes": 6000, "sites": 2})
        self.assertEqual(of_size(report, 1000), [])
        done = tidemark("run", "--suppressions", str(known), "--", PROGRAM)
        self.assertIn(b"4 leaks (5.86 KB) of 2 call sites are suppressed", done.stderr)
        known.write_text("\nleek:x\n")
        done = tidemark("run", "--suppressions", str(known), "--", PROGRAM)
        self.assertEqual(done.returncode, 2)
        self.assertIn(f"{known}, line 2: 'leek:x' is not leak:PATTERN".encode(), done.stderr)

    def test_python_runs_unchanged_with_stacks(self):
        command = [tracked.installed("python3"), "-c", "import json, ssl, threading; print(json.dumps({'a': [1] * 9}))"]
        plain = tracked.run(command)
        done, report = self.reported(command, "--stacks=32")
        self.assertEqual((done.returncode, done.stdout), (plain.returncode, plain.stdout))
        self.assert_exact(report)
        self.assertTrue(any(leak["stack"] for leak in report["leaks"]))

    def test_many_threads_and_forks_are_counted_exactly_with_stacks(self):
        for name in ("many_threads.c", "fork_threads.c", "handler.c", "sandbox.c"):
            with self.subTest(name):
                command = [tracked.program(name)]
                plain = tracked.run(command)
                # A ring that no load of the machine fills.
                roomy = {"TIDEMARK_RING_BUDGET": "256M"}
                done, report = self.reported(command, "--stacks", environment=roomy)
                self.assertEqual((done.returncode, done.stdout), (plain.returncode, plain.stdout))
                self.assert_nothing_lost(report)


class Killed:
    """A collector of its own and a program that waits, both to be killed."""

    def __init__(self, test, command, *options):
        self.name = tracked.instance_name()
        self.options = options
        self.test = test
        self.collector = self.start_collector()
        environment = {"LD_PRELOAD": str(tracked.TRACKER), "TIDEMARK_ENABLED": "1", "TIDEMARK_STACKS": "8",
                       "TIDEMARK_INSTANCE": self.name, **tracked.ENVIRONMENT}  # fmt: skip
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
        test.assertEqual(self.process.stdout.readline(), b"ready\n")
        self.program = self

    def start_collector(self):
        read, write = os.pipe()
        command = [str(tracked.BIN / "tidemarkd"), "-q", "-q", "--instance", self.name, "--ready-fd", str(write)]
        command += self.options
        collector = subprocess.Popen(command, env=tracked.ENVIRONMENT, pass_fds=[write])
        os.close(write)
        self.test.assertNotEqual(os.read(read, 64), b"")
        os.close(read)
        return collector

    def restart_collector(self):
        json.loads(self.tidemark("buffers", "--json").stdout)
        self.collector.kill()
        self.collector.wait()
        self.collector = self.start_collector()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def tidemark(self, *arguments):
        return tidemark(*arguments, "--instance", self.name)

    def leaks(self):
        """Once the collector saw the end."""
        while True:
            report = json.loads(self.tidemark("leaks", "--json").stdout)
            if report["left"]:
                return report

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.collector.send_signal(signal.SIGTERM)
        self.collector.wait()
        for name in os.listdir("/dev/shm"):
            if name.startswith(f"tidemark.{self.name}."):
                os.unlink(f"/dev/shm/{name}")


if __name__ == "__main__":
    sys.exit(unittest.main())
