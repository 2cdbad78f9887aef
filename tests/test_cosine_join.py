"""The cosine join finds what an exact product of all vectors finds, in any number of cells, blocks and partitions."""

import itertools
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession

from iolaus.engine.exchange import pair_of, read
from iolaus.joins.cosine import join as cosine_join
from iolaus.joins.cosine import products as cosine_products
from iolaus.joins.cosine import recall_probes as cosine_probes
from iolaus.joins.cosine.cells import ONE_CELL, Cells, make_cells
from iolaus.joins.cosine.partition import Plan, split_by_task
from iolaus.joins.cosine.products import _blocks, task_pairs
from iolaus.joins.cosine.vectors import pack
from iolaus.joins.recall import recall, recall_at_least

Floats = npt.NDArray[np.float32]
Pairs = dict[tuple[str, str], float]


def unit(vectors: npt.NDArray[Any]) -> Floats:
    made: Floats = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return made


def random_and_clustered(seed: int, times: int = 1) -> tuple[list[str], Floats]:
    """160 vectors anywhere, eight clusters of ten, and five that are the same; that many times."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(8 * times, 32))
    clustered = np.repeat(centres, 10, axis=0) + 0.4 * rng.normal(size=(80 * times, 32))
    made = np.concatenate(
        [rng.normal(size=(160 * times, 32)), clustered, np.repeat(rng.normal(size=(times, 32)), 5, axis=0)]
    )
    order = rng.permutation(len(made))
    return [f"é{i}" if i % 2 else f"{i:03}" for i in range(len(made))], unit(made[order])


def exact(ids: list[str], vectors: Floats, threshold: float) -> Pairs:
    products = vectors.astype(np.float64) @ vectors.astype(np.float64).T
    i, j = np.nonzero(np.triu(products >= threshold, 1))
    return {
        (min(ids[x], ids[y]), max(ids[x], ids[y])): products[x, y] for x, y in zip(i.tolist(), j.tolist(), strict=True)
    }


def frame(spark: SparkSession, ids: list[str], vectors: list[Any], partitions: int = 2) -> DataFrame:
    return spark.createDataFrame(list(zip(ids, vectors, strict=True)), "id string, vector array<float>").repartition(
        partitions
    )


def checked(rows: list[Any]) -> Pairs:
    found = {(r["a"], r["b"]): r["similarity"] for r in rows}
    assert len(found) == len(rows), "a pair once"
    assert all(a < b for a, b in found)
    return found


def in_tasks(ids: list[str], vectors: Floats, plan: Plan, batch: int = 1_000) -> Pairs:
    """The join without Spark: batches are packed, partitioned apart, and each task gets its Arrow batches."""
    column = pa.array(list(vectors), pa.list_(pa.float32()))
    whole = pa.RecordBatch.from_arrays([pa.array(ids, pa.string()), column], names=["id", "vector"])
    parts = [pack(whole.slice(start, batch), 1)[0] for start in range(0, len(ids), batch)]
    dealt = pa.Table.from_batches([b for part in parts for b in split_by_task([part], plan)])
    every = {task: dealt.filter(pa.compute.equal(dealt["task"], task)) for task in dealt["task"].unique().to_pylist()}
    pairs = [found for task, sent in every.items() for found in task_pairs(task, read(sent.to_batches()), plan)]
    return checked([row for found in pairs for row in found.to_pylist()])


def planned(
    cells: Cells, threshold: float, copies: int, *, parts: int = 1, identical: int = 32, neighbours: int | None = None
) -> Plan:
    """Every cell in a task of its own, or split into so many blocks."""
    blocks = np.full(cells.count, parts)
    tasks = parts * (parts + 1) // 2
    return Plan(
        threshold, cells, copies, blocks, np.arange(cells.count) * tasks, cells.count * tasks, identical, neighbours
    )


@pytest.mark.parametrize(("block", "partitions"), [(8192, 1), (60, 3)])
def test_pairs_are_those_of_an_exact_product(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch, block: int, partitions: int
) -> None:
    monkeypatch.setattr(cosine_join, "BLOCK", block)
    ids, vectors = random_and_clustered(1)
    expected = exact(ids, vectors, 0.55)
    found = cosine_join.cosine_join(frame(spark, ids, (3 * vectors).tolist(), partitions), 0.55)
    assert checked(found.collect()) == {pair: pytest.approx(cosine, abs=1e-5) for pair, cosine in expected.items()}
    assert len(expected) > 200
    figures = found.schema["similarity"].metadata
    assert (figures["way"], figures["rows"], figures["recall"]) == ("exact", len(ids), 1.0)


@pytest.mark.parametrize(("whole_bytes", "tasks"), [(0, 11), (1 << 20, 1)])
def test_in_cells_the_measured_recall_is_that_of_the_pairs(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch, whole_bytes: int, tasks: int
) -> None:
    monkeypatch.setattr(cosine_probes, "MOST_PROBES", 1_000)
    for name, value in [("CELL_ROWS", 32), ("TASK_ROWS", 300), ("WHOLE_BYTES", whole_bytes)]:
        monkeypatch.setattr(cosine_join, name, value)
    ids, vectors = random_and_clustered(2, 12)
    expected = exact(ids, vectors, 0.5)
    found = cosine_join.cosine_join(frame(spark, ids, vectors.tolist()), 0.5, exact_rows=0, target=0.95)
    pairs, figures = checked(found.collect()), found.schema["similarity"].metadata
    assert figures["way"] == "cells"
    assert figures["cells"] > 50
    assert figures["tasks"] == tasks
    assert 0.95 <= figures["recall_at_least"] <= figures["recall"] < 1
    assert pairs.keys() < expected.keys()
    assert pairs == {pair: pytest.approx(expected[pair], abs=1e-5) for pair in pairs}
    same = sum(1 for cosine in expected.values() if cosine > 1 - 1e-6)  # the same vectors are no proof of recall
    assert (len(pairs) - same) / (len(expected) - same) == pytest.approx(figures["recall"], abs=0.02)


@settings(derandomize=True, max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10),
    cells=st.integers(2, 20),
    parts=st.integers(1, 3),
    batch=st.integers(20, 300),
    order=st.randoms(use_true_random=False),
)
def test_visiting_every_cell_is_exact_in_any_order(seed: int, cells: int, parts: int, batch: int, order: Any) -> None:
    ids, vectors = random_and_clustered(seed)
    shuffled = list(range(len(ids)))
    order.shuffle(shuffled)
    made = make_cells(vectors, cells, seed)
    plan = planned(made, 0.55, made.count - 1, parts=parts)
    found = in_tasks([ids[i] for i in shuffled], vectors[shuffled], plan, batch)
    assert found == {pair: pytest.approx(cosine, abs=1e-5) for pair, cosine in exact(ids, vectors, 0.55).items()}


@pytest.mark.parametrize("copies", [0, 1, 3])
def test_a_pair_is_found_where_either_visits_the_others_home(copies: int) -> None:
    ids, vectors = random_and_clustered(4)
    cells = make_cells(vectors, 12, 4)
    visits = dict(zip(ids, cells.nearest(vectors, copies + 1).tolist(), strict=True))
    expected = exact(ids, vectors, 0.3)
    meeting = {(a, b) for a, b in expected if visits[a][0] in visits[b] or visits[b][0] in visits[a]}
    assert in_tasks(ids, vectors, planned(cells, 0.3, copies), 70).keys() == meeting
    assert len(meeting) < len(expected)
    needed = cosine_probes._needed(*(cells.nearest(vectors, 12)[[ids.index(p[k]) for p in expected]] for k in (0, 1)))
    assert int((needed <= copies).sum()) == len(meeting)


def test_blocks_in_any_strips_cover_every_pair_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ids, vectors = random_and_clustered(2)
    expected = exact(ids, vectors, 0.6)
    for strip, parts in itertools.product((1, 7, 2048), (1, 3)):
        monkeypatch.setattr(cosine_products, "STRIP", strip)
        found = in_tasks(ids, vectors, planned(ONE_CELL, 0.6, 0, parts=parts))
        assert found == {pair: pytest.approx(cosine, abs=1e-5) for pair, cosine in expected.items()}
    numbers = [int(pair_of(np.array(i), np.array(j))) for j in range(5) for i in range(j + 1)]
    assert numbers == list(range(15))
    assert [_blocks(n) for n in numbers] == [(i, j) for j in range(5) for i in range(j + 1)]


@pytest.mark.parametrize(("parts", "count"), [(1, 1), (3, 1), (1, 9), (2, 9)])
def test_many_that_are_the_same_are_a_star_around_their_least_id(parts: int, count: int) -> None:
    rng = np.random.default_rng(5)
    ids, vectors = random_and_clustered(5)
    hot = unit(np.concatenate([vectors[3:4] + 0.05 * rng.normal(size=(1, 32)), rng.normal(size=(2, 32))]))
    sizes = (500, 32, 33)
    names = [f"hot{k}-{i:04}" for k, size in enumerate(sizes) for i in rng.permutation(size)]
    every, rows = ids + names, np.concatenate([vectors, np.repeat(hot, sizes, axis=0)])
    order = rng.permutation(len(every))
    cells = make_cells(vectors, count, 5)
    found = in_tasks([every[i] for i in order], rows[order], planned(cells, 0.55, cells.count - 1, parts=parts), 90)
    assert {pair for pair in found if pair[0][:4] == pair[1][:4] == "hot0"} == {
        ("hot0-0000", f"hot0-{i:04}") for i in range(1, 500)
    }
    assert sum(1 for a, b in found if a[:4] == b[:4] == "hot1") == 32 * 31 // 2, "no more than 32 are paired"
    assert sum(1 for a, b in found if a[:4] == b[:4] == "hot2") == 32
    reduced = [*ids, "hot0-0000", *(n for n in names if n[:4] == "hot1"), "hot2-0000"]
    of = {**dict(zip(ids, vectors, strict=True)), **{n: hot[int(n[3])] for n in names}}
    expected = exact(reduced, np.stack([of[i] for i in reduced]), 0.55)
    beside = {pair for pair in found if not (pair[0][:4] == pair[1][:4] and pair[0][:4] in ("hot0", "hot2"))}
    assert beside == expected.keys()


def test_null_zero_and_broken_vectors_have_no_pairs(spark: SparkSession) -> None:
    one, nan, infinite = [0.6, 0.8], [float("nan"), 1.0], [float("inf"), 0.0]
    ids = ["a", "null", "zero", "nan", "inf", "b", "zero 2", "minus", "huge", "tiny"]
    vectors = [one, None, [0.0, -0.0], nan, infinite, one, [0.0, 0.0], [-0.6, -0.8], [3e38, 3e38], [1e-45, 0.0]]
    found = cosine_join.cosine_join(frame(spark, ids, vectors), 0.75)
    assert checked(found.collect()) == {
        ("a", "b"): pytest.approx(1),
        ("a", "huge"): pytest.approx(1.4 / 2**0.5),
        ("b", "huge"): pytest.approx(1.4 / 2**0.5),
    }
    assert found.schema["similarity"].metadata["without_direction"] == 5
    every = cosine_join.cosine_join(frame(spark, ids[:8], vectors[:8]), -1.5)
    assert checked(every.collect()).keys() == {("a", "b"), ("a", "minus"), ("b", "minus")}


def test_vectors_of_different_lengths_are_refused(spark: SparkSession) -> None:
    with pytest.raises(ValueError, match="give all of them the same length"):
        cosine_join.cosine_join(frame(spark, ["a", "b"], [[1.0], [1.0, 2.0]], 1), 0.5)
    with pytest.raises(ValueError, match="give all of them the same length"):
        cosine_join.cosine_join(frame(spark, ["a"], [[1.0]], 1).unionAll(frame(spark, ["b"], [[1.0, 2.0]], 1)), 0.5)


def test_neighbours_keep_the_nearest_of_each_row_of_a_task() -> None:
    ids, vectors = random_and_clustered(3)
    whole, kept = (in_tasks(ids, vectors, planned(ONE_CELL, 0.3, 0, neighbours=most)) for most in (None, 3))
    by_first: dict[str, list[tuple[float, tuple[str, str]]]] = {}
    for pair, cosine in whole.items():
        by_first.setdefault(pair[0], []).append((cosine, pair))
    nearest = {
        pair for every in by_first.values() for cosine, pair in every if cosine >= sorted(every)[-3:][0][0] - 1e-6
    }
    assert kept.keys() == nearest
    assert len(kept) < len(whole)


def test_few_vectors_make_few_pairs(spark: SparkSession) -> None:
    assert cosine_join.cosine_join(frame(spark, ["a"], [[1.0, 0.0]]), 0.5, exact_rows=0).collect() == []
    assert cosine_join.cosine_join(frame(spark, ["a"], [None]), 0.5).collect() == []
    assert in_tasks(["a", "b"], unit(np.eye(2)), planned(ONE_CELL, 0.5, 0, neighbours=5)) == {}


def test_the_background_is_every_pair_s_cosine_in_order() -> None:
    _, vectors = random_and_clustered(4)
    sample = vectors[:40]
    expected = sorted(
        float(sample[i].astype(np.float64) @ sample[j].astype(np.float64)) for i in range(40) for j in range(i)
    )
    np.testing.assert_allclose(cosine_join.background(sample), expected, atol=1e-6)
    assert (np.diff(cosine_join.background(sample)) >= 0).all()


def test_the_bound_of_a_recall_is_below_it_and_nears_it_with_more_rows() -> None:
    rng = np.random.default_rng(0)
    few, many = (rng.integers(1, 9, size=n) for n in (40, 4_000))
    found = [np.array(rng.binomial(there, 0.9)) for there in (few, many)]
    assert recall(found[1], many) == pytest.approx(0.9, abs=0.01)
    gaps = [recall(f, there) - recall_at_least(f, there) for f, there in zip(found, (few, many), strict=True)]
    assert 0 < gaps[1] < 0.01 < gaps[0]
    assert recall_at_least(np.array([9]), np.array([9])) == pytest.approx(0.05 ** (1 / 9)), (
        "nine found of nine prove little"
    )
    assert recall_at_least(np.zeros(3, np.int64), np.zeros(3, np.int64)) == 0
