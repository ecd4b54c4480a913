# SPDX-License-Identifier: Apache-2.0
"""Who follows the live data of `tidemark serve`: what comes and when, across a restart of the collector, and what a hundred
viewers cost while nothing happens."""
import json
import time
import unittest

from world import WebTest, end, processor_ticks, without_age

MB = 1 << 20
VIEWERS = 100


def dram(document):
    return sum(p["allocated"] for d in document["devices"] if d["device"] == 0 for p in d["pools"] if p["pool"] == "DRAM")


class Streams(WebTest):
    def test_a_stream_follows_a_real_program(self):
        self.collector()
        server, program = self.server(), self.program()
        stream = self.stream(server, "?interval_ms=100")
        program.allocate(1, 5 * MB)
        grown = stream.until(lambda document: dram(document) == 5 * MB)
        program.free(1)
        self.assertNotEqual(stream.until(lambda document: dram(document) == 0)[0], grown[0])

    def test_a_stream_goes_on_when_the_collector_restarts(self):
        collector = self.collector()
        server, program = self.server(), self.program()
        program.allocate(1, 5 * MB)
        stream = self.stream(server, "?interval_ms=100")
        stream.until(lambda document: dram(document) == 5 * MB)
        end(collector)
        stream.until(lambda document: document["collector"]["state"] == "stopped")
        self.assertEqual(server.ask("/health").status, 503)
        second = self.collector()
        stream.until(lambda d: d["collector"]["state"] == "running" and d["collector"]["pid"] == second.pid)
        program.allocate(2, MB)
        stream.until(lambda document: dram(document) == 6 * MB)

    def test_a_viewer_that_comes_back_gets_only_what_is_new(self):
        self.collector()
        server, program = self.server(), self.program()
        program.allocate(1, MB)
        first = self.stream(server)
        event_id, _ = first.until(lambda document: dram(document) == MB)
        first.close()
        second = self.stream(server, "?interval_ms=100", headers={"Last-Event-ID": event_id})
        program.allocate(2, MB)
        self.assertEqual(dram(second.next()[1]), 2 * MB)

    def test_changes_put_together_are_the_snapshot(self):
        self.collector()
        server, programs = self.server(), [self.program() for _ in range(3)]
        whole = self.stream(server, "?interval_ms=100")
        changes = self.stream(server, "?interval_ms=100&changes=1")
        for count, program in enumerate(programs, 1):
            program.allocate(1, MB)
            event_id, merged = changes.until(lambda document, count=count: dram(document) == count * MB)
            _, snapshot = whole.until(lambda document, count=count: dram(document) == count * MB)
            self.assertEqual(without_age(merged), without_age(snapshot))
        self.assertEqual(changes.names[0], "snapshot")
        self.assertEqual(set(changes.names[1:]), {"changes"})
        self.assertEqual(set(whole.names), {"snapshot"})
        with self.subTest("and after it came back"):
            changes.close()
            end(programs[0].process)
            query = "?interval_ms=100&changes=1"
            again = self.stream(server, query, headers={"Last-Event-ID": event_id}, last=changes.last)
            _, merged = again.until(lambda document: dram(document) == 2 * MB)
            _, snapshot = whole.until(lambda document: dram(document) == 2 * MB)
            self.assertEqual(without_age(merged), without_age(snapshot))
            self.assertEqual(set(again.names), {"changes"})

    def test_sigterm_ends_it_in_order_with_streams_open(self):
        self.collector()
        server = self.server()
        stream = self.stream(server)
        stream.next()
        self.assertEqual(end(server.process), 0)
        self.assertIsNone(stream.next())


class Rest(WebTest):
    def test_a_viewer_that_never_reads_delays_nobody(self):
        self.collector()
        program, server = self.program(), self.server()
        with server.raw(b"GET /api/v1/stream?interval_ms=100 HTTP/1.1\r\nHost: localhost\r\n\r\n"):
            stream = self.stream(server, "?interval_ms=100")
            for count in range(1, 6):
                program.allocate(count, 4096)
                stream.until(lambda d, count=count: [p["live"] for p in d["devices"][0]["pools"]] == [count])

    def test_a_hundred_viewers_at_rest_cost_next_to_nothing(self):
        """Measured, not asserted as a time: what is asserted is how much was sent."""
        collector = self.collector()
        self.program().allocate(1, 1 << 20)
        server = self.server()
        alone = self.sample(collector, server)
        streams = [self.stream(server, "?interval_ms=100") for _ in range(VIEWERS)]
        for stream in streams:
            self.assertIsNotNone(stream.next())
        watched = self.sample(collector, server)
        for stream in streams:
            self.assertNotIn(b"event", stream.waiting())  # nothing changed
        print(json.dumps({"ticks of 1/100 s in 3 s": {"without viewers": alone, f"with {VIEWERS}": watched}}))

    @staticmethod
    def sample(collector, server):
        start = [processor_ticks(process) for process in (collector.pid, server.process.pid)]
        time.sleep(3)
        ended = [processor_ticks(process) for process in (collector.pid, server.process.pid)]
        return dict(zip(("collector", "server"), (b - a for a, b in zip(start, ended))))


if __name__ == "__main__":
    unittest.main()
