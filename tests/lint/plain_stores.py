# SPDX-License-Identifier: Apache-2.0
"""Plain stores to what lies in shared memory: through a name that is declared as a reference or a pointer to one of the
shared layouts, or through header(). Nobody reads them before a later store, whose kill point they share: it follows in
the same function, itself or in a publish_...() that is called there. ELSEWHERE says where it is if not."""
import re

SHARED = (
    "Lane", "RingHeader", "DeviceDeclaration", "PoolDeclaration", "Declarations", "BellSlot", "BellPage", "UndoRecord",
    "JournalHeader", "LedgerRow", "LedgerHeader", "tidemark_account_header", "tidemark_account_page",
    "tidemark_account_entry", "tidemark_stats_header", "tidemark_stats_table",
)  # fmt: skip
DECLARED = re.compile(
    r"(?P<const>\bconst\s+)?\b(?:\w+::)*(?:" + "|".join(SHARED) + r")\s*(?P<kind>[&*])\s*(?:const\s+)?(?P<name>\w+)\b(?!\s*\()"
)
CHANGE = r"(?:=(?!=)|[-+|&^]=|\+\+|--)"
COPY = r"\b(?:std::)?(?:memcpy|memset|strncpy|copy_text)\(\s*&?"
HEADER = re.compile(rf"\bheader(?:\(\)|_)(?:->|\.)\w[\w.\[\]]*\s*{CHANGE}|(?:\+\+|--)\s*header(?:\(\)|_)(?:->|\.)")
PUBLISH = re.compile(r"\bpublish_\w+\(")

# (file, name): what ends a process between these stores and what others see.
ELSEWHERE = {
    ("collector/drain/journal.hpp", "header()"): "a count for people who look, after the commit; nothing depends on it",
    ("collector/drain/live_table.cpp", "header()"): "a new account's, behind account.first_page, before publish_account()",
    ("collector/drain/ring.cpp", "to"): "the collector's own copy",
    ("collector/gateway/proxy_ring.cpp", "h"): "a ring without its name yet: create.rename",
    ("producer/declarations.cpp", "entry"): "the process's own list; publish_device() has the ring's points",
    ("producer/declarations.cpp", "pool"): "the process's own list; publish_pool() has the ring's points",
    ("producer/ring_maker.cpp", "header"): "a ring without its name yet: create.header, create.rename",
}


def scope_end(text, place):
    """Where what is declared at `place` ends: with its block, or with the body of the function whose parameter it is."""
    depth = parentheses = 0
    in_body = False
    for i in range(place, len(text)):
        parentheses += {"(": 1, ")": -1}.get(text[i], 0)
        if text[i] == ";" and parentheses < 0 and not in_body:
            return i  # a declaration of a function
        if text[i] == "{":
            depth += 1
            in_body = in_body or parentheses < 0
        if text[i] == "}":
            depth -= 1
            if depth < 0 or (depth == 0 and in_body):
                return i
    return len(text)


def function_end(path, text, place):
    indent = "" if path.endswith(".cpp") else "(?:    )?"
    closing = re.compile(rf"^{indent}\}}", re.M).search(text, place)
    return closing.start() if closing else len(text)


def stores(text):
    """(place, name) of every plain store."""
    for found in DECLARED.finditer(text):
        if found["const"]:
            continue
        name, begin = found["name"], found.end()
        into = rf"{name}(?:->|\.|\[)"
        whole = rf"(?<=[;{{}}]\n)\s*{name}\s*=(?!=)" if found["kind"] == "&" else rf"\*{name}\s*=(?!=)"
        rule = rf"(?<![\w.>]){into}[\w.\[\]>()\-]*?\s*{CHANGE}|(?:\+\+|--){into}|{COPY}{into}|{whole}"
        for store in re.compile(rule).finditer(text, begin, scope_end(text, begin)):
            yield store.end() - 1, name
    for store in HEADER.finditer(text):
        yield store.end() - 1, "header()"


def uncovered(path, text, points):
    """(place, name) of the stores that no kill point covers; `points`: (begin, end, name) of all in the text."""
    for place, name in sorted(set(stores(text))):
        end = function_end(path, text, place)
        if any(begin < end and closes > place for begin, closes, _ in points) or PUBLISH.search(text, place, end):
            continue
        if (path, name) not in ELSEWHERE:
            yield place, name
