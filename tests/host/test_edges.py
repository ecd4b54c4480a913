# SPDX-License-Identifier: Apache-2.0
"""Small programs that do what is hard: their output and status are as without the tracker, and their figures are right, or
what is missing is counted by cause."""
import unittest

import host
import tracked


def events(usages, process):
    return sum(u["allocations"] + u["frees"] for u in usages) + process["unknown_frees"]


class Edges(host.HostTest):
    def test_children_of_every_kind_among_busy_threads(self):
        done, report = self.both_ways([host.program("children.c")])
        self.assertEqual(done.returncode, 0)
        self.assert_right(report)
        said = host.said(done)
        (parent,) = (p for p in report["processes"] if self.pool(p, 0, "L1")["allocations"])
        own = [self.pool(parent, 0, pool) for pool in ("DRAM", "L1")]
        self.assertEqual(sum(u["allocations"] for u in own), said["allocations"])
        self.assertEqual(sum(u["frees"] for u in own), said["frees"])
        children = [self.pool(p, 0, "DRAM") for p in report["processes"] if p is not parent]
        counts = sorted((u["allocations"], u["frees"]) for u in children if u["allocations"])
        self.assertEqual(counts, sorted([(20 + n, 5) for n in range(10)] * 2))

    def test_four_thousand_threads_at_once(self):
        done, report = self.both_ways([host.program("threads_4000.c")])
        self.assertEqual(done.returncode, 0)
        self.assert_right(report, {"no_lane", "full"})
        (process,) = report["processes"]
        usage = tracked.host(process)
        said = host.said(done)
        lost = sum(host.losses(process).values())
        self.assertEqual(events([usage], process) + lost, said["allocations"] + said["frees"])
        if not lost:
            self.assertEqual((usage["allocations"], usage["frees"]), (said["allocations"], said["frees"]))

    def test_jumps_out_of_calls_and_handlers(self):
        done, report = self.both_ways([host.program("jumps.c")])
        self.assertEqual(done.returncode, 0)
        (process,) = report["processes"]
        # The lane of handlers is small and nothing waits there.
        lost = host.losses(process)
        self.assertLessEqual(set(lost), {"handler", "full"})
        said = host.said(done)
        heap = tracked.host(process)
        self.assertEqual((heap["allocations"], heap["frees"]), (said["host"], said["host"]))
        self.assertEqual(events([self.pool(process, 0, "L1")], process) + sum(lost.values()), 2 * said["jumps"])
        dram = self.pool(process, 0, "DRAM")
        self.assertLessEqual(abs(dram["allocations"] - dram["frees"]), said["jumps"] + 1)
        # A free that a jump took away shows as a duplicate of what comes next.
        self.assertIs(heap["exact"], not lost and process["duplicates"] == 0)

    def test_threads_that_are_cancelled_anywhere(self):
        done, report = self.both_ways([host.program("cancelled.c")])
        self.assertEqual(done.returncode, 0)
        (process,) = report["processes"]
        self.assertLessEqual(set(host.losses(process)), {"full"})
        dram = self.pool(process, 0, "DRAM")
        self.assertLessEqual(dram["allocations"] - dram["frees"] - 200, 200)
        blocks = [leak for leak in report["leaks"] if leak["size"] == 90]
        self.assertEqual(blocks, [])

    def test_plug_ins_that_come_and_go(self):
        plugins = [str(host.PROGRAMS / f"plugin_{kind}.so") for kind in ("tidemark_producer", "tidemark_producer_shared")]
        for those in (plugins, plugins[:1], plugins[1:]):
            done, report = self.both_ways([host.program("loads_plugins.c"), *those])
            self.assertEqual(done.returncode, 0)
            self.assert_right(report)
            rounds = 50 * len(those)
            works = [self.pool(p, 1, pool)["allocations"] for p in report["processes"] for pool in ("DRAM", "L1")]
            self.assertEqual(sorted(w for w in works if w), [1] * 2 * rounds + [2 * rounds] * 2)
        # The same where the plug-in brings its own runtime, as no tracker is there.
        instance = {"TIDEMARK_ENABLED": "1", "TIDEMARK_INSTANCE": tracked.instance_name()}
        done = tracked.run([host.program("loads_plugins.c"), *plugins], instance)
        counted = tracked.run([str(tracked.BIN / "ring_counts"), instance["TIDEMARK_INSTANCE"], "--remove"])
        self.assertEqual(done.returncode, 0)
        images = tracked.json.loads(counted.stdout)
        self.assertEqual(sum(image["allocations"] for image in images), 100 * 2 * 3)

    def test_hardly_a_stack(self):
        for options in ({}, {"TIDEMARK_STACKS": "32"}):
            done, report = self.both_ways([host.program("small_stacks.c")], options)
            self.assertEqual(done.returncode, 0)
            self.assert_right(report)

    def test_handlers_and_dispositions_of_its_own(self):
        done, report = self.both_ways([host.program("own_signals.c"), "file"])
        self.assertEqual(done.returncode, 128 + 13)  # SIGPIPE, once it has its default again
        self.assert_right(report)
        heap = tracked.host(report["processes"][0])
        self.assertEqual((heap["allocations"], heap["frees"]), (2_404_000, 2_404_000))

    def test_surroundings_are_as_without_the_tracker(self):
        done, report = self.both_ways([host.program("surroundings.c")])
        self.assertEqual(done.returncode, 0)
        self.assert_right(report)

    def test_a_filter_put_on_all_threads_at_once(self):
        for pairs in ("100", "2000", "5000", "20000", "60000"):
            done, report = self.both_ways([host.program("sandbox_threads.c"), pairs])
            self.assertEqual(done.returncode, 0, pairs)
            self.assert_right(report, {"sandbox"})
            (process,) = report["processes"]
            said = host.said(done)
            counted = events([tracked.host(process)], process) + sum(host.losses(process).values())
            vectors = 5  # one a thread
            self.assertEqual(counted, said["allocations"] + said["frees"] + vectors)

    def test_a_static_program_is_not_tracked_and_that_is_said(self):
        done, report = self.both_ways([host.program("static_program.c")])
        self.assertEqual((done.returncode, done.stdout), (5, b"static\n"))
        self.assertIs(report["tracked"], False)
        self.assertEqual(report["processes"], [])
        self.assertIn("statically linked", report["notes"][0])


class Errno(host.HostTest):
    def test_of_the_malloc_family(self):
        _, report = self.both_ways([host.program("errno_malloc.c")])
        self.assert_right(report)
        with tracked.Rings() as rings:
            plain = tracked.run([host.program("errno_malloc.c")])
            alone = rings.run([host.program("errno_malloc.c")])
        self.assertEqual((alone.returncode, alone.stdout), (plain.returncode, plain.stdout))

    def test_of_every_function_of_the_producer(self):
        command = [host.program("errno_api.cpp")]
        for missing in ("nothing", "descriptors", "sizes", "memory"):
            for environment in ({}, {"TIDEMARK_ENABLED": "1"}, {"TIDEMARK_ENABLED": "1", "TIDEMARK_POLICY": "drop"}):
                with self.subTest(missing=missing, environment=environment):
                    name = tracked.instance_name()
                    done = tracked.run([*command, missing], {"TIDEMARK_INSTANCE": name, **environment})
                    tracked.run([str(tracked.BIN / "ring_counts"), name, "--remove"])
                    self.assertEqual((done.returncode, done.stdout), (0, b""))
            done, _ = self.tracked([*command, missing])
            self.assertEqual((done.returncode, done.stdout), (0, b""))

    def test_of_the_monitor_and_the_allocation_client(self):
        for memory in ("nothing", "memory"):
            for environment in ({}, {"TIDEMARK_ENABLED": "1"}):
                with self.subTest(memory=memory, environment=environment):
                    name = tracked.instance_name()
                    command = [host.program("errno_monitor.cpp"), memory]
                    done = tracked.run(command, {"TIDEMARK_INSTANCE": name, **environment}, stderr=-1)
                    tracked.run([str(tracked.BIN / "ring_counts"), name, "--remove"])
                    self.assertEqual((done.returncode, done.stdout), (0, b""))


if __name__ == "__main__":
    unittest.main()
