# SPDX-License-Identifier: Apache-2.0
"""Runs the long version of every test that has one (ctest label `torture`), one after the other, and says with which seed
each began, so that a failure can be had again. `./dev torture` calls it. Standard library only."""
import argparse
import json
import os
import subprocess
import sys
import time


def tests_of(build):
    """Name, command, environment and folder of each, as ctest knows them."""
    listed = subprocess.run(
        ["ctest", "--test-dir", build, "-L", "torture", "--show-only=json-v1"], stdout=subprocess.PIPE, check=True
    )
    for test in json.loads(listed.stdout)["tests"]:
        properties = {p["name"]: p["value"] for p in test.get("properties", [])}
        environment = dict(entry.split("=", 1) for entry in properties.get("ENVIRONMENT", []))
        yield test["name"], test["command"], environment, properties.get("WORKING_DIRECTORY", build)


def run(build, minutes, seed, only):
    """How many failed."""
    failed = 0
    for name, command, environment, folder in tests_of(build):
        if only and only not in name:
            continue
        print(f"==> {build}: {name}, {minutes} min, seed {seed}", flush=True)
        begun = time.monotonic()
        variables = {**os.environ, **environment, "TIDEMARK_TORTURE": str(minutes), "TIDEMARK_SEED": str(seed)}
        status = subprocess.run(command, cwd=folder, env=variables, check=False).returncode
        seconds = time.monotonic() - begun
        print(f"==> {name}: {'passed' if status == 0 else f'FAILED ({status})'} after {seconds:.0f} s", flush=True)
        failed += status != 0
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("builds", nargs="+", help="build folders")
    parser.add_argument("--minutes", type=float, default=10, help="for each test (10)")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="where its choices begin (the time)")
    parser.add_argument("--only", default="", help="tests whose name has this in it")
    told = parser.parse_args()
    failed = sum(run(build, told.minutes, told.seed, told.only) for build in told.builds)
    print(f"torture: {failed} failed, seed {told.seed}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
