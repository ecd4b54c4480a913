# SPDX-License-Identifier: Apache-2.0
"""`tidemark top` as a person uses it: in tmux, beside a program that grows."""
import contextlib
import os
import re
import signal
import subprocess
import time
import unittest

import world
from top_world import TopWorld

GROWING = """
import os, sys, time
from tidemark import producer
producer.declare_device(0, "card \\x1b[31m")
producer.declare_memory(0, "DRAM", 1 << 30)
name = "child" if os.fork() == 0 else "parent"
if name == "child":
    os.execv(sys.executable, [sys.executable, "-c", sys.argv[2], "growing-child"])
held = []
while True:
    held.append(producer.Buffer(0, "DRAM", 0x1000 * (len(held) + 1), 256 << 10))
    producer.flush()
    time.sleep(0.05)
"""
CHILD = """
import time
from tidemark import producer
one = producer.Buffer(0, "L1", 1, 4096)
producer.flush()
while True:
    time.sleep(1)
"""


class Top(TopWorld):
    def grow(self):
        program = subprocess.Popen([world.PYTHON, "-c", GROWING, "growing-parent", CHILD], env=self.environment,
                                   start_new_session=True)  # fmt: skip
        self.addCleanup(program.wait)
        self.addCleanup(program.kill)
        self.addCleanup(self.end_group, program)
        return program

    def end_group(self, program):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGKILL)

    def dram(self, pid):
        """What the table shows of that process, in bytes."""
        found = re.search(rf"^ +{pid} .*? (\d+\.\d\d) ([KMG])B", self.screen(), re.MULTILINE)
        return float(found[1]) * 1024 ** " KMG".index(found[2]) if found else None

    def test_it_shows_a_program_grow_and_obeys_its_keys(self):
        self.start()
        program = self.grow()
        self.open(80, 24)
        self.wait_for(rf"(?m)^ +{program.pid} .*[KMG]B.*$")
        before = self.dram(program.pid)
        until = time.monotonic() + 60
        while (self.dram(program.pid) or 0) <= (before or 0) and time.monotonic() < until:
            time.sleep(0.1)
        self.assertGreater(self.dram(program.pid), before)
        self.assertIn("card ?[31m", self.wait_for("DRAM"))
        # Sorted by the next column, and the other way round.
        self.press("Right")
        self.wait_for("L1▼|HOST▼|DEV▼")
        self.press("r")
        self.wait_for("▲")
        # A tree: the child below, its sum above.
        self.press("t")
        self.wait_for("Σ")
        self.wait_for("└")
        # A filter of what is not there, and of what is.
        self.press("/", "nothing-like-it", "Enter")
        self.wait_for("no process matches")
        self.press("Escape")
        self.wait_for(str(program.pid))
        # A mark: the change alone.
        self.press("m")
        self.wait_for(r"change since .*\n(.*\n)*.*\+\d+\.\d\d [KMG]B")
        self.press("M")
        self.wait_for("change since", absent=True)
        # Larger, then the process itself.
        self.tmux("resize-window", "-x", "200", "-y", "60")
        self.wait_for(r"COUNT/S +COMMAND")
        self.press("/", str(program.pid), "Enter", "Enter")
        self.wait_for("pools over time")
        self.wait_for("sizes of allocations")
        self.wait_for(r"largest buffers(.*\n)+ +256\.00 KB")
        self.press("Escape", "Escape", "t", "?")
        self.wait_for("leak suspects")
        self.press("Escape", "l")
        self.wait_for(rf"{program.pid} +python3 +0 DRAM")
        self.press("Escape")
        # A signal, with a question before it.
        self.press("/", str(program.pid), "Enter")
        self.wait_for(rf"(?m)^ +{program.pid} ")
        self.press("F9")
        self.wait_for("SIGKILL")
        self.press("Enter")
        self.wait_for("Send SIGTERM to pid")
        self.press("y")
        self.wait_for(f"sent to pid {program.pid}")
        self.assertEqual(program.wait(60), -15)
        self.press("q")
        self.wait_for("ended 0")
        self.assertEqual((self.folder / "before").read_text(), (self.folder / "after").read_text())
        self.assertIn('"sort"', (self.folder / "tidemark/top.json").read_text())

    def fills(self, columns, rows):
        """Whether the clock stands at the right end of the first row and the hints in the last one."""
        lines = self.screen().rstrip("\n").split("\n")
        return len(lines) == rows and len(lines[0].rstrip()) == columns - 1 and lines[-1].startswith(" ? help")

    def test_it_starts_at_any_size_shrinks_and_grows_and_keeps_the_columns_that_were_chosen(self):
        self.start()
        program = self.grow()
        left = ["COMMAND", "AGE +COMMAND", "AGE +LOST +COMMAND", "AGE +LOST +EVENTS +COMMAND"]
        for i, (columns, rows) in enumerate(((80, 24), (120, 40), (200, 60))):
            self.socket += "x"  # the server of the one before may still be ending
            self.open(columns, rows)
            self.wait_for(rf"(?m)^ +{program.pid} ")
            self.wait_until(lambda size=(columns, rows): self.fills(*size))
            self.wait_for(rf"(?m)^ +PID.* {left[i]}")
            for size in ((60, 12), (200, 60), (columns, rows)):
                self.tmux("resize-window", "-x", str(size[0]), "-y", str(size[1]))
                self.wait_until(lambda size=size: self.fills(*size))
                self.wait_for(rf"(?m)^ +{program.pid} ")
            # The last of those that are not shown comes before the command.
            self.press("c", "End", "Space", "<", "Enter")
            self.wait_for("Space shows", absent=True)
            self.tmux("resize-window", "-x", "200", "-y", "60")
            self.wait_for(rf"(?m)^ +PID.* {left[i + 1]}")
            self.press("q")
            self.wait_for("ended 0")
            self.tmux("kill-server")

    def test_it_survives_the_collector_and_says_what_it_misses(self):
        self.open(80, 24, "--readonly")
        self.wait_for("no collector runs")
        self.start()
        self.wait_for("collector running")
        self.daemon("--stop")
        self.wait_for("collector stopped")
        self.start()
        self.wait_for("collector running")
        self.press("F9")
        self.wait_for("--readonly")
        pane = self.tmux("display-message", "-p", "#{pane_pid}").stdout.strip()
        own = subprocess.run(["pgrep", "-P", pane, "-x", "tidemark"], text=True, stdout=subprocess.PIPE,
                             check=True).stdout.split()[0]  # fmt: skip
        subprocess.run(["kill", "-TERM", own], check=True)
        self.wait_for("ended 0")
        self.assertEqual((self.folder / "before").read_text(), (self.folder / "after").read_text())

    def test_without_a_terminal_it_names_the_verbs_that_need_none(self):
        done = world.run([world.BIN / "tidemark", "top"], self.environment)
        self.assertEqual(done.returncode, 3)
        self.assertIn("`tidemark query`", done.stderr)
        self.assertEqual(done.stdout, "")


if __name__ == "__main__":
    unittest.main()
