# SPDX-License-Identifier: Apache-2.0
"""docs/web.md lists every limit of viewers/web/limits.hpp with its value."""
import os
import re
import unittest
from pathlib import Path

SOURCE = Path(os.environ["TIDEMARK_SOURCE_DIR"])


class Limits(unittest.TestCase):
    def test_the_document_lists_every_limit_with_its_value(self):
        header = (SOURCE / "viewers/web/limits.hpp").read_text()
        compiled = re.findall(r"inline constexpr [\w:]+ (k\w+)(?:\{|\s*=\s*)([\d']+)", header)
        self.assertEqual(len(compiled), header.count("inline constexpr"))
        table = re.findall(r"^\| `(k\w+)` \| (\d+)\b", (SOURCE / "docs/web.md").read_text(), re.MULTILINE)
        self.assertEqual(dict(table), {name: value.replace("'", "") for name, value in compiled})


if __name__ == "__main__":
    unittest.main()
