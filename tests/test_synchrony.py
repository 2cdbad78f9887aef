"""Synchrony: the slots in which both accounts of each candidate pair were active, however they are joined."""

from datetime import date, timedelta

import numpy as np
import pytest
from pyspark.sql import SparkSession
from rows import DAY, population, rows

from iolaus.model.account_sketch import SLOT_SECONDS
from iolaus.pairs import synchrony
from iolaus.settings import DEFAULT, Key, Run

RUN = Run(DAY, DEFAULT, Key(b"test"))
FIRST = (DAY - timedelta(days=DEFAULT.window_days - 1) - date(1970, 1, 1)).days * 86_400 // SLOT_SECONDS
LAST = FIRST + DEFAULT.window_days * 86_400 // SLOT_SECONDS - 1


@pytest.mark.parametrize(("block", "evidence"), [(1_000, 1_000), (1_000, 2), (100, 1_000)])
def test_common_slots_are_counted_as_sets_would(
    spark: SparkSession, block: int, evidence: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one task; with the evidence on one block of accounts dealt out.

    And in blocks, of which two are weighed against each other.
    """
    monkeypatch.setattr(synchrony, "BLOCK", block)
    monkeypatch.setattr(synchrony, "ROWS", evidence)
    monkeypatch.setattr(synchrony, "PIECE", 2)
    rng = np.random.default_rng(3)  # the 57th slot is the sign of its number
    shared = {FIRST, LAST, FIRST + 56, *map(int, rng.integers(FIRST, LAST, 12))}
    slots = {f"a{i}": sorted(shared | {int(s) for s in rng.integers(FIRST, LAST, 5 + i)}) for i in range(5)}
    slots["apart"] = [FIRST + 1]
    # who keep other hours
    others = {f"other {i}": sorted({int(s) for s in rng.integers(FIRST, LAST, 20)}) for i in range(300)}
    profiles = rows(
        spark, "features.account_profiles", [{"account_id": name, "slots": s} for name, s in (slots | others).items()]
    )
    everybody = population(spark, slots | others)
    name = {r.account_key: r.account_id for r in everybody.collect()}
    key = {account: number for number, account in name.items()}
    wanted = [("a0", "a1"), ("a1", "a4"), ("a2", "a3"), ("a4", "apart")]
    pairs = rows(spark, "pairs.templates", [{"key_a": key[a], "key_b": key[b], "bits": 6000} for a, b in wanted])
    weak = rows(spark, "pairs.infrastructure", [{"key_a": key["a0"], "key_b": key["a4"], "bits": 3999}])
    made = synchrony.transform(profiles, everybody, weak, pairs, rows(spark, "pairs.content", []), RUN).collect()
    found = {(name[r.key_a], name[r.key_b]): (r.support, r.similarity) for r in made}
    expected = {}
    for a, b in wanted[:3]:
        one, other = set(slots[a]), set(slots[b])
        expected[a, b] = (len(one & other), round(len(one & other) / len(one | other), 4))
    assert found == expected
    assert all(r.bits > 0 for r in made)


def test_meetings_that_habit_does_not_make(spark: SparkSession) -> None:
    """Two that burst together score; two that start at eight each day do not, nor two that shared one long sitting."""
    rng = np.random.default_rng(6)
    day = 86_400 // SLOT_SECONDS
    bursts = sorted({FIRST + d * day + int(t) for d, t in enumerate(rng.integers(0, day, 12))})
    schedule = [FIRST + d * day + 48 for d in range(28)]
    sitting = [FIRST + 5 * day + s for s in range(30)]
    kinds = {"bursts": bursts, "schedule": schedule, "sitting": sitting}
    slots = {f"{kind} {i}": of for kind, of in kinds.items() for i in (1, 2)}
    slots |= {f"other {i}": sorted({int(s) for s in rng.integers(FIRST, LAST, 20)}) for i in range(300)}
    profiles = rows(spark, "features.account_profiles", [{"account_id": name, "slots": s} for name, s in slots.items()])
    everybody = population(spark, slots)
    name = {r.account_key: r.account_id for r in everybody.collect()}
    key = {account: number for number, account in name.items()}
    pairs = [{"key_a": key[f"{kind} 1"], "key_b": key[f"{kind} 2"], "bits": 6000} for kind in kinds]
    nothing = (rows(spark, f"pairs.{name}", []) for name in ("infrastructure", "content"))
    infrastructure, content = nothing
    made = synchrony.transform(
        profiles, everybody, infrastructure, rows(spark, "pairs.templates", pairs), content, RUN
    ).collect()
    assert [(name[r.key_a], r.support, r.bits) for r in made] == [("bursts 1", 12, 10_000)]
