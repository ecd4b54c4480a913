# SPDX-License-Identifier: Apache-2.0
"""Server-sent events of /api/v1/stream, as a reader of `changes=1` takes them."""
import json


def next_event(answer):
    """The next event of an open answer as (id, name, document); None when the server ends it."""
    event_id = name = None
    while line := answer.readline():
        word, _, value = line.decode().strip().partition(": ")
        if word == "id":
            event_id = value
        elif word == "event":
            name = value
        elif word == "data":
            return event_id, name, json.loads(value)
    return None


def merged(last, name, document):
    """The snapshot after an event, from the one before it."""
    if name == "snapshot":
        return document
    processes = {process["image"]: process for process in last["processes"]}
    for image in document["removed"]:
        processes.pop(image, None)
    processes.update({process["image"]: process for process in document["processes"]})
    order = sorted(processes.values(), key=lambda p: (p["pid"] or 0, p["start_time"] or 0, p["image"]))
    rest = {key: value for key, value in document.items() if key != "removed"}
    return {**rest, "processes": order}
