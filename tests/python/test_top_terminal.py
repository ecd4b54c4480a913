# SPDX-License-Identifier: Apache-2.0
"""`tidemark top` and its terminal: colours as it has them, Ctrl-Z and back, and keys while much is being read."""
import re
import subprocess
import unittest

import world
from top_world import TopWorld

# In no list of a small system: colours as an xterm of 256 sends them, of which there are 16.
SIXTEEN = "tidemark-16|sixteen colours,\n\tcolors#16, pairs#256, use=xterm-256color,\n"
BUFFERS = 1_000_000
LARGE = f"""
import time
from tidemark import producer
for i in range({BUFFERS}):
    producer.allocation(0, "DRAM", i + 1, 64)
    if i % 10000 == 0:
        producer.flush()
producer.allocation(0, "DRAM", {BUFFERS} + 1, 1 << 20)
producer.flush()
print("there", flush=True)
time.sleep(1000)
"""
COLOURS = {*range(30, 38), *range(90, 98)}


def looks(text):
    """The numbers of all looks on a screen: 1 bold, 2 dim, 7 reverse, 30 to 37 and 90 to 97 colours."""
    return {int(word) for found in re.findall(r"\x1b\[([\d;]*)m", text) for word in found.split(";") if word}


class Terminal(TopWorld):
    def looks_on(self, setting):
        self.socket += "x"  # the server of the one before may still be ending
        self.tmux("new-session", "-d", "-x", "80", "-y", "24",
                  f"env {setting} {world.BIN}/tidemark top; echo ended $?; sleep 1000")  # fmt: skip
        self.wait_for("collector running")
        self.wait_for("q quit")
        found = looks(self.screen("-e"))
        self.press("q")
        self.wait_for("ended 0")
        self.tmux("kill-server")
        return found

    def test_colours_are_those_that_the_terminal_has(self):
        subprocess.run(["tic", "-x", "-o", str(self.folder), "-"], input=SIXTEEN, text=True, check=True)
        self.start()
        many = self.looks_on(f"TERMINFO={self.folder} TERM=tidemark-16")
        self.assertEqual(many & COLOURS, {32, 36, 90})  # good, titles, and grey for what is dim
        self.assertNotIn(2, many)
        self.assertEqual(self.looks_on("TERM=screen-256color") & COLOURS, {32, 36, 90})
        eight = self.looks_on("TERM=linux")
        self.assertEqual(eight & COLOURS, {32, 36})
        self.assertIn(2, eight)
        for setting in ("TERM=vt100", "TERM=xterm-256color NO_COLOR=1"):
            none = self.looks_on(setting)
            self.assertEqual(none & COLOURS, set(), setting)
            self.assertLessEqual({1, 7}, none, setting)

    def test_ctrl_z_gives_the_terminal_back_and_fg_draws_anew(self):
        self.start()
        self.tmux("new-session", "-d", "-x", "80", "-y", "24", "PS1='here> ' exec bash --norc --noprofile -i")
        self.wait_for("here>")
        self.press(f"stty -g > {self.folder}/before; echo kept-line", "Enter")
        self.wait_for("(?m)^kept-line")
        for _ in range(2):
            self.press(f"{world.BIN}/tidemark top" if _ == 0 else "fg", "Enter")
            self.wait_for("collector running")
            self.assertNotIn("kept-line", self.screen())
            self.press("C-z")
            self.wait_for("Stopped")
            self.assertIn("kept-line", self.wait_for("collector running", absent=True))
            self.press(f"clear; echo kept-line; stty -g | diff - {self.folder}/before && echo as-before", "Enter")
            self.wait_for("(?m)^as-before")
        self.press("fg", "Enter")
        self.wait_for("collector running")
        self.press("?")
        self.wait_for("leak suspects")
        self.press("Escape", "q")
        self.wait_for("here>")
        self.assertNotIn("collector running", self.screen())

    def test_stopped_from_outside_it_draws_anew_when_it_goes_on(self):
        self.start()
        self.open(80, 24)
        self.wait_for("collector running")
        pane = self.tmux("display-message", "-p", "#{pane_pid}").stdout.strip()
        own = subprocess.run(["pgrep", "-P", pane, "-x", "tidemark"], text=True, stdout=subprocess.PIPE,
                             check=True).stdout.split()[0]  # fmt: skip
        subprocess.run(["kill", "-STOP", own], check=True)
        # As another program's output does: the screen is lost.
        terminal = self.tmux("display-message", "-p", "#{pane_tty}").stdout.strip()
        with open(terminal, "w", encoding="ascii") as screen:
            screen.write("\x1b[H\x1b[Jspoilt")
        self.wait_for("spoilt")
        subprocess.run(["kill", "-CONT", own], check=True)
        self.wait_for("spoilt", absent=True)
        self.wait_for("(?s)every 0.2 s.*collector running.*q quit")
        self.press("q")
        self.wait_for("ended 0")
        self.assertEqual((self.folder / "before").read_text(), (self.folder / "after").read_text())

    def send(self, text):
        """The bytes of one key, at once."""
        self.tmux("send-keys", "-H", *(f"{byte:02x}" for byte in text.encode()))

    def test_keys_that_terminfo_does_not_know_are_no_others(self):
        self.start()
        for name in ("xterm-256color", "vt100", "linux"):
            self.socket += "x"
            self.tmux("new-session", "-d", "-x", "120", "-y", "13",
                      f"env TERM={name} {world.BIN}/tidemark top; echo ended $?; sleep 1000")  # fmt: skip
            self.wait_for("(?s)collector running.*DRAM.")
            self.press("?")
            for home, end in (("[1~", "[4~"), ("[7~", "[8~"), ("[H", "[F"), ("OH", "OF")):
                self.wait_for("move; PgUp")
                self.send("\x1b" + end)
                self.wait_for("a bar is a pool")
                self.send("\x1b" + home)
            self.send("\x1b[6~")
            self.wait_for("move; PgUp", absent=True)
            self.send("\x1b[5~")
            self.wait_for("move; PgUp")
            self.press("q", "/", "12345", "Enter")
            # Delete, Insert, Ctrl-Home, F13, Alt-Shift-Delete, a paste's begin: none is Esc and other keys.
            for key in ("[3~", "[2~", "[1;5H", "[25~", "[3;4~", "[200~"):
                self.send("\x1b" + key)
            self.press("m")
            text = self.wait_for("change since")
            self.assertIn("/12345", text, name)
            self.assertIsNone(re.search("PID[▼▲]", text), name)
            self.press("Escape")
            self.wait_for("/12345", absent=True)
            self.press("q")
            self.wait_for("ended 0")
            self.tmux("kill-server")

    def test_a_million_buffers_are_read_while_keys_are_answered(self):
        self.start()
        program = subprocess.Popen([world.PYTHON, "-c", LARGE], env=self.environment, text=True, stdout=subprocess.PIPE)
        self.addCleanup(program.stdout.close)
        self.addCleanup(program.wait)
        self.addCleanup(program.kill)
        self.assertEqual(program.stdout.readline(), "there\n")
        self.open(120, 40)
        self.wait_for(rf"(?m)^ +{program.pid} ")
        self.press("Enter")
        self.wait_for("sizes of allocations")
        # Whether its buffers are being read or are there, keys are answered.
        self.press("?")
        self.wait_for("leak suspects")
        self.press("Escape", "m")
        self.wait_for("change since")
        self.press("M", "End")
        self.wait_for(rf"largest buffers.* of {BUFFERS + 1:,}(.*\n)+ +1\.00 MB")
        self.press("q")
        self.wait_for("ended 0")


if __name__ == "__main__":
    unittest.main()
