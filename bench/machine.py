# SPDX-License-Identifier: Apache-2.0
"""What the machine is that figures come from: processors and their caches, memory, clock, pages, compiler, commit."""
import datetime
import glob
import os
import platform
import subprocess

from measure import processors

HERE = os.path.dirname(os.path.abspath(__file__))
CPU = "/sys/devices/system/cpu/cpu{}/"


def first_line(path, unknown=""):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.readline().strip()
    except OSError:
        return unknown


def field(path, name, separator=":"):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith(name):
                    return line.split(separator, 1)[1].strip().strip('"')
    except OSError:
        pass
    return ""


def topology():
    """How many sockets, cores and threads the processors are that this may use."""
    places = [tuple(first_line(CPU.format(one) + f"topology/{what}") for what in ("physical_package_id", "core_id"))
              for one in processors()]  # fmt: skip
    sockets, cores = len({place[0] for place in places}), len(set(places))
    plural = ["s" if count > 1 else "" for count in (cores, sockets)]
    return f"{len(places)} processors: {cores} core{plural[0]}, {sockets} socket{plural[1]}"


def caches():
    """Of the first processor: "L1 data 32K, ..."; with how many processors share each."""
    found = []
    for folder in sorted(glob.glob(CPU.format(processors()[0]) + "cache/index*")):
        kind = first_line(f"{folder}/type").lower()
        name = "L" + first_line(f"{folder}/level") + ("" if kind == "unified" else f" {kind}")
        found.append(f"{name} {first_line(folder + '/size')} (of processors {first_line(folder + '/shared_cpu_list')})")
    return ", ".join(found) or "unknown"


def memory():
    kib = field("/proc/meminfo", "MemTotal").split(" ")[0]
    return f"{int(kib) / 1048576:.1f} GiB" if kib.isdigit() else "unknown"


def chosen(path):
    """Of "always [madvise] never" what stands in brackets."""
    return first_line(path, "unknown").partition("[")[2].partition("]")[0] or "unknown"


def commit():
    def git(*words):
        told = subprocess.run(["git", "-C", HERE, *words], capture_output=True, text=True, check=False, timeout=30)
        return told.stdout.strip() if told.returncode == 0 else ""

    try:
        name = git("rev-parse", "--short=12", "HEAD")
        return (name + (", changed since" if git("status", "--porcelain", "-uno") else "")) if name else "unknown"
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"


def describe(compiler, load):
    pages = "/sys/kernel/mm/transparent_hugepage/"
    return {
        "processor": field("/proc/cpuinfo", "model name") or platform.processor() or platform.machine(),
        "processors": len(processors()),
        "topology": topology(),
        "caches": caches(),
        "memory": memory(),
        "virtual": " hypervisor" in field("/proc/cpuinfo", "flags"),
        "system": field("/etc/os-release", "PRETTY_NAME", "=") or platform.system(),
        "kernel": platform.release(),
        "clock": first_line("/sys/devices/system/clocksource/clocksource0/current_clocksource", "unknown"),
        "governor": first_line(CPU.format(processors()[0]) + "cpufreq/scaling_governor", "none that shows"),
        "huge_pages": f"{chosen(pages + 'enabled')}, of shared memory {chosen(pages + 'shmem_enabled')}",
        "compiler": f"g++ {compiler}",
        "python": platform.python_version(),
        "commit": commit(),
        "load_before": load,
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
    }
