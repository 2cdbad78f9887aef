"""Cohort: candidates that were made at the same time, held against how many others were made between them."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from pyspark.sql import SparkSession
from rows import DAY, population, rows

from iolaus.pairs import cohort
from iolaus.settings import DEFAULT, Key, Run

RUN = Run(DAY, DEFAULT, Key(b"test"))


@pytest.mark.parametrize("most", [0, 1_000])
def test_a_candidate_of_several_channels_is_one_pair_if_few_were_made_between_the_two(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """Whether the places of accounts are sent to the pairs, or too many for that."""
    monkeypatch.setattr(cohort, "BROADCAST_ROWS", most)
    rng, first = np.random.default_rng(5), datetime(2026, 1, 1, tzinfo=UTC)
    made = {
        f"a{i:03}": first + timedelta(hours=int(h), minutes=int(rng.integers(60)))
        for i, h in enumerate(rng.integers(0, 72, 400))
    }
    accounts = rows(spark, "silver.accounts", [{"account_id": name, "created_at": at} for name, at in made.items()])
    names = sorted(made)
    wanted = {tuple(sorted(map(str, rng.choice(names, 2, replace=False)))) for _ in range(600)}
    candidates = [{"key_a": names.index(a), "key_b": names.index(b)} for a, b in wanted]
    frames = [
        rows(spark, f"pairs.{name}", [c | {"channel": f"{name} {k}"} for k in (0, 1) for c in candidates])
        for name in _NAMES
    ]
    pairs = cohort.transform(accounts, population(spark, names), *frames, RUN).collect()
    found = {(names[r.key_a], names[r.key_b]): (r.sharers, r.bits) for r in pairs}

    def place(name: str) -> float:
        hour = made[name].replace(minute=0)
        inside = sum(1 for at in made.values() if at.replace(minute=0) == hour)
        return sum(1 for at in made.values() if at < hour) + made[name].minute / 60 * inside

    expected = {}
    for a, b in wanted:
        between = abs(place(a) - place(b))
        bits = round(min(-1_000 * np.log2(2 * (between + 1) / len(made)), DEFAULT.channels["cohort"].cap * 1_000))
        if bits >= DEFAULT.channels["cohort"].floor * 1_000:
            expected[a, b] = (int(between + 1), pytest.approx(bits, abs=1))
    assert found == expected
    assert 0 < len(found) < len(wanted) / 2


_NAMES = ("infrastructure", "templates", "content")
