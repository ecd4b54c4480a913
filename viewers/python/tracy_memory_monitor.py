# SPDX-License-Identifier: Apache-2.0
"""The module that older documents announced, with the names of tt_metal/impl/profiler/tracy_memory_monitor.hpp:

    from tracy_memory_monitor import BufferType, TracyMemoryMonitor
    monitor = TracyMemoryMonitor.instance()
    monitor.track_allocation(0, 0x1000, 4096, BufferType.DRAM)
    print(monitor.query_device(0).dram_allocated)

The monitor sees what this program tells it, at once and without configuration. With TIDEMARK_ENABLED=1 the same events
go to the collector, so that every viewer shows them; query_device(0, all_processes=True) asks for what all tracked
programs hold, through the mapped segment.
"""
import collections
import enum
import sys
import threading
import time

import tidemark
from tidemark import producer

MAX_DEVICES = 8

BufferInfo = collections.namedtuple("BufferInfo", "buffer_id device_id size buffer_type alloc_time")


class BufferType(enum.IntEnum):
    DRAM = 0
    L1 = 1
    SYSTEM_MEMORY = 2
    L1_SMALL = 3
    TRACE = 4
    CB = 5


class DeviceMemoryStats:
    """Bytes and counts of one device; `peaks` has the highest figure of each BufferType."""

    def __init__(self):
        self._allocated = dict.fromkeys(BufferType, 0)
        self.peaks = dict.fromkeys(BufferType, 0)
        self.num_buffers = self.total_allocs = self.total_frees = 0

    dram_allocated = property(lambda self: self._allocated[BufferType.DRAM])
    l1_allocated = property(lambda self: self._allocated[BufferType.L1])
    system_memory_allocated = property(lambda self: self._allocated[BufferType.SYSTEM_MEMORY])
    l1_small_allocated = property(lambda self: self._allocated[BufferType.L1_SMALL])
    trace_allocated = property(lambda self: self._allocated[BufferType.TRACE])

    def get_allocated(self, buffer_type):
        return self._allocated[BufferType(buffer_type)]

    def get_total_allocated(self):
        return sum(self._allocated.values())

    def copy(self):
        other = DeviceMemoryStats()
        other.__dict__.update(self.__dict__, _allocated=dict(self._allocated), peaks=dict(self.peaks))
        return other

    def _add(self, buffer_type, size):
        self._allocated[buffer_type] += size
        self.peaks[buffer_type] = max(self.peaks[buffer_type], self._allocated[buffer_type])


class TracyMemoryMonitor:
    """One a process: instance(). Any thread. A device outside 0 to 7 is ignored, counted and told once."""

    _instance = None
    _making = threading.Lock()

    @classmethod
    def instance(cls):
        with cls._making:
            if cls._instance is None:
                cls._instance = cls()
            return cls._instance

    @staticmethod
    def is_tracy_enabled():
        """Whether events also go to a Tracy profiler: never from Python."""
        return False

    def __init__(self):
        self._lock = threading.Lock()
        self.ignored = self.double_allocations = self.unknown_frees = 0
        self.reset()

    def reset(self):
        """Forgets everything in this process; what the collector knows is not touched."""
        with self._lock:
            self._stats = [DeviceMemoryStats() for _ in range(MAX_DEVICES)]
            self._live = [{} for _ in range(MAX_DEVICES)]

    def track_allocation(self, device_id, buffer_id, size, buffer_type):
        """After the buffer exists. A buffer id that is live already is replaced and counted."""
        kind = BufferType(buffer_type)
        if not self._is_device(device_id):
            return
        with self._lock:
            stats, live = self._stats[device_id], self._live[device_id]
            old = live.pop(buffer_id, None)
            if old is not None:
                self.double_allocations += 1
                stats._add(old.buffer_type, -old.size)
                producer.free(device_id, int(old.buffer_type), buffer_id, old.size)
            live[buffer_id] = BufferInfo(buffer_id, device_id, size, kind, time.monotonic())
            stats._add(kind, size)
            stats.total_allocs += 1
            stats.num_buffers = len(live)
            producer.allocation(device_id, int(kind), buffer_id, size)

    def track_deallocation(self, device_id, buffer_id):
        """Before the buffer goes. An id that is not live here is counted, and still told to the collector."""
        if not self._is_device(device_id):
            return
        with self._lock:
            old = self._live[device_id].pop(buffer_id, None)
            if old is None:
                self.unknown_frees += 1
                return producer.free(device_id, "ANY", buffer_id)
            stats = self._stats[device_id]
            producer.free(device_id, int(old.buffer_type), buffer_id, old.size)
            stats._add(old.buffer_type, -old.size)
            stats.total_frees += 1
            stats.num_buffers = len(self._live[device_id])

    def query_device(self, device_id, all_processes=False):
        """This process's DeviceMemoryStats, or those of all tracked programs (which needs a collector)."""
        if all_processes:
            return _of_all_processes(device_id)
        if not self._is_device(device_id):
            return DeviceMemoryStats()
        with self._lock:
            return self._stats[device_id].copy()

    def query_all_devices(self):
        return [self.query_device(device_id) for device_id in range(MAX_DEVICES)]

    def get_active_buffer_count(self, device_id):
        return len(self.get_active_buffers(device_id))

    def get_active_buffers(self, device_id):
        if not self._is_device(device_id):
            return []
        with self._lock:
            return list(self._live[device_id].values())

    def _is_device(self, device_id):
        if 0 <= device_id < MAX_DEVICES:
            return True
        self.ignored += 1
        if self.ignored == 1:
            print(f"tracy_memory_monitor: device {device_id} is not 0 to {MAX_DEVICES - 1}: ignored", file=sys.stderr)
        return False


def _of_all_processes(device_id):
    producer.flush()
    stats = DeviceMemoryStats()
    for row in tidemark.usage():
        if row["device"] == device_id:
            stats.num_buffers += row["live"]
            stats.total_allocs += row["allocations"]
            stats.total_frees += row["frees"]
            if row["pool"] in list(BufferType):
                stats._allocated[BufferType(row["pool"])] = row["current"]
                stats.peaks[BufferType(row["pool"])] = row["peak"]
    return stats
