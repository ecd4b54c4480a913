# SPDX-License-Identifier: Apache-2.0
"""What the tests of fleets share: programs of the packages that they need, `tidemark serve`, and metrics as a scraper
reads them."""
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))
from world import BIN, PYTHON, ROOT, Program, World, environment, run  # noqa: E402, F401

PATIENCE = 60  # seconds for what must come; nothing is timed
LINE = re.compile(r"^([a-z_:]+)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')


def require(program, package):
    """Ends the script where a program is missing: skipped, or failed where CI is set."""
    if shutil.which(program):
        return
    must_run = bool(os.environ.get("CI"))
    print(f"{'failed' if must_run else 'skipped'}: needs {program} (package {package})", file=sys.stderr)
    sys.exit(1 if must_run else 77)


def metrics(text):
    """{name: {labels: value}}; labels are a frozenset of pairs. A series that stands there twice is an error."""
    found = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        name, labels, value = LINE.match(line).groups()
        key = frozenset(LABEL.findall(labels or ""))
        series = found.setdefault(name, {})
        assert key not in series, f"twice: {line}"
        series[key] = float(value) if "." in value or "e" in value else int(value)
    return found


def sums(series, *labels):
    """{values of the labels: sum}."""
    found = {}
    for key, value in series.items():
        pairs = dict(key)
        at = tuple(pairs.get(label, "") for label in labels)
        found[at] = found.get(at, 0) + value
    return found


def wait_until(condition, what):
    end = time.monotonic() + PATIENCE
    while not (found := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain: {what() if callable(what) else what}")
        time.sleep(0.05)
    return found


def promtool(*arguments, text=None):
    return subprocess.run(
        ["promtool", *map(str, arguments)], input=text, capture_output=True, text=True, timeout=60, check=False
    )


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def temporary_folder():
    return tempfile.TemporaryDirectory(prefix="tidemark-fleet.")


@contextlib.contextmanager
def ended(process):
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)
        if process.stdout:
            process.stdout.close()


class FleetWorld(World):
    def serve(self):
        """The address of a server that runs until the test ends."""
        process = subprocess.Popen(
            [BIN / "tidemark", "serve", "--port", "0", "--instance", self.instance], env=self.environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.enterContext(ended(process))
        return re.search(r"http://([\d.:]+)/", process.stdout.readline()).group(1)

    def get(self, address, path):
        with urllib.request.urlopen(f"http://{address}{path}", timeout=30) as answer:
            return answer.read().decode()

    def text(self, *flags):
        code, text, error = self.tidemark("query", "--format", "prometheus", "--instance", self.instance, *flags)
        self.assertEqual((code, error), (0, ""))
        return text
