# SPDX-License-Identifier: Apache-2.0
"""Memory orders are argued: every acquire, release, acq_rel and seq_cst has a SYNC(name) on its line or within the six
lines above; shm/README.md explains each name; and each name stands at two places at least, since an order that pairs
with nothing orders nothing."""
import re
from project import main, without_comments

FOLDERS = ("include", "shm", "producer", "collector")
README = "shm/README.md"
REACH = 6
ORDER = re.compile(
    r"memory_order(?:_|::)(?:acquire|release|acq_rel|seq_cst)\b|__ATOMIC_(?:ACQUIRE|RELEASE|ACQ_REL|SEQ_CST)\b"
)
SYNC = re.compile(r"SYNC\((?!name\))([^)\s]+)\)")  # "SYNC(name)" itself is how documents speak of them


def check(project):
    places = {}
    for path in project.code(*FOLDERS):
        lines = project.text(path).split("\n")
        for number, line in enumerate(lines, 1):
            for name in SYNC.findall(line):
                places.setdefault(name, []).append((path, number))
        for number, line in enumerate(without_comments(project.text(path)).split("\n"), 1):
            near = lines[max(0, number - 1 - REACH) : number]
            if ORDER.search(line) and not any(SYNC.search(n) for n in near):
                yield path, number, "memory order without SYNC(name) on the line or the six above"

    readme = (project.text(README) or "") if README in project.files else ""
    explained = {}
    for number, line in enumerate(readme.split("\n"), 1):
        for name in SYNC.findall(line):
            explained.setdefault(name, number)
    for name, found in places.items():
        if name not in explained:
            yield (*found[0], f"SYNC({name}) is not explained in {README}")
    for name, number in explained.items():
        if len(places.get(name, [])) < 2:
            yield README, number, f"SYNC({name}) stands at {len(places.get(name, []))} places in code, needs two"


if __name__ == "__main__":
    main(check, "memory orders")
