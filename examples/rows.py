# SPDX-License-Identifier: Apache-2.0
"""A program like any other, to be watched: builds a list of records, writes it as JSON, and forgets it. With SECONDS
it keeps the list so long, to be looked at."""
import json
import sys
import time

rows = [{"id": i, "name": f"row {i}", "tags": ["a", "b", str(i)]} for i in range(100_000)]
print(len(json.dumps(rows)), "characters")
time.sleep(float(sys.argv[1]) if len(sys.argv) > 1 else 0)
