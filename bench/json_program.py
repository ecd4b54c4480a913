# SPDX-License-Identifier: Apache-2.0
"""The whole program that run.py measures: builds rows, writes them as JSON, reads that back and drops it all, so many
rounds. Under PYTHONMALLOC=malloc every object is an allocation of its own. With many rows the structure is larger than
the processor's caches, as those of real programs are; with few rows the allocator is most of what is at work, which is
the worst that a tracker of allocations can be asked. Arguments: rounds, rows; 1 and 200000 make 18 million events."""
import json
import sys


def build(first, rows):
    return [
        {"id": i, "name": "x" * (i % 50), "tags": [str(j) for j in range(5)]}
        for i in range(first, first + rows)
    ]


def main(rounds, rows):
    total = 0
    for number in range(rounds):
        built = build(number * 1000, rows)
        text = json.dumps(built)
        again = json.loads(text)
        del built
        total += len(text) + sum(row["id"] for row in again)
        del again, text
    print(total)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
