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


if __name__ == "__main__":
    main()
