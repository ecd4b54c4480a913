# SPDX-License-Identifier: Apache-2.0
"""Nothing hides our own code from the sanitizers, but what stands in KNOWN, with the reason.

Looked for: attributes, options of compilers and of the sanitizers' libraries, lists of suppressions, and code that is
left out under a sanitizer. Which tests are left out of a sanitizer's build: tests/without_tsan.txt.
"""
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from project import main  # noqa: E402

HIDES = re.compile(r"no_sanitize|disable_sanitizer_instrumentation|-fno-sanitize=|-Wno-tsan|suppressions=|_default_suppressions|"
                   r"__lsan_\w+|__SANITIZE_\w+|__has_feature\(\w+_sanitizer|detect_(?:leaks|races|odr_violation)=0|"
                   r"AnnotateIgnore\w+|__tsan_ignore\w*|report_bugs=0|exitcode=0")  # fmt: skip
KNOWN = {
    ("producer/stack_walk.cpp", "no_sanitize"): "reads whatever lies on a stack, also what AddressSanitizer calls poisoned",
    ("collector/CMakeLists.txt", "-Wno-tsan"): "two files include a queue that has stand-alone fences; ours have none",
    ("viewers/web/CMakeLists.txt", "-Wno-tsan"): "Asio has stand-alone fences; ours have none",
    ("tests/TidemarkTest.cmake", "suppressions="): "names tests/tsan_suppressions.txt",
    ("tests/models/CMakeLists.txt", "-Wno-tsan"): "the models' checker knows fences; the sanitizer's library is not there",
    ("tests/process/producer_process_test.cpp", "__SANITIZE_THREAD__"): "four scenes with vfork, which it makes a fork, or strict seccomp",
    ("tests/unit/monitor/figures_test.cpp", "__SANITIZE_ADDRESS__"): "one look at a child without address space, where no sanitizer lives",
    ("tests/unit/monitor/figures_test.cpp", "__SANITIZE_THREAD__"): "the same",
    ("tests/unit/monitor/threads_test.cpp", "__SANITIZE_THREAD__"): "one test forks while threads run, which ThreadSanitizer does not follow",
}  # fmt: skip
SUPPRESSIONS = "tests/tsan_suppressions.txt"
SUPPRESSED = {"race:moodycamel::ConcurrentQueue"}  # Debian's; the reason stands there
# These name what they look for.
EXEMPT = ("tests/lint/check_sanitizers.py", "tests/lint/self_test.py")
KINDS = (".cpp", ".hpp", ".c", ".h", ".cmake", ".py", "CMakeLists.txt", "CMakePresets.json")


def check(project):
    seen = set()
    for path in project.files:
        text = project.text(path)
        if text is None or path in EXEMPT or not (path.endswith(KINDS) or path == "dev"):
            continue
        for number, line in enumerate(text.split("\n"), 1):
            for match in HIDES.finditer(line):
                seen.add((path, match.group(0)))
                if (path, match.group(0)) not in KNOWN:
                    yield path, number, f"{match.group(0)}: hides code from a sanitizer, and check_sanitizers.py has no reason for it"
    for path, what in KNOWN:
        if path in project.files and (path, what) not in seen:
            yield path, 1, f"{what} is not there any more: take its reason out of check_sanitizers.py"
    if SUPPRESSIONS in project.files:
        for number, line in enumerate(project.text(SUPPRESSIONS).split("\n"), 1):
            if line and not line.startswith("#") and line not in SUPPRESSED:
                yield SUPPRESSIONS, number, f"{line}: nobody may be silenced here but a library that is not ours"


if __name__ == "__main__":
    main(check, "sanitizers")
