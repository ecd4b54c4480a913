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
MAIN = {
    "producer.c": ("producer.h", "int main(void) { return 0; }"),
    "producer.cpp": ("producer.hpp", "int main() { return 0; }"),
    "reader.c": ("stats_reader.h", "int main(void) { return 0; }"),
    "reader.cpp": ("stats_reader.hpp", "int main() { return 0; }"),
}


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
        for name, (header, body) in MAIN.items():
            (consumer / name).write_text(f"#include <tidemark/{header}>\n{body}\n")
        define = f"-DCMAKE_PREFIX_PATH={stage}"
        run("cmake", "-G", "Ninja", "-S", HERE / "consumer", "-B", consumer, define, stdout=subprocess.DEVNULL)
        run("cmake", "--build", consumer)
        for package in ("tidemark-producer", "tidemark-reader"):
            prefix = f"--define-variable=prefix={stage}"
            flags = pkg_config(stage, prefix, "--cflags", "--libs", package)
            name = package.split("-")[1]
            run("cc", "-std=c11", consumer / f"{name}.c", "-o", consumer / f"{name}_pc_c", *flags)
            run("c++", "-std=c++20", consumer / f"{name}.cpp", "-o", consumer / f"{name}_pc_cpp", *flags)
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
