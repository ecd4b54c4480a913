#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# A real program under tracking: the live table while it runs, then the report. What `./dev demo` shows; takes some ten
# seconds, needs no terminal, and leaves nothing behind. The folder of tidemark and tidemarkd is in TIDEMARK_BIN_DIR.
set -euo pipefail

bin="${TIDEMARK_BIN_DIR:?set it to the folder of the built programs (./dev demo does)}"
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
python="$(command -v /usr/bin/python3 || command -v python3)" || {
    echo "demo: python3 is missing: apt-get install python3" >&2
    exit 2
}
work="$(mktemp -d)"
run=""

clean_up() {
    # Ends the program too, and its collector takes its segments away.
    [[ -z "$run" ]] || kill "$run" 2>/dev/null || true
    [[ -z "$run" ]] || wait "$run" 2>/dev/null || true
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

say() { printf '\n%s\n' "$*"; }

# Waits for the program's step $1; fails if the program ended before.
wait_for_step() {
    until [[ -f "$work/steps" && "$(wc -l <"$work/steps")" -ge "$1" ]]; do
        kill -0 "$run" 2>/dev/null || return 1
        sleep 0.05
    done
}

# The private collector's instance stands in the environment of the program that it watches.
instance_of_program() {
    local child
    for child in $(cat "/proc/$run/task/$run/children"); do
        tr '\0' '\n' <"/proc/$child/environ" 2>/dev/null | sed -n 's/^TIDEMARK_INSTANCE=//p'
    done | head -n 1
}

say "A Python program that knows nothing of Tidemark, every object of it from malloc:"
echo "\$ PYTHONMALLOC=malloc tidemark run -- python3 examples/demo_program.py"
PYTHONMALLOC=malloc "$bin/tidemark" run -- "$python" "$here/demo_program.py" "$work/steps" &
run=$!

instance=""
for step in 1 2 3; do
    wait_for_step "$step" || break
    [[ -n "$instance" ]] || instance="$(instance_of_program)"
    [[ -n "$instance" ]] || break # it runs untracked, and `tidemark run` says why
    say "While it runs, from the segment that anyone may map:"
    echo "\$ tidemark smi --instance $instance"
    "$bin/tidemark" smi --instance "$instance"
done

say "Now the program ends, and \`tidemark run\` reports:"
status=0
wait "$run" || status=$?
run=""
exit "$status"
