# SPDX-License-Identifier: Apache-2.0
"""What depends on the processor compiles for AArch64 too: shm/, producer/, the drain, and programs of strangers that
include the installed headers. Needs Debian's g++-aarch64-linux-gnu."""
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

from project import main

COMPILERS = {".cpp": ["aarch64-linux-gnu-g++", "-std=c++20"], ".c": ["aarch64-linux-gnu-gcc", "-std=c11"]}
FOLDERS = ("shm/", "producer/", "collector/drain/", "examples/")
FLAGS = ["-O1", "-Wall", "-Wextra", "-Werror", "-fPIC", "-I.", "-Iinclude", "-Iinclude/tidemark/compat"]
FLAGS += ["-Itests/unit/monitor/stand_in", "-idirafter", "/usr/include"]  # the former stands in for Tracy


def compile_one(project, path):
    command = [*COMPILERS[os.path.splitext(path)[1]], *FLAGS, "-c", path, "-o", os.devnull]
    done = subprocess.run(command, cwd=project.root, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode == 0:
        return []
    told = [line for line in done.stderr.splitlines() if "error:" in line] or done.stderr.splitlines() or ["no message"]
    return [(path, 1, told[0])]


def check(project):
    missing = [c[0] for c in COMPILERS.values() if shutil.which(c[0]) is None]
    if missing:
        yield "packaging/debian-packages.txt", 1, f"{missing[0]} is not installed: ./dev deps lint"
        return
    paths = [p for p in project.files if p.startswith(FOLDERS) and os.path.splitext(p)[1] in COMPILERS]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for findings in pool.map(lambda path: compile_one(project, path), paths):
            yield from findings


if __name__ == "__main__":
    main(check, "compiles for AArch64")
