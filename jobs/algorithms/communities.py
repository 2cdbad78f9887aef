"""Dense groups within components: weighted Leiden communities, and the triangles that an edge closes.

A chain of innocent links can join two operators, or an operator and a customer, into one component.
A community is held together by many links; a bridge between two closes no triangle.

Edges here are one row an unordered pair, a string and b string, neither null and a not equal to b.
"""

import random
from typing import Literal

import igraph
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from scipy.sparse import coo_array

from jobs.algorithms.components import encode, materialise

Codes = npt.NDArray[np.int64]
Weights = npt.NDArray[np.float64]
Objective = Literal["modularity", "CPM"]

WEDGES = 30_000_000  # pairs of edges at one vertex that are counted in memory: half a gigabyte
DENSE = 40_000  # vertices whose neighbours are held as a bit each: 200 MB
BRIDGE = 3  # edges: fewer between two communities say nothing of their density
WHOLE = 3  # a component of at most so many vertices is one community


def communities(
    edges: DataFrame, *, resolution: float, seed: int, objective: Objective = "modularity", reunite: float | None = None
) -> DataFrame:
    """(id string, component string, community string): the Leiden community of every vertex.

    reunite: communities between which edges are so dense, of those inside the sparser, are one again (`reunited`).

    edges: (component string, a string, b string, weight long), weight above 0. A community is named by its
    smallest id, by the bytes of UTF-8, and lies within one component. Components of up to three vertices are
    one community and never leave Spark. The answer does not depend on the order of rows or on partitions.

    Bound: a component is one Arrow group and must fit in one Python worker. With ids of 20 characters
    the peak was 336 bytes an edge (measured; 80 of them the Arrow group, 150 igraph). Spark may hold the group
    twice: reckon with 500 bytes an edge, thus 8 million edges in 4 GB. Time is about 5 microseconds an
    edge (measured on one core: 5 s for 0.95 million edges, 21 s for 4.6 million). The
    caller keeps components below that by cutting weak links first.
    """
    members = edges.select("component", F.explode(F.array("a", "b")).alias("id")).distinct()
    sizes = members.groupBy("component").agg(F.count("id").alias("size"), F.min("id").alias("community"))
    small = members.join(sizes.where(F.col("size") <= WHOLE), "component", how="inner").select("id", "component", "community")

    def group(table: pa.Table) -> pa.Table:
        return _group(table, resolution, seed, objective, reunite)

    large = edges.select("component", "a", "b", "weight").join(sizes.where(F.col("size") > WHOLE), "component", how="left_semi")
    found = large.groupBy("component").applyInArrow(group, "id string, component string, community string")
    return found.unionByName(small)


def _group(table: pa.Table, resolution: float, seed: int, objective: Objective, reunite: float | None) -> pa.Table:
    ids, (a, b) = encode(table["a"], table["b"])
    weight = table["weight"].to_numpy().astype(np.float64)
    labels = leiden(a, b, weight, resolution, seed, objective)
    if objective == "modularity" and resolution > 1:
        labels = _with_the_large_whole(a, b, weight, labels, resolution, seed)
    labels = labels if reunite is None else reunited(a, b, labels, reunite)
    component = pa.repeat(table["component"][0], len(ids))
    return pa.table({"id": ids, "component": component, "community": ids.take(pa.array(labels))})


def leiden(a: Codes, b: Codes, weight: Weights, resolution: float, seed: int, objective: Objective = "modularity") -> Codes:
    """The community of each vertex 0 … n - 1, n = 1 + the largest in a and b, named by its smallest vertex.

    a, b, weight: (edges,), an undirected edge each. Edges are sorted, repeated ones added up and loops left
    out, and the random numbers come from `random.Random(seed)`: the same graph always gives the same labels.
    Runs until an iteration changes nothing. Time is near linear in the edges.

    resolution: above 1 gives smaller communities, below 1 larger. Modularity cannot see communities with far
    fewer than sqrt(edges) edges inside a big component; "CPM" can: there the resolution is the density, in
    weight a pair of members, that a community must exceed. Source: Traag, Waltman and van Eck, "From Louvain
    to Leiden" (2019), whose communities are always connected; in igraph's implementation.
    """
    vertices = 1 + int(max(a.max(initial=-1), b.max(initial=-1)))
    low, high, total = _canonical(a, b, weight)
    graph = igraph.Graph(n=vertices, edges=np.stack([low, high], axis=1))
    igraph.set_random_number_generator(random.Random(seed))
    try:
        found = graph.community_leiden(objective_function=objective, weights=total.tolist(), resolution=resolution, n_iterations=-1)
    finally:
        igraph.set_random_number_generator(random)
    _, first, inverse = np.unique(np.asarray(found.membership, np.int64), return_index=True, return_inverse=True)
    return first.astype(np.int64)[inverse]


def _with_the_large_whole(a: Codes, b: Codes, weight: Weights, labels: Codes, resolution: float, seed: int) -> Codes:
    """`labels` of `leiden` at a resolution above 1, in which a community of most of the weight is as resolution 1 finds it.

    What has more than 1 / resolution of the weight is torn up for its size alone, down to single vertices: all of a
    component that is one clique.
    """
    whole = leiden(a, b, weight, 1.0, seed)
    degree = np.bincount(whole[a], weights=weight, minlength=len(whole)) + np.bincount(whole[b], weights=weight, minlength=len(whole))
    large = (degree * resolution > degree.sum())[whole]
    _, first, inverse = np.unique(np.where(large, -1 - whole, labels), return_index=True, return_inverse=True)
    return first.astype(np.int64)[inverse]


def reunited(a: Codes, b: Codes, labels: Codes, share: float) -> Codes:
    """`labels` of `leiden`, in which communities that many edges join are one, named by their smallest vertex.

    Modularity cuts a group of which only some pairs are edges, each by chance, into its densest parts. Two communities are
    parts of one where the density of edges between them is at least `share` of that inside the sparser, and `BRIDGE` edges
    and more join them. Those that fit each other best become one, and are then as sparse as they are together, until no two
    fit: so parts of a sparse group find each other, and two dense groups with some edges between them stay two.
    """
    low, high, _ = _canonical(a, b, np.ones(len(a)))
    labels, count = labels.copy(), len(labels)
    while True:
        one, other = np.minimum(labels[low], labels[high]), np.maximum(labels[low], labels[high])
        size = np.bincount(labels, minlength=count).astype(np.float64)
        within = np.bincount(one[one == other], minlength=count) / np.maximum(size * (size - 1) / 2, 1)
        keys, between = np.unique((one * count + other)[one != other], return_counts=True)
        one, other = np.divmod(keys, max(count, 1))
        inside = np.minimum(within[one], within[other])
        density = between / (size[one] * size[other])
        fits = (between >= BRIDGE) & (density >= share * inside)
        one, other, fit = one[fits], other[fits], (density[fits] + 1e-12) / (inside[fits] + 1e-12)
        if not len(one):
            return labels
        ends, partners, fit = np.append(one, other), np.append(other, one), np.append(fit, fit)
        order = np.lexsort((partners, -fit, ends))
        first = order[np.append(True, np.diff(ends[order]) != 0)]
        best = np.arange(count)
        best[ends[first]] = partners[first]
        mutual = best[best] == np.arange(count)
        labels = np.where(mutual, np.minimum(best, np.arange(count)), np.arange(count))[labels]


def _canonical(a: Codes, b: Codes, weight: Weights) -> tuple[Codes, Codes, Weights]:
    """Edges with a < b, each once, sorted, weights added up in sorted order so that rounding is the same."""
    proper = a != b
    low, high, weight = np.minimum(a, b)[proper], np.maximum(a, b)[proper], weight[proper]
    order = np.lexsort((weight, high, low))
    low, high, weight = low[order], high[order], weight[order]
    fresh = np.ones(len(low), bool)
    fresh[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
    starts = np.flatnonzero(fresh)
    return low[starts], high[starts], np.add.reduceat(weight, starts) if len(starts) else weight


def dense_groups(edges: DataFrame, *, triangles_each: int, density: float, fewest: int, seed: int, reunite: float) -> DataFrame:
    """(id string, community string): Leiden communities, at resolution 1, of the edges that close triangles, where they are dense.

    edges: (component string, a string, b string), a pair once. Kept are edges that close `triangles_each` and more, and
    communities, `reunited` where they are dense together, of `fewest` ids and more that have at least the share `density`
    of all their pairs as such edges.
    Each is named by its smallest id. A component must fit in a Python worker, as in `communities`.
    """

    def group(table: pa.Table) -> pa.Table:
        ids, (a, b) = encode(table["a"], table["b"])
        closing = triangles(a, b) >= triangles_each
        a, b = a[closing], b[closing]
        parts = leiden(a, b, np.ones(len(a)), 1.0, seed)
        labels, kept = np.arange(len(ids)), np.zeros(len(ids), bool)  # who closes nothing is alone
        for found in (parts, reunited(a, b, parts, reunite)):  # the whole where it is dense, else its parts
            size, within = np.bincount(found), np.bincount(found[a][found[a] == found[b]], minlength=len(found))
            dense = np.flatnonzero(((size >= fewest) & (within[: len(size)] >= density * size * (size - 1) / 2))[found])
            labels[dense], kept[dense] = found[dense], True
        return pa.table({"id": ids.take(pa.array(np.flatnonzero(kept))), "community": ids.take(pa.array(labels[kept]))})

    return edges.select("component", "a", "b").groupBy("component").applyInArrow(group, "id string, community string")


def truss(edges: DataFrame, *, driver_edges: int = 0) -> DataFrame:
    """(a string, b string, triangles long): for each edge, a < b and once, the number of triangles it closes.

    Up to `driver_edges` rows are counted in memory on the driver (`triangles`), if their wedges are few enough.

    The edges of a k-truss close k - 2 triangles or more; a bridge closes none. Every edge is directed from its
    end of lower (degree, id) to the other, so no vertex has more than sqrt(2 edges) edges out of it; pairs of
    edges out of one vertex (wedges) are joined with the edges that close them, and each triangle is met once.
    Work and shuffle are O(edges^1.5) at worst, and no join has a hot key. Exact. Source: Schank and Wagner,
    "Finding, counting and listing all triangles in large graphs" (2005), algorithm "forward".
    """
    if driver_edges and edges.count() <= driver_edges:
        counted = _counted(edges.select("a", "b").toArrow())
        if counted is not None:
            return edges.sparkSession.createDataFrame(counted)
    proper = edges.where(F.col("a") != F.col("b"))
    pairs, _ = materialise(proper.select(F.least("a", "b").alias("a"), F.greatest("a", "b").alias("b")).distinct())
    degrees = pairs.select(F.explode(F.array("a", "b")).alias("id")).groupBy("id").agg(F.count("id").alias("degree"))
    ranks, _ = materialise(degrees.orderBy("degree", "id").select("id", F.monotonically_increasing_id().alias("rank")))
    ranked = pairs.join(ranks.toDF("a", "rank_a"), "a", how="inner").join(ranks.toDF("b", "rank_b"), "b", how="inner")
    tail, head = F.least("rank_a", "rank_b").alias("tail"), F.greatest("rank_a", "rank_b").alias("head")
    arcs, _ = materialise(ranked.select("a", "b", tail, head))
    out = arcs.select("tail", "head")
    wedges = out.toDF("first", "second").join(out.toDF("first", "third"), "first", how="inner").where(F.col("second") < F.col("third"))
    closed = wedges.join(out.toDF("second", "third"), ["second", "third"], how="inner")
    corners = (("first", "second"), ("first", "third"), ("second", "third"))
    sides = (F.struct(F.col(x).alias("tail"), F.col(y).alias("head")) for x, y in corners)
    counts = closed.select(F.inline(F.array(*sides))).groupBy("tail", "head").agg(F.count("head").alias("triangles"))
    counted = arcs.join(counts, ["tail", "head"], how="left")
    return counted.select("a", "b", F.coalesce("triangles", F.lit(0)).cast("long").alias("triangles"))


def _counted(edges: pa.Table) -> pa.Table | None:
    """`truss` of edges in memory; None if they have more than `WEDGES` wedges among more than `DENSE` vertices."""
    names, (first, second) = encode(edges["a"], edges["b"])
    proper = first != second
    keys = np.sort(np.minimum(first, second)[proper] * len(names) + np.maximum(first, second)[proper])
    keys = keys[np.append(True, keys[1:] != keys[:-1])] if len(keys) else keys
    a, b = np.divmod(keys, max(len(names), 1))
    crowded = (np.bincount(np.concatenate([a, b])).astype(np.float64) ** 2).sum() > WEDGES
    if crowded and len(names) > DENSE:
        return None
    counted = dense_triangles(a, b) if crowded else triangles(a, b)
    return pa.table({"a": names.take(pa.array(a)), "b": names.take(pa.array(b)), "triangles": pa.array(counted)})


def dense_triangles(a: Codes, b: Codes) -> Codes:
    """`triangles` of distinct proper edges, by the neighbours of each vertex as a row of bits.

    O(edges x vertices / 64) whatever the degrees are: 0.4 million edges of 920 accounts who all know each other take
    a tenth of a second, where their 0.8 billion wedges would take minutes.
    """
    vertices = 1 + int(max(a.max(initial=-1), b.max(initial=-1)))
    near = np.zeros((vertices, -(-vertices // 64)), np.uint64)
    for one, other in ((a, b), (b, a)):
        np.bitwise_or.at(near, (one, other >> 6), np.uint64(1) << (other & 63).astype(np.uint64))
    counted = np.zeros(len(a), np.int64)
    step = max(1, (1 << 22) // max(near.shape[1], 1))  # edges at a time: two strips of 32 MB
    for start in range(0, len(a), step):
        edges = slice(start, start + step)
        counted[edges] = np.bitwise_count(near[a[edges]] & near[b[edges]]).sum(axis=1, dtype=np.int64)
    return counted


def triangles(a: Codes, b: Codes) -> Codes:
    """`truss` for arrays in memory: the triangles that each edge (a[i], b[i]) closes; 0 for a loop.

    a, b: (edges,). Repeated edges count once and each get the answer. O(sum of squared degrees).
    """
    vertices = 1 + int(max(a.max(initial=-1), b.max(initial=-1)))
    proper = a != b
    tails, heads = np.concatenate([a[proper], b[proper]]), np.concatenate([b[proper], a[proper]])
    adjacent = coo_array((np.ones(len(tails), np.int64), (tails, heads)), shape=(vertices, vertices)).tocsr()
    adjacent.data[:] = 1
    common = (adjacent @ adjacent).multiply(adjacent).tocsr()
    return np.where(proper, np.asarray(common[a, b]).ravel(), 0).astype(np.int64)
