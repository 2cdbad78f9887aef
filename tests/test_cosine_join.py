"""The cosine join finds what an exact product of all vectors finds, in any number of blocks and partitions."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from jobs.algorithms import cosine_join
from jobs.algorithms.cosine_join import background, similar_pairs

Floats = npt.NDArray[np.float32]
Pairs = dict[tuple[str, str], float]


def unit(vectors: npt.NDArray[Any]) -> Floats:
    made: Floats = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return made


def random_and_clustered(seed: int) -> tuple[list[str], Floats]:
    """160 vectors anywhere, eight clusters of ten, and five that are the same."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(8, 32))
    clustered = np.repeat(centres, 10, axis=0) + 0.4 * rng.normal(size=(80, 32))
    made = np.concatenate([rng.normal(size=(160, 32)), clustered, np.repeat(rng.normal(size=(1, 32)), 5, axis=0)])
    order = rng.permutation(len(made))
    return [f"é{i}" if i % 2 else f"{i:03}" for i in range(len(made))], unit(made[order])


def exact(ids: list[str], vectors: Floats, threshold: float) -> Pairs:
    products = vectors.astype(np.float64) @ vectors.astype(np.float64).T
    return {
        (min(a, b), max(a, b)): products[i, j]
        for i, a in enumerate(ids)
        for j, b in enumerate(ids)
        if i < j and products[i, j] >= threshold
    }


def joined(spark: SparkSession, ids: list[str], vectors: list[Any], threshold: float, partitions: int = 2, **options: Any) -> Pairs:
    frame = spark.createDataFrame(list(zip(ids, vectors, strict=True)), "id string, vector array<float>").repartition(partitions)
    rows = similar_pairs(frame, threshold, len(ids), **options).collect()
    found = {(r.a, r.b): r.similarity for r in rows}
    assert len(found) == len(rows), "a pair once"
    assert all(a < b for a, b in found)
    return found


@pytest.mark.parametrize(("block", "partitions"), [(8192, 1), (60, 3)])
def test_pairs_are_those_of_an_exact_product(spark: SparkSession, monkeypatch: pytest.MonkeyPatch, block: int, partitions: int) -> None:
    monkeypatch.setattr(cosine_join, "BLOCK", block)
    ids, vectors = random_and_clustered(1)
    expected = exact(ids, vectors, 0.55)
    assert not any(abs(x - 0.55) < 1e-5 for x in exact(ids, vectors, 0.5).values()), "no pair within rounding of the threshold"
    found = joined(spark, ids, vectors.tolist(), 0.55, partitions)
    assert found == {pair: pytest.approx(cosine, abs=1e-5) for pair, cosine in expected.items()}
    assert len(found) > 200


def test_null_zero_and_broken_vectors_have_no_pairs(spark: SparkSession) -> None:
    one, nan, infinite = [0.6, 0.8], [float("nan"), 1.0], [float("inf"), 0.0]
    ids = ["a", "null", "zero", "nan", "inf", "b", "zero 2", "minus"]
    vectors = [one, None, [0.0, 0.0], nan, infinite, one, [0.0, 0.0], [-0.6, -0.8]]
    assert joined(spark, ids, vectors, 0.5) == {("a", "b"): pytest.approx(1)}
    assert set(joined(spark, ids, vectors, -1.5)) == {("a", "b"), ("a", "minus"), ("b", "minus")}


def arrow(ids: list[str], vectors: Floats, homes: list[int], low: int, high: int) -> pa.Table:
    kept = [i for i, home in enumerate(homes) if home in (low, high)]
    columns = {"id": [ids[i] for i in kept], "home": [homes[i] for i in kept], "low": [low] * len(kept), "high": [high] * len(kept)}
    return pa.table(columns).append_column("vector", pa.array([vectors[i].tolist() for i in kept], pa.list_(pa.float32())))


def one_task(table: pa.Table, threshold: float, neighbours: int | None) -> Pairs:
    return {(r["a"], r["b"]): r["similarity"] for batch in cosine_join._join(table, threshold, neighbours) for r in batch.to_pylist()}


@pytest.mark.parametrize("strip", [1, 7, 2048])
def test_strips_of_a_block_cover_every_pair_once(monkeypatch: pytest.MonkeyPatch, strip: int) -> None:
    monkeypatch.setattr(cosine_join, "STRIP", strip)
    ids, vectors = random_and_clustered(2)
    homes = [i % 3 for i in range(len(ids))]
    found: Pairs = {}
    for low in range(3):
        for high in range(low, 3):
            part = one_task(arrow(ids, vectors, homes, low, high), 0.6, None)
            assert not found.keys() & part.keys()
            found |= part
    assert found == {pair: pytest.approx(cosine, abs=1e-5) for pair, cosine in exact(ids, vectors, 0.6).items()}


def test_neighbours_keep_the_nearest_of_each_row_of_a_task() -> None:
    ids, vectors = random_and_clustered(3)
    homes = [i % 2 for i in range(len(ids))]
    table = arrow(ids, vectors, homes, 0, 1)
    whole, kept = one_task(table, 0.3, None), one_task(table, 0.3, 3)
    left = {name for name, home in zip(ids, homes, strict=True) if home == 0}
    by_left: dict[str, list[tuple[float, tuple[str, str]]]] = {}
    for pair, cosine in whole.items():
        by_left.setdefault(next(name for name in pair if name in left), []).append((cosine, pair))
    assert kept.keys() == {pair for every in by_left.values() for _, pair in sorted(every)[-3:]}
    assert len(kept) < len(whole)


def test_few_vectors_make_few_pairs(spark: SparkSession) -> None:
    assert joined(spark, ["a"], [[1.0, 0.0]], 0.5) == {}
    assert one_task(arrow(["a", "b"], unit(np.eye(2)), [0, 0], 0, 1), 0.5, 5) == {}


def test_the_background_is_every_pair_s_cosine_in_order() -> None:
    _, vectors = random_and_clustered(4)
    sample = vectors[:40]
    expected = sorted(float(sample[i].astype(np.float64) @ sample[j].astype(np.float64)) for i in range(40) for j in range(i))
    np.testing.assert_allclose(background(sample), expected, atol=1e-6)
    assert (np.diff(background(sample)) >= 0).all()
