# SPDX-License-Identifier: Apache-2.0
"""The older query module, over the allocation server's socket, as scripts have it:

    python3 query_stats.py 0
    from query_stats import query_device_stats, profile_function

The socket is the gateway of `tidemarkd --legacy-socket`; its path is /tmp/tt_allocation_server.sock, or what
TIDEMARK_LEGACY_SOCKET or the parameter `path` says. New scripts use the package tidemark, which asks nobody.
"""
import os
import socket
import struct
import sys
import time

SOCKET_PATH = "/tmp/tt_allocation_server.sock"
QUERY, RESPONSE = 3, 4
TIMEOUT = 5.0  # seconds for each step
# Version B, 112 bytes, little-endian: type, device_id, size, buffer_type, process_id, buffer_id, timestamp, then dram,
# l1, l1_small, trace, total_dram, total_l1, then arch, channels, per channel, l1 per core, available, devices.
FRAME = struct.Struct("<B3xiQB3xiQQ4Q2Q6I")
assert FRAME.size == 112
KEYS = ("dram_allocated", "l1_allocated", "l1_small_allocated", "trace_allocated")
HOW_TO_START = "start one: tidemarkd --background --legacy-socket"


class ServerError(ConnectionError):
    """No server answers at the socket; the message says how to start one."""


def socket_path(path=None):
    return path or os.environ.get("TIDEMARK_LEGACY_SOCKET") or SOCKET_PATH


def query_device_stats(device_id, path=None):
    """device_id and what all programs hold on it, in bytes: dram_allocated, l1_allocated, l1_small_allocated,
    trace_allocated. Raises ServerError."""
    where = socket_path(path)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
            server.settimeout(TIMEOUT)
            server.connect(where)
            server.sendall(FRAME.pack(QUERY, device_id, *[0] * (_fields() - 2)))
            answer = _receive(server)
    except OSError as error:
        raise ServerError(f"no allocation server answers at {where}: {error}; {HOW_TO_START}") from None
    fields = FRAME.unpack(answer)
    if fields[0] != RESPONSE:
        raise ServerError(f"the server at {where} answered type {fields[0]} to a query: not an allocation server")
    return {"device_id": device_id, **dict(zip(KEYS, fields[7:11]))}


def _fields():
    return len(FRAME.unpack(bytes(FRAME.size)))


def _receive(server):
    answer = b""
    while len(answer) < FRAME.size:
        part = server.recv(FRAME.size - len(answer))
        if not part:
            raise ConnectionResetError(f"it closed the connection after {len(answer)} of {FRAME.size} bytes")
        answer += part
    return answer


def is_server_running(path=None):
    """True if somebody accepts connections at the socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.settimeout(TIMEOUT)
        try:
            server.connect(socket_path(path))
            return True
        except OSError:
            return False


def format_bytes(size):
    """1024-based: 471859200 is `450.00 MB`."""
    value = float(size)
    for unit in ("B", "KB", "MB", "GB", "TB"):
        # 1023.995 and above would print as 1024.00.
        if abs(value) < (1024 if unit == "B" else 1023.995) or unit == "TB":
            return f"{size} B" if unit == "B" else f"{value:.2f} {unit}"
        value /= 1024


def profile_function(func, device_id=0, path=None):
    """Calls func, prints how long it took and how DRAM and L1 of the device changed, and returns func's result."""
    _flush()
    before, begun = query_device_stats(device_id, path), time.perf_counter()
    result = func()
    seconds = time.perf_counter() - begun
    _flush()
    after = query_device_stats(device_id, path)
    print(f"{getattr(func, '__name__', 'function')}: {seconds:.3f} s")
    for name, key in (("DRAM", "dram_allocated"), ("L1", "l1_allocated")):
        change = after[key] - before[key]
        print(f"  {name}: {'+' if change >= 0 else ''}{format_bytes(change)} (now {format_bytes(after[key])})")
    return result


def _flush():
    """What this very program told through tidemark.producer is published before the server is asked."""
    producer = sys.modules.get("tidemark.producer")
    if producer is not None:
        producer.flush()


def main(arguments):
    try:
        devices = [int(word) for word in arguments] or [0]
    except ValueError:
        print("usage: query_stats.py [DEVICE ...]", file=sys.stderr)
        return 2
    try:
        for device in devices:
            stats = query_device_stats(device)
            print(f"Device {device}:")
            for name, key in zip(("DRAM", "L1", "L1_SMALL", "TRACE"), KEYS):
                print(f"  {name + ':':<10} {format_bytes(stats[key]):>12}")
    except ServerError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
