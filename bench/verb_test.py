#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`tidemark bench`: measures with nothing running, shows its bar on a terminal alone, ends at an interrupt, and says what it
lacks. No time is asserted."""
import json
import os
import pty
import signal
import subprocess
import sys
import time

TIDEMARK = os.path.join(os.environ["TIDEMARK_BIN_DIR"], "tidemark")


def run(*arguments, **more):
    command = [TIDEMARK, "bench", *arguments]
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=300, check=False, **more)


def measures_and_draws_nothing_into_a_pipe():
    ran = run("--seconds", "1", "--json", stderr=subprocess.PIPE)
    assert ran.returncode == 0, ran
    assert ran.stderr == "", ran
    told = json.loads(ran.stdout)
    for key in ("stamp", "event", "row_read", "publication"):
        assert 0 < told[key]["median_ns"] <= told[key]["p99_ns"], told
    assert told["events_a_second"] > 0, told
    assert told["seconds"] == 1, told
    assert told["stamp"]["kind"] in ("counter", "counter_fenced", "kernel_clock"), told


def draws_its_bar_on_a_terminal_and_takes_it_away():
    terminal, other = pty.openpty()
    environment = dict(os.environ, TERM="xterm", LANG="C.UTF-8")
    with subprocess.Popen([TIDEMARK, "bench", "--seconds", "1", "--ascii"], env=environment, stderr=other,
                          stdout=subprocess.PIPE, text=True) as process:  # fmt: skip
        os.close(other)
        shown = b""
        try:
            while part := os.read(terminal, 4096):
                shown += part
        except OSError:  # the other side is closed
            pass
        out = process.stdout.read()
    os.close(terminal)
    assert process.returncode == 0, (shown, out)
    assert b"measuring ####" in shown and shown.rstrip(b"\x1b[K").endswith(b"\r"), shown
    assert "time stamp alone" in out and "one event" in out and "#" not in out, out


def ends_at_an_interrupt_and_leaves_no_collector():
    process = subprocess.Popen([TIDEMARK, "bench", "--seconds", "600"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)  # fmt: skip
    def objects():
        return [name for name in os.listdir("/dev/shm") if name.startswith(f"tidemark.run-{process.pid:07d}-")]

    deadline = time.monotonic() + 60
    while not any(name.endswith(".stats") for name in objects()) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert objects() != []
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=300)
    assert process.returncode == 3 and out == "" and "interrupted" in error, (process.returncode, out, error)
    assert objects() == [], objects()


def says_what_is_wrong_in_one_line():
    for arguments in (("--seconds", "0"), ("--seconds", "soon"), ("-w",), ("--csv",)):
        ran = run(*arguments, stderr=subprocess.PIPE)
        assert ran.returncode == 2 and ran.stderr.count("\n") == 1, ran
    nowhere = dict(os.environ, TIDEMARK_PRODUCER_LIBRARY="/nowhere/lib.so")
    ran = run("--seconds", "1", stderr=subprocess.PIPE, env=nowhere)
    assert ran.returncode == 3 and ran.stderr.count("\n") == 1 and "/nowhere/lib.so" in ran.stderr, ran


for test in (measures_and_draws_nothing_into_a_pipe, draws_its_bar_on_a_terminal_and_takes_it_away,
             ends_at_an_interrupt_and_leaves_no_collector, says_what_is_wrong_in_one_line):  # fmt: skip
    test()
    print(f"ok: {test.__name__.replace('_', ' ')}")
sys.exit(0)
