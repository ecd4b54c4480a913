#!/bin/dash
# SPDX-License-Identifier: Apache-2.0
#
# A deterministic shell script: a shell that forks, and programs that it runs; each is a process of its own.
# $1: a folder to work in.
set -eu
cd "$1"
i=0
while [ "$i" -lt 50 ]; do
    echo "line $i of $((50 - i))" >>lines
    i=$((i + 1))
done
sort -r lines | head -n 20 | wc -l
count=$(grep -c 9 lines)
echo "nines: $count"
( words=""; for word in a b c d e; do words="$words$word"; done; echo "$words" )
cat lines | tr a-z A-Z | sed -n 3p
rm lines
