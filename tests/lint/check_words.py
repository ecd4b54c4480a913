# SPDX-License-Identifier: Apache-2.0
"""What does not belong in a published tree: markers of unfinished work, paths of one developer's machine, and talk
about how the work was organised instead of what it does."""
import re
from project import main

RULES = (
    (re.compile(r"\b(?:TODO|FIXME|XXX)\b"), "marker of unfinished work"),
    (re.compile(r"(?<![\w.}])/(?:work|root)/"), "path of one machine"),
    (re.compile(r"(?i)(?<!user[- ])\b(?:sub-?)?agents?\b"), "talk about the work, not the project"),
    (re.compile(r"(?i)\b(?:this|that|previous|earlier|next|last|another|other|each|helper)('s)? sessions?\b"), "talk about the work, not the project"),
    (re.compile(r"(?i)\b(?:my|our|another|other) helpers?\b"), "talk about the work, not the project"),
)  # fmt: skip
# These name the words in order to look for them; the licence is quoted.
EXEMPT = ("tests/lint/check_words.py", "tests/lint/self_test.py", "LICENSE")


def check(project):
    for path in project.files:
        text = project.text(path)
        if text is None or path in EXEMPT:
            continue
        for number, line in enumerate(text.split("\n"), 1):
            for pattern, reason in RULES:
                match = pattern.search(line)
                if match:
                    yield path, number, f"{match.group(0).strip()!r}: {reason}"


if __name__ == "__main__":
    main(check, "words")
