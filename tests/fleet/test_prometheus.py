# SPDX-License-Identifier: Apache-2.0
"""A real Prometheus scrapes a real server over a real collector, through losses, ends, a kill and a stop, and answers
what an operator asks."""
import json
import os
import signal
import subprocess
import unittest
import urllib.error
import urllib.parse
import urllib.request

import fleet
from fleet import ROOT, FleetWorld, Program, ended, wait_until

EVENTS = 50_000  # more than all lanes of a program hold


class Prometheus(FleetWorld):
    def watch(self, target):
        """Prometheus scrapes `target` again and again; it is ended with the test."""
        (self.folder / "prometheus.yml").write_text(
            json.dumps({
                "global": {"scrape_interval": "400ms", "scrape_timeout": "400ms", "evaluation_interval": "400ms"},
                "rule_files": [str(ROOT / "packaging/prometheus/tidemark.rules.yml")],
                "scrape_configs": [{"job_name": "tidemark", "static_configs": [{"targets": [target]}]}],
            })
        )  # fmt: skip
        port = fleet.free_port()
        self.api = f"http://127.0.0.1:{port}/api/v1"
        log = self.enterContext(open(self.folder / "prometheus.log", "wb"))
        process = subprocess.Popen(
            ["prometheus", f"--config.file={self.folder}/prometheus.yml", f"--storage.tsdb.path={self.folder}/tsdb",
             f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={"PATH": "/usr/bin:/bin", "GOMAXPROCS": "1"},
        )  # fmt: skip
        self.enterContext(ended(process))
        self.prometheus = process

    def ask(self, query):
        """[(labels, value)] of an instant query; empty while Prometheus is not ready."""
        self.assertIsNone(self.prometheus.poll(), (self.folder / "prometheus.log").read_text())
        try:
            with urllib.request.urlopen(f"{self.api}/query?" + urllib.parse.urlencode({"query": query})) as answer:
                result = json.load(answer)["data"]["result"]
        except urllib.error.URLError:
            return []
        return [(row["metric"], float(row["value"][1])) for row in result]

    def value_now(self, query):
        rows = self.ask(query)
        return rows[0][1] if len(rows) == 1 else None

    def value(self, query):
        """Of a series that there is; a scrape that came too late hides all of them until the next."""
        ((_, value),) = wait_until(lambda: self.ask(query)[:1], lambda: f"{query}; last: {self.ask(query)}")
        return value

    def wait_for(self, query, value):
        wait_until(lambda: self.value_now(query) == value, lambda: f"{query} == {value}; last: {self.ask(query)}")

    def program(self, name, **more):
        program = self.enterContext(Program({**self.environment, **more}))
        program.do(f"import ctypes; ctypes.CDLL(None).prctl(15, b'{name}', 0, 0, 0)")
        program.do("from tidemark import producer")
        return program

    def lose(self):
        """Events of a program that no collector drained: what is lost is lost before the collector starts."""
        lossy = self.program("lossy", TIDEMARK_POLICY="drop")
        lossy.do(f"[producer.allocation(1, 'L1', i, 8) for i in range({EVENTS})]")
        return lossy

    def test_an_operator_s_questions(self):
        self.lose()
        self.start()
        target = self.serve()
        self.watch(target)
        self.check_loss()
        large, small = self.program("large"), self.program("leaker")
        large.do("producer.declare_memory(0, 'DRAM', 1 << 30)")
        large.do("producer.allocation(0, 'DRAM', 1, 100 << 20); producer.flush()")
        small.do("producer.allocation(0, 'DRAM', 1, 1 << 20); producer.allocation(0, 'L1', 1, 77); producer.flush()")
        self.check_memory()
        self.check_growth(small)
        self.check_end(large)
        self.check_kill(small)
        self.check_stop()

    def check_loss(self):
        self.wait_for("tidemark_up", 1)
        made = "tidemark_collector_events_total + sum(tidemark_lost_events_total) without (cause, event)"
        self.wait_for(made, EVENTS)
        self.assertGreater(self.value('sum(tidemark_lost_events_total{cause="full"})'), 0)
        self.assertEqual(self.value('sum(tidemark_lost_bytes_total{cause="full"})'),
                         8 * self.value('sum(tidemark_lost_events_total{cause="full"})'))  # fmt: skip
        self.assertEqual(self.value('tidemark_process_exact{command="lossy"}'), 0)
        self.assertEqual(self.value('tidemark_pool_exact{device="1",pool="L1"}'), 0)

    def check_memory(self):
        self.wait_for('sum by (pool) (tidemark_pool_current_bytes{device="0",pool="DRAM"})', 101 << 20)
        self.wait_for('sum by (pool) (tidemark_pool_current_bytes{device="0",pool="L1"})', 77)
        ((labels, value),) = wait_until(
            lambda: self.ask('topk(1, tidemark_process_current_bytes{device="0"})'), "the largest process")  # fmt: skip
        self.assertEqual((labels["command"], labels["pool"], value), ("large", "DRAM", 100 << 20))
        self.assertNotIn("pid", labels)
        self.assertEqual(self.ask('tidemark_pool_exact{device="0"} == 0'), [])
        self.wait_for('instance_device_memory:tidemark_memory_used:ratio{device="0",memory="DRAM"}', (101 << 20) / (1 << 30))

    def check_growth(self, leaker):
        for id in range(2, 6):
            leaker.do(f"producer.allocation(0, 'DRAM', {id}, 1 << 20); producer.flush()")
            self.wait_for('tidemark_process_live_buffers{command="leaker",pool="DRAM"}', id)
        growing = wait_until(
            lambda: self.ask('deriv(tidemark_process_live_buffers{device="0"}[1m]) > 0'), "the growth")  # fmt: skip
        self.assertEqual([labels["command"] for labels, _ in growing], ["leaker"])

    def check_end(self, large):
        large.do("producer.flush()")
        large.process.stdin.close()
        large.process.wait(fleet.PATIENCE)
        self.wait_for('sum(tidemark_pool_freed_by_exit_bytes_total{device="0",pool="DRAM"})', 100 << 20)
        # But for the rules that look back, which carry a colon.
        wait_until(lambda: not self.ask('{command="large",__name__!~".*:.*"}'), "the series of a program that ended to be gone")
        self.assertGreater(self.value('count(tidemark_process_current_bytes{command="leaker"})'), 0)

    def check_kill(self, small):
        """A counter goes on where it was after the collector's SIGKILL and restart."""
        pid = json.loads(self.tidemark("query", "--json")[1])["collector"]["pid"]
        os.kill(pid, signal.SIGKILL)
        self.wait_for("tidemark_up", 0)
        self.assertEqual(self.ask("tidemark_pool_current_bytes"), [])
        self.start()
        small.do("producer.allocation(0, 'L1', 2, 23); producer.flush()")
        self.wait_for('tidemark_pool_current_bytes{device="0",pool="L1"}', 100)
        self.assertEqual(self.value("tidemark_collector_restarts_total"), 1)
        falls = self.ask('resets({__name__=~"tidemark_(pool|lost)_.*_total|tidemark_collector_events_total"}[5m]) > 0')
        self.assertEqual(falls, [])

    def check_stop(self):
        self.daemon("--stop")
        self.wait_for("tidemark_up", 0)
        wait_until(lambda: not self.ask('{__name__=~"tidemark_(pool|process|memory)[a-z_]*"}'), "figures of now to be gone")
        self.assertGreater(self.value("tidemark_collector_heartbeat_age_seconds"), 0)


class Answer(FleetWorld):
    def test_promtool_finds_nothing_to_complain_of(self):
        self.start()
        address = self.serve()
        with Program(self.environment) as program:
            program.do("from tidemark import producer; producer.allocation(0, 'DRAM', 1, 5); producer.flush()")
            scraped = self.get(address, "/metrics")
        for text in (scraped, self.text("--sensors")):
            checked = fleet.promtool("check", "metrics", text=text)
            self.assertEqual((checked.returncode, checked.stdout, checked.stderr), (0, "", ""))
        with urllib.request.urlopen(f"http://{address}/metrics") as answer:
            self.assertEqual(answer.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")

    def test_the_parameters_choose_the_detail(self):
        self.start()
        address = self.serve()
        with Program(self.environment) as program:
            program.do("from tidemark import producer; producer.allocation(0, 'DRAM', 1, 5); producer.flush()")
            with_pid = fleet.metrics(self.get(address, "/metrics?pid_label=1"))["tidemark_process_current_bytes"]
            self.assertEqual({dict(labels)["pid"] for labels in with_pid}, {str(program.pid)})
            self.assertNotIn("tidemark_process_current_bytes", fleet.metrics(self.get(address, "/metrics?processes=0")))


if __name__ == "__main__":
    fleet.require("prometheus", "prometheus")
    unittest.main(verbosity=2)
