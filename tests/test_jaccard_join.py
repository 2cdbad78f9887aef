"""The Jaccard join finds what comparing every set with every other finds, by prefixes and by bands, with and without weights."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from iolaus.joins.jaccard.join import jaccard_join
from iolaus.joins.jaccard.keys import BUCKETS, Bands, Keys, Prefix, bands_for, bucket, occurrences, pairs_of
from iolaus.joins.jaccard.sets import Sets, pack_sets
from iolaus.joins.jaccard.tasks import SetPlan, deal_sets, task_set_pairs

Given = dict[str, dict[int, float]]
Pairs = dict[tuple[str, str], float]


def exact(sets: Given, threshold: float) -> Pairs:
    found: Pairs = {}
    for a, x in sets.items():
        for b, y in sets.items():
            if a < b:
                low = sum(min(x.get(t, 0.0), y.get(t, 0.0)) for t in x.keys() | y.keys())
                high = sum(max(x.get(t, 0.0), y.get(t, 0.0)) for t in x.keys() | y.keys())
                if high and low / high >= threshold - 1e-9:
                    found[a, b] = low / high
    return found


def packed(sets: Given, batch: int, weighted: bool) -> list[Sets]:
    """The sets in batches, each token of a plain one as often as its weight says."""
    rows = [{"id": i, "tokens": list(s), "weights": list(s.values()) if weighted else None} for i, s in sets.items()]
    schema = pa.schema([("id", pa.string()), ("tokens", pa.list_(pa.int64())), ("weights", pa.list_(pa.float64()))])
    return [pack_sets(pa.RecordBatch.from_pylist(rows[start : start + batch], schema), 3) for start in range(0, len(rows), batch)]


def in_tasks(parts: list[Sets], keys: Keys, threshold: float, tasks: int, identical: int = 32) -> Pairs:
    """The join without Spark."""
    plan = SetPlan(threshold, keys, tasks, identical)
    dealt = pa.Table.from_batches(
        list(deal_sets(parts, plan)), pa.schema([("task", pa.int32()), ("message", pa.binary()), ("rest", pa.binary())])
    )
    every = [dealt.filter(pa.compute.equal(dealt["task"], task)) for task in dealt["task"].unique()]
    rows = [row for table in every for found in task_set_pairs(table, plan) for row in found.to_pylist()]
    found = {(r["a"], r["b"]): r["similarity"] for r in rows}
    assert len(found) == len(rows), "a pair once"
    return found


def counts(parts: list[Sets]) -> Any:
    return sum((np.bincount(bucket(p.tokens.values), minlength=BUCKETS) for p in parts), np.zeros(BUCKETS, np.int64))


def approximately(pairs: Pairs) -> Pairs:
    return {pair: pytest.approx(similarity, abs=1e-6) for pair, similarity in pairs.items()}


tokens = st.one_of(st.integers(0, 12), st.sampled_from([-(1 << 63), (1 << 63) - 1]))
weights = st.sampled_from([0.25, 1.0, 1.5, 3.0])


@settings(derandomize=True, max_examples=150, deadline=None)
@given(
    sets=st.dictionaries(
        st.text("abé\U0001f40d", min_size=1, max_size=4), st.dictionaries(tokens, weights, min_size=1, max_size=8), max_size=25
    ),
    threshold=st.sampled_from([0.2, 0.5, 0.6, 2 / 3, 0.8, 1.0]),
    weighted=st.booleans(),
    tasks=st.integers(1, 5),
    batch=st.integers(1, 30),
)
def test_prefixes_lose_nothing(sets: Given, threshold: float, weighted: bool, tasks: int, batch: int) -> None:
    parts = packed(sets, batch, weighted)
    plain = sets if weighted else {i: dict.fromkeys(s, 1.0) for i, s in sets.items()}
    found = in_tasks(parts, Prefix(threshold, counts(parts)), threshold, tasks)
    assert found == approximately(exact(plain, threshold))


def families(seed: int, count: int) -> Given:
    """Families of five, each member a few tokens from the first, and hot tokens that everybody has."""
    rng, made = np.random.default_rng(seed), Given()
    for family in range(count):
        base = rng.choice(20_000, 30, replace=False)
        for member in range(5):
            kept = base[rng.random(30) > 0.04 * member]
            made[f"{family:03}-{member}"] = dict.fromkeys([*kept.tolist(), -1, -2, -3], 1.0)
    return made


def test_bands_find_their_share_and_nothing_wrong() -> None:
    sets = families(1, 60)
    expected = exact(sets, 0.7)
    planned = bands_for(0.7, 4, 0.99, 7)
    assert planned is not None
    assert planned.recall(0.7) >= 0.99 > Bands(planned.bands - 1, 4, 7).recall(0.7)
    found = in_tasks(packed(sets, 70, False), planned, 0.7, 3)
    assert found == approximately({pair: expected[pair] for pair in found})
    assert len(found) >= 0.99 * len(expected) > 300
    assert bands_for(0.1, 16, 0.99, 7) is None, "more minima than are worth it"


def test_candidates_are_estimated_before_they_are_made() -> None:
    parts = packed(families(2, 200), 300, False)
    keys = [Prefix(0.7, counts(parts)).keys(p) for p in parts]
    _, sizes = np.unique(np.concatenate([k.values for k in keys]), return_counts=True)
    estimate = pairs_of(sum(occurrences(k, 1 << 14) for k in keys))
    assert estimate == pytest.approx(int((sizes * (sizes - 1) // 2).sum()), rel=0.15)
    assert estimate < 200 * 5 * 4 * 10, "a hot token is in no prefix"


def test_many_that_are_the_same_are_a_star_around_their_least_id() -> None:
    rng = np.random.default_rng(3)
    same = {f"hot{i:04}": dict.fromkeys(range(40), 1.0) for i in rng.permutation(400)}
    near = {"near": dict.fromkeys(range(1, 40), 1.0), "a": dict.fromkeys(range(40), 1.0), "far": {99: 1.0}}
    sets = same | near | families(3, 4)
    parts = packed(dict(sorted(sets.items(), key=lambda item: item[0][::-1])), 45, False)
    found = in_tasks(parts, Prefix(0.8, counts(parts)), 0.8, 4)
    expected = exact({i: s for i, s in sets.items() if not i.startswith("hot")}, 0.8) | {("a", i): 1.0 for i in same}
    assert found == approximately(expected)


def test_what_has_no_tokens_or_weights_that_do_not_fit_has_no_pairs() -> None:
    rows = [
        {"id": "a", "tokens": [1, 2, 2, None], "weights": None},
        {"id": "b", "tokens": [2, 1], "weights": [1.0, 1.0]},
        {"id": "null", "tokens": None, "weights": None},
        {"id": "empty", "tokens": [], "weights": None},
        {"id": "nulls", "tokens": [None], "weights": None},
        {"id": "negative", "tokens": [1, 1], "weights": [2.0, -1.0]},
        {"id": "nan", "tokens": [1, 2], "weights": [1.0, float("nan")]},
        {"id": "short", "tokens": [1, 2], "weights": [1.0]},
        {"id": "zero", "tokens": [1], "weights": [0.0]},
        {"id": "twice", "tokens": [1, 2, 1], "weights": [0.5, 1.0, 0.5]},
    ]
    schema = pa.schema([("id", pa.string()), ("tokens", pa.list_(pa.int64())), ("weights", pa.list_(pa.float64()))])
    part = pack_sets(pa.RecordBatch.from_pylist(rows, schema), 3)
    found = in_tasks([part], Prefix(0.9, counts([part])), 0.9, 2)
    assert found == {("a", "b"): 1, ("a", "twice"): 1, ("b", "twice"): 1}


@pytest.mark.parametrize(
    ("partitions", "form", "task_keys"), [(1, "array<string>", 200_000), (3, "array<int>", 200_000), (3, "array<int>", 600)]
)
def test_on_spark_the_pairs_are_those_of_comparing_all(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch, partitions: int, form: str, task_keys: int
) -> None:
    """In one task, which is not shuffled, and in several."""
    monkeypatch.setattr("iolaus.joins.jaccard.join._TASK_KEYS", task_keys)
    sets = families(4, 40)
    frame = spark.createDataFrame([(i, [int(t) for t in s]) for i, s in sets.items()], "id string, tokens array<int>")
    joined = jaccard_join(frame.selectExpr("id", f"cast(tokens as {form}) tokens").repartition(partitions), 0.7)
    rows = joined.collect()
    assert {(r.a, r.b): r.similarity for r in rows} == approximately(exact(sets, 0.7))
    figures = joined.schema["similarity"].metadata
    assert (figures["way"], figures["sets"], figures["recall"], figures["without_tokens"]) == ("prefix", 200, 1.0, 0)
    assert figures["candidates"] >= len(rows)
    assert (figures["tasks"] > 1) == (task_keys == 600)


def test_where_prefixes_make_too_many_candidates_bands_are_planned_or_it_is_refused(spark: SparkSession) -> None:
    rng = np.random.default_rng(6)
    bases: Callable[[], Any] = lambda: rng.choice(60, 40, replace=False).tolist()  # noqa: E731
    rows = [(f"{i:03}-{k}", sorted(base)[k:]) for i, base in enumerate(bases() for _ in range(100)) for k in range(2)]
    frame = spark.createDataFrame(rows, "id string, tokens array<int>")
    joined = jaccard_join(frame, 0.9, most_candidates=3_000)
    figures = joined.schema["similarity"].metadata
    assert figures["way"] == "bands"
    assert figures["recall"] >= 0.99
    assert figures["candidates"] <= 3_000
    assert len(joined.collect()) >= 97
    with pytest.raises(ValueError, match="raise the threshold or most_candidates"):
        jaccard_join(frame, 0.9, most_candidates=10)
    with pytest.raises(ValueError, match="give one above 0"):
        jaccard_join(frame, 0.0)
