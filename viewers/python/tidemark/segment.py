# SPDX-License-Identifier: Apache-2.0
"""The mapped stats segment: finding, checking and reading it without tearing. What the bytes mean, the schema says
(schema.py); what the words of the header mean, include/tidemark/stats_abi.h says.

How a row is read: load its sequence, copy the payload that the sequence's low bit names, load the sequence again; equal
means untorn. In C that is argued with atomic loads (stats_reader.h). CPython promises nothing of the kind. It holds here
because a memoryview of 64-bit words loads an aligned word with one instruction, because the copy lies between the two
loads in program order, and because x86 makes loads visible in program order. A sequence that was torn nevertheless would
have to tear into the same number twice. AArch64 may reorder loads; hundreds of instructions of the interpreter lie
between them, which makes that improbable, not impossible: a program there that must be certain uses the C reader.
"""
import errno
import mmap
import os
import stat
import struct

from .errors import StatsError

MAGIC = b"TIDEMARK"
BYTE_ORDER = 0x01020304
MAJOR = 1
FEATURES_KNOWN = 0
TRIES = 1000

# Constant words of the header, up to `instance`; then the ones that change, by offset.
HEADER = struct.Struct("=8sIIIIIIQQQIIQQQiIQ64s")
HEADER_SIZE = 256
STATE, HEARTBEAT_COUNT, HEARTBEAT_UNIX, HEARTBEAT_MONOTONIC, PASS_BEGUN, PASS_ENDED = 168, 176, 184, 192, 200, 208
DIRECTORY = struct.Struct("=IIIIQII32s")
ROWS_USED = 24
ROW_PREFIX = 16
SAMPLE_SIZE = 32


class Table:
    """One entry of the directory, checked."""

    def __init__(self, entry_offset, fields):
        self.id, self.row_size, self.payload_size, self.capacity, self.rows_offset = fields[:5]
        self.rows_used_offset = entry_offset + ROWS_USED


class Segment:
    def __init__(self, path, trusted_uid=None):
        self.path = path
        self._map = _map(path, trusted_uid)
        self._bytes = memoryview(self._map)
        whole = self._bytes[: len(self._map) // 8 * 8]
        self._words, self._halves = whole.cast("Q"), whole.cast("I")
        whole.release()
        try:
            self._check()
        except StatsError:
            self.close()
            raise

    def close(self):
        for view in (self._words, self._halves, self._bytes):
            view.release()
        self._map.close()

    def word(self, offset):
        """The 64-bit word at a multiple of 8, loaded at once."""
        return self._words[offset >> 3]

    def half(self, offset):
        """The 32-bit word at a multiple of 4, loaded at once."""
        return self._halves[offset >> 2]

    def rows(self, table):
        return min(self.half(table.rows_used_offset), table.capacity)

    def payload(self, table, index):
        """The payload of a row, as bytes."""
        row = table.rows_offset + index * table.row_size
        for _ in range(TRIES):
            sequence = self.word(row)
            start = row + ROW_PREFIX + (sequence & 1) * table.payload_size
            payload = bytes(self._bytes[start : start + table.payload_size])
            if self.word(row) == sequence:
                return payload
        raise StatsError("BUSY", self.path)

    def samples(self, offset, count):
        """The samples (time, current, highest) of a history ring, oldest first."""
        if offset == 0 or offset % 8 != 0 or offset + count * SAMPLE_SIZE > self.size:
            return []
        found = (self._sample(offset + i * SAMPLE_SIZE) for i in range(count))
        return sorted(sample for sample in found if sample and sample[0])

    def _sample(self, offset):
        for _ in range(TRIES):
            sample = tuple(self.word(offset + at) for at in (0, 8, 16))
            if self.word(offset + 24) == sample[0]:
                return sample
        return None  # its writer died in the middle of it

    def _check(self):
        size = len(self._bytes)
        (magic, order, self.major, self.minor, header_size, _, incompatible, self.size, self.generation, directory,
         count, _, schema, schema_size, socket, self.collector_pid, self.collector_uid, self.created_unix_ns,
         instance) = HEADER.unpack_from(self._bytes)  # fmt: skip
        self._require(magic != MAGIC[::-1], "BYTE_ORDER")
        self._require(magic == MAGIC, "BAD_MAGIC")
        self._require(order == BYTE_ORDER, "BYTE_ORDER")
        self._require(self.major == MAJOR, "VERSION")
        self._require(not incompatible & ~FEATURES_KNOWN, "INCOMPATIBLE")
        self._require(self.size <= size and header_size <= self.size, "TRUNCATED")
        self._require(header_size >= HEADER_SIZE, "MALFORMED")
        self._require(schema + schema_size <= self.size and socket < self.size, "TRUNCATED")
        self.control_socket = self._text_at(socket) if socket else None
        self._require(b"\0" in instance, "MALFORMED")
        self.instance = instance.split(b"\0", 1)[0].decode("utf-8", "replace")
        self.schema_json = bytes(self._bytes[schema : schema + schema_size])
        self.tables = self._directory(directory, count)

    def _directory(self, directory, count):
        self._require(directory % 8 == 0, "MALFORMED")
        self._require(directory + count * DIRECTORY.size <= self.size, "TRUNCATED")
        tables = {}
        for i in range(count):
            offset = directory + i * DIRECTORY.size
            table = Table(offset, DIRECTORY.unpack_from(self._bytes, offset))
            least = ROW_PREFIX + 2 * table.payload_size
            self._require(
                table.payload_size >= 16 and table.payload_size % 8 == 0 and table.row_size % 64 == 0
                and table.row_size >= least and table.rows_offset % 8 == 0 and table.id not in tables,
                "MALFORMED",
            )  # fmt: skip
            self._require(table.rows_offset + table.capacity * table.row_size <= self.size, "TRUNCATED")
            tables[table.id] = table
        return tables

    def _text_at(self, offset):
        end = self._map.find(b"\0", offset, self.size)
        self._require(end >= 0, "TRUNCATED")
        return os.fsdecode(bytes(self._bytes[offset:end]))

    def _require(self, condition, code):
        if not condition:
            raise StatsError(code, self.path)


def _map(path, trusted_uid):
    """Maps the file read-only, if it is one and its owner is root, oneself or `trusted_uid`."""
    try:
        # O_NONBLOCK: a FIFO that squats the name must not hold us up.
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        codes = {errno.ENOENT: "NO_SEGMENT", errno.EACCES: "PERMISSION", errno.EPERM: "PERMISSION"}
        codes[errno.ELOOP] = "NOT_TRUSTED"
        code = codes.get(error.errno, "SYSTEM")
        raise StatsError(code, path, error.strerror if code == "SYSTEM" else "") from error
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode) or status.st_uid not in (0, os.geteuid(), trusted_uid):
            raise StatsError("NOT_TRUSTED", path)
        if status.st_size < HEADER_SIZE:
            raise StatsError("TRUNCATED", path)
        return mmap.mmap(fd, status.st_size, flags=mmap.MAP_SHARED, prot=mmap.PROT_READ)
    except OSError as error:
        raise StatsError("SYSTEM", path, error.strerror) from error
    finally:
        os.close(fd)
