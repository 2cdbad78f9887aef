"""What the joins are measured against, each as cheaply as it can be had at the same recall, and by the same clock."""

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import faiss
import hnswlib
import numpy as np
import numpy.typing as npt
from join_data import Floats
from pyspark.ml.feature import BucketedRandomProjectionLSH
from pyspark.ml.functions import array_to_vector
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

Codes = npt.NDArray[np.int64]
TARGET = 0.99
_BATCH = 20_000


def cpu_seconds() -> float:
    """Processor time of this process and all that it started, which are Spark's JVM and its Python workers (Linux)."""
    children, spent = dict[int, list[int]](), dict[int, int]()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(folder.name))
        spent[int(folder.name)] = sum(map(int, fields[11:15]))
    own, every = int(Path("/proc/self").resolve().name), 0
    waiting = [own]
    while waiting:
        pid = waiting.pop()
        every += spent[pid]
        waiting += children.get(pid, [])
    return every / 100


@dataclass(frozen=True)
class Result:
    """One method's join. seconds: of the wall; cpu: of all processors; recall: on the sampled rows."""

    name: str
    rows: int
    pairs: int
    recall: float
    cpu: float
    seconds: float
    notes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Truth:
    """Sampled rows joined with everything: their pairs as low * n + high, sorted."""

    rows: int
    sampled: Codes
    pairs: Codes

    def recall(self, found: Codes) -> float:
        """Share of the pairs that are among those found."""
        return float(np.isin(self.pairs, found).mean()) if len(self.pairs) else 1.0


def codes(i: Codes, j: Codes, n: int) -> Codes:
    """Each pair of positions as one number."""
    return np.minimum(i, j) * n + np.maximum(i, j)


def truth(rows: Floats, threshold: float, sample: int = 1_000) -> Truth:
    """By exact products."""
    n = len(rows)
    sampled = np.sort(np.random.default_rng(1).choice(n, min(sample, n), replace=False))
    found = list[Codes]()
    for start in range(0, n, _BATCH // 2):
        i, j = np.nonzero(rows[sampled] @ rows[start : start + _BATCH // 2].T >= threshold)
        found.append(codes(sampled[i], j + start, n)[sampled[i] != j + start])
    return Truth(n, sampled, np.unique(np.concatenate(found)))


def truth_of_distinct(rows: Floats, threshold: float) -> Truth:
    """The same among the first of each group of rows that are the same.

    Whoever stands for them must have their pairs.
    """
    _, first = np.unique(rows, axis=0, return_index=True)
    first = np.sort(first)
    known = truth(rows[first], threshold)
    i, j = np.divmod(known.pairs, len(first))
    return Truth(len(rows), first[known.sampled], np.sort(codes(first[i], first[j], len(rows))))


def gemm(rows: Floats, threshold: float) -> Result:
    """Every pair once by blocked products in NumPy, one thread."""
    n, began, wall, found = len(rows), time.process_time(), time.monotonic(), 0
    for start, other in itertools.combinations_with_replacement(range(0, n, 4_096), 2):
        near = rows[start : start + 4_096] @ rows[other : other + 4_096].T >= threshold
        found += int(np.triu(near, 1).sum() if start == other else near.sum())
    return Result("exact GEMM", n, found, 1.0, time.process_time() - began, time.monotonic() - wall)


def _searched(
    name: str,
    rows: Floats,
    known: Truth,
    built: float,
    search: Callable[[int], Iterator[tuple[Codes, Codes]]],
    effort: int,
) -> Result:
    """The search with the least effort, doubled as often as needed, that reaches the target.

    Only that search is counted.
    """
    n, probed = len(rows), np.zeros(len(rows), np.bool_)
    probed[known.sampled] = True
    while True:
        began, wall, mine, total = time.process_time(), time.monotonic(), list[Codes](), 0
        judged = 0.0
        for i, j in search(effort):
            total += int((i != j).sum())
            before = time.process_time()
            wanted = probed[i] | probed[j]
            mine.append(np.unique(codes(i[wanted], j[wanted], n)))
            judged += time.process_time() - before
        spent, wall = time.process_time() - began - judged, time.monotonic() - wall
        recall = known.recall(np.concatenate(mine))
        if recall >= TARGET or effort >= 1_024:
            return Result(name, n, total // 2, recall, built + spent, wall, {"effort": effort, "built": built})
        effort *= 2


def ivf(rows: Floats, known: Truth, threshold: float, lists: float, probes: int = 1) -> Result:
    """FAISS IVF-Flat with lists * sqrt(n) lists, trained on 64 vectors a list, range search, one thread."""
    faiss.omp_set_num_threads(1)
    count, began = max(1, round(lists * len(rows) ** 0.5)), time.process_time()
    index = faiss.IndexIVFFlat(faiss.IndexFlatIP(rows.shape[1]), rows.shape[1], count, faiss.METRIC_INNER_PRODUCT)
    index.cp.max_points_per_centroid = 64
    index.cp.min_points_per_centroid = 1
    index.cp.spherical = True
    index.train(rows)
    index.add(rows)
    built = time.process_time() - began

    def search(effort: int) -> Iterator[tuple[Codes, Codes]]:
        index.nprobe = effort
        for start in range(0, len(rows), _BATCH):
            limits, _, found = index.range_search(rows[start : start + _BATCH], threshold)
            yield (
                np.repeat(np.arange(len(limits) - 1), np.diff(limits).astype(np.int64)) + start,
                found.astype(np.int64),
            )

    return _searched(f"FAISS IVF, {count} lists", rows, known, built, search, probes)


def hnsw(rows: Floats, known: Truth, threshold: float, neighbours: int) -> Result:
    """The k nearest of hnswlib, k being what all but a few rows need; one thread. It has no search by threshold."""
    began = time.process_time()
    index = hnswlib.Index(space="ip", dim=rows.shape[1])
    index.init_index(max_elements=len(rows), ef_construction=100, M=16)
    index.set_num_threads(1)
    index.add_items(rows, num_threads=1)
    built, most = time.process_time() - began, min(neighbours, len(rows) - 1)

    def search(effort: int) -> Iterator[tuple[Codes, Codes]]:
        index.set_ef(max(effort, most))
        for start in range(0, len(rows), _BATCH):
            found, distance = index.knn_query(rows[start : start + _BATCH], k=most, num_threads=1)
            i, k = np.nonzero(1 - distance >= threshold)
            yield i + start, found[i, k].astype(np.int64)

    return _searched("hnswlib", rows, known, built, search, most)


def mllib_parameters(rows: Floats, threshold: float) -> tuple[float, int]:
    """Bucket length and tables that make the fewest candidates at the target, as tried on a sample with 64 projections.

    Its buckets are not shifted at random: two points on different sides of 0 never share one, however long it is.
    """
    sample = rows[:1_000]
    cosine, (i, j) = sample @ sample.T, np.triu_indices(min(len(rows), 1_000), 1)
    near = np.flatnonzero(cosine[i, j] >= threshold)
    directions = np.random.default_rng(1).normal(size=(64, rows.shape[1]))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    best = (np.inf, 60.0, 8)
    for width in np.geomspace(0.1, 4, 12):
        buckets = np.floor(sample @ directions.T / width)
        met = np.zeros(len(i))
        for bucket in buckets.T:
            met += bucket[i] == bucket[j]
        for tables in range(1, 17):
            if len(near) and (1 - (1 - met[near] / 64) ** tables).mean() >= TARGET:
                best = min(best, (float(tables * met.mean() / 64), float(width), tables))
    return best[1], best[2]


def mllib_vectors(frame: DataFrame, rows: Floats, known: Truth, threshold: float) -> Result:
    """BucketedRandomProjectionLSH.approxSimilarityJoin of (id long, vector array<float>) with itself."""
    width, tables = mllib_parameters(rows, threshold)
    began, wall = cpu_seconds(), time.monotonic()
    points = frame.select("id", array_to_vector(F.col("vector")).alias("features"))
    model = BucketedRandomProjectionLSH(
        inputCol="features", outputCol="hashes", bucketLength=width, numHashTables=tables, seed=1
    ).fit(points)
    joined = model.approxSimilarityJoin(points, points, float(np.sqrt(2 - 2 * threshold)))
    found = _pairs(joined)
    spent = cpu_seconds() - began, time.monotonic() - wall
    mine = codes(found[0], found[1], known.rows)
    return Result(
        "MLlib", known.rows, len(mine), known.recall(mine), *spent, {"bucket_length": width, "tables": tables}
    )


def _pairs(joined: DataFrame) -> tuple[Codes, Codes]:
    table = joined.select(F.col("datasetA.id").alias("a"), F.col("datasetB.id").alias("b")).where("a < b").toArrow()
    return table["a"].to_numpy(), table["b"].to_numpy()
