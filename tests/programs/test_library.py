# SPDX-License-Identifier: Apache-2.0
"""What the preloaded library is to the loader: it needs libc and nothing else, and shows what it stands in for and no
more."""
import re
import unittest

import tracked

EXPORTED = {
    "malloc", "calloc", "realloc", "reallocarray", "free", "memalign", "aligned_alloc", "posix_memalign", "valloc",
    "pvalloc", "prctl", "syscall", "_Fork", "tidemark_runtime_v1",
}  # fmt: skip
# The compiler's start files ask for these where they exist.
OF_START_FILES = {"_ITM_deregisterTMCloneTable", "_ITM_registerTMCloneTable", "__gmon_start__"}


def readelf(*options):
    done = tracked.run([tracked.installed("readelf"), "-W", *options, str(tracked.TRACKER)])
    assert done.returncode == 0
    return done.stdout.decode()


def dynamic_symbols():
    """Pairs of (defined?, name with version) of the dynamic symbol table."""
    for line in readelf("--dyn-syms").splitlines():
        fields = line.split()
        if len(fields) >= 8 and fields[0].rstrip(":").isdigit():
            yield fields[6] != "UND", fields[7]


class Library(unittest.TestCase):
    def test_it_needs_libc_alone(self):
        needed = re.findall(r"\(NEEDED\).*\[(.*)\]", readelf("-d"))
        self.assertLessEqual(set(needed), {"libc.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"})
        self.assertIn("libc.so.6", needed)

    def test_what_it_leaves_undefined_is_libcs(self):
        undefined = [name for defined, name in dynamic_symbols() if not defined and name not in OF_START_FILES]
        self.assertGreater(len(undefined), 5)
        foreign = [name for name in undefined if "@GLIBC_" not in name]
        self.assertEqual(foreign, [])
        inner = [name for name in undefined if name.startswith("__libc_") and "single_threaded" not in name]
        self.assertEqual(inner, [], "the next definition is asked for, never libc's own")

    def test_it_exports_what_it_stands_in_for_and_no_more(self):
        self.assertEqual({name for defined, name in dynamic_symbols() if defined}, EXPORTED)

    def test_it_stays_loaded_and_binds_at_once(self):
        flags = " ".join(line for line in readelf("-d").splitlines() if "FLAGS" in line)
        for flag in ("NODELETE", "NOW", "STATIC_TLS"):
            self.assertIn(flag, flags)

    def test_its_thread_local_words_need_no_call(self):
        self.assertNotIn("__tls_get_addr", readelf("--dyn-syms"))


if __name__ == "__main__":
    unittest.main()
