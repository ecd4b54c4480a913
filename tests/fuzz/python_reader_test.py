# SPDX-License-Identifier: Apache-2.0
"""The Python reader on changed stats segments: every input of the C readers' corpus, then inputs made by a seeded
generator. Refused with a StatsError, or all of it can be read; nothing else is raised and nothing takes for ever."""
import os
import random
import sys
import tempfile
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "viewers/python"))
from tidemark import stats as stats_module  # noqa: E402
from tidemark.errors import StatsError  # noqa: E402
from tidemark.segment import Segment  # noqa: E402

GOLDEN = (ROOT / "tests/abi/golden/stats-1.0.bin").read_bytes()
CORPUS = HERE / "corpus/stats_reader"
PATCH = 13  # bytes, see stats_patches.h
ROUNDS = 600
SCHEMA_AT, SCHEMA_SIZE = (int.from_bytes(GOLDEN[at : at + 8], "little") for at in (64, 72))
VALUES = [0, 1, 7, 8, 63, 64, 255, 4095, 4096, 1 << 31, (1 << 32) - 1, 1 << 47, 1 << 63, (1 << 64) - 1]


def patched(data):
    """As fuzz_patched() of stats_patches.h."""
    segment, size = bytearray(GOLDEN), len(GOLDEN)
    for at in range(0, len(data) - PATCH + 1, PATCH):
        offset = int.from_bytes(data[at : at + 4], "little") % (len(GOLDEN) + 1)
        count = data[at + 4] % 9
        if count == 0:
            size = offset
        elif offset + count <= len(GOLDEN):
            segment[offset : offset + count] = data[at + 5 : at + 5 + count]
    return bytes(segment[:size])


def read_all(path):
    """Everything that a program can ask of a segment."""
    original = stats_module._open
    stats_module._open = lambda instance, trust: Segment(path, trust)
    try:
        with stats_module.Stats("fuzz") as stats:
            stats.snapshot(tries=2)
            stats.collector()
            for row in stats.history()[:4]:
                stats.history_samples(row, "fine")
                stats.history_samples(row, "coarse")
            return stats.state, stats.heartbeat, stats.passes, stats.heartbeat_age(), stats.is_collector_running()
    finally:
        stats_module._open = original


class PythonReader(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "segment")
        self.read = self.refused = 0

    def look_at(self, segment, what):
        with open(self.path, "wb") as file:
            file.write(segment)
        begun = time.monotonic()
        try:
            read_all(self.path)
            self.read += 1
        except StatsError as error:
            self.refused += 1
            self.assertIn(self.path, str(error))
        except Exception as error:
            raise AssertionError(f"{what}: {type(error).__name__}: {error}") from error
        self.assertLess(time.monotonic() - begun, 60, what)

    def test_the_golden_segment_is_read(self):
        self.look_at(GOLDEN, "golden")
        self.assertEqual(self.read, 1)

    def test_every_input_of_the_corpus(self):
        for path in sorted(CORPUS.iterdir()):
            self.look_at(patched(path.read_bytes()), path.name)
        self.assertGreater(self.read + self.refused, 0)

    def test_words_changed_by_a_seeded_generator(self):
        seed = int(os.environ.get("TIDEMARK_SEED", "20260101"))
        minutes = float(os.environ.get("TIDEMARK_TORTURE", "0"))
        until, rounds, chance = time.monotonic() + 60 * minutes, 0, random.Random(seed)
        while rounds < ROUNDS or time.monotonic() < until:
            segment = bytearray(GOLDEN)
            for _ in range(chance.randint(1, 4)):
                end = chance.choice([256, 256 + 64 * 8, len(segment)])
                at = chance.randrange(end - 8) & ~3
                segment[at : at + 8] = chance.choice(VALUES + [chance.randrange(1 << 17)]).to_bytes(8, "little")
            self.look_at(bytes(segment), f"seed {seed}, round {rounds}")
            rounds += 1
        print(f"seed {seed}: {rounds} segments, {self.read} read, {self.refused} refused")
        self.assertGreater(self.read, rounds // 10)
        self.assertGreater(self.refused, rounds // 100)

    def test_schemas_that_are_json_and_nonsense(self):
        schemas = [
            "[" * SCHEMA_SIZE, '{"a":' * (SCHEMA_SIZE // 5), "", "null", "{}", '{"tables":7}', '{"tables":[7]}',
            '{"tables":[{"table":[],"name":"x","fields":[]}]}', '{"tables":[{"table":1,"name":[],"fields":[]}]}',
        ]  # fmt: skip
        field = '{"tables":[{"table":1,"name":"device","fields":[{"name":%s,"type":%s,"offset":%s,"count":%s%s}]}]}'
        words = ['"x"', '"u64"', "8", "1", ',"array":false']
        for place in range(5):
            for value in ["-1", "1e300", "1.5", "99999999999999999999", "[]", "{}", "null", '"999"', "true", '""']:
                chosen = list(words)
                chosen[place] = f',"array":{value}' if place == 4 else value
                schemas.append(field % tuple(chosen))
        schemas.append(field % ('"in_use"', '"u64"', "8", "1", ""))
        for schema in schemas:
            segment = bytearray(GOLDEN)
            text = schema.encode()[:SCHEMA_SIZE].ljust(SCHEMA_SIZE)
            segment[SCHEMA_AT : SCHEMA_AT + SCHEMA_SIZE] = text
            self.look_at(bytes(segment), schema[:120])


if __name__ == "__main__":
    unittest.main(verbosity=2)
