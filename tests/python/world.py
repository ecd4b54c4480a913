# SPDX-License-Identifier: Apache-2.0
"""What the Python tests share: an instance with a collector of their own, and programs in it. Standard library only."""
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(os.environ["TIDEMARK_SOURCE_DIR"])
BIN = Path(os.environ["TIDEMARK_BIN_DIR"])
LIBRARY = Path(os.environ["TIDEMARK_LIB_DIR"], "libtidemark_producer.so.0")
TRACKER = Path(os.environ["TIDEMARK_LIB_DIR"], "libtidemark_malloc.so")
PYTHON = "/usr/bin/python3"
sys.path.insert(0, str(ROOT / "viewers" / "python"))


def environment(**more):
    """Of a program that the tests start: nothing of Tidemark's own but what is named here."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TIDEMARK_", "TT_", "LD_"))}
    kept.update(
        PATH=f"{BIN}:/usr/bin:/bin", PYTHONPATH=str(ROOT / "viewers/python"), PYTHONDONTWRITEBYTECODE="1",
        TIDEMARK_PRODUCER_LIBRARY=str(LIBRARY), LC_ALL="C.UTF-8", NO_COLOR="1", COLUMNS="120", **more,
    )  # fmt: skip
    return kept


def run(command, env, **options):
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run(
        [str(word) for word in command], env=env, check=False, timeout=100, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, **options,
    )  # fmt: skip


class World(unittest.TestCase):
    """Each test has an instance without a collector; start() starts one."""

    maxDiff = None
    count = 0

    def setUp(self):
        World.count += 1
        self.instance = f"{os.environ.get('TIDEMARK_TEST_NAME', 'python')}-{os.getpid()}-{World.count}"
        self.environment = environment(TIDEMARK_INSTANCE=self.instance, TIDEMARK_ENABLED="1")
        folder = tempfile.TemporaryDirectory(prefix="tidemark-python.")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.addCleanup(self._clean)

    def _clean(self):
        self.daemon("--stop")
        for left in Path("/dev/shm").glob(f"tidemark.{self.instance}.*"):
            left.unlink(missing_ok=True)

    def daemon(self, *arguments):
        return run([BIN / "tidemarkd", *arguments, "--instance", self.instance], self.environment)

    def start(self):
        done = self.daemon("--background")
        self.assertEqual(done.returncode, 0, done.stderr)

    def python(self, code, *arguments, **more):
        """A program of this text under the instance; its standard output."""
        done = run([PYTHON, "-c", code, *arguments], {**self.environment, **more})
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def tidemark(self, *arguments):
        done = run([BIN / "tidemark", *arguments], self.environment)
        return done.returncode, done.stdout, done.stderr


class Program:
    """A Python program that runs on: lines of code go in, each is answered by a line when it is done."""

    LOOP = "import sys\nfor line in sys.stdin:\n    exec(line, globals())\n    print('done', flush=True)\n"

    def __init__(self, env, command=()):
        self.process = subprocess.Popen(
            [*command, PYTHON, "-u", "-c", self.LOOP], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(60)

    def do(self, code):
        """Executes the line; answers what it printed."""
        self.process.stdin.write(code + "\n")
        self.process.stdin.flush()
        lines = []
        while (line := self.process.stdout.readline()) != "done\n":
            if not line:
                raise AssertionError(f"the program ended in: {code}")
            lines.append(line)
        return "".join(lines)

    @property
    def pid(self):
        return self.process.pid
