#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# A gate for continuous integration: runs a command under tracking and fails if it left anything allocated on a device.
#
#     examples/ci_gate.sh pytest tests/          programs link the producer library, or preload the malloc tracker
#
# Exit status: the command's if that is not 0; 1 if something was left, which is printed; 3 if nothing could be tracked.
# As one command, with the tracker preloaded: tidemark run --max-leak 0 -- pytest tests/
set -euo pipefail
[[ $# -gt 0 ]] || { echo "usage: ci_gate.sh COMMAND [ARGUMENT...]" >&2 && exit 2; }

export TIDEMARK_INSTANCE="ci-gate-$$" TIDEMARK_ENABLED=1
clean_up() {
    tidemarkd --stop >/dev/null 2>&1 || true
    rm -f "/dev/shm/tidemark.$TIDEMARK_INSTANCE."*
}
trap clean_up EXIT
# Programs that ended stay listed with what they left.
tidemarkd --background --exited-grace forever >/dev/null || exit 3

status=0
"$@" || status=$?

# A collector that ends publishes everything that was recorded; its last figures stay readable, with exit status 3 and a
# sentence on standard error that nobody needs here.
tidemarkd --stop >/dev/null
figures="$(tidemark query --csv --noheader --nounits --query device,pool,pid,allocated,live,name 2>/dev/null)" ||
    [[ $? == 3 ]] || { echo "the figures can't be read: run \`tidemark doctor\`" >&2; exit 3; }
left="$(awk -F, '$1 != "host" && $4 > 0 {
    printf "  device %s %s: pid %s (%s) left %s bytes (buffers: %s)\n", $1, $2, $3, $6, $4, $5}' <<<"$figures")"
if [[ -n "$left" ]]; then
    printf 'left allocated:\n%s\n' "$left"
elif [[ -z "$figures" ]]; then
    echo "nothing was tracked: no program of the command told of a buffer" >&2
else
    echo "nothing left allocated"
fi
[[ $status == 0 ]] || exit "$status"
[[ -n "$figures" ]] || exit 3
[[ -z "$left" ]] || exit 1
