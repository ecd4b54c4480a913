# SPDX-License-Identifier: Apache-2.0
"""The limits of `tidemark serve` that need large answers: how many lists wait, and how long somebody may take to read one."""
import contextlib
import os
import re
import socket
import unittest

from world import PATIENCE, WebTest, end, wait_until

BUFFERS = 30_000
LIST = b"GET /api/v1/buffers?limit=10000 HTTP/1.1\r\nHost: localhost\r\n\r\n"
LAST = LIST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
ASKERS = 40


def everything(peer):
    said = b""
    while part := peer.recv(1 << 20):
        said += part
    return said


class Queues(WebTest):
    def setUp(self):
        super().setUp()
        self.collector()
        self.program().allocate_many(BUFFERS)
        self.served = self.server()

    def asked_at_once(self, meanwhile=lambda: None):
        """The statuses that so many get who finish their requests in the same moment; then `meanwhile` is done."""
        peers = [self.served.raw(LAST[:-1]) for _ in range(ASKERS)]
        try:
            for peer in peers:
                peer.sendall(LAST[-1:])
            meanwhile()
            answers = [everything(peer) for peer in peers]
        finally:
            for peer in peers:
                peer.close()
        for answer in answers:
            if answer.startswith(b"HTTP/1.1 503"):
                self.assertIn(b"too many answers of this kind", answer)
                self.assertIn(b"Retry-After: 1\r\n", answer)
        return [int(re.match(rb"HTTP/1\.1 (\d+) ", answer).group(1)) for answer in answers]

    def test_lists_beyond_the_queue_are_refused_and_the_others_made(self):
        def refused():
            statuses = self.asked_at_once()
            self.assertLessEqual(set(statuses), {200, 503, 429})
            self.assertIn(200, statuses)
            return 503 in statuses

        wait_until(refused, "more lists are asked for than may wait")
        answer = wait_until(lambda: self.given(), "the queue is empty again")
        self.assertEqual(answer["count"], BUFFERS)

    def test_a_scrape_does_not_stand_behind_lists(self):
        scraped = []

        def refused():
            return 503 in self.asked_at_once(lambda: scraped.append(self.served.ask("/metrics").status))

        wait_until(refused, "more lists are asked for than may wait")
        self.assertEqual(set(scraped), {200})

    def given(self):
        answer = self.served.ask("/api/v1/buffers?limit=1")
        return answer.json if answer.status == 200 else None

    def test_who_does_not_take_an_answer_is_let_go(self):
        sockets = self.sockets()
        with socket.socket() as peer:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            peer.connect(("127.0.0.1", self.served.port))
            peer.sendall(LIST * 20)  # more than the kernel keeps for a connection
            wait_until(lambda: self.sockets() > sockets, "the server took the connection")
            self.assertEqual(self.served.ask("/api/v1/buffers?limit=1").status, 200)  # others do not wait for it
            wait_until(lambda: self.sockets() <= sockets, "kWriteTime is over")

    def test_an_end_waits_for_nobody_who_does_not_read(self):
        with socket.socket() as peer:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            peer.connect(("127.0.0.1", self.served.port))
            peer.settimeout(PATIENCE)
            peer.sendall(LIST * 20)
            self.assertTrue(peer.recv(1, socket.MSG_PEEK))  # an answer is under way
            self.assertEqual(end(self.served.process), 0)
            size = int(re.search(rb"Content-Length: (\d+)", peer.recv(1024)).group(1))
            with contextlib.suppress(ConnectionResetError):  # what the kernel had taken may come, the rest does not
                self.assertLess(len(everything(peer)), 19 * size)

    def sockets(self):
        folder = f"/proc/{self.served.process.pid}/fd"
        count = 0
        for entry in os.listdir(folder):
            try:
                count += os.readlink(f"{folder}/{entry}").startswith("socket:")
            except FileNotFoundError:
                pass
        return count


if __name__ == "__main__":
    unittest.main()
