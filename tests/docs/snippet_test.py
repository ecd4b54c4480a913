# SPDX-License-Identifier: Apache-2.0
"""The C++ block of docs/tt-metal.md compiles as it stands, against types that stand in for tt-metal's, and one that pushes the
processor is told of buffers."""
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from documents import ROOT, blocks, markdown

LIB = Path(os.environ.get("TIDEMARK_LIB_DIR", "lib")).resolve()
MAIN = """
int main() {
    track_this_thread();
    tt::tt_metal::IDevice device(3);
    tt::tt_metal::Buffer buffer(&device, 1, 4096, tt::tt_metal::BufferType::L1);
    for (auto& processor : tt::tt_metal::GraphTracker::processors) processor->track_allocate(&buffer);
    return tidemark::Monitor::instance().query_device(3).current[TIDEMARK_POOL_L1] == 4096 ? 0 : 1;
}
"""


class Snippet(unittest.TestCase):
    def test_tt_metal(self):
        text = next(text for path, text in markdown().items() if path.name == "tt-metal.md")
        [code] = [code for language, code in blocks(text) if language == "cpp"]
        with tempfile.TemporaryDirectory(prefix="tidemark-snippet.") as folder:
            source, program = Path(folder, "snippet.cpp"), Path(folder, "snippet")
            source.write_text(code + MAIN, encoding="utf-8")
            command = ["c++", "-std=c++20", "-Wall", "-Wextra", "-Werror", f"-I{ROOT}/include"]
            command += [f"-I{ROOT}/tests/unit/monitor/stand_in", source, "-o", program]
            command += [LIB / "libtidemark_monitor.a", LIB / "libtidemark_producer.a", "-pthread", "-ldl"]
            done = subprocess.run(command, capture_output=True, text=True, timeout=100)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual(subprocess.run([program], timeout=60).returncode, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
