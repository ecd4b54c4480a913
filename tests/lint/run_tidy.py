# SPDX-License-Identifier: Apache-2.0
"""clang-tidy over the rooms, in parallel. A file that was clean is not looked at again until it, a header of ours that
it reaches, its compile command or .clang-tidy changes."""
import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from check_includes import includes, resolve
from project import ROOMS, Project

# GCC's flags that clang does not know, and sanitizers, which add nothing to what a linter sees.
IGNORED = re.compile(r"warning: unknown warning option|\d+ warnings? generated|\d+ warnings? treated as error")


def reached(project, files, path):
    """A source and the project's headers that it includes, directly or not."""
    seen, queue = {path}, [path]
    while queue:
        here = queue.pop()
        for _, _, name in includes(project, here):
            target = resolve(project, files, here, name)
            if target and target not in seen:
                seen.add(target)
                queue.append(target)
    return sorted(seen)


def key_of(project, files, path, command, version):
    digest = hashlib.sha256()
    for part in (version, command, project.text(".clang-tidy")):
        digest.update(part.encode() + b"\0")
    for file in reached(project, files, path):
        digest.update(file.encode() + b"\0" + project.text(file).encode() + b"\0")
    return digest.hexdigest()


def tidy(path, build, root):
    started = time.monotonic()
    command = ["clang-tidy", "--quiet", f"-p={build}", "--extra-arg=-Wno-unknown-warning-option",
               "--extra-arg=-Wno-ignored-optimization-argument", path]  # fmt: skip
    done = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    lines = [l for l in done.stdout.decode(errors="replace").split("\n") if not IGNORED.search(l)]
    return path, done.returncode, "\n".join(lines).strip(), time.monotonic() - started


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, help="a configured build folder")
    parser.add_argument("--cache", required=True, help="folder for the keys of clean files")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()

    project = Project(Path(__file__).resolve().parent.parent.parent)
    files = set(project.files)
    cache = Path(options.cache)
    cache.mkdir(parents=True, exist_ok=True)
    version = subprocess.run(["clang-tidy", "--version"], stdout=subprocess.PIPE, check=True).stdout.decode()

    todo, clean = {}, 0
    for entry in json.loads(Path(options.build, "compile_commands.json").read_text()):
        path = os.path.relpath(os.path.join(entry["directory"], entry["file"]), project.root)
        if path.split("/")[0] not in ROOMS or path in todo or path not in files:
            continue
        key = key_of(project, files, path, entry.get("command", ""), version)
        if (cache / key).exists():
            clean += 1
        else:
            todo[path] = key

    started, bad = time.monotonic(), 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        jobs = [pool.submit(tidy, path, os.path.abspath(options.build), project.root) for path in sorted(todo)]
        for job in concurrent.futures.as_completed(jobs):
            path, status, output, seconds = job.result()
            if status == 0:
                (cache / todo[path]).touch()
            else:
                bad += 1
                print(f"{path} ({seconds:.0f} s)\n{output}\n", flush=True)
    print(
        f"clang-tidy: {len(todo)} files in {time.monotonic() - started:.0f} s, "
        f"{clean} unchanged since they were clean, {bad} with findings"
    )
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
