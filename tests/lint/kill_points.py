# SPDX-License-Identifier: Apache-2.0
"""Where the sources have kill points: the extents of the macros, and the names in them."""
import re

FOLDERS = ("shm", "producer", "collector")
DEFINITION = "shm/kill_point.hpp"
MACRO = re.compile(r"\bTIDEMARK_(?:SHARED_STORE|KILL_POINT)\(")
NAME = re.compile(r'\s*"([a-z_]+\.[a-z_0-9]+)"')


def closing(text, opening):
    """The place of the parenthesis that closes the one at `opening`; strings hold none here."""
    depth = 0
    for place in range(opening, len(text)):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if depth == 0:
            return place
    return len(text)


def extents(text):
    """(begin, end, name or None) of every kill point in a text without comments."""
    for found in MACRO.finditer(text):
        name = NAME.match(text, found.end())
        yield found.start(), closing(text, found.end() - 1), name.group(1) if name else None


def line_of(text, place):
    return text.count("\n", 0, place) + 1
