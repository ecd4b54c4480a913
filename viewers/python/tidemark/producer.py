# SPDX-License-Identifier: Apache-2.0
"""Feeds allocation events from Python: include/tidemark/producer.h, whose words hold here too, through ctypes.

    from tidemark import producer
    producer.declare_memory(0, "DRAM", 12 << 30)
    producer.allocation(0, "DRAM", address, size)       # after it exists
    producer.free(0, "DRAM", address)                   # before it goes

Nothing is recorded unless TIDEMARK_ENABLED=1 stood in the environment when the library was loaded, which the first call
does. The library is the file that TIDEMARK_PRODUCER_LIBRARY names, else one beside this package's installation, else
libtidemark_producer.so as the loader finds it. In a process under the malloc tracker it uses the tracker's ring.
"""
import ctypes
import functools
import os
import sysconfig
from collections import namedtuple
from pathlib import Path

from .words import ANY_POOL, LOSS_CAUSES, MEMORIES, POOLS, device_number

SONAME = "libtidemark_producer.so.0"
FLUSH_ANSWERS = ("published", "no collector", "timed out")
ERRORS = {
    -1: (ValueError, "null or empty name, or a number out of its range"),
    -2: (MemoryError, "no room for another pool (8) or device (16)"),
    -3: (ValueError, "declared before, differently; the first stands"),
    -4: (BlockingIOError, "another thread is declaring; try again"),
}

Loss = namedtuple("Loss", "allocations frees bytes")
Status = namedtuple("Status", "enabled attached collector sandboxed lanes image ring_bytes lost")


class LibraryError(RuntimeError):
    """libtidemark_producer.so cannot be loaded."""


def allocation(device, pool, id, size):
    """A buffer exists. device: a number or "host"; pool: a name of DESIGN's words or a number that name_pool gave."""
    _library().tidemark_allocation(device_number(device), _number(pool, _POOLS), id, size)


def free(device, pool, id, size=None):
    """A buffer is about to go. pool: as above, or "ANY"; size: what the program believes it has, if it knows."""
    if size is None:
        _library().tidemark_free(device_number(device), _number(pool, _POOLS), id)
    else:
        _library().tidemark_free_sized(device_number(device), _number(pool, _POOLS), id, size)


def name_pool(name, memory):
    """The number, 7 to 14, of a pool of this program's own that lies in `memory` ("DRAM", "L1", "HOST")."""
    return _checked("name_pool", name, _library().tidemark_name_pool(_utf8(name), _number(memory, MEMORIES)))


def declare_device(device, name):
    _checked("declare_device", name, _library().tidemark_declare_device(device_number(device), _utf8(name)))


def declare_memory(device, memory, capacity):
    """States how many bytes a memory of a device has."""
    answer = _library().tidemark_declare_memory(device_number(device), _number(memory, MEMORIES), capacity)
    _checked("declare_memory", capacity, answer)


def flush(timeout=1.0):
    """Waits until all that this process recorded is published: "published", "no collector" (also when tracking is off)
    or "timed out". `timeout` in seconds."""
    return FLUSH_ANSWERS[_library().tidemark_flush(max(0, min(round(timeout * 1000), 0xFFFFFFFF)))]


def enabled():
    """True if this process's events are wanted."""
    return bool(_library().tidemark_enabled())


def status():
    """What became of this process's events, as the process itself knows it. `lost`: {cause: Loss}."""
    raw = _Status()
    _checked("status", "", _library().tidemark_get_status(ctypes.byref(raw), ctypes.sizeof(raw)))
    lost = {cause: Loss(row.allocations, row.frees, row.bytes) for cause, row in zip(LOSS_CAUSES, raw.lost)}
    flags = (bool(raw.enabled), bool(raw.attached), bool(raw.collector), raw.sandboxed)
    return Status(*flags, raw.lanes, raw.image, raw.ring_bytes, lost)


class Buffer:
    """One buffer, told of from `with` to its end, or from the construction to close()."""

    def __init__(self, device, pool, id, size):
        self._key = (device, pool, id)
        allocation(device, pool, id, size)

    def close(self):
        key, self._key = self._key, None
        if key is not None:
            free(*key)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


_POOLS = {**POOLS, "ANY": ANY_POOL}


class _Loss(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in Loss._fields]


class _Status(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_uint32) for name in ("size", "enabled", "attached", "collector", "sandboxed", "lanes")),
        ("image", ctypes.c_uint64), ("ring_bytes", ctypes.c_uint64), ("lost", _Loss * len(LOSS_CAUSES)),
    ]  # fmt: skip


def _candidates():
    named = os.environ.get("TIDEMARK_PRODUCER_LIBRARY")
    if named:
        return [named]
    here = Path(__file__).resolve().parent
    multiarch = sysconfig.get_config_var("MULTIARCH") or ""
    # PREFIX/lib/python3/dist-packages/tidemark: the library lies in PREFIX/lib or in a folder of the architecture there.
    places = [here] + [place for parent in list(here.parents)[1:4] for place in (parent, parent / multiarch)]
    found = [str(place / SONAME) for place in dict.fromkeys(places) if (place / SONAME).is_file()]
    return [*found[:1], SONAME]


@functools.lru_cache(maxsize=1)
def _library():
    failures = []
    for path in _candidates():
        try:
            # Global, so that an extension module with a producer library in it finds this runtime instead of its own.
            return _declare(ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL))
        except (OSError, AttributeError) as error:
            failures.append(str(error))
    raise LibraryError(
        f"cannot load the producer library: {'; '.join(failures)}; install Tidemark, or name the file in "
        "TIDEMARK_PRODUCER_LIBRARY"
    )


def _declare(library):
    u32, u64, i32, text = ctypes.c_uint32, ctypes.c_uint64, ctypes.c_int32, ctypes.c_char_p
    for name, result, arguments in (
        ("enabled", i32, ()), ("allocation", None, (u32, u32, u64, u64)), ("free", None, (u32, u32, u64)),
        ("free_sized", None, (u32, u32, u64, u64)), ("name_pool", i32, (text, u32)), ("flush", i32, (u32,)),
        ("declare_device", i32, (u32, text)), ("declare_memory", i32, (u32, u32, u64)),
        ("get_status", i32, (ctypes.POINTER(_Status), u64)),
    ):  # fmt: skip
        function = getattr(library, "tidemark_" + name)
        function.restype, function.argtypes = result, arguments
    return library


def _number(word, known):
    if isinstance(word, int):
        return word
    if word not in known:
        raise ValueError(f"no such word: {word!r}; known: {', '.join(known)}")
    return known[word]


def _utf8(name):
    encoded = name.encode("utf-8")
    if b"\0" in encoded:
        raise ValueError(f"a name without zero bytes is wanted: {name!r}")
    return encoded


def _checked(call, what, answer):
    if answer < 0:
        kind, why = ERRORS[answer]
        raise kind(f"{call}({what!r}): {why}")
    return answer
