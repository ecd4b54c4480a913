# SPDX-License-Identifier: Apache-2.0
"""What `tidemark serve` says of a real collector and real programs."""
import json
import re
import signal
import unittest

from events import next_event
from world import SOURCE, WebTest, end, wait_until, without_age

MB = 1 << 20
FIVE_KEYS = ["device_id", "dram_allocated", "l1_allocated", "l1_small_allocated", "trace_allocated"]


class Answers(WebTest):
    def test_a_snapshot_is_the_document_of_query(self):
        self.collector()
        self.program().allocate(1, 5 * MB)
        server = self.server()
        self.assertEqual(without_age(server.ask("/api/v1/snapshot").json), without_age(self.query()))
        pretty = server.ask("/api/v1/snapshot?pretty=1")
        self.assertEqual(without_age(pretty.json), without_age(self.query()))
        self.assertIn(b'\n  "schema": 1', pretty.body)

    def test_older_scripts_find_their_five_keys(self):
        self.collector()
        self.program().allocate(1, 5 * MB)
        server = self.server()
        stats = server.ask("/api/devices/0/stats").json
        self.assertEqual(list(stats), FIVE_KEYS)
        self.assertEqual(stats["dram_allocated"], 5 * MB)
        self.assertEqual(server.ask("/api/devices").json, [stats])
        for target in ("/api/devices/7/stats", "/api/devices/host/stats", "/api/devices/x/stats"):
            answer = server.ask(target)
            self.assertEqual(answer.status, 404, target)
            self.assertIn("error", answer.json)

    def test_devices_processes_and_buffers_agree(self):
        self.collector()
        first, second = self.program(), self.program()
        for id, size in ((1, 4 * MB), (2, 8 * MB), (3, MB)):
            first.allocate(id, size)
        second.allocate(9, 32 * MB)
        server = self.server()
        device = server.ask("/api/v1/devices/0").json["device"]
        self.assertEqual(device["pools"][0]["allocated"], 45 * MB)
        self.assertEqual(server.ask("/api/v1/devices").json["devices"][0], device)
        found = server.ask("/api/v1/processes?sort=size").json
        self.assertEqual([p["pid"] for p in found["processes"]], [second.process.pid, first.process.pid])
        image = found["processes"][1]["image"]
        self.assertEqual(server.ask(f"/api/v1/processes/{image}").json["process"], found["processes"][1])
        listed = server.ask(f"/api/v1/processes/{image}/buffers").json
        self.assertEqual([(b["id"], b["size"]) for b in listed["buffers"]], [(2, 8 * MB), (1, 4 * MB), (3, MB)])
        self.assertIs(listed["exact"], True)
        self.assertEqual(listed["totals"], [{"device": 0, "pool": "DRAM", "count": 3, "bytes": 13 * MB}])
        everybody = server.ask("/api/v1/buffers?pool=DRAM&sort=id").json
        self.assertEqual([b["id"] for b in everybody["buffers"]], [1, 2, 3, 9])

    def test_lists_come_in_pages(self):
        self.collector()
        program = self.program()
        for id in range(1, 8):
            program.allocate(id, id * 1000)
        server = self.server()
        image = server.ask("/api/v1/processes").json["processes"][0]["image"]
        seen, offset = [], 0
        while offset is not None:
            page = server.ask(f"/api/v1/processes/{image}/buffers?sort=id&limit=3&offset={offset}").json
            self.assertEqual(page["count"], 7)
            seen += [buffer["id"] for buffer in page["buffers"]]
            offset = page["next"]
        self.assertEqual(seen, list(range(1, 8)))
        beyond = server.ask(f"/api/v1/processes/{image}/buffers?offset=100").json
        self.assertEqual((beyond["buffers"], beyond["next"], beyond["count"]), ([], None, 7))

    def test_processes_are_filtered(self):
        self.collector()
        first, second = self.program(), self.program()
        first.allocate(1, MB)
        second.allocate(1, MB)
        server = self.server()

        def pids(parameters):
            return [p["pid"] for p in server.ask("/api/v1/processes?" + parameters).json["processes"]]

        both = sorted((first.process.pid, second.process.pid))
        user = server.ask("/api/v1/processes").json["processes"][0]["user"]
        for wanted in ("", f"user={user}", "name=python", "device=0", "pool=dram", "state=running", "sort=pid"):
            self.assertEqual(sorted(pids(wanted)), both, wanted)
        for unwanted in ("user=nobody-of-that-name", "name=no-such", "device=5", "pool=L1", "state=exited", "offset=2"):
            self.assertEqual(pids(unwanted), [], unwanted)
        self.assertEqual(pids(f"pid={first.process.pid}"), [first.process.pid])
        self.assertEqual(pids("sort=pid&order=desc"), both[::-1])

    def test_every_list_is_filtered_by_what_it_holds(self):
        self.collector()
        program = self.program()
        program.allocate(1, MB)
        program.allocate(2, 2 * MB, 1, "L1")
        server = self.server()
        everything = server.ask("/api/v1/snapshot").json
        user = everything["processes"][0]["user"]

        def pools(target):
            answer = server.ask(target).json
            devices = answer["devices"] if "devices" in answer else [answer["device"]]
            return [(d["device"], p["pool"]) for d in devices for p in d["pools"]]

        for path in ("/api/v1/snapshot", "/api/v1/devices"):
            self.assertEqual(pools(path), [(0, "DRAM"), (1, "L1")])
            self.assertEqual(pools(path + "?device=1"), [(1, "L1")])
            self.assertEqual(pools(path + "?pool=dram"), [(0, "DRAM")])
        self.assertEqual(pools("/api/v1/devices/1?pool=dram"), [])
        mine, others = (f"user={user}", "name=python"), ("user=nobody-of-that-name", "name=no-such")
        for path, count in (
            ("/api/v1/snapshot", lambda answer: len(answer["processes"])),
            ("/api/v1/buffers", lambda answer: answer["count"]),
            ("/api/v1/leaks", lambda answer: len(answer["running"])),
        ):
            whole = count(server.ask(path).json)
            self.assertGreater(whole, 0, path)
            for wanted in mine:
                self.assertEqual(count(server.ask(f"{path}?{wanted}").json), whole, (path, wanted))
            for unwanted in others:
                self.assertEqual(count(server.ask(f"{path}?{unwanted}").json), 0, (path, unwanted))

    def test_sizes_and_call_sites_are_of_everything_not_of_a_page(self):
        self.collector()
        program = self.program(TIDEMARK_STACKS="8")
        program.allocate_many(3000, 4096)
        program.allocate(1, 5 * MB, 1, "L1")
        program.free(1, 1, "L1")
        server = self.server()
        path = "/api/v1/processes/" + server.ask("/api/v1/processes").json["processes"][0]["image"]
        sizes = server.ask(path + "/sizes").json
        four_kb, four_mb = {"from": 4096, "below": 8192}, {"from": 4 * MB, "below": 8 * MB}
        expected = [
            {"device": 0, "pool": "DRAM", "allocations": 3000, "bins": [{**four_kb, "count": 3000}]},
            {"device": 1, "pool": "L1", "allocations": 1, "bins": [{**four_mb, "count": 1}]},
        ]
        self.assertEqual(sizes["sizes"], expected)
        self.assertIs(sizes["exact"], True)
        self.assertEqual(server.ask(path + "/sizes?pool=l1").json["sizes"], expected[1:])
        sites = server.ask(path + "/call-sites").json
        self.assertEqual((sites["buffers"], sites["exact"]), (3000, True))
        self.assertEqual(sum(site["count"] for site in sites["sites"]), 3000)
        self.assertEqual(sum(site["bytes"] for site in sites["sites"]), 3000 * 4096)
        self.assertTrue(sites["sites"][0]["stack"])
        none = server.ask(path + "/call-sites?limit=0").json
        self.assertEqual((none["sites"], none["count"]), ([], sites["count"]))
        self.assertEqual(server.ask(path + "/call-sites?device=1").json["buffers"], 0)

    def test_what_a_program_left_is_a_leak(self):
        self.collector()
        program = self.program()
        program.allocate(0x77, 3 * MB)
        end(program.process)
        server = self.server()

        def left():
            leaks = server.ask("/api/v1/leaks").json
            return leaks if leaks["left"] else None

        leaks = wait_until(left, "the program's end shows")
        self.assertEqual([(entry["pid"], entry["bytes"]) for entry in leaks["left"]], [(program.process.pid, 3 * MB)])
        self.assertEqual([(buffer["id"], buffer["size"]) for buffer in leaks["leaks"]], [(0x77, 3 * MB)])

    def test_history_has_the_last_value_at_its_end(self):
        self.collector()
        self.program().allocate(1, 6 * MB)
        server = self.server()
        for resolution, points in (("coarse", 900), ("fine", 600)):
            answer = server.ask(f"/api/v1/history?device=0&pool=DRAM&resolution={resolution}").json
            (pool,) = answer["pools"]
            self.assertEqual((len(pool["current"]), len(pool["highest"])), (points, points))
            self.assertEqual(pool["current"][-1], 6 * MB)
            self.assertIsNone(pool["current"][0])
        self.assertEqual(len(server.ask("/api/v1/history?points=10").json["pools"][0]["current"]), 10)

    def test_the_segment_describes_itself(self):
        self.collector()
        self.assertIn("tables", self.server().ask("/api/v1/schema").json)

    def test_a_wrong_parameter_is_told_and_never_ignored(self):
        self.collector()
        server = self.server()
        for target in (
            "/api/v1/processes?limit=1001", "/api/v1/processes?limit=-1", "/api/v1/processes?sort=colour",
            "/api/v1/processes?colour=red", "/api/v1/devices?x=1", "/api/v1/buffers?limit=10001",
            "/api/v1/buffers?device=card", "/api/v1/history?resolution=1s", "/api/v1/stream?interval_ms=soon",
            "/api/v1/stream?changes=some", "/api/v1/stream?interval_ms=99", "/api/v1/stream?interval_ms=0",
            "/api/v1/stream?interval_ms=60001", "/api/v1/processes?pid=", "/api/v1/processes?limit=1&limit=2",
            "/api/v1/snapshot?pretty=yes", "/api/v1/processes?pid=99999999999",
        ):  # fmt: skip
            answer = server.ask(target)
            self.assertEqual(answer.status, 400, target)
            self.assertEqual(sorted(answer.json), ["error", "hint"], target)
        for target in ("/api/v1/processes/1234", "/api/v1/processes/zz/buffers", "/api/v1/processes/zz/sizes",
                       "/api/v1/processes/zz/call-sites", "/api/v1/devices/9", "/api/v1/none"):
            self.assertEqual(server.ask(target).status, 404, target)

    def test_without_a_collector_it_serves_and_says_so(self):
        server = self.server()
        health = server.ask("/health")
        self.assertEqual((health.status, health.json["collector"]), (503, None))
        self.assertIn("tidemarkd", health.json["hint"])
        snapshot = server.ask("/api/v1/snapshot").json
        self.assertIsNone(snapshot["collector"]["state"])
        self.assertEqual(snapshot["devices"], [])
        for name in ("devices", "processes", "buffers", "leaks", "history", "collector"):
            answer = server.ask("/api/v1/" + name)
            self.assertEqual(answer.status, 200, name)
            self.assertIsNone(answer.json["collector_state"], name)
        self.assertEqual(server.ask("/api/devices/0/stats").status, 503)
        self.collector()
        wait_until(lambda: server.ask("/health").status == 200, "a collector that starts later is found")

    def test_after_a_collector_died_the_older_answer_is_an_error(self):
        collector = self.collector()
        self.program().allocate(1, MB)
        server = self.server()
        self.assertEqual(server.ask("/api/devices/0/stats").status, 200)
        end(collector, signal.SIGKILL)
        wait_until(lambda: server.ask("/api/devices").status == 503, "that it died shows")
        answer = server.ask("/api/devices/0/stats")
        self.assertEqual((answer.status, sorted(answer.json)), (503, ["error", "hint"]))
        self.assertRegex(answer.json["error"], r"^collector died .* ago \(pid \d+ is gone\)$")
        self.assertEqual(server.ask("/api/v1/devices").json["collector_state"], "stalled")
        self.collector()
        wait_until(lambda: server.ask("/api/devices").status == 200, "the next one is found")

    def test_the_page_is_served_with_its_type_and_a_strict_policy(self):
        server = self.server()
        page = server.ask("/dashboard.html")
        self.assertEqual(page.body, (SOURCE / "viewers/web/assets/dashboard.html").read_bytes())
        self.assertEqual(server.ask("/").body, page.body)
        self.assertEqual(page.headers["Content-Type"], "text/html; charset=utf-8")
        self.assertIn("default-src 'self'", page.headers["Content-Security-Policy"])
        self.assertNotIn("unsafe", page.headers["Content-Security-Policy"])
        again = server.ask("/", headers={"If-None-Match": page.headers["ETag"]})
        self.assertEqual((again.status, again.body), (304, b""))
        assets = SOURCE / "viewers/web/assets"
        for path in assets.rglob("*"):
            if path.is_file():
                answer = server.ask("/" + str(path.relative_to(assets)))
                self.assertEqual(answer.body, path.read_bytes(), path)


class Description(WebTest):
    """The OpenAPI description is true: every path in it answers, and every key of an answer is described."""

    def resolve(self, description, schema):
        while "$ref" in schema:
            schema = description["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        merged = dict(schema)
        for part in schema.get("allOf", ()):
            part = self.resolve(description, part)
            merged["properties"] = {**merged.get("properties", {}), **part.get("properties", {})}
        return merged

    def check(self, description, schema, value, where):
        schema = self.resolve(description, schema)
        if value is None:
            self.assertTrue(schema.get("nullable"), f"{where} is null, which is not described")
        elif isinstance(value, dict):
            extra = schema.get("additionalProperties")
            for key, inner in value.items():
                known = schema.get("properties", {}).get(key, extra)
                self.assertTrue(known, f"{where}.{key} is not described")
                self.check(description, known, inner, f"{where}.{key}")
            self.assertLessEqual(set(schema.get("required", ())), set(value), where)
        elif isinstance(value, list):
            for inner in value:
                self.check(description, schema["items"], inner, where + "[]")
        else:
            kinds = {bool: "boolean", int: "integer", str: "string", float: "number"}
            wanted = [kind.get("type") for kind in schema.get("oneOf", [schema])]
            self.assertIn(kinds[type(value)], wanted, where)

    def test_every_path_answers_as_described(self):
        self.collector()
        program, gone = self.program(), self.program()
        program.allocate(1, 5 * MB)
        gone.allocate(1, MB)
        end(gone.process)
        server = self.server()
        wait_until(lambda: server.ask("/api/v1/leaks").json["left"], "the program's end shows")
        description = server.ask("/api/v1/openapi.json").json
        running = server.ask("/api/v1/processes?state=running").json["processes"]
        names = {"{id}": "0", "{image}": running[0]["image"]}
        for path, item in description["paths"].items():
            if path == "/api/v1/stream":
                _, document = self.stream(server).next()
                snapshot = description["paths"]["/api/v1/snapshot"]["get"]["responses"]["200"]
                self.check(description, snapshot["content"]["application/json"]["schema"], document, path)
                self.check_changes(description, server, program)
                continue
            target = re.sub(r"\{\w+\}", lambda match: names[match.group(0)], path)
            answer = server.ask(target)
            self.assertIn(str(answer.status), item["get"]["responses"], path)
            content = item["get"]["responses"][str(answer.status)].get("content", {})
            if "application/json" in content:
                self.check(description, content["application/json"]["schema"], answer.json, path)
        with self.subTest("errors"):
            error = description["components"]["schemas"]["Error"]
            self.check(description, error, server.ask("/api/v1/none").json, "error")

    def test_no_part_of_it_hides_another(self):
        def pairs(found):
            keys = [key for key, _ in found]
            self.assertEqual(sorted(keys), sorted(set(keys)))
            return dict(found)

        json.loads(self.server().ask("/api/v1/openapi.json").body, object_pairs_hook=pairs)

    def check_changes(self, description, server, program):
        stream = self.stream(server, "?interval_ms=100&changes=1")
        stream.next()
        program.allocate(2, MB)
        _, name, document = next_event(stream.answer)
        self.assertEqual(name, "changes")
        self.check(description, description["components"]["schemas"]["Changes"], document, name)

    def test_every_parameter_is_taken(self):
        self.collector()
        self.program().allocate(1, MB)
        server = self.server()
        description = server.ask("/api/v1/openapi.json").json
        image = server.ask("/api/v1/processes").json["processes"][0]["image"]
        for path, item in description["paths"].items():
            for parameter in item["get"].get("parameters", ()):
                parameter = self.resolve_parameter(description, parameter)
                if parameter["in"] != "query" or path in ("/api/v1/stream", "/login"):
                    continue
                target = path.replace("{id}", "0").replace("{image}", image)
                value = parameter.get("example", parameter["schema"].get("default"))
                answer = server.ask(f"{target}?{parameter['name']}={value}")
                self.assertEqual(answer.status, 200, f"{target} {parameter['name']}={value} {answer.body}")

    def test_no_path_ignores_a_parameter_that_it_does_not_have(self):
        self.collector()
        self.program().allocate(1, MB)
        server = self.server()
        image = server.ask("/api/v1/processes").json["processes"][0]["image"]
        for path in server.ask("/api/v1/openapi.json").json["paths"]:
            target = path.replace("{id}", "0").replace("{image}", image)
            answer = server.ask(f"{target}?colour=red")
            self.assertEqual((answer.status, sorted(answer.json)), (400, ["error", "hint"]), target)

    @staticmethod
    def resolve_parameter(description, parameter):
        if "$ref" in parameter:
            return description["components"]["parameters"][parameter["$ref"].rsplit("/", 1)[1]]
        return parameter


if __name__ == "__main__":
    unittest.main()
