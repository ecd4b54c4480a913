# SPDX-License-Identifier: Apache-2.0
"""The installed service: systemd finds nothing wrong with its unit, nothing in it hides what a collector must see, and the
collector tells a service manager that it is ready and, for as long as it drains, that it is well."""
import argparse
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

# What would hide /dev/shm, /tmp, devices or other users' processes.
HIDING = re.compile(
    r"^(Private\w+|ProtectProc|ProcSubset|ProtectClock|DevicePolicy|DeviceAllow|ProtectHome|TemporaryFileSystem|"
    r"InaccessiblePaths|RootDirectory|RootImage|User|DynamicUser|MountAPIVFS|BindPaths)=",
    re.MULTILINE,
)
build = None


class Service(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tidemark-service.")
        self.addCleanup(folder.cleanup)
        self.stage = Path(folder.name, "stage")
        subprocess.run(["cmake", "--install", build, "--prefix", self.stage], check=True, stdout=subprocess.DEVNULL)
        self.unit = self.stage / "lib/systemd/system/tidemarkd.service"
        self.text = self.unit.read_text()

    def test_systemd_finds_nothing_wrong(self):
        def verify(unit):
            command = ["systemd-analyze", "verify", "--man=no", unit]
            return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)

        done = verify(self.unit)
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        self.assertIn(f"ExecStart={self.stage}/bin/tidemarkd ", self.text)
        broken = self.unit.with_name("broken.service")
        broken.write_text(self.text.replace("tidemarkd --instance", "nobody --instance"))
        self.assertNotEqual(verify(broken).returncode, 0)

    def test_the_unit_is_what_a_collector_needs(self):
        for line in ("Type=notify", "Alias=tt-allocation-server.service", "EnvironmentFile=-/etc/default/tidemark"):
            self.assertIn(f"\n{line}\n", self.text)
        self.assertRegex(self.text, r"\nWatchdogSec=\d+\n")
        self.assertIsNone(HIDING.search(self.text))
        self.assertTrue((self.stage / "etc/default/tidemark").is_file())

    def test_the_files_that_switch_tracking_on(self):
        folder = self.stage / "share/tidemark"
        values = [line for line in (folder / "tracking.conf").read_text().splitlines() if not line.startswith("#")]
        self.assertEqual(values, ["TIDEMARK_ENABLED=1"])
        self.assertIn(str(folder), (folder / "tracking.conf").read_text())
        done = subprocess.run(["sh", "-c", f'. {folder}/tracking.sh; printenv TIDEMARK_ENABLED'], stdout=subprocess.PIPE, check=True)
        self.assertEqual(done.stdout, b"1\n")

    def test_an_administrators_file_is_kept(self):
        own = self.stage / "etc/default/tidemark"
        own.write_text("TIDEMARKD_OPTIONS=-q\n")
        subprocess.run(["cmake", "--install", build, "--prefix", self.stage], check=True, stdout=subprocess.DEVNULL)
        self.assertEqual(own.read_text(), "TIDEMARKD_OPTIONS=-q\n")

    def test_the_collector_is_ready_and_well_until_it_is_stopped(self):
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(manager.close)
        path = str(self.stage / "notify")
        manager.bind(path)
        manager.settimeout(60)
        instance = f"test-{os.getpid()}-service"
        env = {**os.environ, "NOTIFY_SOCKET": path, "WATCHDOG_USEC": "40000", "TIDEMARK_INSTANCE": instance}
        env.pop("WATCHDOG_PID", None)
        collector = subprocess.Popen([self.stage / "bin/tidemarkd", "-q"], env=env, stderr=subprocess.PIPE)
        try:
            self.assertIn(b"READY=1", manager.recv(4096))
            self.assertEqual([manager.recv(4096) for _ in range(5)], [b"WATCHDOG=1"] * 5)
        finally:
            collector.send_signal(signal.SIGTERM)
            collector.communicate(timeout=60)
            for left in Path("/dev/shm").glob(f"tidemark.{instance}.*"):
                left.unlink(missing_ok=True)
        self.assertEqual(collector.returncode, 0)
        while (message := manager.recv(4096)) == b"WATCHDOG=1":
            pass
        self.assertEqual(message, b"STOPPING=1")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, help="a finished build folder")
    build = parser.parse_args().build
    unittest.main(argv=sys.argv[:1], verbosity=2)
