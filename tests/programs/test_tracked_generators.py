# SPDX-License-Identifier: Apache-2.0
"""The small programs of src/ under `tidemark run` with default settings: output and status unchanged, nothing lost, and the
figures those that are known beforehand, to the byte."""
import json
import time
import unittest

import tracked
from test_generators import thread_vector


class TrackedGenerators(tracked.TrackedTest):
    def assert_figures(self, process, **figures):
        usage = tracked.host(process)
        self.assertEqual({key: usage[key] for key in figures}, figures)

    def one_image(self, command):
        done, report = self.assert_same_and_exact(command)
        self.assertEqual(len(report["processes"]), 1)
        return done, report, report["processes"][0]

    def assert_as_the_program_says(self, name):
        done, _, process = self.one_image([tracked.program(name)])
        said = json.loads(done.stdout)
        vectors = said["threads"] * thread_vector(objects=2)  # libc and the tracker
        self.assert_figures(
            process, allocations=said["allocations"] + said["threads"], frees=said["frees"] + said["threads"],
            total_allocated=said["bytes"] + vectors, total_freed=said["bytes"] + vectors, peak=said["peak"] + vectors,
            live=0, allocated=0, peak_exact=True,
        )  # fmt: skip

    def test_sixteen_threads_free_what_others_allocated(self):
        self.assert_as_the_program_says("cross_thread.c")

    def test_a_scripted_sequence_has_its_peak(self):
        self.assert_as_the_program_says("scripted_peak.c")

    def test_two_hundred_children(self):
        _, report = self.assert_same_and_exact([tracked.program("fork_200.c")])
        parents = [process for process in report["processes"] if process["parent_image"] is None]
        children = [process for process in report["processes"] if process["parent_image"] is not None]
        self.assertEqual((len(parents), len(children)), (1, 200))
        self.assert_figures(parents[0], allocations=200, frees=200, total_allocated=200000, live=0)
        children.sort(key=lambda child: tracked.host(child)["allocations"])
        for number, child in enumerate(children):
            self.assertEqual(child["parent_image"], parents[0]["image"])
            self.assertEqual(child["inherited_frees"], 1)
            self.assert_figures(child, allocations=101 + number, frees=70, live=31 + number,
                                total_allocated=50 * (100 + number) + number)  # fmt: skip

    def test_each_exec_is_an_image_of_its_own(self):
        _, report = self.assert_same_and_exact([tracked.program("self_exec.c")])
        images = sorted(report["processes"], key=lambda process: tracked.host(process)["allocations"])
        self.assertEqual(len({image["image"] for image in images}), 3)
        self.assertEqual(len({image["pid"] for image in images}), 1)
        for number, image in enumerate(images, 1):
            self.assert_figures(image, allocations=10 * number, total_allocated=1000 * number**2, frees=0)

    def test_a_daemon_that_closed_every_descriptor(self):
        written = self.folder / "pid"
        done, report = self.tracked([tracked.program("daemonise.c"), str(written)])
        self.assertEqual((done.returncode, done.stdout), (0, b""))
        while not written.exists():  # it works on after its parent ended; the test's time limit ends this
            time.sleep(0.01)
        self.assert_exact(report)
        daemon = next(process for process in report["processes"] if process["pid"] == int(written.read_text()))
        self.assert_figures(daemon, allocations=70, total_allocated=10 * 450 + 60 * 350, live=70)
        first = next(process for process in report["processes"] if process["parent_image"] is None)
        self.assert_figures(first, allocations=40, total_allocated=40 * 250, live=40)

    def test_an_end_by_a_signal_with_memory_allocated(self):
        _, report, process = self.one_image([tracked.program("segv_with_live.c")])
        self.assertEqual(report["exit_status"], 128 + 11)
        self.assert_figures(process, allocations=1000, frees=0, allocated=1000000)
        self.assertEqual({leak["size"] for leak in report["leaks"]}, {1000})

    def test_an_end_by_exit_without_handlers(self):
        done, report, process = self.one_image([tracked.program("quick_exit.c")])
        self.assertEqual(done.returncode, 7)
        self.assert_figures(process, allocations=300, frees=100, live=200, allocated=6000)

    def test_every_place_of_a_life(self):
        done, _, process = self.one_image([tracked.program("early_late.cpp")])
        self.assertEqual(done.returncode, 9)
        self.assert_figures(process, allocations=12, frees=9)

    def test_signal_handlers(self):
        done, report = self.tracked([tracked.program("handler.c")])
        said = json.loads(done.stdout)
        self.assert_exact(report)
        self.assert_figures(report["processes"][0], allocations=said["allocations"], frees=said["frees"],
                            total_allocated=said["bytes"], live=0)  # fmt: skip

    def test_sixty_four_threads(self):
        _, report, process = self.one_image([tracked.program("many_threads.c")])
        own = 64 * 1000 + 64
        vectors = tracked.host(process)["allocations"] - own  # as many as stacks; libc keeps a few for later
        self.assertLessEqual(vectors, 128)
        self.assert_figures(process, total_allocated=100 * own + vectors * thread_vector(objects=2))
        self.assertEqual({leak["size"] for leak in report["leaks"]}, {thread_vector(objects=2)})

    def test_cancelled_threads(self):
        _, report, _ = self.one_image([tracked.program("cancel.c")])
        self.assertNotIn(1234, [leak["size"] for leak in report["leaks"]])

    def test_a_sandbox_with_a_filter(self):
        done, _, process = self.one_image([tracked.program("sandbox.c")])
        self.assertEqual(done.stdout, b"done\n")
        self.assert_figures(process, allocations=5010, frees=5010)

    def test_a_strict_sandbox_ends_the_events_and_says_so(self):
        done, report = self.tracked([tracked.program("sandbox.c"), "strict"])
        self.assertEqual((done.returncode, done.stdout), (0, b"done\n"))
        (process,) = report["processes"]
        self.assertEqual(process["lost"]["sandbox"], {"count": 10000, "bytes": 5000 * 80})
        self.assertIs(tracked.host(process)["exact"], False)


if __name__ == "__main__":
    unittest.main()
