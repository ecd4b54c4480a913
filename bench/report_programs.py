# SPDX-License-Identifier: Apache-2.0
"""The page's sections on whole programs: what trackers cost them in time and in memory."""

from page_parts import BIN, number, ratio, spread, table

TRACKERS = (("plain", "plain"), ("busy", "plain, another processor busy"), ("tidemark", "`tidemark run`"),
            ("heaptrack", "heaptrack"), ("lttng", "LTTng's libc wrapper, buffers overwritten"),
            ("valgrind", "valgrind, once"))  # fmt: skip


def overhead(found):
    """What Tidemark adds to the plain run, against what heaptrack adds."""
    if "tidemark" not in found or "heaptrack" not in found:
        return ""
    ours, theirs = (found[name]["wall_ratio"]["median"] - 1 for name in ("tidemark", "heaptrack"))
    return f"Of heaptrack's overhead: {ratio(ours / theirs)}." if theirs > 0.02 else "heaptrack's overhead is too small to compare with."


def one_program(found):
    rounds, rows = found["arguments"]
    plural = "s" if rounds > 1 else ""
    lines = [f"**{rows:,} rows, {rounds} round{plural}:**", ""]
    cells = [[ratio(1), "plain", number(found["plain"]["wall"]["median"]) + " s", "", "", ""]]
    for name, label in TRACKERS[1:4]:
        if name in found:
            run = found[name]
            more = (run["wall"]["median"] - found["plain"]["wall"]["median"]) / found["events"]
            cells.append([ratio(run["wall_ratio"]["median"]), label, number(run["wall"]["median"]) + " s",
                          spread(run["wall_ratio"], number), number(more * 1e9),
                          number(run["cpu_ratio"]["median"])])  # fmt: skip
    kept = "exact" if found["exact"] and not found["lost"] else "not exact"
    lines += table(["ratio of wall time", "against: plain", "wall", "spread of the ratio", "ns more an event",
                    "ratio of CPU time"], cells)  # fmt: skip
    rate = found["events"] / found["plain"]["wall"]["median"] / 1e6
    command = f"`PYTHONMALLOC=malloc {BIN}tidemark run -- python3 bench/json_program.py {rounds} {rows}`"
    return lines + ["", f"Pairs: {found['pairs']}. Events: {found['events']:,}, lost: {found['lost']}, figures {kept}. The "
                    f"plain run makes {number(rate)} million events a second. {overhead(found)}", "", command, ""]  # fmt: skip


def program_section(programs):
    lines = ["## A whole program", "", "`python3` builds rows, writes them as JSON, reads that back and drops it all, every "
             "object an allocation of its own (`PYTHONMALLOC=malloc`): once with more rows than the processor's caches hold, "
             "and in many rounds of few rows, where the allocator is most of what is at work. Each run is compared with the "
             "plain run of its own round. CPU time is that of everything that was started, the collector's too. *Another processor "
             "busy*: the plain run beside a process that counts and touches no memory, which shows what a busy neighbour alone costs.", ""]  # fmt: skip
    if not programs:
        return lines + ["Not measured in this run.", ""]
    return lines + [line for found in programs for line in one_program(found)]


def memory_section(found, whole):
    lines = ["## Memory", "", "Pages of `/dev/shm` that hold something: of a program's ring segment, after its threads have made "
             "events faster than they were drained; of the collector's account, with a million live buffers.", ""]  # fmt: skip
    rows = (("ring segment, one busy thread", "ring_a_thread/1"), ("ring segment, 8 busy threads, each", "ring_a_thread/8"),
            ("account, a live buffer", "account_a_buffer/1000000"))  # fmt: skip
    cells = [[f"{found['memory/' + key]['bytes']['median']:,.0f}", label] for label, key in rows if "memory/" + key in found]
    lines += (table(["bytes", "of"], cells) + ["", "`build/release/bin/bench.memory`"]) if cells else ["Not measured in this run."]
    if not whole:
        return lines + [""]
    lines += ["", f"While a program holds {whole['buffers']:,} blocks of 48 bytes: what it and all that was started with it take (PSS), "
              "less what the program by itself takes, for each of its blocks.", ""]  # fmt: skip
    cells = [[ratio(whole[name] / whole["tidemark"]), label, number(whole[name])] for name, label in TRACKERS if name in ("tidemark", "heaptrack") and name in whole]  # fmt: skip
    return lines + table(["ratio", "against: `tidemark run`", "bytes a buffer"], cells) + ["", "`./dev bench`", ""]


def more_programs_section(programs):
    lines = ["## More whole programs", "", "Each run is compared with the plain run of its own round: `sqlite3` filling, indexing and "
             "thinning a table in memory; `g++` compiling a small program; `redis-server` under `redis-benchmark`; two threads "
             "that do nothing but allocate and free. heaptrack follows the first process only: of g++ that is its driver.", ""]  # fmt: skip
    for name, found in programs.items():
        cells = [[ratio(found[key]["wall_ratio"]["median"]), f"{label}", number(found[key]["wall"]["median"]) + " s",
                  spread(found[key]["wall_ratio"], number), number(found[key]["cpu_ratio"]["median"])]
                 for key, label in TRACKERS if key in found]  # fmt: skip
        head = ["ratio of wall time", "against: plain", "wall", "spread of the ratio", "ratio of CPU time"]
        lines += [f"**{name}:**", ""] + table(head, cells) + ["", overhead(found), ""]
    return lines + ["`./dev bench`" if programs else "Not measured in this run.", ""]
