# SPDX-License-Identifier: Apache-2.0
"""What `tidemark serve` shows of another user's programs: the figures to everybody, the buffers one by one only as far as
the user that the server runs as may read them."""
import http.client
import json

from world import ALICE, BIN, MALLORY, Background, Collector, Script, World, comes_true, main


class Web(World):
    def serve(self, uid):
        server = Background(self, uid, [BIN / "tidemark", "serve", "--port", "0", "--instance", "system"])
        self.assertTrue(comes_true(lambda: server.said().count("http://")), server.said())
        port = int(server.said().split("http://", 1)[1].split("/")[0].rsplit(":", 1)[1])

        def ask(target):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            try:
                connection.request("GET", target)
                answer = connection.getresponse()
                return answer.status, json.loads(answer.read())
            finally:
                connection.close()

        return ask

    def test_buffers_are_shown_only_where_the_server_s_user_may_read_them(self):
        collector = Collector(self)
        self.assertTrue(collector.ready, collector.said())
        script = Script(self, ALICE, 1000)
        row = self.assert_drained(script)
        lists = [f"/api/v1/processes/{row['image']:016x}/buffers", "/api/v1/buffers"]
        stranger = self.serve(MALLORY)
        status, snapshot = stranger("/api/v1/snapshot")
        self.assertEqual((status, [process["pid"] for process in snapshot["processes"]]), (200, [script.pid]))
        for target in lists:
            status, answer = stranger(target)
            self.assertEqual((status, sorted(answer)), (403, ["error", "hint"]), target)
            self.assertIn("root", answer["hint"])
        for user in (ALICE, 0):
            ask = self.serve(user)
            for target in lists:
                status, answer = ask(target)
                self.assertEqual((status, answer.get("count")), (200, 500), (user, target))

    def test_what_may_not_be_read_is_told_and_is_no_empty_list(self):
        collector = Collector(self)
        self.assertTrue(collector.ready, collector.said())
        hidden, ended = Script(self, ALICE, 1000), Script(self, ALICE, 1000)
        self.assert_drained(ended)
        ended.end()
        own = Script(self, MALLORY, 1000)
        rows = [self.assert_drained(script) for script in (hidden, own)]
        stranger = self.serve(MALLORY)
        self.assertTrue(comes_true(lambda: stranger("/api/v1/leaks")[1]["left"]))
        for target, key, pid, shown in (
            ("/api/v1/leaks", "leaks", ended.pid, set()),
            ("/api/v1/buffers?limit=1000", "buffers", hidden.pid, {own.pid}),
        ):
            status, answer = stranger(target)
            self.assertEqual((status, answer["exact"]), (200, False), target)
            self.assertRegex(" ".join(answer["inexact"]), rf"\bpid {pid}\b.*[Pp]ermission denied", target)
            self.assertEqual({buffer["pid"] for buffer in answer[key]}, shown, target)
        path = f"/api/v1/processes/{rows[0]['image']:016x}"
        self.assertEqual(stranger(path + "/call-sites")[0], 403)
        status, sizes = stranger(path + "/sizes")  # of the segment, which everybody may read
        self.assertEqual((status, sum(pool["allocations"] for pool in sizes["sizes"])), (200, 750))
        status, answer = self.serve(0)("/api/v1/leaks")
        self.assertEqual((answer["exact"], answer["inexact"], answer["count"]), (True, [], 500))


if __name__ == "__main__":
    main()
