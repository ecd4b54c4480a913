# SPDX-License-Identifier: Apache-2.0
"""What the checks share: the list of files, their text without comments, and how findings are told.

A check is a function that takes a Project and yields (path, line, message). Standard library only, Python 3.9.
"""
import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

ROOMS = ("include", "shm", "producer", "collector", "viewers")
CODE = (".h", ".hpp", ".c", ".cpp", ".ipp")
SKIPPED = {".git", "build", "__pycache__", ".cache"}

_COMMENT = re.compile(
    r'//[^\n]*|/\*.*?\*/|(R"\((?:.|\n)*?\)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\')', re.DOTALL
)


def without_comments(text):
    """The text with comments blanked; line numbers stay."""

    def blank(match):
        if match.group(1) is not None:
            return match.group(0)
        return re.sub(r"[^\n]", " ", match.group(0))

    return _COMMENT.sub(blank, text)


class Project:
    def __init__(self, root):
        self.root = Path(root).resolve()
        self.files = sorted(self._list())
        self._texts = {}

    def _list(self):
        """Paths relative to the root: what git tracks or would track, else every file."""
        if (self.root / ".git").exists():
            found = subprocess.run(
                ["git", "-c", f"safe.directory={self.root}", "-C", str(self.root), "ls-files", "-z"]
                + ["--cached", "--others", "--exclude-standard"],
                stdout=subprocess.PIPE,
                check=False,
            )
            if found.returncode == 0:
                names = found.stdout.decode().split("\0")
                return [n for n in set(names) if n and (self.root / n).is_file()]
        names = []
        for folder, subfolders, files in os.walk(self.root):
            subfolders[:] = [s for s in subfolders if s not in SKIPPED]
            names += [os.path.relpath(os.path.join(folder, f), self.root) for f in files]
        return names

    def text(self, path):
        if path not in self._texts:
            try:
                self._texts[path] = (self.root / path).read_text(encoding="utf-8")
            except UnicodeDecodeError:
                self._texts[path] = None  # binary
        return self._texts[path]

    def code(self, *folders):
        """C and C++ files, all or those under the folders."""
        for path in self.files:
            if path.endswith(CODE) and (not folders or path.split("/")[0] in folders):
                if self.text(path) is not None:
                    yield path


def main(check, what):
    """Runs one check as a program: prints findings as path:line: message, exits 1 if there are any."""
    parser = argparse.ArgumentParser(description=what)
    default = Path(__file__).resolve().parent.parent.parent
    parser.add_argument("--root", default=default, help="the project's top folder")
    findings = sorted(set(check(Project(parser.parse_args().root))))
    for path, line, message in findings:
        print(f"{path}:{line}: {message}")
    print(f"{what}: {len(findings)} finding{'' if len(findings) == 1 else 's'}")
    sys.exit(1 if findings else 0)
