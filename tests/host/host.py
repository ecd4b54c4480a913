# SPDX-License-Identifier: Apache-2.0
"""What the tests on host programs share, beyond those on real programs: figures that are right or said not to be, what a
program said of itself, and what needs root. Standard library only."""
import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "programs"))
import tracked  # noqa: E402

PROGRAMS = tracked.BIN / "host"
MINUTES = float(os.environ.get("TIDEMARK_TORTURE") or 0)
SEED = int(os.environ.get("TIDEMARK_SEED") or 1)


def program(name):
    """A program of src/."""
    return str(PROGRAMS / name.replace(".", "_"))


def require_root():
    """Ends the script unless root runs it: skipped, or failed where CI is set, as privilege.hpp does."""
    if os.geteuid() == 0:
        return
    must_run = bool(os.environ.get("CI"))
    print("failed: needs root" if must_run else "skipped: needs root", file=sys.stderr)
    sys.exit(1 if must_run else 77)


def said(done):
    """The line of JSON that a program wrote to its standard error."""
    return next(json.loads(line) for line in done.stderr.decode().splitlines() if line.startswith("{"))


def losses(owner):
    return {cause: loss["count"] for cause, loss in owner["lost"].items() if loss["count"] or loss["bytes"]}


class HostTest(tracked.TrackedTest):
    def pool(self, process, device, pool):
        """Allocations and frees that were told of: those of the totals, and frees that found nothing."""
        for usage in process["usage"]:
            if (usage["device"], usage["pool"]) == (device, pool):
                return usage
        return {"allocations": 0, "frees": 0, "exact": True, "live": 0}

    def assert_right(self, report, causes=()):
        """Nothing lost and all exact; or lost by one of these causes, counted, and said to be inexact."""
        for process in report["processes"]:
            lost = losses(process)
            self.assertLessEqual(set(lost), set(causes), process["command"])
            for usage in process["usage"]:
                self.assertIs(usage["exact"], not lost, (process["command"], lost, usage))
            if not lost:
                self.assertEqual((process["duplicates"], process["unknown_frees"]), (0, 0), process["command"])
            self.assertIsNone(process["quarantine"])
        for cause in tracked.CAUSES:
            told = sum(process["lost"][cause]["count"] for process in report["processes"])
            self.assertEqual(report["collector"]["lost"][cause]["count"], told, cause)

    def both_ways(self, command, environment=None, **options):
        """The same output and status without the tracker and with it. Answers the tracked run and its report."""
        place = self.folder / "place"
        results = []
        for start in (tracked.run, self.tracked):
            place.mkdir()
            results.append(start(command, environment, cwd=place, stderr=-1, **options))
            tracked.run(["rm", "-rf", str(place)])
        plain, (done, report) = results
        status = plain.returncode if plain.returncode >= 0 else 128 - plain.returncode
        self.assertEqual((done.returncode, done.stdout), (status, plain.stdout), plain.stderr[-2000:] + done.stderr[-2000:])
        self.assertEqual(report["exit_status"], status)
        return done, report
