# SPDX-License-Identifier: Apache-2.0
"""Ground truth: for deterministic programs, allocations, frees and bytes of each process equal what valgrind prints as its
total heap usage. Where they differ, the difference stands below, with its number and the call that causes it."""
import re
import unittest
from collections import namedtuple

import tracked

Figures = namedtuple("Figures", "allocations frees bytes")

# What valgrind's figures have more than ours. Nothing else may differ.
VALGRIND_HAS_MORE = {
    "C": [
        # realloc(block, SIZE_MAX / 2), which fails: valgrind counts it before it knows that.
        Figures(1, 1, (2**64 - 1) // 2),
        # calloc by pthread_create of the thread's vector of thread-local storage: 16 bytes an object that has any, and
        # the tracker is one more. The next three threads get the first one's stack, and its vector.
        Figures(0, 0, -16),
    ],
    "C++": [
        # As above.
        Figures(0, 0, -16),
    ],
    "shell": [],
}

# The same names in both runs: programs that copy their environment allocate by its size.
OF_VALGRIND = {"GLIBCPP_FORCE_NEW": "1", "GLIBCXX_FORCE_NEW": "1", "LD_LIBRARY_PATH": "/usr/lib/debug"}
OF_TRACKER = {"TIDEMARK_ENABLED": "0", "TIDEMARK_INSTANCE": "none"}

HEAP_USAGE = re.compile(r"total heap usage: ([\d,]+) allocs, ([\d,]+) frees, ([\d,]+) bytes allocated")
CALL = re.compile(r"--\d+-- (?:realloc\(0x0,\d+\))?(malloc|calloc|realloc|free)\(([^)]*)\)")
SHELL = "ground_truth.sh"
COMM_LENGTH = 15  # what the kernel keeps of a name


def total(*figures):
    return Figures(*(sum(column) for column in zip(*figures)))


def traced_calls(log):
    """The sum of the calls that a log of --trace-malloc=yes lists, which for a forked child are its own only."""
    figures = Figures(0, 0, 0)
    for line in log.splitlines():
        call = CALL.match(line)
        if call is None:
            continue
        name, arguments = call.group(1), call.group(2).split(",")
        if name == "free":
            figures = total(figures, Figures(0, 1 if int(arguments[0], 16) else 0, 0))
        else:
            size = int(arguments[0]) * int(arguments[1]) if name == "calloc" else int(arguments[-1])
            figures = total(figures, Figures(1, 1 if name == "realloc" else 0, size))
    return figures


def command_of(log):
    return re.search(r"Command: (\S+)", log).group(1)


def own_figures(logs):
    """Name and figures of each log (by process id). A forked child's printed figures begin with its parent's, up to the
    fork; its trace does not: what the trace lists is what remains when the parent's part is subtracted."""
    for log in logs.values():
        name = command_of(log).split("/")[-1]
        printed = Figures(*(int(number.replace(",", "")) for number in HEAP_USAGE.search(log).groups()))
        parent = logs.get(int(re.search(r"Parent PID: (\d+)", log).group(1)))
        own = printed
        if parent is not None and command_of(parent) == command_of(log):
            own = traced_calls(log)
            assert 0 < printed.allocations - own.allocations < traced_calls(parent).allocations
        elif name == SHELL:
            assert traced_calls(log) == printed, "the trace is read as valgrind counts"
        yield name[:COMM_LENGTH], own


class GroundTruth(tracked.TrackedTest):
    def by_valgrind(self, command):
        """Name and figures of each process that ran to its end, by its log."""
        logs = self.folder / "logs"
        place = self.folder / "valgrind" / "place"
        logs.mkdir()
        place.mkdir(parents=True)
        options = ["--trace-children=yes", "--trace-malloc=yes", f"--log-file={logs}/%p"]
        options += ["--run-libc-freeres=no", "--run-cxx-freeres=no", "--num-callers=1", "--leak-check=no"]
        done = tracked.run([tracked.installed("valgrind"), *options, *command, str(place)],
                           {"PWD": str(place), **OF_TRACKER}, cwd=place)  # fmt: skip
        self.assertEqual(done.returncode, 0)
        found = own_figures({int(path.name): path.read_text() for path in logs.iterdir()})
        return done.stdout, sorted(found)

    def by_tidemark(self, command):
        place = self.folder / "tidemark" / "place"
        place.mkdir(parents=True)
        done, report = self.tracked([*command, str(place)], {"PWD": str(place), **OF_VALGRIND}, cwd=place)
        self.assertEqual(done.returncode, 0)
        self.assert_exact(report)
        pids = [process["pid"] for process in report["processes"]]
        found = []
        for process in report["processes"]:
            was_replaced = pids.count(process["pid"]) > 1 and process["name"] == SHELL
            if was_replaced:  # by exec: valgrind prints nothing of it
                continue
            usage = tracked.host(process)
            frees = usage["frees"] + process["inherited_frees"]
            found.append((process["name"], Figures(usage["allocations"], frees, usage["total_allocated"])))
        return done.stdout, sorted(found)

    def assert_equal_to_valgrind(self, language, command):
        output, theirs = self.by_valgrind(command)
        same_output, ours = self.by_tidemark(command)
        self.assertEqual(output, same_output)
        expected = [(name, total(figures, *VALGRIND_HAS_MORE[language])) for name, figures in ours]
        self.assertEqual(theirs, expected)
        return ours

    def test_a_c_program(self):
        ((_, figures),) = self.assert_equal_to_valgrind("C", [tracked.program("ground_truth.c")])
        self.assertGreater(figures.allocations, 3000)

    def test_a_cpp_program(self):
        ((_, figures),) = self.assert_equal_to_valgrind("C++", [tracked.program("ground_truth.cpp")])
        self.assertGreater(figures.allocations, 5000)

    def test_a_shell_script(self):
        images = self.assert_equal_to_valgrind("shell", [str(tracked.SOURCES / SHELL)])
        self.assertEqual(len(images), 10)


if __name__ == "__main__":
    unittest.main()
