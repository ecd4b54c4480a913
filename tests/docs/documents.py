# SPDX-License-Identifier: Apache-2.0
"""What the tests of the documents share: the files, and their code blocks. Standard library only."""
import os
import re
from pathlib import Path

ROOT = Path(os.environ.get("TIDEMARK_SOURCE_DIR", Path(__file__).resolve().parents[2]))
BIN = Path(os.environ.get("TIDEMARK_BIN_DIR", "bin")).resolve()
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def markdown():
    """Every document: path relative to the root, and its text."""
    paths = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/README.md")])
    return {path.relative_to(ROOT): path.read_text(encoding="utf-8") for path in dict.fromkeys(paths)}


def blocks(text):
    """[(language, code)] of a document."""
    return FENCE.findall(text)


def prose(text):
    return FENCE.sub("", text)
