# SPDX-License-Identifier: Apache-2.0
"""Cache misses of one append, one apply and one row read, counted by callgrind's model of two caches: the same on every
machine, with or without counters of its own."""
import shutil
import subprocess

import guards

# Size, ways, bytes a line: first for instructions and data, then the last level, here a processor's own second one.
CACHES = ("--cache-sim=yes", "--I1=32768,8,64", "--D1=32768,8,64", "--LL=1048576,16,64")
KINDS = {"instructions": ("Ir",), "data": ("D1mr", "D1mw"), "code": ("I1mr",), "last_level": ("DLmr", "DLmw", "ILmr")}


def section(bed, notes):
    if not shutil.which("valgrind"):
        notes.absent("simulated cache misses", "valgrind is not installed; `./dev bench --with-rivals` installs it")
        return {}
    found = {}
    for what in guards.GUARDED[-1:] if bed.smoke else guards.GUARDED:
        try:
            counts = guards.counts(bed.program("guard"), what, CACHES)
            found[what] = {kind: sum(counts.get(key, 0) for key in keys) for kind, keys in KINDS.items()}
        except (OSError, RuntimeError, subprocess.SubprocessError) as failure:
            notes.fail(f"cache misses of one {what}", failure)
    return {"misses": found}
