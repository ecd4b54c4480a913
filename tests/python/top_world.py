# SPDX-License-Identifier: Apache-2.0
"""`tidemark top` in a terminal that tests can press keys in and read: a tmux server of their own."""
import os
import re
import shutil
import sys
import time

import world


class TopWorld(world.World):
    def setUp(self):
        super().setUp()
        if shutil.which("tmux") is None:
            if os.environ.get("CI"):
                self.fail("tmux is missing (packaging/debian-packages.txt)")
            sys.stderr.write("skipped: tmux is missing\n")
            sys.exit(77)
        self.socket = f"tidemark-{os.getpid()}-{world.World.count}"
        self.environment["XDG_CONFIG_HOME"] = str(self.folder)
        self.environment["TMUX_TMPDIR"] = str(self.folder)
        del self.environment["NO_COLOR"], self.environment["COLUMNS"]
        self.addCleanup(self.tmux, "kill-server")

    def tmux(self, *arguments):
        return world.run(["tmux", "-L", self.socket, "-f", "/dev/null", *arguments], self.environment)

    def open(self, columns, rows, *flags):
        command = f"stty -g > {self.folder}/before; {world.BIN}/tidemark top -r 200 {' '.join(flags)}; " \
                  f"code=$?; stty -g > {self.folder}/after; echo ended $code; sleep 1000"  # fmt: skip
        self.tmux("new-session", "-d", "-x", str(columns), "-y", str(rows), command)

    def press(self, *keys):
        for key in keys:
            self.tmux("send-keys", key)

    def screen(self, *flags):
        return self.tmux("capture-pane", "-p", *flags).stdout

    def wait_until(self, condition):
        until = time.monotonic() + 60
        while not condition():
            self.assertLess(time.monotonic(), until, self.screen())
            time.sleep(0.1)

    def wait_for(self, pattern, absent=False):
        until = time.monotonic() + 60
        while time.monotonic() < until:
            text = self.screen()
            if (re.search(pattern, text) is None) == absent:
                return text
            time.sleep(0.1)
        self.fail(f"{'still' if absent else 'never'} {pattern!r} on the screen:\n{self.screen()}")
        return ""
