# SPDX-License-Identifier: Apache-2.0
"""Memory in the tests of a program: growth asserted by hand, and limits as markers.

    pytest --tidemark examples/test_growth.py
"""
import pytest

import tidemark
from tidemark import producer


def held():
    assert producer.flush() == "published", "run it with pytest --tidemark"
    return tidemark.query_device_stats(0)["dram_allocated"]


class Model:
    """The code under test: weights on a make-believe device."""

    def __init__(self):
        self.weights = producer.Buffer(0, "DRAM", 0x1000, 48 << 20)

    def run(self):
        with producer.Buffer(0, "DRAM", 0x2000, 8 << 20):
            pass

    def close(self):
        self.weights.close()


def test_growth_is_what_was_asked_for():
    before = held()
    model = Model()
    assert held() - before == 48 << 20
    model.run()
    assert held() - before == 48 << 20, "a run keeps nothing"
    model.close()
    assert held() == before


@pytest.mark.limit_memory("64 MB", device=0, pool="DRAM")
@pytest.mark.limit_leaks("0 B")
def test_a_run_stays_within_its_limits():
    model = Model()
    model.run()
    model.close()
