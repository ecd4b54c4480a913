# SPDX-License-Identifier: Apache-2.0
"""Reads the account of one image: its live buffers. The layout, and how a walk finds them while the collector changes
it, are those of include/tidemark/account_abi.h; an account is readable by the collector's user alone."""
import errno
import mmap
import os
import stat
import struct

MAGIC = b"TACCOUNT"
BYTE_ORDER = 0x01020304
HEADER_SIZE, PAGE_SIZE, MAX_DEPTH, TRIES = 928, 8192, 20, 16
ENTRY = struct.Struct("=QQQII")  # life, id, stamp, device, stack
PAGE_ENTRIES_AT = 32
STATE, DEPTH, EXIT_UNIX, EXIT_TICKS, SEQUENCE, DIRECTORY, PAGES, PAGE_COUNT = 864, 868, 872, 880, 888, 896, 904, 912
POOLS, POOL = 352, struct.Struct("=I24sI")
SIZE_MASK, POOL_SHIFT, LIVE = (1 << 48) - 1, 48, 1 << 52
EXITED = 2


class AccountError(OSError):
    """The message says which account, what failed and what to do."""


class Account:
    def __init__(self, instance, image):
        self.path = f"/dev/shm/tidemark.{instance}.account.{image:016x}"
        try:
            self._fd = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            raise AccountError(error.errno, f"cannot read {self.path}: {_why(error)}") from None
        self._map = None
        try:
            self._grow()
            self._check()
        except AccountError:
            self.close()
            raise

    def close(self):
        self._map = None
        os.close(self._fd)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def exited(self):
        return self._half(STATE) == EXITED

    def exit_times(self):
        """(stamp in ticks, CLOCK_REALTIME ns) of the image's end; 0: unknown."""
        return self._word(EXIT_TICKS), self._word(EXIT_UNIX)

    def pool_name(self, pool):
        """What the image named its pool; empty if it did not."""
        name = POOL.unpack_from(self._map, POOLS + pool * POOL.size)[1]
        return name.split(b"\0", 1)[0].decode("utf-8", "replace")

    def live_buffers(self):
        """([(id, size, stamp, device, pool number, stack)], whether the list is exact)"""
        found, exact = [], False
        for _ in range(TRIES):
            found = []
            self._grow()
            exact = self._walk(found)
            if exact:
                break
        return found, exact

    def _grow(self):
        status = os.fstat(self._fd)
        if not stat.S_ISREG(status.st_mode) or status.st_uid not in (0, os.geteuid()):
            raise AccountError(errno.EPERM, f"cannot read {self.path}: not a file of root or of yourself: refused")
        if status.st_size < HEADER_SIZE:
            raise AccountError(errno.EINVAL, f"cannot read {self.path}: shorter than its header")
        if self._map is None or status.st_size > len(self._map):
            self._map = memoryview(mmap.mmap(self._fd, status.st_size, flags=mmap.MAP_SHARED, prot=mmap.PROT_READ))
            whole = self._map[: len(self._map) // 8 * 8]
            self._words, self._halves = whole.cast("Q"), whole.cast("I")

    def _check(self):
        order, major = self._half(8), self._half(12)
        if bytes(self._map[:8]) != MAGIC or order != BYTE_ORDER or major != 1 or self._half(28) != 0:
            raise AccountError(errno.EINVAL, f"cannot read {self.path}: another layout: use the collector's release")

    def _word(self, offset):
        return self._words[offset >> 3]

    def _half(self, offset):
        return self._halves[offset >> 2]

    def _walk(self, found):
        """One round. True: the directory did not change and all that was found is whole."""
        sequence, depth, directory = self._word(SEQUENCE), self._half(DEPTH), self._word(DIRECTORY)
        if depth > MAX_DEPTH or directory % 8 or directory + 4 * (1 << depth) > len(self._map):
            return False
        slots = [self._half(directory + 4 * slot) for slot in range(1 << depth)]
        whole, named = True, 0
        for slot, number in enumerate(slots):
            page = self._page(number)
            page_depth = self._half(page) if page else MAX_DEPTH + 1
            if page_depth > depth:
                whole = False
                continue
            home = slot & ((1 << page_depth) - 1)
            if home == slot:
                whole = self._read_page(page, found) and whole
                named += len(slots) >> page_depth
            else:
                whole = whole and number == slots[home]
        return whole and named == len(slots) and self._word(SEQUENCE) == sequence

    def _page(self, number):
        """Offset of the page; 0: there is none of that number."""
        at = self._word(PAGES) + number * PAGE_SIZE
        return at if number < self._half(PAGE_COUNT) and at % 8 == 0 and at + PAGE_SIZE <= len(self._map) else 0

    def _read_page(self, page, found):
        """An entry whose life is the same before and after its other words were copied is untorn."""
        first, end = page + PAGE_ENTRIES_AT, page + PAGE_SIZE
        for _ in range(TRIES):
            copies = [ENTRY.iter_unpack(bytes(self._map[first:end])) for _ in range(3)]
            entries = [(copy, a[0] == copy[0] == b[0]) for a, copy, b in zip(*copies)]
            whole = all(untorn for _, untorn in entries)
            if whole:
                break
        for (life, number, stamp, device, stack), untorn in entries:
            if untorn and life & LIVE:
                found.append((number, life & SIZE_MASK, stamp, device, life >> POOL_SHIFT & 15, stack))
        return whole


def _why(error):
    if error.errno == errno.ENOENT:
        return "no such account: the image is unknown to this instance, or reclaimed"
    if error.errno == errno.EACCES:
        return "permission denied: live buffers are shown to the collector's user only"
    return error.strerror
