# SPDX-License-Identifier: Apache-2.0
"""The whole program that run.py measures: builds rows, writes them as JSON, reads that back and drops it all, again and
again. Under PYTHONMALLOC=malloc every object is an allocation of its own, so the allocator is most of what is at work:
the worst that a tracker of allocations can be asked. One argument: rounds; 30 make ten million events."""
import json
import sys


def build(first):
    return [
        {"id": i, "name": f"name {i}", "tags": [f"a{i}", f"b{i % 7}"], "at": i * 0.5}
        for i in range(first, first + 4000)
    ]


def main(rounds):
    total = 0
    for number in range(rounds):
        text = json.dumps(build(number * 1000))
        rows = json.loads(text)
        total += sum(row["id"] for row in rows) + len(text)
        del rows, text
    print(total)


if __name__ == "__main__":
    main(int(sys.argv[1]))
