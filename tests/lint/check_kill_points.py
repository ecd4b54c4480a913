# SPDX-License-Identifier: Apache-2.0
"""Every store to shared memory stands in a kill point, so that a test can end a process before it: an atomic write in
shm/, producer/ or collector/ is an argument of TIDEMARK_SHARED_STORE, unless its target is private memory, which PRIVATE
names. Plain stores share the point of the one that publishes them. So are the system calls that change what others see. Each kill point has a name, in one place only."""
import re
from kill_points import DEFINITION, FOLDERS, closing, extents, line_of
from plain_stores import uncovered
from project import main, without_comments

WRITE = re.compile(
    r"__atomic_(?:store_n|exchange_n|compare_exchange_n|fetch_\w+|\w+_fetch)\(\s*|"
    r"\b(?P<object>[\w.>\-\[\]()]+?)\.(?:store|exchange|fetch_\w+|compare_exchange_\w+)\("
)
# In shm/ and the ring's maker, where others' objects change by a call; a point stands at most REACH lines above.
CALL = re.compile(r"\bSYS_(?:ftruncate|renameat2|unlinkat)\b|\bshared_memory_object::remove\(|\.truncate\(|MADV_REMOVE")
REACH = 12

# Targets in the process's own memory: the begin of a path, and what a target there begins with.
PRIVATE = (
    ("producer/malloc/", ""),  # the malloc tracker's own tables
    ("producer/monitor/", ""),  # the in-process monitor
    ("producer/unwind_rules", ""),  # a cache of rules
    ("producer/", r"&?(process_page|inherited|detail::|thread|resolved|tidemark_may_be_enabled|fork_handlers_registered)"),
    ("producer/", r"&?(state_?(\.|->shared\b)|pair\.|gap\.|to\.stamp)"),  # ProcessState, LanePair, GapNote
    ("producer/losses", r"&counter"),  # add() and take(): shared counters come in through add_to()
    ("producer/modules", r"&?(ranges|used|wanted|next_ns)"),  # what the program knows of its modules
    ("producer/call_site", r"&modules\."),
    ("producer/stack_table", r"&(unready|grown|ready|next|place)\b"),  # the index, and how far memory is present
    ("collector/", r"parts|journal_?$"),  # threads of the collector; the journal's store() has points of its own
    ("shm/bell_sleep", "own_"),  # the collector's own futex
    ("shm/fault_guard", r"(ranges|used)"),
    ("shm/kill_point", ""),
    ("shm/lane_reader", "words"),  # the consumer's copy of a record
    ("shm/lane_writer", "&limit"),  # the writer's cursor
    ("shm/latch", r"(std::)?atomic_ref\(word\)"),  # store(), which stands in points everywhere
)


def is_private(path, target):
    return any(path.startswith(where) and re.match(rule, target) for where, rule in PRIVATE)


def check(project):
    seen = {}
    for path in project.code(*FOLDERS):
        if path == DEFINITION:
            continue
        text = without_comments(project.text(path))
        points = list(extents(text))
        for begin, _, name in points:
            if name is None:
                yield path, line_of(text, begin), "a kill point without a name such as \"append.head\""
            elif name in seen:
                yield path, line_of(text, begin), f"kill point {name} stands at {seen[name]} too"
            else:
                seen[name] = f"{path}:{line_of(text, begin)}"
        for found in CALL.finditer(text) if path.startswith("shm/") else ():
            line = line_of(text, found.start())
            if not any(line - REACH <= line_of(text, begin) <= line for begin, _, _ in points):
                yield path, line, "a system call that others see, without a kill point before it"
        for place, name in uncovered(path, text, points):
            yield path, line_of(text, place), f"a store through {name} with no kill point behind it"
        for found in WRITE.finditer(text):
            if any(begin < found.start() < end for begin, end, _ in points):
                continue
            target = found.group("object") or text[found.end() : closing(text, found.end() - 1)]
            if not is_private(path, target.strip()):
                yield path, line_of(text, found.start()), f"a write to {target.split(',')[0].strip()} outside a kill point"


if __name__ == "__main__":
    main(check, "kill points")
