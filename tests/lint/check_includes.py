# SPDX-License-Identifier: Apache-2.0
"""Include directions: viewers and examples see include/ only; producer and collector see shm/, shm/ sees include/,
and producer and collector never see each other. Boost.Interprocess stays in shm/segment*; the malloc tracker, which
must not depend on libstdc++, includes only headers that bring types."""
import os.path
import re
from project import ROOMS, main, without_comments

ALLOWED = {
    "include": {"include"},
    "shm": {"shm", "include"},
    "producer": {"producer", "shm", "include"},
    "collector": {"collector", "shm", "include"},
    "viewers": {"viewers", "include"},
    "examples": {"examples", "include"},
}
BOOST_HOME = re.compile(r"^shm/segment[^/]*\.(hpp|cpp)$")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)

TRACKER = "producer/malloc/"
TRACKER_HEADERS = {"atomic", "cstdint", "cstddef", "type_traits", "bit", "utility", "new"}
# What the tracker's own files must not include, but headers of shm/ and producer/ that it uses may: inline code only.
INLINE_HEADERS = TRACKER_HEADERS | {
    "algorithm", "array", "cerrno", "climits", "compare", "concepts", "cstring", "initializer_list",
    "iterator", "limits", "optional", "span", "string_view", "tuple", "version",
}  # fmt: skip


def includes(project, path):
    text = without_comments(project.text(path))
    for match in INCLUDE.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match.group(1), match.group(2)


def resolve(project, files, path, name):
    """The project's file that an include names, or None if it is not ours."""
    candidates = [
        os.path.normpath(os.path.join(os.path.dirname(path), name)),
        os.path.normpath(name),
        os.path.normpath(os.path.join("include", name)),
    ] + [os.path.normpath(os.path.join(room, name)) for room in ROOMS]
    return next((c for c in candidates if c in files), None)


def is_standard(kind, name):
    return kind == "<" and re.fullmatch(r"[a-z_0-9]+", name) is not None


def check_tracker(project, files):
    """Follows the tracker's includes through the project's headers."""
    queue = [(path, path) for path in project.code("producer") if path.startswith(TRACKER)]
    seen = {path for path, _ in queue}
    while queue:
        path, origin = queue.pop()
        allowed = TRACKER_HEADERS if path.startswith(TRACKER) else INLINE_HEADERS
        for line, kind, name in includes(project, path):
            target = resolve(project, files, path, name)
            if target is None and is_standard(kind, name) and name not in allowed:
                via = "" if path == origin else f" (reached from {origin})"
                yield path, line, f"<{name}> in the malloc tracker, which has no libstdc++{via}"
            elif target is not None and target not in seen:
                seen.add(target)
                queue.append((target, origin))


def check(project):
    files = set(project.files)
    for path in project.code(*ALLOWED):
        room = path.split("/")[0]
        for line, _, name in includes(project, path):
            if name.startswith("boost/interprocess/") and not BOOST_HOME.match(path):
                yield path, line, "Boost.Interprocess belongs in shm/segment*.{hpp,cpp} only"
            target = resolve(project, files, path, name)
            other = target.split("/")[0] if target else name.split("/")[0]
            if (target or other in ROOMS) and other not in ALLOWED[room] and other in ALLOWED:
                yield path, line, f"{room}/ must not include {name} ({other}/)"
    yield from check_tracker(project, files)


if __name__ == "__main__":
    main(check, "include directions")
