# SPDX-License-Identifier: Apache-2.0
"""What this program and its children allocated in a window of time, per device × pool: how far it rose, what it left.
For the pytest plugin, whose limits must be right: a figure is exact, or given as two bounds.

A pool's peak since the program's start is exact, but one that is lower than an earlier peak shows in no figure. So the
collector is asked to tell the window's events, and they are added up. That is not done for host memory, whose events are
too many to be told without loss, and it fails if some were lost on the way; then there are the bounds: no lower than
the level at the end, no higher than the peak, nor than all that was allocated meanwhile.
"""
from collections import namedtuple

from . import control, producer
from .account import Account, AccountError
from .query import BufferList, _clock, _processes, _read_account
from .source import source
from .words import HOST

COMPLETE_WITHIN = 2.0  # seconds that the last events may take to be told
ENDS = ("exit", "exec")

# Bytes above the level at the window's start; exact if low == high and nothing was lost.
Rise = namedtuple("Rise", "low high exact")
Moment = namedtuple("Moment", "images rows")  # {image: process row}, {(image, device, pool): usage row}


def read_moment(stats):
    """The family's rows, with everything in them that was recorded before the call."""
    control.flush(stats.segment.control_socket)
    rows = {row["image"]: row for row in _processes(stats)}
    family = {producer.status().image}
    grown = True
    while grown:
        more = {image for image, row in rows.items() if row["parent_image"] in family} - family
        family |= more
        grown = bool(more)
    images = {image: rows[image] for image in family if image in rows}
    usage = {(image, use["device"], use["pool_name"]): use for image, row in images.items() for use in row["usage"]}
    return Moment(images, usage)


class Window:
    """From the construction to end(). `rises`: (device number, pool name) pairs of which rise() will be asked; `leaks`: as
    many of which left() will, where None stands for all accelerators or all pools."""

    def __init__(self, rises=(), leaks=(), instance=None):
        self._stats = source(instance).stats()
        producer.flush()  # makes the ring, so that this program has an image
        path = self._stats.segment.control_socket
        told = {key for key in rises if key[0] != HOST}
        self._followers = {key: control.Follower(path, key[0], key[1]) for key in told}
        self.before = self.after = read_moment(self._stats)
        self._known = {_key(buffer) for key in leaks for buffer in self._live(*key)}

    def end(self):
        self.after = read_moment(self._stats)

    def close(self):
        for follower in self._followers.values():
            follower.close()

    def rise(self, device, pool):
        """How far the pool rose above its level at the start."""
        bounds, moved = self._bounds(device, pool)
        exact = all(row["exact"] for row in moved)
        if bounds[0] != bounds[1] and (device, pool) in self._followers:
            told = self._told_rise(device, pool)
            if told is not None:
                bounds = (told, told)
        return Rise(*bounds, exact)

    def _rows(self, moment, device, pool):
        return {key[0]: row for key, row in moment.rows.items() if key[1:] == (device, pool)}

    def _level(self, moment, device, pool):
        rows = self._rows(moment, device, pool).items()
        return sum(row["current"] for image, row in rows if moment.images[image]["state"] == "running")

    def _bounds(self, device, pool):
        before, after = (self._rows(moment, device, pool) for moment in (self.before, self.after))
        start, end = (self._level(moment, device, pool) for moment in (self.before, self.after))
        zero = {"peak": 0, "total_allocated": 0, "current": 0, "allocations": 0, "frees": 0}
        moved = {image: row for image, row in after.items() if _count(row) != _count(before.get(image, zero))}
        allocated = sum(row["total_allocated"] - before.get(image, zero)["total_allocated"] for image, row in moved.items())
        # Of each program that moved: what its peak lay above its level at the start.
        above = sum(row["peak"] - before.get(image, zero)["current"] for image, row in moved.items())
        low, high = max(0, end - start), min(allocated, above)
        if len(moved) == 1 and len(after) == 1:
            (image, row), = moved.items()
            if row["peak"] > before.get(image, zero)["peak"]:
                low = high = row["peak"] - before.get(image, zero)["current"]
        return (low, max(low, high)), list(moved.values())

    def _told_rise(self, device, pool):
        """The events added up; None if some are missing."""
        follower, images = self._followers[device, pool], self.after.images
        first = {image: self.before.images[image]["events"] if image in self.before.images else 0 for image in images}

        def within():
            rows = ((int(event["image"], 16), event) for event in list(follower.events) if "image" in event)
            return [
                (event["time_unix_ns"], image, event) for image, event in rows if image in images
                and first[image] - (event["op"] in ENDS) < event["sequence"] <= images[image]["events"]
            ]  # fmt: skip

        wanted = sum(map(_count, self._rows(self.after, device, pool).values()))
        wanted -= sum(_count(row) for image, row in self._rows(self.before, device, pool).items() if image in images)
        with follower.news:
            complete = follower.news.wait_for(lambda: sum(map(_counts, within())) >= wanted, COMPLETE_WITHIN)
            events = within()
        if not complete or sum(map(_counts, events)) != wanted:
            return None
        rows = self._rows(self.before, device, pool).items()
        levels = {image: row["current"] for image, row in rows if self.before.images[image]["state"] == "running"}
        start = sum(levels.values())
        highest, end = _added_up(sorted(events, key=lambda event: event[0]), levels)
        return highest - start if end == self._level(self.after, device, pool) else None

    def left(self, device=None, pool=None):
        """[buffer] of those that were allocated in the window and are live at its end, or were left by children that
        ended meanwhile; the largest first. Raises AccountError if the accounts are another user's."""
        new = (buffer for buffer in self._live(device, pool) if _key(buffer) not in self._known)
        return sorted(new, key=lambda buffer: -buffer["size"])

    def _live(self, device, pool):
        def wanted(of_device, of_pool):
            return pool in (None, of_pool) and (of_device != HOST if device is None else of_device == device)

        found, clock = BufferList(), _clock(self._stats)
        for image, process in self.after.images.items():
            if any(use["live"] and wanted(use["device"], use["pool_name"]) for use in process["usage"]):
                with Account(self._stats.segment.instance, image) as account:
                    _read_account(account, process, clock, wanted, found)
        if not found.exact:
            raise AccountError(0, "; ".join(found.problems))
        return found


def _key(buffer):
    return buffer["image"], buffer["device"], buffer["pool"], buffer["id"], buffer["stamp"]


def _count(row):
    return row["allocations"] + row["frees"]


def _counts(event):
    """Whether a row counts the event: an allocation, or a free that found its buffer."""
    return event[2]["op"] == "alloc" or (event[2]["op"] == "free" and event[2]["size"] is not None)


def _added_up(events, levels):
    """(highest, last) sum of the images' levels while the events happen, in order of time."""
    levels, live = dict(levels), {}
    level = highest = sum(levels.values())
    for _, image, event in events:
        if event["op"] in ENDS:
            level -= levels.pop(image, 0)
            continue
        if event["op"] not in ("alloc", "free") or event["size"] is None:
            continue
        key = (image, event["id"])
        change = event["size"] - live.pop(key, 0) if event["op"] == "alloc" else -event["size"]
        if event["op"] == "alloc":
            live[key] = event["size"]
        else:
            live.pop(key, None)
        levels[image] = levels.get(image, 0) + change
        level += change
        highest = max(highest, level)
    return highest, level
