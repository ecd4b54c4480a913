# SPDX-License-Identifier: Apache-2.0
"""Each test that docs/reliability.md and docs/security.md name is one that ctest knows."""
import fnmatch
import json
import os
import re
import subprocess
import unittest
from pathlib import Path

SOURCE = Path(os.environ["TIDEMARK_SOURCE_DIR"])
DOCUMENTS = ("docs/reliability.md", "docs/security.md")
NAMED = re.compile(r"`((?:process|collector|reader|viewers|abi|users|upgrade|hostile|exhaustion|host|fuzz|models|programs|lint|bench)\.[\w*]+|(?:producer|unit|monitor)_\w+)`")


class TestsNamed(unittest.TestCase):
    def test_every_test_that_a_document_names_is_there(self):
        listed = subprocess.run(["ctest", "--show-only=json-v1"], stdout=subprocess.PIPE, check=True)
        known = [test["name"] for test in json.loads(listed.stdout)["tests"]]
        # Those that need kill points are in other builds only.
        lists = " ".join(path.read_text(encoding="utf-8") for path in [*SOURCE.glob("tests/**/CMakeLists.txt"), SOURCE / "bench/CMakeLists.txt"])
        for document in DOCUMENTS:
            names = set(NAMED.findall((SOURCE / document).read_text(encoding="utf-8")))
            self.assertTrue(names, document)
            missing = [n for n in sorted(names) if not fnmatch.filter(known, n) and n.split(".")[-1] not in lists]
            self.assertEqual(missing, [], document)


if __name__ == "__main__":
    unittest.main()
