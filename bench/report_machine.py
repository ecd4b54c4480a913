# SPDX-License-Identifier: Apache-2.0
"""The page's words on where its figures come from: the machine, and how long, how often and how undisturbed each part
was measured."""
from page_parts import number, table

FACTS = (
    ("processor", "Processor"), ("topology", "Processors that were used"), ("caches", "Caches"), ("memory", "Memory"),
    ("clock", "Clock source"), ("governor", "Frequency governor"), ("huge_pages", "Transparent huge pages"),
    ("system", "System"), ("kernel", "Linux"),
    ("compiler", "Compiler"), ("python", "Python"), ("commit", "Commit"),
)  # fmt: skip


def machine_section(results):
    machine = dict(results["machine"])
    if machine.get("virtual") and "topology" in machine:
        machine["topology"] += ", of a virtual machine: what shares a core or a cache outside it can't be seen"
    cells = [[label, machine[key]] for key, label in FACTS if key in machine]
    return ["## The machine", ""] + table(["", "what"], cells) + [""]


def unit_cells(name, unit):
    title = ": ".join(filter(None, (name, unit["name"])))
    flag = " (disturbed)" if unit["disturbed"] else ""
    shares = [f"{unit[who] * 100:.1f}" for who in ("foreign", "stolen")]
    return [number(unit["seconds"]), title + flag, *shares, str(unit["tries"])]


def run_section(results):
    """How each part went."""
    cells = [unit_cells(name, unit) for name, section in results.get("sections", {}).items() for unit in section["units"]]
    if not cells:
        return []
    text = ("How long each part took, and what share of one processor others had meanwhile: programs that were not part of "
            "it, and the hypervisor, where it says so. What is above 5 % together was measured again, and the less disturbed "
            "kept.")  # fmt: skip
    return ["## How it went", "", text, ""] + table(["s", "part", "others %", "hypervisor %", "tries"], cells) + [""]
