"""Synchrony: of each candidate pair, the slots in which both accounts were active, however the two are brought together."""

from datetime import date, timedelta

import numpy as np
import pytest
from pyspark.sql import SparkSession
from rows import DAY, rows

from jobs.algorithms.sketches import SLOT_SECONDS
from jobs.pairs import synchrony
from jobs.settings import DEFAULT, Key, Run

RUN = Run(DAY, DEFAULT, Key(b"test"))
FIRST = (DAY - timedelta(days=DEFAULT.window_days - 1) - date(1970, 1, 1)).days * 86_400 // SLOT_SECONDS
LAST = FIRST + DEFAULT.window_days * 86_400 // SLOT_SECONDS - 1


@pytest.mark.parametrize("broadcast", [0, 1000])
def test_common_slots_are_counted_as_sets_would(spark: SparkSession, broadcast: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synchrony, "BROADCAST", broadcast)
    rng = np.random.default_rng(3)  # the 57th slot is the sign of its number
    shared = {FIRST, LAST, FIRST + 56, *map(int, rng.integers(FIRST, LAST, 12))}
    slots = {f"a{i}": sorted(shared | {int(s) for s in rng.integers(FIRST, LAST, 5 + i)}) for i in range(5)}
    slots["apart"] = [FIRST + 1]
    others = {f"other {i}": sorted({int(s) for s in rng.integers(FIRST, LAST, 20)}) for i in range(300)}  # who keep other hours
    embeddings = rows(spark, "features.account_embeddings", [{"account_id": name, "slots": s} for name, s in (slots | others).items()])
    wanted = [("a0", "a1"), ("a1", "a4"), ("a2", "a3"), ("a4", "apart")]
    pairs = rows(spark, "pairs.templates", [{"account_a": a, "account_b": b, "bits": 6000} for a, b in wanted])
    weak = rows(spark, "pairs.infrastructure", [{"account_a": "a0", "account_b": "a4", "bits": 4999}])
    made = synchrony.transform(embeddings, weak, pairs, rows(spark, "pairs.content", []), RUN).collect()
    found = {(r.account_a, r.account_b): (r.support, r.similarity) for r in made}
    expected = {}
    for a, b in wanted[:3]:
        one, other = set(slots[a]), set(slots[b])
        expected[a, b] = (len(one & other), round(len(one & other) / len(one | other), 4))
    assert found == expected
    assert all(r.bits > 0 for r in made)
