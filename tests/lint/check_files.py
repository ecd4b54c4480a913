# SPDX-License-Identifier: Apache-2.0
"""Every source opens with its SPDX line; a file of more than 400 lines says why (`size: reason` in a comment)."""
import re
from project import CODE, main

SPDX = re.compile(r"^(//|#|/\*) SPDX-License-Identifier: Apache-2\.0")
SIZE_REASON = re.compile(r"(//|#|\*) size: \S+")
LIMIT = 400
SCRIPTS = (".py", ".sh", ".cmake")


def is_source(path, text):
    name = path.split("/")[-1]
    return path.endswith(CODE + SCRIPTS) or name == "CMakeLists.txt" or text.startswith("#!")


def check(project):
    for path in project.files:
        text = project.text(path)
        if text is None or not is_source(path, text):
            continue
        lines = text.split("\n")
        first = 1 if lines[0].startswith("#!") else 0
        if len(lines) <= first or not SPDX.match(lines[first]):
            yield path, first + 1, "no SPDX line: // SPDX-License-Identifier: Apache-2.0"
        count = text.count("\n")
        if count > LIMIT and not SIZE_REASON.search(text):
            yield path, LIMIT, f"{count} lines, more than {LIMIT}, without `// size: reason`"


if __name__ == "__main__":
    main(check, "file headers and sizes")
