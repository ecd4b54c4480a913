# SPDX-License-Identifier: Apache-2.0
"""The checks are checked: each finds the violation in a small tree that has one, and nothing in a tree that has none."""
import tempfile
import unittest
from pathlib import Path

import check_files
import check_includes
import check_kill_points
import check_sanitizers
import check_sync
import check_words
from project import Project, without_comments

SPDX = "// SPDX-License-Identifier: Apache-2.0\n"


class LintTest(unittest.TestCase):
    def findings(self, module, files):
        with tempfile.TemporaryDirectory() as root:
            for path, text in files.items():
                target = Path(root, path)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, encoding="utf-8")
            return sorted(set(module.check(Project(root))))

    def finds(self, module, files, path, line):
        found = [(p, n) for p, n, _ in self.findings(module, files)]
        self.assertEqual(found, [(path, line)])

    def finds_nothing(self, module, files):
        self.assertEqual(self.findings(module, files), [])


class Includes(LintTest):
    def test_the_allowed_arrows_pass(self):
        self.finds_nothing(check_includes, {
            "include/tidemark/stats_abi.h": "#include <stdint.h>\n",
            "shm/lane.hpp": "#include <tidemark/stats_abi.h>\n#include <vector>\n",
            "shm/segment.cpp": "#include <boost/interprocess/mapped_region.hpp>\n",
            "producer/state.cpp": '#include "shm/lane.hpp"\n',
            "collector/pass.cpp": '#include "shm/lane.hpp"\n#include "pass.hpp"\n',
            "collector/pass.hpp": "",
            "viewers/model/snapshot.hpp": '#include "tidemark/stats_abi.h"\n',
        })  # fmt: skip

    def test_a_viewer_must_not_see_shm(self):
        self.finds(check_includes, {"shm/lane.hpp": "", "viewers/cli/a.cpp": '\n#include "shm/lane.hpp"\n'},
                   "viewers/cli/a.cpp", 2)  # fmt: skip

    def test_a_relative_path_does_not_hide_the_arrow(self):
        self.finds(check_includes, {"shm/lane.hpp": "", "viewers/cli/a.cpp": '#include "../../shm/lane.hpp"\n'},
                   "viewers/cli/a.cpp", 1)  # fmt: skip

    def test_a_room_on_the_include_path_does_not_hide_the_arrow(self):
        self.finds(check_includes, {"shm/lane.hpp": "", "examples/a.c": '#include "lane.hpp"\n'}, "examples/a.c", 1)

    def test_producer_and_collector_never_see_each_other(self):
        self.finds(check_includes, {"producer/a.hpp": "", "collector/b.cpp": '#include "producer/a.hpp"\n'},
                   "collector/b.cpp", 1)  # fmt: skip
        self.finds(check_includes, {"collector/a.hpp": "", "producer/b.cpp": "#include <collector/a.hpp>\n"},
                   "producer/b.cpp", 1)  # fmt: skip

    def test_boost_interprocess_stays_in_the_segment(self):
        self.finds(check_includes, {"shm/lane.hpp": "#include <boost/interprocess/mapped_region.hpp>\n"},
                   "shm/lane.hpp", 1)  # fmt: skip

    def test_the_tracker_includes_types_only(self):
        self.finds(check_includes, {"producer/malloc/a.cpp": "#include <atomic>\n#include <string>\n"},
                   "producer/malloc/a.cpp", 2)  # fmt: skip

    def test_the_tracker_is_followed_through_our_headers(self):
        self.finds(check_includes, {
            "producer/malloc/a.cpp": '#include "shm/lane.hpp"\n#include <errno.h>\n',
            "shm/lane.hpp": "#include <array>\n#include <mutex>\n",
        }, "shm/lane.hpp", 2)  # fmt: skip

    def test_an_include_in_a_comment_is_none(self):
        self.finds_nothing(check_includes, {"shm/lane.hpp": "", "viewers/a.cpp": '// #include "shm/lane.hpp"\n'})


class Sync(LintTest):
    README = "## SYNC(head)\nwhy\n"
    PAIR = "// SYNC(head)\na.store(1, std::memory_order_release);\n// SYNC(head)\na.load(std::memory_order_acquire);\n"

    def test_an_explained_pair_passes(self):
        self.finds_nothing(check_sync, {"shm/README.md": self.README, "shm/lane.hpp": self.PAIR})

    def test_the_placeholder_is_no_name(self):
        self.finds_nothing(check_sync, {"shm/README.md": "Each order has a SYNC(name).\n"})

    def test_relaxed_needs_no_argument(self):
        self.finds_nothing(check_sync, {"shm/lane.hpp": "a.load(std::memory_order_relaxed);\n"})

    def test_an_order_without_a_label_is_found(self):
        self.finds(check_sync, {"shm/lane.hpp": "\na.load(std::memory_order_acquire);\n"}, "shm/lane.hpp", 2)
        self.finds(check_sync, {"include/a.h": "__atomic_load_n(p, __ATOMIC_ACQUIRE);\n"}, "include/a.h", 1)
        self.finds(check_sync, {"shm/a.cpp": "a.load(std::memory_order::seq_cst);\n"}, "shm/a.cpp", 1)

    def test_a_label_seven_lines_above_is_too_far(self):
        text = self.PAIR + "// SYNC(head)\n\n\n\n\n\n\na.load(std::memory_order_acquire);\n"
        self.finds(check_sync, {"shm/README.md": self.README, "shm/lane.hpp": text}, "shm/lane.hpp", 12)

    def test_an_order_in_a_comment_is_none(self):
        self.finds_nothing(check_sync, {"shm/lane.hpp": "// not memory_order_acquire: relaxed will do\n"})

    def test_a_name_that_nobody_explains_is_found(self):
        self.finds(check_sync, {"shm/README.md": "", "shm/lane.hpp": self.PAIR}, "shm/lane.hpp", 1)

    def test_a_name_without_its_other_end_is_found(self):
        self.finds(check_sync, {"shm/README.md": self.README, "shm/lane.hpp": "f(); // SYNC(head)\n"},
                   "shm/README.md", 1)  # fmt: skip


class Files(LintTest):
    def test_sources_with_their_line_pass(self):
        self.finds_nothing(check_files, {
            "shm/a.cpp": SPDX, "a.py": "# SPDX-License-Identifier: Apache-2.0\n", "README.md": "text\n",
            "dev": "#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\n",
        })  # fmt: skip

    def test_a_source_without_its_line_is_found(self):
        self.finds(check_files, {"shm/a.cpp": "// something else\n"}, "shm/a.cpp", 1)
        self.finds(check_files, {"dev": "#!/bin/sh\ntrue\n"}, "dev", 2)
        self.finds(check_files, {"shm/CMakeLists.txt": "add_library()\n"}, "shm/CMakeLists.txt", 1)

    def test_a_long_file_is_found_unless_it_says_why(self):
        self.finds(check_files, {"shm/a.cpp": SPDX + "\n" * 400}, "shm/a.cpp", 400)
        self.finds_nothing(check_files, {"shm/a.cpp": SPDX + "// size: one table\n" + "\n" * 400})


class KillPoints(LintTest):
    STORE = "TIDEMARK_SHARED_STORE(\"append.head\",\n    __atomic_store_n(&lane->head, f(1), __ATOMIC_RELAXED));\n"

    def test_a_store_in_a_point_and_one_to_private_memory_pass(self):
        self.finds_nothing(check_kill_points, {
            "shm/lane.hpp": self.STORE,
            "producer/a.cpp": "__atomic_store_n(&process_page.lock, 0u, __ATOMIC_RELAXED);\nf(\n);\n",
            "viewers/a.cpp": "word.store(1);\n",
        })  # fmt: skip

    def test_a_store_outside_is_found(self):
        self.finds(check_kill_points, {"shm/lane.hpp": self.STORE + "__atomic_store_n(&lane->tail, 1, order);\n"},
                   "shm/lane.hpp", 3)  # fmt: skip
        self.finds(check_kill_points, {"shm/a.cpp": "std::atomic_ref(header.pass).store(1, order);\n"}, "shm/a.cpp", 1)

    def test_a_system_call_that_others_see_is_found_without_a_point_just_before(self):
        call = 'raw_syscall(SYS_unlinkat, AT_FDCWD, path, 0);\n'
        self.finds(check_kill_points, {"shm/a.cpp": call}, "shm/a.cpp", 1)
        self.finds_nothing(check_kill_points, {"shm/a.cpp": 'TIDEMARK_KILL_POINT("a.b");\n' + call})

    def test_a_plain_store_is_found_unless_a_point_follows(self):
        fill = "void fill(Lane& lane) {\n    lane.tail = 1;\n%s}\n"
        for behind in ('TIDEMARK_SHARED_STORE("a.b", lane.head = 2);\n', "publish_lane(lane);\n"):
            self.finds_nothing(check_kill_points, {"shm/a.cpp": fill % behind})
        self.finds(check_kill_points, {"shm/a.cpp": fill % ""}, "shm/a.cpp", 2)
        self.finds(check_kill_points, {"shm/a.cpp": fill.replace("lane.tail = 1", "memcpy(lane.name, a, 2)") % ""}, "shm/a.cpp", 2)
        self.finds_nothing(check_kill_points, {"shm/a.cpp": fill.replace("Lane&", "const Lane&").replace("= 1", "== 1") % ""})
        self.finds(check_kill_points, {"shm/a.cpp": "void f() {\n    ++header().passes;\n}\n"}, "shm/a.cpp", 2)

    def test_a_name_that_stands_twice_is_found(self):
        self.finds(check_kill_points, {"shm/a.cpp": 'TIDEMARK_KILL_POINT("a.b");\n', "shm/b.cpp": self.STORE + 'TIDEMARK_KILL_POINT("a.b");\n'},
                   "shm/b.cpp", 3)  # fmt: skip


class Words(LintTest):
    def test_plain_text_passes(self):
        self.finds_nothing(check_words, {"a.md": "setsid() starts a new session; mkstemp(/tmp/a.XXXXXX); a helper thread\n"
                                                 "a user agent; $build/work/a; the network works\n"})  # fmt: skip

    def test_markers_paths_and_talk_are_found(self):
        for text in ("TODO later", "// FIXME", "see XXX", "cd /work/x", "in /root/x", "the next session", "an agent said"):
            self.finds(check_words, {"a.md": f"\n{text}\n"}, "a.md", 2)


class Sanitizers(LintTest):
    ATTRIBUTE = '__attribute__((no_sanitize("thread"))) int f();\n'

    def test_what_has_a_reason_passes(self):
        self.finds_nothing(check_sanitizers, {"producer/stack_walk.cpp": self.ATTRIBUTE, "shm/a.cpp": "int f();\n",
                                              "tests/tsan_suppressions.txt": "# why\nrace:moodycamel::ConcurrentQueue\n"})  # fmt: skip

    def test_what_hides_without_a_reason_is_found(self):
        self.finds(check_sanitizers, {"shm/a.cpp": "\n" + self.ATTRIBUTE}, "shm/a.cpp", 2)
        self.finds(check_sanitizers, {"CMakePresets.json": '"-Wno-tsan"\n'}, "CMakePresets.json", 1)
        self.finds(check_sanitizers, {"tests/tsan_suppressions.txt": "race:tidemark\n"}, "tests/tsan_suppressions.txt", 1)

    def test_a_reason_for_nothing_is_found(self):
        self.finds(check_sanitizers, {"producer/stack_walk.cpp": "int f();\n"}, "producer/stack_walk.cpp", 1)


class Comments(unittest.TestCase):
    def test_comments_are_blanked_and_strings_and_lines_stay(self):
        text = 'a = "//x"; // y\n/* z\nz */ b\n'
        self.assertEqual(without_comments(text), 'a = "//x";     \n    \n     b\n')


if __name__ == "__main__":
    unittest.main()
