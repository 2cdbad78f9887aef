"""Connected components of an undirected graph whose vertices are strings.

Two ways give the same labels. `driver_components` collects the edges and runs SciPy's traversal, linear in
the edges. `spark_components` contracts the graph by rounds on the cluster and keeps nothing on the driver.
`connected_components` counts and chooses.

Everywhere, edges are rows (a string, b string) with neither null; their direction, repetition and self-loops
do not matter. The answer has one row a vertex that occurs in an edge: (id string, component string), where
component is the smallest id of the vertex's component by the bytes of UTF-8, which is also Python's order.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from scipy.sparse import coo_array, csgraph

from iolaus.engine.frames import from_arrow

Codes = npt.NDArray[np.int64]
Checkpoint = Callable[[DataFrame], DataFrame]

DRIVER_EDGES = 5_000_000  # 1 GB in Python with ids of 20 characters, and 0.25 GB in the JVM while they pass


def local_checkpoint(frame: DataFrame) -> DataFrame:
    """The frame without its lineage, kept by the executors: where one is lost, the job fails."""
    return frame.localCheckpoint()


def connected_components(edges: DataFrame, *, driver_edges: int = DRIVER_EDGES) -> DataFrame:
    """The component of every vertex, found on the driver if there are at most `driver_edges` rows, else on Spark.

    `edges` is evaluated twice (counted, then read): read it from a table or persist it. On Spark too, the
    driver finishes as soon as the contracted graph has no more than `driver_edges` edges, which saves most
    of the rounds, for late rounds are short and cost little but their start.
    """
    if edges.count() <= driver_edges:
        return driver_components(edges)
    return spark_components(edges, finish_edges=driver_edges)


def driver_components(edges: DataFrame) -> DataFrame:
    """The component of every vertex, by SciPy on the driver: O(edges + vertices log vertices) time.

    Collects all rows. Measured with ids of 20 characters: 190 bytes an edge in Python. The caller bounds them.
    The columns may be of any one type that Arrow can sort; `component` then has that type.
    """
    table = edges.select("a", "b").toArrow()
    return from_arrow(edges.sparkSession, label_components(table["a"], table["b"]))


def spark_components(
    edges: DataFrame,
    *,
    finish_edges: int = 0,
    on_round: Callable[[int, int], None] | None = None,
    checkpoint: Checkpoint = local_checkpoint,
) -> DataFrame:
    """The component of every vertex, by contraction on Spark.

    In each round every vertex chooses, of itself and its neighbours, the one that comes first in a fresh
    random order; all that chose the same become one vertex, and edges within it vanish. A vertex without
    edges is finished. The choices are then followed from the last round back to the first.

    Rounds: O(log vertices) expected on every graph, since a round leaves at most 3/4 of the vertices that
    have edges in expectation, and half of them on a path (a path of 1,000,000 takes about 20). Work: each
    round shuffles the edges that are left four times. Source: Bögeholz, Brand and Todor, "In-database
    connected component analysis" (2020). Departures: the order is xxhash64 of the round and the
    vertex instead of a random affine map, so a rerun does the same; vertices keep their numbers instead of
    taking their places in the order, so that the labels are exact whatever the hash does.

    Ids are replaced by 64-bit numbers that are counted out, not hashed, so no two ids can meet.

    finish_edges: the driver finishes (`driver_components`) once no more edges than this are left; 0 means never.
    on_round: called after each round with its number, from 1, and the number of edges left.
    checkpoint: computes a frame and cuts its lineage, for numbers that are counted out must not be counted
        twice. On a cluster that loses executors: `lambda frame: frame.checkpoint()`.
    """
    ends = edges.select(F.explode(F.array("a", "b")).alias("id")).distinct()
    vertices, _ = materialise(ends.select("id", F.monotonically_increasing_id().alias("vertex")), checkpoint)
    left, remaining = materialise(_relabel(edges, vertices.toDF("id", "chosen")), checkpoint)
    choices = list[DataFrame]()
    while remaining > finish_edges:
        choice, _ = materialise(_choose(left, len(choices) + 1), checkpoint)
        left, remaining = materialise(_relabel(left, choice), checkpoint)
        choices.append(choice)
        if on_round:
            on_round(len(choices), remaining)
    if remaining:
        choices.append(driver_components(left).toDF("vertex", "chosen"))
    return _name(vertices, _follow(choices, checkpoint), checkpoint)


def materialise(frame: DataFrame, checkpoint: Checkpoint = local_checkpoint) -> tuple[DataFrame, int]:
    """The frame computed once, without lineage, and its number of rows.

    A checkpoint keeps the planner's guess of the size, and a join's guess is the product of its sides': after
    ten rounds the guess has a million digits and planning takes minutes. Persisted first, it has the true size.
    """
    frame.persist()
    rows = frame.count()
    kept = checkpoint(frame)
    frame.unpersist()
    return kept, rows


def label_components(a: pa.ChunkedArray, b: pa.ChunkedArray) -> pa.Table:
    """(id, component) of every vertex of the edges (a[i], b[i]), sorted by id. O(edges + vertices log vertices)."""
    ids, (tails, heads) = encode(a, b)
    graph = coo_array((np.ones(len(tails), np.int8), (tails, heads)), shape=(len(ids), len(ids)))
    _, labels = csgraph.connected_components(graph, directed=False)
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)  # first: the smallest of its label
    return pa.table({"id": ids, "component": ids.take(pa.array(first[inverse]))})


def encode(*columns: pa.ChunkedArray) -> tuple[pa.Array, tuple[Codes, ...]]:
    """The sorted distinct values of all columns together, and each column as positions among them."""
    every = pa.chunked_array([chunk for column in columns for chunk in column.chunks], columns[0].type)
    ids = pc.unique(every)
    ids = ids.take(pc.sort_indices(ids))
    return ids, tuple(pc.index_in(column, value_set=ids).to_numpy().astype(np.int64) for column in columns)


def _choose(left: DataFrame, number: int) -> DataFrame:
    """(vertex, chosen): the first of each vertex and its neighbours in the order of round `number`."""

    def place(vertex: str) -> Column:
        return F.xxhash64(F.lit(number), F.col(vertex))

    ways = left.toDF("vertex", "other").union(left.select("b", "a"))
    nearest = ways.groupBy("vertex").agg(F.min_by("other", place("other")).alias("other"))
    return nearest.select(
        "vertex", F.when(place("vertex") <= place("other"), F.col("vertex")).otherwise(F.col("other")).alias("chosen")
    )


def _relabel(edges: DataFrame, choice: DataFrame) -> DataFrame:
    """Distinct edges (a, b), a < b, between what the ends chose by `choice` (vertex, chosen).

    None within one choice.
    """
    return (
        edges.select("a", "b")
        .where(F.col("a") != F.col("b"))
        .join(choice.toDF("a", "tail"), "a", how="inner")
        .join(choice.toDF("b", "head"), "b", how="inner")
        .where(F.col("tail") != F.col("head"))
        .select(F.least("tail", "head").alias("a"), F.greatest("tail", "head").alias("b"))
        .distinct()
    )


def _follow(choices: list[DataFrame], checkpoint: Checkpoint) -> DataFrame | None:
    """(vertex, chosen) from the first round to the last; the tables shrink, so the sum is O(vertices)."""
    if not choices:
        return None
    *earlier, labels = choices
    for choice in reversed(earlier):
        further = labels.toDF("chosen", "last")
        followed = choice.join(further, "chosen", how="left").select(
            "vertex", F.coalesce("last", "chosen").alias("chosen")
        )
        labels, _ = materialise(followed, checkpoint)
    return labels


def _name(vertices: DataFrame, labels: DataFrame | None, checkpoint: Checkpoint) -> DataFrame:
    """(id, component) from (id, vertex) and (vertex, chosen); a vertex that never chose is a component by itself."""
    if labels is None:
        return vertices.select("id", F.col("id").alias("component"))
    grouped = vertices.join(labels, "vertex", how="left").select("id", F.coalesce("chosen", "vertex").alias("label"))
    grouped, _ = materialise(grouped, checkpoint)
    smallest = grouped.groupBy("label").agg(F.min("id").alias("component"))
    return grouped.join(smallest, "label", how="inner").select("id", "component")
