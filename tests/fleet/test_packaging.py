# SPDX-License-Identifier: Apache-2.0
"""The rules, the dashboard and the manifests of packaging/: well-formed, tried, and about metrics that exist."""
import json
import re
import unittest
from pathlib import Path

import fleet
import yaml

PACKAGING = fleet.ROOT / "packaging"
METRIC = re.compile(r"(?<![\w:])(tidemark_[a-z_]+)(?![\w:]*:)")
ROW = re.compile(r"^\| `(tidemark_\w+)` \|", re.MULTILINE)


def documented():
    """Compared with what is written by viewers.metrics."""
    return set(ROW.findall((fleet.ROOT / "docs/metrics.md").read_text()))


def manifests(name):
    return [part for part in yaml.safe_load_all((PACKAGING / name).read_text()) if part]


class Packaging(unittest.TestCase):
    def test_the_rules_are_right_and_each_alert_is_tried(self):
        folder = PACKAGING / "prometheus"
        checked = fleet.promtool("check", "rules", "--lint-fatal", folder / "tidemark.rules.yml")
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        tried = fleet.promtool("test", "rules", folder / "tidemark.test.yml")
        self.assertEqual(tried.returncode, 0, tried.stdout + tried.stderr)
        (tests,) = manifests("prometheus/tidemark.test.yml")
        fired, quiet = set(), set()
        for case in tests["tests"]:
            for alert in case.get("alert_rule_test", []):
                (fired if alert.get("exp_alerts") else quiet).add(alert["alertname"])
        (rules,) = manifests("prometheus/tidemark.rules.yml")
        alerts = {rule["alert"] for group in rules["groups"] for rule in group["rules"] if "alert" in rule}
        self.assertEqual((fired, quiet), (alerts, alerts))

    def test_the_configurations_are_right(self):
        for name in ("prometheus/prometheus.yml", "compose/prometheus.yml"):
            done = fleet.promtool("check", "config", "--syntax-only", PACKAGING / name)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_rules_and_dashboard_ask_for_metrics_that_exist(self):
        known = documented()
        self.assertGreater(len(known), 60)
        for name in ("prometheus/tidemark.rules.yml", "prometheus/tidemark.test.yml", "grafana/tidemark.json"):
            named = set(METRIC.findall((PACKAGING / name).read_text()))
            self.assertGreater(len(named), 5, name)
            self.assertEqual(named - known, set(), name)

    def test_the_dashboard_is_whole(self):
        board = json.loads((PACKAGING / "grafana/tidemark.json").read_text())
        panels = [panel for panel in board["panels"] if panel["type"] != "row"]
        self.assertEqual(len({panel["id"] for panel in board["panels"]}), len(board["panels"]))
        for panel in panels:
            with self.subTest(panel=panel["title"]):
                self.assertTrue(panel["targets"])
                for target in panel["targets"]:
                    self.assertRegex(target["expr"], "tidemark_")
                place = panel["gridPos"]
                self.assertLessEqual(place["x"] + place["w"], 24)
        cells = set()
        for panel in board["panels"]:
            p = panel["gridPos"]
            own = {(x, y) for x in range(p["x"], p["x"] + p["w"]) for y in range(p["y"], p["y"] + p["h"])}
            self.assertFalse(cells & own, f"{panel['title']} lies on another panel")
            cells |= own

    def test_the_expressions_of_the_dashboard_are_promql(self):
        board = json.loads((PACKAGING / "grafana/tidemark.json").read_text())
        rules = []
        for panel in board["panels"]:
            for target in panel.get("targets", []):
                plain = target["expr"].replace("$__rate_interval", "1m").replace("$", "")
                rules.append({"record": f"panel{panel['id']}:{target['refId']}", "expr": plain})
        text = yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]})
        path = Path(self.enterContext(fleet.temporary_folder()), "dashboard.yml")
        path.write_text(text)
        done = fleet.promtool("check", "rules", path)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_daemon_set_gives_each_container_what_it_needs_and_no_more(self):
        (daemons,) = [part for part in manifests("kubernetes/daemonset.yaml") if part["kind"] == "DaemonSet"]
        pod = daemons["spec"]["template"]["spec"]
        self.assertTrue(pod["hostPID"])
        self.assertEqual(daemons["spec"]["selector"]["matchLabels"], daemons["spec"]["template"]["metadata"]["labels"])
        by_name = {container["name"]: container for container in pod["containers"]}
        volumes = {volume["name"] for volume in pod["volumes"]}
        for container in by_name.values():
            security = container["securityContext"]
            self.assertFalse(security["allowPrivilegeEscalation"])
            self.assertTrue(security["readOnlyRootFilesystem"])
            self.assertEqual(security["capabilities"]["drop"], ["ALL"])
            self.assertLessEqual({mount["name"] for mount in container["volumeMounts"]}, volumes)
        self.assertTrue(by_name["metrics"]["securityContext"]["runAsNonRoot"])
        (shm,) = by_name["metrics"]["volumeMounts"]
        self.assertEqual((shm["mountPath"], shm["readOnly"]), ("/dev/shm", True))

    def test_the_compose_file_is_the_same_in_small(self):
        (compose,) = manifests("compose/compose.yaml")
        services = compose["services"]
        self.assertEqual(set(services), {"collector", "metrics", "prometheus"})
        self.assertEqual(services["collector"]["cap_drop"], ["ALL"])
        self.assertEqual(services["metrics"]["volumes"], ["/dev/shm:/dev/shm:ro"])
        (pods,) = [part for part in manifests("kubernetes/daemonset.yaml") if part["kind"] == "DaemonSet"]
        collector = pods["spec"]["template"]["spec"]["containers"][0]
        self.assertEqual(services["collector"]["cap_add"], collector["securityContext"]["capabilities"]["add"])


if __name__ == "__main__":
    fleet.require("promtool", "prometheus")
    unittest.main(verbosity=2)
