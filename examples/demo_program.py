# SPDX-License-Identifier: Apache-2.0
"""The program that `./dev demo` looks at: it builds an index of words in steps, keeps some of it, and takes its time, so that
one can watch. Knows nothing of Tidemark. Argument: a file that gets a line after each step."""
import sys
import time

PAUSE = 1.2  # seconds, for the one who watches


def say(text):
    print(f"  [program] {text}", flush=True)
    with open(sys.argv[1], "a", encoding="utf-8") as steps:
        print(text, file=steps)
    time.sleep(PAUSE)


words = ["%s%d" % (chr(97 + number % 26), number * 7919 % 100003) for number in range(250000)]
say("250,000 words are read")

index = {}
for position, word in enumerate(words):
    index.setdefault(word[:3], {}).setdefault(word, []).append(position)
say(f"an index of {len(index)} prefixes is built")

for prefix in [prefix for prefix in index if prefix[0] > "f"]:
    del index[prefix]
del words
say(f"the words and most prefixes are dropped, {len(index)} stay")
