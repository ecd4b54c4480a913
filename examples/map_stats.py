# SPDX-License-Identifier: Apache-2.0
"""Maps the collector's figures from Python and prints each device × pool. Needs nothing but the standard library:

    PYTHONPATH=viewers/python python3 examples/map_stats.py
"""
import sys

import tidemark

HOST = 65535


def main():
    # No name: the instance that TIDEMARK_INSTANCE names, else the user's own, else the system's.
    instance = sys.argv[1] if len(sys.argv) > 1 else None
    with tidemark.Stats(instance) as stats:
        # From here on every figure is read from memory: no request to anyone.
        print(f"{'device':<6}  {'pool':<14}  {'allocated':>16}  {'peak':>16}  {'live':>10}")
        for row in stats.usage():
            device = "host" if row["device"] == HOST else row["device"]
            lost = "" if row["exact"] else "  (events were lost)"
            figures = f"{row['current']:>16}  {row['peak']:>16}  {row['live']:>10}"
            print(f"{device:<6}  {row['pool_name']:<14}  {figures}{lost}")


if __name__ == "__main__":
    try:
        main()
    except tidemark.StatsError as error:
        print(error, file=sys.stderr)
        sys.exit(3)
