# SPDX-License-Identifier: Apache-2.0
"""What `./dev demo` shows: it finishes by itself without a terminal, shows the live table three times, and leaves nothing."""
import unittest
from pathlib import Path

import tracked

DEMO = Path(__file__).resolve().parents[2] / "examples" / "demo.sh"


class Demo(unittest.TestCase):
    def test_it_shows_a_program_live_and_then_its_report(self):
        done = tracked.run(["bash", str(DEMO)], {"TIDEMARK_BIN_DIR": str(tracked.BIN)}, stderr=-2)
        text = done.stdout.decode()
        self.assertEqual(done.returncode, 0, text)
        self.assertEqual(text.count("● collector running"), 3, text)
        self.assertIn("nothing lost: sums and counts are exact", text)
        instance = text.split("tidemark smi --instance ")[1].split()[0]
        self.assertEqual(list(Path("/dev/shm").glob(f"tidemark.{instance}.*")), [])


if __name__ == "__main__":
    unittest.main()
