# SPDX-License-Identifier: Apache-2.0
"""Writes a small but complete stats segment byte by byte, by golden/layout-1.0.txt and by nothing else: no header, no
struct of this repository is used, so that its bytes don't follow when a layout changes. The result for version 1.0 is
checked in as golden/stats-1.0.bin; the others (a newer minor version, and segments that must be refused) are made when
the test runs.

    golden_segment.py FILE [VARIANT]        variants: see VARIANTS
"""
import json
import struct
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent / "golden"
SIZES = {"u64": 8, "u32": 4, "i32": 4, "text": 1, "u8": 1}
CODES = {"u64": "Q", "u32": "I", "i32": "i"}
HOST = 0xFFFF
MIB, GIB = 1 << 20, 1 << 30
T0 = 1_700_000_000_000_000_000  # CLOCK_REALTIME ns
IMAGE_A, IMAGE_B = 0x0123456789ABCDEF, 0xFEDCBA9876543210


def read_layout():
    """{struct: {"(size)": bytes, field: (type, offset, count, unit)}}"""
    layout = {}
    for line in (HERE / "layout-1.0.txt").read_text().splitlines():
        words = line.split(None, 5)
        if not words or words[0] == "#":
            continue
        fields = layout.setdefault(words[0], {})
        if words[1] == "(size)":
            fields["(size)"] = int(words[2])
        else:
            fields[words[1]] = (words[2], int(words[3]), int(words[4]), words[5].strip("-"))
    return layout


LAYOUT = read_layout()
TABLES = ["collector", "device", "memory", "usage", "process", "process_usage", "history", "region"]
CAPACITY = {"collector": 1, "device": 4, "memory": 4, "usage": 6, "process": 3, "process_usage": 4, "history": 2, "region": 2}


def usage(scale, exact=1):
    """The fields that a usage has everywhere, made from one number."""
    return {
        "current": 3 * scale, "peak": 5 * scale, "total_allocated": 9 * scale, "total_freed": 4 * scale,
        "freed_by_exit": scale, "superseded": scale, "live": 3, "allocations": 9, "frees": 4,
        "exact": exact, "peak_exact": 1,
    }  # fmt: skip


FREE = None
# What stands in each row. "torn": its writer was killed in the MIDDLE of it, while copy 0 was written, so that copy 1
# holds; or LATE, while copy 1 was written.
MIDDLE, LATE = "middle", "late"
ROWS = {
    "collector": [{
        "pass": 41, "in_use": 1, "events": 13, "passes": 40, "processes_running": 1, "processes_seen": 2,
        "rings_attached": 1, "publish_latency_last_ns": 21000, "publish_latency_highest_ns": 210000,
        "clock_base_ticks": 1 << 40, "clock_base_unix_ns": T0, "clock_ns_per_tick_q32": 1753413056,
        "exited_grace_ns": 60_000_000_000, "lost_allocations": [1, 2, 3, 4, 5, 6, 7, 8],
        "lost_frees": [0] * 8, "lost_bytes": [10, 20, 30, 40, 50, 60, 70, (1 << 64) - 1],
    }],
    "device": [
        {"pass": 3, "in_use": 1, "device": 0, "kind": 0, "arch": 2, "dram_channels": 12, "dram_per_channel": GIB,
         "l1_per_core": 1464 * 1024, "conflicts": 1, "name": "Wormhole n300"},
        FREE,
        {"pass": 2, "in_use": 1, "device": HOST, "kind": 1, "name": "x" * 64, "torn": LATE},
    ],
    "memory": [
        {"pass": 41, "in_use": 1, "device": 0, "memory": 0, "capacity_known": 1, "capacity": 12 * GIB,
         "allocated": 3 * MIB},
        {"pass": 41, "in_use": 1, "device": 0, "memory": 1, "capacity_known": 0, "allocated": 3 * 4096},
        {"pass": 40, "in_use": 1, "device": HOST, "memory": 2, "capacity_known": 1, "capacity": 64 * GIB,
         "allocated": 300},
    ],
    "usage": [
        {"pass": 41, "in_use": 1, "device": 0, "pool": 0, "memory": 0, "pool_name": "DRAM", **usage(MIB)},
        {"pass": 41, "in_use": 1, "device": 0, "pool": 1, "memory": 1, "pool_name": "L1", "torn": MIDDLE,
         **usage(4096)},
        FREE,
        {"pass": 40, "in_use": 1, "device": HOST, "pool": 2, "memory": 2, "pool_name": "SYSTEM_MEMORY",
         "lost_allocations": 36, "lost_frees": 2, "lost_bytes": 280, **usage(100, exact=0)},
    ],
    "process": [
        {"pass": 41, "in_use": 1, "state": 1, "image": IMAGE_A, "pid": 4242, "uid": 1000, "start_ticks": 777,
         "start_unix_ns": T0, "events": 11, "exact": 1, "lanes": 2, "lost_allocations": [0] * 8, "lost_frees": [0] * 8,
         "lost_bytes": [0] * 8, "name": "train", "command": "train --epochs 3 größe"},
        {"pass": 39, "in_use": 1, "state": 2, "image": IMAGE_B, "parent_image": IMAGE_A, "pid": -1, "uid": 1000,
         "exit_unix_ns": T0 + 5, "events": 2, "unknown_frees": 1, "inherited_frees": 2, "duplicates": 3,
         "ambiguous_frees": 4, "gap_consequences": 5, "clock_steps": 6, "quarantine": 3, "sandboxed": 1,
         "lost_allocations": [1, 2, 3, 4, 5, 6, 7, 8], "lost_frees": [2] + [0] * 7, "lost_bytes": [280] + [0] * 7,
         "name": "sixteen-letters!", "command": "c" * 255, "origin": 1, "ending": 3, "ending_code": 9},
    ],
    "region": [
        {"pass": 12, "in_use": 1, "kind": 0, "region": (1 << 64) - 1, "device": 1, "remote": 1, "dram": 5, "l1": 4,
         "l1_small": 3, "trace": 2, "cb": 1},
        {"pass": 12, "in_use": 1, "kind": 1, "region": 7, "device": 0, "pid": 4243, "instrumented": 1, "dram": MIB,
         "name": "of tt-metal"},
    ],
    "process_usage": [
        {"pass": 41, "in_use": 1, "pid": 4242, "image": IMAGE_A, "device": 0, "pool": 0, "memory": 0,
         "pool_name": "DRAM", "size_histogram": list(range(32)), **usage(MIB)},
        FREE,
        {"pass": 39, "in_use": 1, "pid": -1, "image": IMAGE_B, "device": HOST, "pool": 16, "memory": 2,
         "pool_name": "scratch", "size_histogram": [9] + [0] * 31, "torn": MIDDLE, **usage(100)},
    ],
    "history": [
        {"pass": 1, "in_use": 1, "device": 0, "pool": 0, "fine_offset": "fine", "coarse_offset": "coarse",
         "pool_name": "DRAM"},
    ],
}  # fmt: skip
# (ring, sample's time, current, highest, guard)
SAMPLES = [
    ("fine", T0 + 300_000_001, 2 * MIB, 5 * MIB, None),
    ("fine", T0 + 400_000_000, 3 * MIB, 3 * MIB, None),
    ("fine", T0 + 500_000_000, 7, 7, T0 + 500_000_001),  # its writer died within it
    ("coarse", T0 + 400_000_000, 3 * MIB, 5 * MIB, None),
]
RINGS = {"fine": (600, 100_000_000), "coarse": (900, 1_000_000_000)}


class Segment:
    """The bytes, and where things lie in them."""

    def __init__(self, minor=0, order="<"):
        self.minor, self.order, self.bytes = minor, order, bytearray()
        self.header_size = 256 if minor == 0 else 320
        self.tables = TABLES if minor == 0 else TABLES + ["later"]
        self.layout = dict(LAYOUT)
        if minor:  # every payload grows by two words, and there is a table that 1.0 does not know
            self.layout["later"] = {"(size)": 32, "pass": ("u64", 0, 1, ""), "in_use": ("u32", 8, 1, "")}
            for name in self.tables:
                size = LAYOUT.get(name, self.layout["later"])["(size)"]
                grown = {"later_word": ("u64", size, 1, "events"), "later_kind": ("u128", size + 8, 1, "")}
                self.layout[name] = {**self.layout[name], **grown, "(size)": size + 16}

    def reserve(self, size, align=64):
        """Space at the end; its offset."""
        self.bytes += bytes(-len(self.bytes) % align)
        self.bytes += bytes(size)
        return len(self.bytes) - size

    def put(self, struct_name, at, values):
        for name, value in values.items():
            kind, offset, count, _ = self.layout[struct_name][name]
            if kind == "text":
                data = value.encode()[:count]
            else:
                items = value if isinstance(value, list) else [value]
                data = struct.pack(f"{self.order}{count}{CODES[kind]}", *items)
            self.bytes[at + offset : at + offset + len(data)] = data

    def schema(self):
        tables = []
        for number, name in enumerate(self.tables):
            fields = [
                {"name": field, "type": kind, "offset": offset, "count": count, "array": count > 1, "unit": unit, "doc": ""}
                for field, (kind, offset, count, unit) in ((f, v) for f, v in self.layout[name].items() if f != "(size)")
            ]  # fmt: skip
            tables.append({"table": number, "name": name, "fields": fields})
        return json.dumps({"schema": 1, "tables": tables}, separators=(",", ":")).encode()

    def row(self, name, at, payload_size, values):
        copies = [at + 16, at + 16 + payload_size]
        values = dict(values or {})
        sequence, torn = {None: (2, None), MIDDLE: (3, 0), LATE: (4, 1)}[values.pop("torn", None)]
        struct_q = struct.Struct(f"{self.order}Q")
        self.bytes[at : at + 8] = struct_q.pack(sequence)
        for copy in copies:
            self.put(name, copy, values)
            if self.minor and values:
                self.put(name, copy, {"later_word": 99})
        if torn is not None:
            self.bytes[copies[torn] : copies[torn] + payload_size] = b"\xee" * payload_size


def build(minor=0, order="<", header=None, directory=None):
    """The segment as bytes. `header`: words to set otherwise; `directory`: {table: {word: value}}, likewise."""
    s = Segment(minor, order)
    s.reserve(s.header_size)
    entries = s.reserve(64 * len(s.tables))
    schema = s.schema()
    schema_at = s.reserve(len(schema))
    s.bytes[schema_at : schema_at + len(schema)] = schema
    socket = b"/run/tidemark/golden.sock\0"
    socket_at = s.reserve(len(socket), 8)
    s.bytes[socket_at : socket_at + len(socket)] = socket
    rings = {name: s.reserve(32 * count) for name, (count, _) in RINGS.items()}
    for ring, time, current, highest, guard in SAMPLES:
        count, period = RINGS[ring]
        at = rings[ring] + 32 * (time // period % count)
        s.put("sample", at, {"time": time, "current": current, "highest": highest, "time_guard": guard or time})
    for number, name in enumerate(s.tables):
        payload_size = s.layout[name]["(size)"]
        row_size = (16 + 2 * payload_size + 63) // 64 * 64
        capacity = CAPACITY.get(name, 1)
        rows_at = s.reserve(row_size * capacity)
        rows = ROWS.get(name, [{"pass": 1, "in_use": 1}])
        for i, values in enumerate(rows):
            if name == "history":
                values = {**values, "fine_offset": rings["fine"], "coarse_offset": rings["coarse"]}
            s.row(name, rows_at + i * row_size, payload_size, values)
        s.put("directory", entries + 64 * number, {
            "table": number, "row_size": row_size, "payload_size": payload_size, "row_capacity": capacity,
            "rows_offset": rows_at, "rows_used": len(rows), "name": name, **(directory or {}).get(name, {}),
        })  # fmt: skip
    words = {
        "magic": 0x4B52414D45444954, "byte_order": 0x01020304, "version_major": 1, "version_minor": minor,
        "header_size": s.header_size, "features_compatible": minor << 31, "features_incompatible": 0,
        "segment_size": len(s.bytes), "generation": 0xA5A5, "directory_offset": entries, "table_count": len(s.tables),
        "schema_offset": schema_at, "schema_size": len(schema), "control_socket_offset": socket_at,
        "collector_pid": 77, "collector_uid": 0, "created_unix_ns": T0, "instance": "golden", "state": 1,
        "heartbeat_count": 12, "heartbeat_unix_ns": T0 + 600_000_000, "heartbeat_monotonic_ns": 5_000_000_000,
        "pass_begun": 41, "pass_ended": 41,
    }  # fmt: skip
    s.put("header", 0, {**words, **(header or {})})
    return bytes(s.bytes)


# {variant: (bytes, name of the error that every reader must give, or None)}
VARIANTS = {
    "1.0": lambda: (build(), None),
    "1.1": lambda: (build(minor=1), None),
    "wrong magic": lambda: (build(header={"magic": 0}), "BAD_MAGIC"),
    "other byte order": lambda: (build(order=">"), "BYTE_ORDER"),
    "byte order word": lambda: (build(header={"byte_order": 0x04030201}), "BYTE_ORDER"),
    "major 2": lambda: (build(header={"version_major": 2}), "VERSION"),
    "major 0": lambda: (build(header={"version_major": 0}), "VERSION"),
    "unknown incompatible bit": lambda: (build(header={"features_incompatible": 1 << 31}), "INCOMPATIBLE"),
    "empty": lambda: (b"", "TRUNCATED"),
    "cut in the header": lambda: (build()[:255], "TRUNCATED"),
    "cut in the directory": lambda: (build()[:300], "TRUNCATED"),
    "cut by one byte": lambda: (build()[:-1], "TRUNCATED"),
    "header size": lambda: (build(header={"header_size": 128}), "MALFORMED"),
    "huge header": lambda: (build(header={"header_size": (1 << 32) - 1}), "TRUNCATED"),
    "directory outside": lambda: (build(header={"directory_offset": (1 << 64) - 64}), "TRUNCATED"),
    "directory unaligned": lambda: (build(header={"directory_offset": 257}), "MALFORMED"),
    "too many tables": lambda: (build(header={"table_count": (1 << 32) - 1}), "TRUNCATED"),
    "schema outside": lambda: (build(header={"schema_size": (1 << 64) - 1}), "TRUNCATED"),
    "socket outside": lambda: (build(header={"control_socket_offset": 1 << 40}), "TRUNCATED"),
    "instance unterminated": lambda: (build(header={"instance": "i" * 64}), "MALFORMED"),
    "rows outside": lambda: (build(directory={"usage": {"rows_offset": (1 << 64) - 8}}), "TRUNCATED"),
    "rows unaligned": lambda: (build(directory={"usage": {"rows_offset": 4}}), "MALFORMED"),
    "capacity": lambda: (build(directory={"process": {"row_capacity": (1 << 32) - 1}}), "TRUNCATED"),
    "payload larger than row": lambda: (build(directory={"device": {"payload_size": 4096}}), "MALFORMED"),
    "payload not of words": lambda: (build(directory={"device": {"payload_size": 116}}), "MALFORMED"),
    "payload without in_use": lambda: (build(directory={"device": {"payload_size": 8}}), "MALFORMED"),
    "row not of lines": lambda: (build(directory={"device": {"row_size": 264}}), "MALFORMED"),
    "table twice": lambda: (build(directory={"device": {"table": 0}}), "MALFORMED"),
}


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(VARIANTS[sys.argv[2] if len(sys.argv) > 2 else "1.0"]()[0])
