"""How fast the joins are, beside what else there is: one table, and the ratios as JSON.

Vectors: this project's join, MLlib, exact products in NumPy, FAISS IVF and hnswlib; graphs: SciPy. Every method runs in
this one process (and Spark's), on the same data, with one thread where it can be told so, and its recall is measured on
the same sampled rows; one that does not reach 0.99 is given more effort until it does, and only that last search is
counted. Costs are processor seconds, of Spark with its JVM and its Python workers.

    python benchmarks/joins.py [--toy] [--only PART ...] [--embeddings FOLDER] [--json FILE]

With --only, figures of other parts that FILE already has are kept.
"""

import argparse
import gc
import json
import math
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import join_rivals as rivals
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from join_data import Floats, graphs, vectors
from join_rivals import Result, Truth
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from iolaus.graphs.components import connected_components, label_components, spark_components
from iolaus.joins.cosine.join import cosine_join
from iolaus.runtime.spark.session import session

THRESHOLD = 0.7
Figures = dict[str, float]


@dataclass(frozen=True)
class Sizes:
    """How much of everything. exact_rows.

    None for the join's own. warm: turns of ours before the one that counts, while Java compiles.
    """

    mllib: tuple[int, ...] = (10_000, 20_000)
    small: int = 50_000
    growth: int = 100_000
    middle: int = 200_000
    large: int = 1_000_000
    edges: int = 10_000_000
    path: int = 200_000
    exact_rows: int | None = None
    warm: int = 4


TOY = Sizes((300,), 600, 700, 900, 1_200, 2_000, 16, 500, warm=0)


def _names(n: int) -> pa.Array:
    """Ids of nine digits, in order."""
    return pa.array([f"{i:09}" for i in range(n)])


class Bench:
    """The session, a folder for data, what was measured so far."""

    def __init__(self, spark: SparkSession, folder: Path, sizes: Sizes):
        self.spark, self.folder, self.sizes = spark, folder, sizes
        self.figures: Figures = {}
        self.results: list[tuple[str, Result]] = []

    def keep(self, part: str, result: Result) -> Result:
        """Notes a result and prints it at once."""
        self.results.append((part, result))
        notes = ", ".join(f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}" for k, v in result.notes.items())
        row = (
            f"{part:9} {result.name:24} {result.rows:9,} {result.pairs:10,} {result.recall:7.4f} {result.cpu:9.2f} "
            f"{result.seconds:8.1f}"
        )
        print(f"{row}  {notes}", flush=True)
        return result

    def vectors(self, rows: Floats, name: str) -> DataFrame:
        """(id long, name string, vector array<float>) from a file, as a user would have it."""
        path = self.folder / f"{name}-{len(rows)}.parquet"
        if not path.exists():
            column = pa.FixedSizeListArray.from_arrays(pa.array(rows.ravel()), rows.shape[1]).cast(
                pa.list_(pa.float32())
            )
            pq.write_table(
                pa.table({"id": np.arange(len(rows)), "name": _names(len(rows)), "vector": column}),
                path,
                row_group_size=50_000,
            )
        return self.spark.read.parquet(str(path))

    def ours(self, frame: DataFrame, known: Truth, join: Callable[[DataFrame], DataFrame]) -> Result:
        """The project's join of (id long, ...) in its last turn; what the turns before it cost is noted."""
        turns = [self._turn(frame, known, join) for _ in range(self.sizes.warm + 1)]
        return replace(turns[-1], notes={"turns": " ".join(f"{t.cpu:.1f}" for t in turns), **turns[-1].notes})

    def _turn(self, frame: DataFrame, known: Truth, join: Callable[[DataFrame], DataFrame]) -> Result:
        """Made and counted; then once more, at no cost, for the pairs of the sampled rows."""
        began, wall = rivals.cpu_seconds(), time.monotonic()
        joined = join(frame.drop("id").withColumnRenamed("name", "id"))
        planned = rivals.cpu_seconds() - began
        made = joined.count()
        spent = rivals.cpu_seconds() - began, time.monotonic() - wall
        names = [f"{i:09}" for i in known.sampled.tolist()]
        pairs = joined.where(F.col("a").isin(names) | F.col("b").isin(names)).select("a", "b").toArrow()
        figures = joined.schema["similarity"].metadata
        shown: dict[str, Any] = {
            k: figures[k] for k in ("way", "cells", "copies", "recall", "recall_at_least", "task_bytes") if k in figures
        }
        a, b = (pairs[end].cast(pa.int64()).to_numpy() for end in ("a", "b"))
        found = rivals.codes(a, b, known.rows)
        return Result("this project", known.rows, made, known.recall(found), *spent, {"plan_cpu": planned, **shown})


def _vectors(
    bench: Bench, rows: Floats, name: str = "vectors", threshold: float = THRESHOLD, *, known: Truth | None = None
) -> tuple[Result, Truth]:
    """The project's join, and the truth that it was held against."""
    known, frame, limit = known or rivals.truth(rows, threshold), bench.vectors(rows, name), bench.sizes.exact_rows

    def join(given: DataFrame) -> DataFrame:
        return cosine_join(given, threshold) if limit is None else cosine_join(given, threshold, exact_rows=limit)

    return bench.keep(name, bench.ours(frame, known, join)), known


def _neighbours(known: Truth) -> int:
    """How many neighbours all but one sampled row in 200 have: what a search for the k nearest must look for."""
    degrees = np.bincount(np.concatenate([known.pairs // known.rows, known.pairs % known.rows]), minlength=known.rows)
    return max(8, int(np.quantile(degrees[known.sampled], 0.995)) + 1)


def mllib(bench: Bench) -> None:
    """Against MLlib, small as it must be."""
    for n in bench.sizes.mllib:
        rows = vectors(n)
        ours, known = _vectors(bench, rows)
        bench.keep("vectors", rivals.gemm(rows, THRESHOLD))
        theirs = bench.keep("vectors", rivals.mllib_vectors(bench.vectors(rows, "vectors"), rows, known, THRESHOLD))
        bench.figures["join_speedup_vs_mllib_20k"] = theirs.cpu / ours.cpu


def middle(bench: Bench) -> None:
    """Against FAISS and hnswlib where they are at home."""
    for n in (bench.sizes.small, bench.sizes.middle):
        rows = vectors(n)
        ours, known = _vectors(bench, rows)
        found = [bench.keep("vectors", rivals.ivf(rows, known, THRESHOLD, lists)) for lists in (1, 4)]
        bench.keep("vectors", rivals.hnsw(rows, known, THRESHOLD, _neighbours(known)))
        if n == bench.sizes.small:
            bench.keep("vectors", rivals.gemm(rows, THRESHOLD))
        else:
            bench.figures |= {
                "join_recall_200k": ours.recall,
                "join_cpu_vs_faiss_200k": ours.cpu / min(f.cpu for f in found),
            }


def large(bench: Bench) -> None:
    """Growth from a tenth to the whole.

    At the whole, against FAISS, and against exact products by their measured cost.
    """
    small, _ = _vectors(bench, vectors(bench.sizes.growth))
    rows = vectors(bench.sizes.large)
    ours, known = _vectors(bench, rows)
    faiss = bench.keep("vectors", rivals.ivf(rows, known, THRESHOLD, 4))
    part = bench.keep("vectors", rivals.gemm(rows[: bench.sizes.small], THRESHOLD))
    product = part.cpu * (known.rows / part.rows) ** 2
    bench.keep("vectors", Result("exact GEMM, extrapolated", known.rows, 0, 1.0, product, product))
    bench.figures |= {
        "join_cpu_vs_faiss_1m": ours.cpu / faiss.cpu,
        "join_cost_vs_gemm_1m": ours.cpu / product,
        "join_exponent_100k_1m": math.log(ours.cpu / small.cpu) / math.log(ours.rows / small.rows),
    }


def embeddings(bench: Bench, folder: Path, threshold: float) -> None:
    """Against the same on vectors of accounts, from any Parquet files with a column `vector`; each once."""
    column = pq.read_table(folder, columns=["vector"])["vector"].drop_null().combine_chunks()
    rows = column.flatten().to_numpy(zero_copy_only=False).reshape(len(column), -1)
    rows = np.unique(rows[rows.any(axis=1)].astype(np.float32), axis=0)
    rows = np.random.default_rng(0).permutation(rows / np.linalg.norm(rows, axis=1, keepdims=True))
    _, known = _vectors(bench, rows, "accounts", threshold)
    for lists in (1, 4):
        bench.keep("accounts", rivals.ivf(rows, known, threshold, lists))
    bench.keep("accounts", rivals.gemm(rows, threshold))


def skew(bench: Bench) -> None:
    """One vector given to a quarter of all rows, and Zipf's share of hot ones, against the same rows without."""
    n = bench.sizes.growth
    rows, random = vectors(n), np.random.default_rng(2)
    plain, _ = _vectors(bench, rows, "plain")
    one, zipf = rows.copy(), rows.copy()
    one[random.choice(n, n // 4, replace=False)] = rows[0]
    hot = random.choice(n, n // 2, replace=False)
    zipf[hot] = rows[np.minimum(random.zipf(1.3, len(hot)), n) - 1]
    for name, skewed in (("one hot", one), ("zipf hot", zipf)):
        result, _ = _vectors(bench, skewed, name, known=rivals.truth_of_distinct(skewed, THRESHOLD))
        bench.figures[f"join_skew_{name.split()[0]}"] = result.cpu / plain.cpu


def components(bench: Bench) -> None:
    """Four kinds of graph, by default settings, against SciPy's traversal of the same edges.

    The labels must be the same.
    """
    slowest = 0.0
    for name, (tails, heads) in graphs(bench.sizes.edges).items():
        path = bench.folder / f"edges-{name}.parquet"
        text = [pa.array(x).cast(pa.string()) for x in (tails, heads)]
        pq.write_table(pa.table({"a": text[0], "b": text[1]}), path, row_group_size=1_000_000)
        edges = bench.spark.read.parquet(str(path))
        began, wall = rivals.cpu_seconds(), time.monotonic()
        found = connected_components(edges).toArrow().sort_by("id")
        spent = rivals.cpu_seconds() - began, time.monotonic() - wall
        slowest = max(slowest, spent[1])
        bench.keep("graph", Result(f"components, {name}", len(tails), len(found), 1.0, *spent))
        began, wall = rivals.cpu_seconds(), time.monotonic()
        expected = label_components(*(pa.chunked_array([t]) for t in text))
        bench.keep(
            "graph",
            Result("SciPy", len(tails), len(expected), 1.0, rivals.cpu_seconds() - began, time.monotonic() - wall),
        )
        if not found.equals(expected):
            raise AssertionError(f"the components of the {name} differ from SciPy's")
        del found, expected
        gc.collect()
    bench.figures["components_seconds_10m_edges"] = slowest
    rounds = list[int]()
    tails, heads = graphs(bench.sizes.path)["path"]
    path_only = bench.spark.createDataFrame(
        pa.table({"a": pa.array(tails).cast(pa.string()), "b": pa.array(heads).cast(pa.string())})
    )
    spark_components(path_only, on_round=lambda number, _: rounds.append(number)).count()
    print(f"{'graph':9} a path of {len(tails):,} edges, on Spark to its end: {len(rounds)} rounds", flush=True)


PARTS: dict[str, Callable[[Bench], None]] = {
    "mllib": mllib,
    "middle": middle,
    "large": large,
    "skew": skew,
    "components": components,
}


def measure(spark: SparkSession, sizes: Sizes, parts: list[str]) -> Bench:
    """The parts of that name, one after the other."""
    with tempfile.TemporaryDirectory(prefix="iolaus-joins-") as folder:
        bench = Bench(spark, Path(folder), sizes)
        print(
            f"{'part':9} {'method':24} {'rows':>9} {'pairs':>10} {'recall':>7} {'CPU s':>9} {'wall s':>8}", flush=True
        )
        for part in parts:
            PARTS[part](bench)
            gc.collect()
        return bench


def main() -> int:
    """Measure, print, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--toy", action="store_true", help="a few hundred rows of everything: whether it runs, not how fast"
    )
    parser.add_argument("--only", nargs="+", choices=list(PARTS), default=list(PARTS), help="parts to run; default all")
    parser.add_argument("--embeddings", type=Path, help="Parquet files with a column `vector`, to measure on those too")
    parser.add_argument("--embeddings-threshold", type=float, default=0.8, help="their least cosine; default 0.8")
    parser.add_argument("--json", type=Path, help="write the figures here, one flat object")
    given = parser.parse_args()
    if given.embeddings:
        PARTS["embeddings"] = lambda bench: embeddings(bench, given.embeddings, given.embeddings_threshold)
        given.only = [*given.only, "embeddings"]
    spark = session("local[2]", memory="5g")
    bench = measure(spark, TOY if given.toy else Sizes(), given.only)
    figures = {name: round(value, 4) for name, value in bench.figures.items()}
    if given.json:
        kept: dict[str, Any] = (
            json.loads(given.json.read_text()) if given.json.exists() and given.only != list(PARTS) else {}
        )
        given.json.write_text(json.dumps(kept | figures, indent=2) + "\n")
    print(json.dumps(figures, indent=2))
    spark.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
