# SPDX-License-Identifier: Apache-2.0
"""The small programs of src/ under the tracker without a collector, counted straight from their rings."""
import json
import unittest

import tracked

# What libc allocates for a thread: its vector of thread-local storage, with 16 bytes for each object that has any.
def thread_vector(objects):
    return 16 * (16 + objects)



class Generators(tracked.TrackedTest):
    def counted(self, command, status=0):
        """Runs it; its standard output and the images in the order of their start."""
        with tracked.Rings(TIDEMARK_RING_BUDGET="64M") as rings:
            done = rings.run(command, cwd=self.folder)
            self.assertEqual(done.returncode, status)
            images = rings.images()
        for image in images:
            self.assertEqual(image["problem"], "")
            self.assertEqual(image["lost_events"], 0)
            self.assertEqual(image["duplicates"], 0)
        return done.stdout, images

    def assert_figures(self, image, **figures):
        self.assertEqual({key: image[key] for key in figures}, figures)

    def test_a_scripted_sequence_has_its_peak(self):
        output, (image,) = self.counted([tracked.program("scripted_peak.c")])
        said = json.loads(output)
        self.assert_figures(image, allocations=said["allocations"], frees=said["frees"], bytes=said["bytes"],
                            peak_bytes=said["peak"], live=0)  # fmt: skip

    def test_signal_handlers_are_counted(self):
        output, (image,) = self.counted([tracked.program("handler.c")])
        said = json.loads(output)
        self.assert_figures(image, allocations=said["allocations"], frees=said["frees"], bytes=said["bytes"], live=0)

    def test_every_place_of_a_life_is_seen(self):
        _, (image,) = self.counted([tracked.program("early_late.cpp")], status=9)
        own = sum(10007 * place for place in range(1, 10))
        # libstdc++'s store for exceptions, a thread's vector (of libc, libstdc++, the tracker and the program), and
        # the registration of its destructor.
        of_libraries = 72704 + thread_vector(objects=4) + 32
        self.assert_figures(image, allocations=12, frees=8 + 1, bytes=own + of_libraries, unknown_frees=0)

    def test_an_end_by_exit_without_handlers(self):
        _, (image,) = self.counted([tracked.program("quick_exit.c")], status=7)
        self.assert_figures(image, allocations=300, frees=100, bytes=9000, live=200, live_bytes=6000)

    def test_an_end_by_a_signal(self):
        _, (image,) = self.counted([tracked.program("segv_with_live.c")], status=-11)
        self.assert_figures(image, allocations=1000, frees=0, live_bytes=1000000)

    def test_each_exec_is_an_image_of_its_own(self):
        _, images = self.counted([tracked.program("self_exec.c")])
        self.assertEqual(len({image["pid"] for image in images}), 1)
        self.assertEqual(len({image["image"] for image in images}), 3)
        for number, image in enumerate(images, 1):
            self.assert_figures(image, allocations=10 * number, bytes=1000 * number**2, frees=0)

    def test_each_child_is_an_image_of_its_own(self):
        _, images = self.counted([tracked.program("fork_200.c")])
        parent, children = images[0], sorted(images[1:], key=lambda image: image["allocations"])
        self.assert_figures(parent, allocations=200, frees=200, live=0, unknown_frees=0)
        self.assertEqual(len(children), 200)
        for number, child in enumerate(children):
            self.assert_figures(child, parent_image=parent["image"], allocations=101 + number, frees=71, unknown_frees=1,
                                bytes=50 * (100 + number) + number)  # fmt: skip

    def test_children_of_a_busy_threaded_program(self):
        with tracked.Rings(TIDEMARK_RING_BUDGET="64M") as rings:
            done = rings.run([tracked.program("fork_threads.c")])
            self.assertEqual(done.returncode, 0)
            children = [image for image in rings.images() if image["parent_image"] != 0]
        self.assertEqual(len(children), 50)
        for child in children:
            self.assert_figures(child, allocations=20, frees=10, live_bytes=600, lost_events=0, problem="")


if __name__ == "__main__":
    unittest.main()
