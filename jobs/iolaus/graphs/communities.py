"""Dense groups within components: weighted Leiden communities.

A chain of innocent links can join two operators, or an operator and a customer, into one component.
A community is held together by many links; a bridge between two closes no triangle (`iolaus.graphs.triangles`).

Edges here are one row an unordered pair, a string and b string, neither null and a not equal to b.
"""

import random

import igraph
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.engine.runs import run_starts
from iolaus.graphs.components import encode
from iolaus.graphs.triangles import triangles

Codes = npt.NDArray[np.int64]
Weights = npt.NDArray[np.float64]

BRIDGE = 3  # edges: fewer between two communities say nothing of their density
# The modularity of a random graph's best partition, in sqrt((1 - p) / (n p)): 0.97 where n is large (Reichardt and
# Bornholdt); at most 1.05 in 240 graphs of 10 to 400 vertices and 3% to 50% of their pairs.
RANDOM = 1.1
WHOLE = 3  # a component of at most so many vertices is one community


def communities(edges: DataFrame, *, resolution: float, seed: int, reunite: float | None = None) -> DataFrame:
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
    small = members.join(sizes.where(F.col("size") <= WHOLE), "component", how="inner").select(
        "id", "component", "community"
    )

    def group(table: pa.Table) -> pa.Table:
        return _group(table, resolution, seed, reunite)

    large = edges.select("component", "a", "b", "weight").join(
        sizes.where(F.col("size") > WHOLE), "component", how="left_semi"
    )
    found = large.groupBy("component").applyInArrow(group, "id string, component string, community string")
    return found.unionByName(small)


def _group(table: pa.Table, resolution: float, seed: int, reunite: float | None) -> pa.Table:
    ids, (a, b) = encode(table["a"], table["b"])
    weight = table["weight"].to_numpy().astype(np.float64)
    labels = leiden(a, b, weight, resolution, seed)
    if resolution > 1:
        labels = _with_the_large_whole(a, b, weight, labels, resolution, seed)
    labels = unhidden(a, b, weight, labels, seed)
    labels = labels if reunite is None else reunited(a, b, labels, reunite)
    component = pa.repeat(table["component"][0], len(ids))
    return pa.table({"id": ids, "component": component, "community": ids.take(pa.array(labels))})


def leiden(a: Codes, b: Codes, weight: Weights, resolution: float, seed: int) -> Codes:
    """The community of each vertex 0 … n - 1, n = 1 + the largest in a and b, named by its smallest vertex.

    a, b, weight: (edges,), an undirected edge each. Edges are sorted, repeated ones added up and loops left
    out, and the random numbers come from `random.Random(seed)`: the same graph always gives the same labels.
    Runs until an iteration changes nothing. Time is near linear in the edges.

    resolution: above 1 gives smaller communities, below 1 larger. Modularity cannot tell apart communities with
    far fewer than sqrt(edges) edges inside a big component: `unhidden` does. Source: Traag, Waltman and van Eck,
    "From Louvain to Leiden" (2019), whose communities are always connected; in igraph's implementation.
    """
    vertices = 1 + int(max(a.max(initial=-1), b.max(initial=-1)))
    low, high, total = _canonical(a, b, weight)
    graph = igraph.Graph(n=vertices, edges=np.stack([low, high], axis=1))
    igraph.set_random_number_generator(random.Random(seed))
    try:
        found = graph.community_leiden(
            objective_function="modularity", weights=total.tolist(), resolution=resolution, n_iterations=-1
        )
    finally:
        igraph.set_random_number_generator(random)
    _, first, inverse = np.unique(np.asarray(found.membership, np.int64), return_index=True, return_inverse=True)
    return first.astype(np.int64)[inverse]


def _with_the_large_whole(a: Codes, b: Codes, weight: Weights, labels: Codes, resolution: float, seed: int) -> Codes:
    """`labels` of `leiden` at a resolution above 1.

    A community of most of the weight is as resolution 1 finds it.

    What has more than 1 / resolution of the weight is torn up for its size alone, down to single vertices: all of a
    component that is one clique.
    """
    whole = leiden(a, b, weight, 1.0, seed)
    degree = np.bincount(whole[a], weights=weight, minlength=len(whole)) + np.bincount(
        whole[b], weights=weight, minlength=len(whole)
    )
    large = (degree * resolution > degree.sum())[whole]
    _, first, inverse = np.unique(np.where(large, -1 - whole, labels), return_index=True, return_inverse=True)
    return first.astype(np.int64)[inverse]


def unhidden(a: Codes, b: Codes, weight: Weights, labels: Codes, seed: int) -> Codes:
    """`labels` of `leiden`, in which a community that is several, as one sees when one looks at it alone, is several.

    Two small operations in a component with a large one become one: what joins them is more than chance would put
    between two so small parts of so large a whole (Fortunato and Barthelemy, Resolution limit in community detection,
    PNAS 2007). A community of less than half of the edges is therefore searched by itself, at resolution 1, and so are
    its parts. Parts count where their modularity is above what the best parts of a random graph of that size and
    density have (Reichardt and Bornholdt, Statistical mechanics of community detection, 2006).
    """
    labels = labels.copy()
    order = np.argsort(labels[a], kind="stable")
    inside = order[(labels[a] == labels[b])[order]]
    starts = run_starts(labels[a][inside])
    for edges in np.split(inside, starts[1:]) if len(inside) else ():
        if 2 * len(edges) >= len(a):
            continue
        members, own = np.unique(np.append(a[edges], b[edges]), return_inverse=True)
        of_a, of_b, w = own[: len(edges)], own[len(edges) :], weight[edges]
        parts = leiden(of_a, of_b, w, 1.0, seed)
        if _modularity(of_a, of_b, w, parts) > _by_chance(len(members), len(edges)):
            labels[members] = members[unhidden(of_a, of_b, w, parts, seed)]
    return labels


def _modularity(a: Codes, b: Codes, weight: Weights, labels: Codes) -> float:
    """The share of weight inside communities, less what degrees alone would put there."""
    ends = np.append(labels[a], labels[b])
    degree = np.bincount(ends, weights=np.append(weight, weight)) / (2 * weight.sum())
    return float(weight[labels[a] == labels[b]].sum() / weight.sum() - (degree**2).sum())


def _by_chance(vertices: int, edges: int) -> float:
    """What the best partition of a random graph of that size stays below in modularity."""
    p = edges / (vertices * (vertices - 1) / 2)
    return RANDOM * float(np.sqrt(max(1 - p, 0) / (vertices * p)))


def reunited(a: Codes, b: Codes, labels: Codes, share: float) -> Codes:
    """`labels` of `leiden`, in which communities that many edges join are one, named by their smallest vertex.

    Modularity cuts a group of which only some pairs are edges, each by chance, into its densest parts. Two communities
    are parts of one where the density of edges between them is at least `share` of that inside the sparser, and
    `BRIDGE` edges and more join them. Those that fit each other best become one, and are then as sparse as they are
    together, until no two fit: so parts of a sparse group find each other, and two dense groups with some edges between
    them stay two.
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
        first = order[run_starts(ends[order])]
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
    starts = run_starts(low, high)
    return low[starts], high[starts], np.add.reduceat(weight, starts) if len(starts) else weight


def dense_groups(
    edges: DataFrame,
    *,
    triangles_each: int,
    density: float,
    fewest: int,
    seed: int,
    reunite: float,
    vectors: DataFrame | None = None,
    threshold: float = 1.0,
) -> DataFrame:
    """(id string, community string).

    Leiden communities, at resolution 1, of the edges that close triangles, where they are dense.

    edges: (component string, a string, b string), a pair once. Kept are edges that close `triangles_each` and more, and
    communities, `reunited` where they are dense together, of `fewest` ids and more that have at least the share
    `density` of all their pairs. Each is named by its smallest id. A component must fit in a Python worker, as in
    `communities`.

    vectors: (component string, id string, vector array<float>), unit vectors of all vertices. With them, the pairs that
    count are those of a cosine of at least `threshold`, whether they are edges or not, of `COMPARED` ids of a community
    at most: where edges are each vertex's nearest few, a large group has few of its pairs as edges. Without them, edges
    are the pairs that count.
    """

    def grouped(pairs: pa.Table, known: pa.Table | None) -> pa.Table:
        ids, (a, b) = encode(pairs["a"], pairs["b"])
        closing = triangles(a, b) >= triangles_each
        a, b = a[closing], b[closing]
        close = None if known is None else _matrix(ids, known)
        parts = leiden(a, b, np.ones(len(a)), 1.0, seed)
        labels, kept = np.arange(len(ids)), np.zeros(len(ids), bool)  # who closes nothing is alone
        for found in (parts, reunited(a, b, parts, reunite)):  # the whole where it is dense, else its parts
            size = np.bincount(found)
            shares = _edge_density(found, a, b) if close is None else _close_pairs(found, close, threshold, fewest)
            dense = np.flatnonzero(((size >= fewest) & (shares >= density))[found])
            labels[dense], kept[dense] = found[dense], True
        return pa.table({"id": ids.take(pa.array(np.flatnonzero(kept))), "community": ids.take(pa.array(labels[kept]))})

    by_component = edges.select("component", "a", "b").groupBy("component")
    if vectors is None:
        return by_component.applyInArrow(lambda pairs: grouped(pairs, None), _NAMED)
    # A name of its own: edges and vectors may have their components from one table, and the two columns would be one to
    # Spark.
    own = vectors.select(F.col("component").alias("of_component"), "id", "vector").groupBy("of_component")
    return by_component.cogroup(own).applyInArrow(grouped, _NAMED)


COMPARED = 1_000  # ids of a community whose vectors are compared: half a million pairs
_NAMED = "id string, community string"


def _edge_density(labels: Codes, a: Codes, b: Codes) -> Weights:
    """Of each label, 0 to the largest, the share of its pairs that are edges; 0 of a label of one vertex."""
    size = np.bincount(labels).astype(np.float64)
    within = np.bincount(labels[a][labels[a] == labels[b]], minlength=len(size))
    return within / np.maximum(size * (size - 1) / 2, 1)


def _close_pairs(labels: Codes, vectors: npt.NDArray[np.float32], threshold: float, fewest: int) -> Weights:
    """For each label of `fewest` vertices and more, the share of its pairs with a cosine of at least `threshold`.

    Of COMPARED pairs at most.
    """
    size = np.bincount(labels)
    shares = np.zeros(len(size))
    for label in np.flatnonzero(size >= fewest):
        members = np.flatnonzero(labels == label)
        some = vectors[
            members[np.unique(np.linspace(0, len(members) - 1, COMPARED).astype(int))]
            if len(members) > COMPARED
            else members
        ]
        shares[label] = ((some @ some.T)[np.triu_indices(len(some), 1)] >= threshold).mean()
    return shares


def _matrix(ids: pa.Array, known: pa.Table) -> npt.NDArray[np.float32]:
    """The vectors of `ids`, in their order, (ids, d)."""
    table = known.take(pc.index_in(ids, value_set=known["id"].combine_chunks()))
    matrix: npt.NDArray[np.float32] = table["vector"].combine_chunks().flatten().to_numpy().reshape(len(ids), -1)
    return matrix
