# SPDX-License-Identifier: Apache-2.0
"""Installs the build into an empty folder and builds a stranger's project against it, by CMake and by pkg-config; imports
the Python reader from there. The older monitors' commands are installed as links."""
import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
EMPTY_C = "int main(void) { return 0; }"
EMPTY_CPP = "int main() { return 0; }"
MAIN = {
    "producer.c": (["<tidemark/producer.h>"], EMPTY_C),
    "producer.cpp": (["<tidemark/producer.hpp>"], EMPTY_CPP),
    "reader.c": (["<tidemark/stats_reader.h>"], EMPTY_C),
    "reader.cpp": (["<tidemark/stats_reader.hpp>"], EMPTY_CPP),
    "monitor.cpp": (
        ["<tidemark/monitor.hpp>", "<tidemark/tt_metal/graph_processor.hpp>"],
        "int main() {\n"
        "    auto& monitor = tidemark::Monitor::instance();\n"
        "    monitor.track_allocation(0, tidemark::Pool::kDram, 1, 64);\n"
        "    return monitor.query_device(0).current[0] == 64 ? 0 : 1;\n"
        "}",
    ),
    "compat.cpp": (
        [
            '"tt_metal/impl/profiler/tracy_memory_monitor.hpp"',
            "<tt-metalium/allocation_client.hpp>",
            "<allocation_client.hpp>",
            '"instrumented_helpers.hpp"',
        ],
        "using namespace tt::tt_metal;\n"
        "int main() {\n"
        "    auto& monitor = TracyMemoryMonitor::instance();\n"
        "    monitor.track_allocation(0, 1, 64, TracyMemoryMonitor::BufferType::L1);\n"
        "    AllocationClient::report_allocation(1, 64, 1, 2);\n"
        "    (void)query_device(0).dram;\n"
        "    instrumented::send_memory_event(instrumented::MemoryEventType::CB_ALLOC, 0, 1);\n"
        "    return monitor.query_device(0).l1_allocated == 64 ? 0 : 1;\n"
        "}",
    ),
}
# pkg-config package and the sources that are built with it.
PACKAGES = {
    "tidemark-producer": ("producer.c", "producer.cpp"),
    "tidemark-reader": ("reader.c", "reader.cpp"),
    "tidemark-monitor": ("monitor.cpp", "compat.cpp"),
}
COMPILERS = {".c": ("cc", "-std=c11"), ".cpp": ("c++", "-std=c++20")}


def run(*command, **options):
    print("+", *command, flush=True)
    return subprocess.run([str(c) for c in command], check=True, **options)


def pkg_config(prefix, *arguments):
    path = next(prefix.rglob("pkgconfig"))
    done = run(
        "pkg-config", *arguments, env={**os.environ, "PKG_CONFIG_PATH": str(path)}, stdout=subprocess.PIPE
    )
    return done.stdout.decode().split()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, help="a finished build folder")
    build = parser.parse_args().build
    with tempfile.TemporaryDirectory(prefix="tidemark-install.") as folder:
        # The .pc files name the configured prefix; pkg_config() overrides it.
        stage, consumer = Path(folder, "stage"), Path(folder, "consumer")
        run("cmake", "--install", build, "--prefix", stage, stdout=subprocess.DEVNULL)
        consumer.mkdir()
        for name, (headers, body) in MAIN.items():
            lines = [f"#include {header}" for header in headers]
            (consumer / name).write_text("\n".join([*lines, body, ""]))
        define = f"-DCMAKE_PREFIX_PATH={stage}"
        run("cmake", "-G", "Ninja", "-S", HERE / "consumer", "-B", consumer, define, stdout=subprocess.DEVNULL)
        run("cmake", "--build", consumer)
        for package, sources in PACKAGES.items():
            flags = pkg_config(stage, f"--define-variable=prefix={stage}", "--cflags", "--libs", package)
            for source in map(Path, sources):
                program = consumer / f"{source.stem}_pc_{source.suffix[1:]}"
                run(*COMPILERS[source.suffix], consumer / source, "-o", program, *flags)
        for program in sorted(consumer.glob("*_c*")):
            if program.is_file() and os.access(program, os.X_OK):
                run(program)
        for link in ("allocation_monitor_client", "tracy_memory_monitor_client", "tt_smi", "tt_smi_umd"):
            assert os.readlink(stage / "bin" / link) == "tidemark", link
            run(stage / "bin" / link, "--help", stdout=subprocess.DEVNULL)
        package = next(stage.rglob("dist-packages"))
        clean = {**os.environ, "PYTHONPATH": str(package), "PYTHONDONTWRITEBYTECODE": "1"}
        clean.pop("TIDEMARK_PRODUCER_LIBRARY", None)
        # The producer library is found beside the package, by its place alone.
        for module in ("tidemark", "tidemark.producer, tidemark.producer as p; p.enabled()", "query_stats, tracy_memory_monitor, tidemark"):
            run("/usr/bin/python3", "-c", f"import {module}; print(tidemark.__file__)", env=clean, cwd=folder)
        check_plugin(Path(folder), clean)
    return 0


def check_plugin(folder, environment):
    """pytest finds the installed plugin by itself, and the plugin the installed programs."""
    test = folder / "test_plain.py"
    test.write_text("def test_plain(): pass\n")
    done = run(
        "/usr/bin/python3", "-m", "pytest", "-p", "no:cacheprovider", "--tidemark", test, cwd=folder,
        env={**environment, "PATH": "/usr/bin:/bin"}, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert b"limits checked: 0 tests" in done.stdout, done.stdout.decode()


if __name__ == "__main__":
    sys.exit(main())
