# SPDX-License-Identifier: Apache-2.0
"""What a run is made of: sections, by the names that `--only` takes, of units. A unit is repeated if the machine was
disturbed, and answers what it found as a part of the results."""
import os
from dataclasses import dataclass
from typing import Callable


@dataclass(frozen=True)
class Bed:
    bin_dir: str
    smoke: bool

    def program(self, question):
        return os.path.join(self.bin_dir, f"bench.{question}")


class Notes:
    """What goes wrong while a unit is measured, and what is not there."""

    def __init__(self):
        self.failures, self.gone, self.compiler = [], [], ""

    def fail(self, what, why):
        print(f"  {what} failed: {why}", flush=True)
        self.failures.append({"what": what, "why": str(why)})

    def absent(self, rival, why):
        self.gone.append({"rival": rival, "why": why})


@dataclass(frozen=True)
class Unit:
    name: str  # within its section; may be empty
    measure: Callable  # of Bed and Notes; answers {part of the results: what to add to it}


@dataclass(frozen=True)
class Section:
    order: str  # of the repetitions, for the page
    units: tuple
    always: bool = True  # False: only when asked for by name, and in the smoke run
