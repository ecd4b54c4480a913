# SPDX-License-Identifier: Apache-2.0
"""The figures in one call each, over the mapped segment of the collector that runs now. `instance` None: the one that
TIDEMARK_INSTANCE names, else the user's own, else the system's. Each raises NoCollectorError while no collector runs."""
import time

from .account import Account, AccountError
from .errors import StatsError
from .source import source
from .words import HOST, POOLS, device_number

KEYS = {
    "dram_allocated": "DRAM", "l1_allocated": "L1", "l1_small_allocated": "L1_SMALL", "trace_allocated": "TRACE",
}  # fmt: skip
REGION_PROCESS = 1  # tidemark_region_kind of stats_abi.h


def query_device_stats(device_id, instance=None):
    """What all tracked programs hold on a device, in bytes: device_id, dram_allocated, l1_allocated, l1_small_allocated,
    trace_allocated. A device that no program has used holds 0 of each."""
    rows = source(instance).stats().snapshot(names=("usage",))["usage"]
    return _device_stats(device_number(device_id), rows)


def query_all_devices(instance=None):
    """query_device_stats of each accelerator that the collector knows, by configuration or by a program, in order."""
    tables = source(instance).stats().snapshot(names=("device", "usage"))
    known = {row["device"] for rows in (tables["device"], tables["usage"]) for row in rows} - {HOST}
    return [_device_stats(device, tables["usage"]) for device in sorted(known)]


def _device_stats(device, rows):
    held = {row["pool"]: row["current"] for row in rows if row["device"] == device}
    return {"device_id": device, **{key: held.get(POOLS[pool], 0) for key, pool in KEYS.items()}}


def usage(instance=None):
    """Each device × pool over all programs: current, peak, live, exact and the rest of the usage table."""
    return source(instance).stats().snapshot(names=("usage",))["usage"]


def processes(instance=None):
    """Each program, running or exited a short time ago: image, pid, uid, name, command, state …, and `usage`, its rows
    of device × pool."""
    return _processes(source(instance).stats())


def _processes(stats):
    tables = stats.snapshot(names=("process", "process_usage"))
    found = {row["image"]: {**row, "usage": []} for row in tables["process"]}
    for row in found.values():
        row["state"] = "exited" if row["state"] == 2 else "running"
        row["exact"] = bool(row["exact"])
    for row in tables["process_usage"]:
        if row["image"] in found:
            found[row["image"]]["usage"].append(row)
    return sorted(found.values(), key=lambda row: (row["pid"], row["start_unix_ns"], row["image"]))


def regions(instance=None):
    """What tt-metal's own shared regions say of chips (`pid` None) and of the programs on them: region, device, remote, pid, name,
    instrumented (the program tells of the device itself), dram, l1, l1_small, trace, cb in bytes. In no sum of the other calls."""
    rows = source(instance).stats().snapshot(names=("region",))["region"]
    found = [
        {
            **{key: row[key] for key in ("region", "device", "dram", "l1", "l1_small", "trace", "cb")},
            "remote": bool(row["remote"]), "instrumented": bool(row["instrumented"]),
            "pid": row["pid"] if row["kind"] == REGION_PROCESS else None,
            "name": row["name"] if row["kind"] == REGION_PROCESS else None,
        }
        for row in rows
    ]  # fmt: skip
    return sorted(found, key=lambda row: (row["device"], row["region"], row["pid"] or 0))


class BufferList(list):
    """`exact` is False if `problems` (a list of sentences) says that some may be missing or listed twice."""

    def __init__(self):
        super().__init__()
        self.problems = []

    @property
    def exact(self):
        return not self.problems


def buffers(device=None, pid=None, pool=None, image=None, state="running", instance=None):
    """The live buffers, oldest first, each a dict: device, pool (its name), id, size, age_ms (None: unknown), pid, image, stack, stamp
    (in ticks of its clock). Filters are one value each. `state`: "running", "exited" (what ended programs left), or None for both."""
    stats = source(instance).stats()
    clock, found = _clock(stats), BufferList()
    number = None if device is None else device_number(device)
    for process in _processes(stats):
        wanted = state in (None, process["state"]) and pid in (None, process["pid"]) and image in (None, process["image"])
        if wanted and any(row["live"] for row in process["usage"]):
            try:
                with Account(stats.segment.instance, process["image"]) as account:
                    _read_account(account, process, clock, lambda d, p: number in (None, d) and pool in (None, p), found)
            except AccountError as error:
                found.problems.append(f"pid {process['pid']}: {error.strerror}")
    found.sort(key=lambda buffer: buffer["stamp"])
    return found


def _clock(stats):
    row = stats.collector()
    return (row["clock_base_ticks"], row["clock_base_unix_ns"], row["clock_ns_per_tick_q32"]) if row else (0, 0, 0)


def _read_account(account, process, clock, wanted, found):
    numbers = {number: name for name, number in POOLS.items()}
    names = [account.pool_name(pool) or numbers.get(pool, f"pool {pool}") for pool in range(16)]
    until = _age_reference(account, clock)
    live, exact = account.live_buffers()
    if not exact:
        found.problems.append(f"pid {process['pid']}: changed faster than it could be read")
    for number, size, stamp, device, pool, stack in live:
        if wanted(device, names[pool]):
            since = _unix_ns(clock, stamp)
            found.append({
                "device": device, "pool": names[pool], "id": number, "size": size, "pid": process["pid"],
                "image": process["image"], "stack": stack, "stamp": stamp,
                "age_ms": None if since is None else max(until - since, 0) // 1_000_000,
            })  # fmt: skip


def _age_reference(account, clock):
    """The moment to which ages are counted: now, or the last stamp of a program that ended."""
    ticks, unix = account.exit_times() if account.exited() else (0, 0)
    return (_unix_ns(clock, ticks) if ticks else None) or unix or time.time_ns()


def _unix_ns(clock, stamp):
    base_ticks, base_unix, factor = clock
    ns = base_unix + ((stamp - base_ticks) * factor >> 32)
    return ns if factor and ns >= 0 else None


def is_collector_running(instance=None):
    """True while a collector of that instance gives signs of life."""
    try:
        source(instance).stats()
        return True
    except StatsError:
        return False
