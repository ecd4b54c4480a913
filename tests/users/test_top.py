# SPDX-License-Identifier: Apache-2.0
"""`tidemark top` of another user, in tmux: all figures are there, and what may not be read is said to be unknown."""
import os
import re
import shutil
import sys

from world import ALICE, BIN, MALLORY, Collector, Script, World, comes_true, main, run


class Terminal:
    """top of that user, in a tmux server of its own."""

    def __init__(self, test, uid):
        self.uid = uid
        test.addCleanup(self.tmux, "kill-server")
        self.tmux("new-session", "-d", "-x", "120", "-y", "50", f"{BIN}/tidemark top -r 200 --instance system")

    def tmux(self, *words):
        words = ["tmux", "-L", f"of-{self.uid}", "-f", "/dev/null", *words]
        return run(self.uid, *words, TMUX_TMPDIR="/tmp", SHELL="/bin/sh")[1]

    def press(self, *keys):
        for key in keys:
            self.tmux("send-keys", key)

    def screen(self):
        return self.tmux("capture-pane", "-p")

    def shows(self, pattern):
        return comes_true(lambda: re.search(pattern, self.screen()))


class Top(World):
    def setUp(self):
        if shutil.which("tmux") is None:
            print(f"{'failed' if os.environ.get('CI') else 'skipped'}: tmux is missing", file=sys.stderr)
            sys.exit(1 if os.environ.get("CI") else 77)

    def open(self, uid, script):
        top = Terminal(self, uid)
        self.assertTrue(top.shows(rf"(?m)^ +{script.pid} "), top.screen())
        top.press("Enter")
        self.assertTrue(top.shows("sizes of allocations"), top.screen())
        return top

    def test_what_may_not_be_read_is_unknown_and_all_else_is_there(self):
        collector = Collector(self)
        self.assertTrue(collector.ready, collector.said())
        script = Script(self, ALICE, 1000)
        self.assert_drained(script)
        stranger = self.open(MALLORY, script)
        self.assertTrue(stranger.shows(r"largest buffers[^\n]*\n not known: pid \d+: "), stranger.screen())
        text = stranger.screen()
        self.assertEqual(len(re.findall("not known: ", text)), 3, text)
        for never in ("no live buffers", "not recorded", " of 500"):
            self.assertNotIn(never, text)
        self.assertRegex(text, r"(?m)^ .*B +500 ")  # live buffers of its pools are figures, which all may see
        stranger.press("Escape", "l")
        self.assertTrue(stranger.shows("pools of devices that only grow"))
        for uid in (ALICE, 0):
            owner = self.open(uid, script)
            self.assertTrue(owner.shows("largest buffers.* of 500 "), owner.screen())
            self.assertNotIn("not known", owner.screen())


if __name__ == "__main__":
    main()
