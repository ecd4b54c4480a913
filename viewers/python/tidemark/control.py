# SPDX-License-Identifier: Apache-2.0
"""The collector's control socket (docs/control-socket.md), as far as the package needs it: to know that everything is
published, and to follow events. Open to the collector's own user and root alone."""
import json
import socket
import threading

TIMEOUT = 10.0  # seconds for an answer


class ControlError(ConnectionError):
    """The message says which socket, what failed and what to do."""


def _connect(path, request):
    if not path:
        raise ControlError("the collector has no control socket: look into its log why")
    try:
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        client.settimeout(TIMEOUT)
        client.connect(path)
        client.sendall(json.dumps(request).encode() + b"\n")
        return client
    except OSError as error:
        client.close()
        raise ControlError(f"cannot ask the collector at {path}: {error}; is it your own and does it run?") from None


def _answer(line, path):
    answer = json.loads(line or '{"ok":false,"error":"it closed the connection"}')
    if not answer["ok"]:
        raise ControlError(f"the collector at {path} refused: {answer['error']}")
    return answer


def flush(path):
    """Returns once all that any program had recorded before is published."""
    try:
        with _connect(path, {"command": "flush"}) as client, client.makefile("rb") as lines:
            _answer(lines.readline(), path)
    except OSError as error:
        raise error if isinstance(error, ControlError) else ControlError(f"no answer from {path}: {error}") from None


class Follower:
    """Gathers events of one device × pool, and starts and ends of programs, from the construction on."""

    def __init__(self, path, device, pool):
        self._client = _connect(path, {"command": "events", "device": device, "pool": pool})
        self._lines = self._client.makefile("rb")
        _answer(self._lines.readline(), path)
        self._client.settimeout(None)
        self.events, self.news = [], threading.Condition()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        try:
            for line in self._lines:
                with self.news:
                    self.events.append(json.loads(line))
                    self.news.notify_all()
        except (OSError, ValueError):
            pass  # closed; what is missing shows, since the counts don't match

    def close(self):
        self._client.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._lines.close()
        self._client.close()
