# SPDX-License-Identifier: Apache-2.0
"""Takes away every memory order of the sources, one at a time, and expects a counter-example.

The orders are read from the source: each acquire, release, acq_rel and signal fence of the rooms that carry SYNC
labels, each barrier. The model program says by address where it met which order; addr2line says in which line that is.
An order that no model meets, or whose absence none rejects, fails the test: it needs a model, or it is stronger than it
needs to be.

  mutants.py --program model_check --source ROOT      everything; exit status 1 if a mutant survives
             [--model NAME] [--line FILE:LINE]        only those
             [--trace]                                shows how each mutant goes wrong
"""
import argparse
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lint"))
from check_sync import FOLDERS, REACH, SYNC  # noqa: E402
from project import Project, without_comments  # noqa: E402

TOKEN = re.compile(r"(?:memory_order(?:_|::)|__ATOMIC_)(acquire|release|acq_rel|seq_cst|ACQUIRE|RELEASE|ACQ_REL|SEQ_CST)\b"
                   r"|MEMBARRIER_CMD_GLOBAL_EXPEDITED")
PARTS = {"acquire": ["acquire"], "release": ["release"], "acq_rel": ["acquire", "release"]}


class Order:
    """One order in the source: a place, the label that argues it, and what of it can be taken away."""

    def __init__(self, path, line, part, labels):
        self.path, self.line, self.part, self.labels = path, line, part, labels
        self.sites = {}  # model -> addresses
        self.killed_by = None

    def __str__(self):
        return f"{self.path}:{self.line} {self.part} SYNC({', '.join(self.labels)})"


def statement(lines, number):
    """First and last line of the statement that the line (from 1) is in."""
    first = number
    while first > 1 and number - first < 6 and not re.search(r"[;{}:]\s*$|^\s*#|^\s*$", lines[first - 2]):
        first -= 1
    return first


def parts_at(lines, number, match):
    word = (match.group(1) or "barrier").lower()
    before = " ".join(lines[max(0, number - 7):number - 1]) + lines[number - 1][:match.start()]
    if word == "barrier":
        return ["barrier"]
    if re.search(r"signal_fence\([^;]*$", before):
        return ["fence"]
    after_exchange = re.search(r"compare_exchange_\w+\(([^;]*)$", before)
    if after_exchange and re.search(r"__ATOMIC_|memory_order", after_exchange.group(1)):
        return ["failure"]
    return PARTS.get(word, [word])


def orders_of(project):
    found = []
    for path in project.code(*FOLDERS):
        whole = project.text(path).split("\n")
        lines = without_comments(project.text(path)).split("\n")
        for number, line in enumerate(lines, 1):
            for match in TOKEN.finditer(line):
                labels = []
                for near in whole[max(0, number - 1 - REACH):number]:
                    labels += SYNC.findall(near)
                for part in parts_at(lines, number, match):
                    order = Order(path, number, part, labels[-1:] if labels else ["?"])
                    order.reach = range(statement(lines, number), number + 1)
                    macro = macro_of(lines, number)
                    if macro:
                        order.reach = [n for n, text in enumerate(lines, 1) if macro + "(" in text and n != number]
                    found.append(order)
    return found


def macro_of(lines, number):
    """Name of the macro whose definition the line is in, if any."""
    while number > 1 and lines[number - 2].rstrip().endswith("\\"):
        number -= 1
    found = re.match(r"\s*#define\s+(\w+)", lines[number - 1])
    return found.group(1) if found else None


def run(program, *arguments):
    try:
        done = subprocess.run([program, *arguments], stdout=subprocess.PIPE, text=True, check=False, timeout=300)
    except subprocess.TimeoutExpired:
        sys.exit(f"{program} {' '.join(arguments)}: no answer within 300 s")
    if done.returncode not in (0, 1):
        sys.exit(f"{program} {' '.join(arguments)}: ended with {done.returncode}")
    return done.returncode, done.stdout


def lines_of(program, addresses, root):
    """Where each return address lies: the innermost frame of our own sources."""
    text = "\n".join(hex(int(a, 16) - 1) for a in addresses)
    out = subprocess.run(["addr2line", "-a", "-i", "-e", program], input=text, stdout=subprocess.PIPE, text=True, check=True)
    places, address = {}, None
    for line in out.stdout.split("\n"):
        if line.startswith("0x"):
            address = hex(int(line, 16) + 1)
            continue
        path, _, number = line.partition(":")
        path = os.path.normpath(path)
        if address and path.startswith(root + "/") and address not in places:
            path = path[len(root) + 1:]
            if path.split("/")[0] in FOLDERS:
                places[address] = (path, int(number.split(" ")[0]))
    return places


def meet(program, orders, root, only):
    """Which model meets which order; models must hold as they are."""
    status, out = run(program, "--sites", *(["--model", only] if only else []))
    print(out if status else "".join(l + "\n" for l in out.split("\n") if " states " in l), end="")
    if status:
        sys.exit("a model does not hold")
    model, sites = None, []
    for line in out.split("\n"):
        if line.startswith("site "):
            sites.append((model, hex(int(line.split()[1], 16)), line.split()[2]))
        elif " states " in line:
            model = re.match(r"(.*?)\s+\d+ states", line).group(1)
    places = lines_of(program, sorted({a for _, a, _ in sites}), root)
    for model, address, part in sites:
        path, line = places.get(address, ("", 0))
        near = [o for o in orders if o.path == path and o.part == part and line in o.reach]
        if not near and path:
            near = [o for o in orders if o.path == path and o.part == part and abs(o.line - line) <= 3]
        if near:
            best = min(near, key=lambda o: abs(o.line - line))
            best.sites.setdefault(model, set()).add(address)


def try_mutant(program, order, trace):
    """The first model that gives a counter-example without this order."""
    for model, addresses in order.sites.items():
        arguments = ["--model", model] + (["--trace"] if trace else [])
        for address in sorted(addresses):
            arguments += ["--weaken", address, order.part]
        status, out = run(program, *arguments)
        if status:
            order.killed_by, order.why = model, out
            return


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--source", required=True)
    parser.add_argument("--model")
    parser.add_argument("--line")
    parser.add_argument("--trace", action="store_true")
    options = parser.parse_args()
    root = os.path.realpath(options.source)
    orders = orders_of(Project(root))
    meet(options.program, orders, root, options.model)
    wanted = [o for o in orders if not options.line or f"{o.path}:{o.line}" == options.line]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda o: try_mutant(options.program, o, options.trace), wanted))
    wrong = []
    for order in wanted:
        if order.killed_by:
            print(f"rejected  {order}   by {order.killed_by}")
            if options.trace:
                print(order.why)
        else:
            what = "SURVIVES " if order.sites else "NOT MET  "
            print(f"{what} {order}   {', '.join(order.sites)}")
            wrong.append(order)
    rejected = sum(o.killed_by is not None for o in wanted)
    print(f"{len(wanted)} mutants: {rejected} rejected by models, {len(wrong)} left")
    sys.exit(1 if wrong and not options.model else 0)


if __name__ == "__main__":
    main()
