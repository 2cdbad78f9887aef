"""Communities: planted groups are found, whatever the order of rows; triangles are those of networkx."""

import random

import networkx as nx
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from rows import DAY, population, rows

from iolaus.graph.communities import transform
from iolaus.graphs.communities import communities, dense_groups, leiden, reunited, unhidden
from iolaus.graphs.triangles import dense_triangles, triangles, truss
from iolaus.pairs import content
from iolaus.settings import DEFAULT, Key, Run
from iolaus.text.embedding import DIMENSIONS

RUN = Run(DAY, DEFAULT, Key(b"k"))
Pairs = list[tuple[int, int]]
PROGRAM = {"n_exchanges": 100, "n_sampled": 100, "prompt_words": 10_000}
pairs = st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14)), max_size=60)


def cliques(groups: int, size: int) -> Pairs:
    """Cliques of consecutive vertices, each joined to the next by one bridge."""
    inside = [(g * size + u, g * size + v) for g in range(groups) for u in range(size) for v in range(u)]
    return inside + [(g * size, (g + 1) * size) for g in range(groups - 1)]


def arrays(edges: Pairs) -> tuple[np.ndarray, np.ndarray]:
    both = np.array(edges, np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def closed(edges: Pairs) -> dict[tuple[int, int], int]:
    graph = nx.Graph([pair for pair in edges if pair[0] != pair[1]])
    return {(min(pair), max(pair)): len(list(nx.common_neighbors(graph, *pair))) for pair in graph.edges}


def test_leiden_finds_cliques_joined_by_bridges() -> None:
    a, b = arrays(cliques(5, 6))
    assert leiden(a, b, np.ones(len(a)), 1.0, 7).tolist() == [6 * (v // 6) for v in range(30)]


def test_leiden_weights_decide() -> None:
    a, b = arrays([(0, 1), (1, 2), (2, 3), (3, 0)])
    assert leiden(a, b, np.array([9.0, 1, 9, 1]), 1.0, 7).tolist() == [0, 0, 2, 2]
    assert leiden(a, b, np.array([1.0, 9, 1, 9]), 1.0, 7).tolist() == [0, 1, 1, 0]


def test_leiden_resolution_splits_more() -> None:
    a, b = arrays(cliques(8, 5))
    found = [len(set(leiden(a, b, np.ones(len(a)), resolution, 7).tolist())) for resolution in (0.01, 1.0, 50.0)]
    assert found == [1, 8, 40]


def test_what_chance_made_dense_is_one_group_again_and_what_a_few_edges_bridge_is_two() -> None:
    """Seventy of whom a seventh of pairs are edges by chance.

    And, bridged by four edges, ten who all know each other.
    """
    rng = random.Random(3)
    sparse = [(u, v) for u in range(70) for v in range(u) if rng.random() < 0.15]
    a, b = arrays([*sparse, *((70 + u, 70 + v) for u in range(10) for v in range(u)), *((i, 70 + i) for i in range(4))])
    found = leiden(a, b, np.ones(len(a)), 2.0, 7)
    assert len(set(found[:70].tolist())) > 5
    assert reunited(a, b, found, 0.4).tolist() == [0] * 70 + [70] * 10
    assert reunited(b, a, found, 0.4).tolist() == [0] * 70 + [70] * 10
    assert reunited(a, b, found, 2.0).tolist() == found.tolist(), "denser between than inside is nothing here"
    assert reunited(a[:0], b[:0], np.zeros(0, np.int64), 0.4).tolist() == []


def test_two_dense_groups_stay_two_though_many_edges_join_them() -> None:
    """Twice sixty: four in five know each other, and a fifth of those in the other group.

    As two operators on one subject.
    """
    rng = random.Random(5)
    a, b = arrays(
        [(u, v) for u in range(120) for v in range(u) if rng.random() < (0.8 if (u < 60) == (v < 60) else 0.2)]
    )
    parts = leiden(a, b, np.ones(len(a)), 2.0, 7)
    assert len(set(parts.tolist())) > 5
    made = [
        set(np.flatnonzero(reunited(a, b, parts, 0.4) == name).tolist())
        for name in set(reunited(a, b, parts, 0.4).tolist())
    ]
    assert len(made) == 2
    assert all(max(len([v for v in of if v < 60]), len([v for v in of if v >= 60])) >= 0.95 * len(of) for of in made)


def test_two_small_operations_beside_a_large_one_are_two() -> None:
    """Twenty and twelve who nearly all know each other, a fifth of them those of the other group, and two hundred.

    A few edges join the two to the large group: so they lie in one component, and modularity takes them for one.
    """
    rng = random.Random(11)
    of = [*[0] * 200, *[1] * 20, *[2] * 12]
    shares = {(0, 0): 1.0, (1, 1): 0.9, (2, 2): 1.0, (1, 2): 0.18, (0, 1): 0.001, (0, 2): 0.001}
    a, b = arrays(
        [(u, v) for u in range(232) for v in range(u) if rng.random() < shares[(of[v], of[u])]] + [(205, 3), (225, 4)]
    )
    found = leiden(a, b, np.ones(len(a)), 1.0, 7)
    assert len(set(found[200:].tolist())) == 1
    parts = reunited(a, b, unhidden(a, b, np.ones(len(a)), found, 7), 0.4)
    assert parts.tolist() == [*[0] * 200, *[200] * 20, *[220] * 12]
    assert unhidden(a[:0], b[:0], np.ones(0), np.zeros(0, np.int64), 7).tolist() == []


@pytest.mark.parametrize(("n", "p"), [(12, 0.4), (30, 0.2), (70, 0.1), (150, 0.05)])
def test_what_chance_links_loosely_is_not_several(n: int, p: float) -> None:
    """A group of which some pairs are edges by chance stays whole beside a clique that has most edges."""
    for seed in range(5):
        rng = random.Random(seed)
        size = 2 * n
        a, b = arrays(
            [(u, v) for u in range(size) for v in range(u)]
            + [(size + u, size + v) for u in range(n) for v in range(u) if rng.random() < p]
        )
        labels = np.array([*[0] * size, *[size] * n])[: 1 + max(a.max(), b.max())]
        assert unhidden(a, b, np.ones(len(a)), labels, 7).tolist() == labels.tolist()


@settings(derandomize=True, max_examples=100, deadline=None)
@given(pairs.filter(bool), st.randoms(use_true_random=False))
def test_leiden_does_not_depend_on_order_or_direction(edges: Pairs, rng: random.Random) -> None:
    weight = np.arange(1.0, len(edges) + 1)
    order = list(range(len(edges)))
    rng.shuffle(order)
    a, b = arrays(edges)
    flipped_a, flipped_b = arrays([edges[i][::-1] for i in order])
    found = leiden(a, b, weight, 1.0, 3)
    assert found.tolist() == leiden(flipped_a, flipped_b, weight[order], 1.0, 3).tolist()
    graph = nx.Graph(edges)
    for label in set(found.tolist()):
        members = np.flatnonzero(found == label).tolist()
        assert label == members[0]
        assert len(members) == 1 or nx.is_connected(graph.subgraph(members))


@settings(derandomize=True, max_examples=200, deadline=None)
@given(pairs)
def test_triangles_are_those_of_networkx(edges: Pairs) -> None:
    expected = closed(edges)
    assert triangles(*arrays(edges)).tolist() == [expected.get((min(pair), max(pair)), 0) for pair in edges]


@settings(derandomize=True, max_examples=60, deadline=None)
@given(pairs)
def test_rows_of_bits_count_the_same_triangles(edges: Pairs) -> None:
    expected = closed(edges)
    a, b = arrays(sorted(expected))
    assert dense_triangles(a, b).tolist() == [expected[pair] for pair in sorted(expected)]


def test_rows_of_bits_are_counted_a_strip_at_a_time() -> None:
    a, b = np.triu_indices(3_000, 1)
    sparse = (b - a) % 97 < 3  # 140,000 edges, more than one strip
    a, b = a[sparse], b[sparse]
    assert (dense_triangles(a, b) == triangles(a, b)).all()


@pytest.mark.parametrize("partitions", [1, 5])
def test_communities_do_not_depend_on_rows_or_partitions(spark: SparkSession, partitions: int) -> None:
    rows = [("x", f"x{u:02}", f"x{v:02}", 10) for u, v in cliques(3, 6)] + [
        ("y", f"y{u:02}", f"y{v:02}", 10) for u, v in cliques(2, 5)
    ]
    rows += [("p", "p0", "p1", 4), ("t", "t0", "t1", 4), ("t", "t1", "t2", 4)]
    shuffled = [rows[i] for i in np.random.default_rng(partitions).permutation(len(rows))]
    edges = spark.createDataFrame(shuffled, "component string, a string, b string, weight long").repartition(partitions)
    found = communities(edges, resolution=1.0, seed=5).collect()
    expected = {f"x{v:02}": f"x{6 * (v // 6):02}" for v in range(18)} | {
        f"y{v:02}": f"y{5 * (v // 5):02}" for v in range(10)
    }
    expected |= {"p0": "p0", "p1": "p0", "t0": "t0", "t1": "t0", "t2": "t0"}
    assert {row["id"]: row["community"] for row in found} == expected
    assert len(found) == len(expected)
    assert all(row["component"] == row["id"][0] for row in found)


def test_what_has_most_of_a_component_is_not_torn_up_for_its_size(spark: SparkSession) -> None:
    """One clique alone.

    A clique of twenty with one of six by a bridge: a resolution of 2 leaves single vertices of the larger.
    """
    alone = [(f"a{u:02}", f"a{v:02}") for u in range(12) for v in range(u)]
    bridged = [(f"b{u:02}", f"b{v:02}") for u in range(26) for v in range(u) if (u < 20) == (v < 20)] + [("b19", "b20")]
    edges = [(pair[0][0], *sorted(pair), 1) for pair in alone + bridged]
    frame = spark.createDataFrame(edges, "component string, a string, b string, weight long")
    found = {row.id: row.community for row in communities(frame, resolution=2.0, seed=7, reunite=0.4).collect()}
    assert {name: {i[0] for i, of in found.items() if of == name} for name in found.values()} == {
        "a00": {"a"},
        "b00": {"b"},
        "b20": {"b"},
    }
    assert sorted(found.values()).count("b00") == 20


HOWS: dict[str, dict[str, int]] = {
    "on the driver": {"driver_edges": 10_000},
    "by wedges": {},
    "and the crowd by bits": {"crowded": 6},
    "all by bits": {"crowded": 0},
    "of the highest only": {"crowded": 6, "crowd": 20},
    "in blocks": {"crowded": 6, "rows": 8 * 20, "each": 10**6},
    "in blocks and parts": {"crowded": 0, "rows": 8 * 3 * 60, "each": 70},
}


@pytest.mark.parametrize("how", HOWS.values(), ids=HOWS.keys())
def test_truss_counts_are_exact(spark: SparkSession, how: dict[str, int]) -> None:
    graph = nx.barabasi_albert_graph(150, 5, seed=4)
    edges = [*graph.edges, (0, 0), *((b, a) for a, b in list(graph.edges)[::4])]
    rows = spark.createDataFrame([(f"{a:03}", f"{b:03}") for a, b in edges], "a string, b string")
    found = truss(rows, **how).collect()
    assert {(int(row["a"]), int(row["b"])): row["triangles"] for row in found} == closed(edges)
    assert len(found) == graph.number_of_edges()


def test_dense_groups(spark: SparkSession) -> None:
    """Two cliques of seven with a bridge are two groups.

    A ring closes no triangle, a clique of four is small, a long strip is thin.
    """
    strip = [(100 + i, 100 + j) for i in range(40) for j in range(i + 1, min(i + 4, 40))]
    ring = [(200 + i, 200 + (i + 1) % 9) for i in range(9)]
    small = [(300 + i, 300 + j) for i in range(4) for j in range(i)]
    rows = [(f"c{u // 50}", f"{u:03}", f"{v:03}") for u, v in cliques(2, 7) + strip + ring + small]
    random.Random(3).shuffle(rows)
    edges = spark.createDataFrame(rows, "component string, a string, b string").repartition(3)
    found = dense_groups(edges, triangles_each=2, density=0.9, fewest=5, seed=7, reunite=0.4).collect()
    assert {(r.id, r.community) for r in found} == {(f"{v:03}", f"{v // 7 * 7:03}") for v in range(14)}


@pytest.mark.parametrize("tied", [10, 9], ids=["most of its users are linked", "too few are"])
def test_a_template_of_many_joins_the_groups_that_links_tie(spark: SparkSession, tied: int) -> None:
    """Sixteen of forty accounts fill one template.

    The platform's own, unless links tie three in five of them to others.
    """
    everybody = [f"a{i:02}" for i in range(40)]
    linked = [everybody[:5], everybody[5:tied]]
    ends = [(a, b) for group in linked for i, a in enumerate(group) for b in group[i + 1 :]]
    template = {
        "channel": "head8",
        "value_hash": 1,
        "n": 10,
        "distinct_prompts": 10,
        "is_qualifying": True,
        "n_owners": 16,
        "n_qualifying_owners": 16,
    }
    made = transform(
        rows(
            spark,
            "graph.links",
            [{"account_a": a, "account_b": b, "bits": 20_000, "verdict_id": None} for a, b in ends],
        ),
        rows(spark, "graph.components", [{"account_id": a, "component": group[0]} for group in linked for a in group]),
        rows(spark, "pairs.content", []),
        rows(spark, "features.account_values", [template | {"account_id": a, "owner_id": a} for a in everybody[:16]]),
        rows(
            spark,
            "features.account_profiles",
            [{"account_id": a, "n_exchanges": 2_000, "n_sampled": 20, "n_later_turns": 900} for a in everybody],
        ),
        population(spark, everybody),
        rows(
            spark, "features.account_behaviour", [{"account_id": a, "volume": 20.0, "talks": True} for a in everybody]
        ),
        RUN,
    ).collect()
    found: dict[str, set[str]] = {}
    for row in made:
        found.setdefault(f"{row.community} {row.origin}", set()).add(row.account_id)
    expected = [set(everybody[:16])] if tied == 10 else [set(group) for group in linked]
    assert sorted(map(sorted, found.values())) == sorted(map(sorted, expected))
    assert {name.split()[1] for name in found} == {"both" if tied == 10 else "links"}


USED: dict[str, object] = {
    "channel": "head8", "value_hash": 1, "n": 10, "distinct_prompts": 10, "is_qualifying": True,
    "n_owners": 20, "n_qualifying_owners": 20,
}  # fmt: skip


@pytest.mark.parametrize("own", [True, False], ids=["each with a template of its own", "one template for all"])
def test_a_fragment_of_the_questions_does_not_join_two_operators(spark: SparkSession, own: bool) -> None:
    """Two groups of links, all of whom send one text fragment in half of their traffic.

    One operation, unless each lives by its own template.
    """
    everybody = [f"a{i:03}" for i in range(400)]
    groups = [everybody[:10], everybody[10:20]]
    ends = [(a, b) for group in groups for i, a in enumerate(group) for b in group[i + 1 :]]
    templates = [
        USED | {"value_hash": 2 + g, "n_owners": 10, "n_qualifying_owners": 10, "account_id": a}
        for g, group in enumerate(groups)
        for a in group
    ]
    made = transform(
        rows(
            spark,
            "graph.links",
            [{"account_a": a, "account_b": b, "bits": 20_000, "verdict_id": None} for a, b in ends],
        ),
        rows(spark, "graph.components", [{"account_id": a, "component": group[0]} for group in groups for a in group]),
        rows(spark, "pairs.content", []),
        rows(
            spark,
            "features.account_values",
            [USED | {"account_id": a} for a in everybody[:20]] + (templates if own else []),
        ),
        rows(
            spark,
            "features.account_profiles",
            [{"account_id": a, "n_exchanges": 2_000, "n_sampled": 20, "n_later_turns": 900} for a in everybody],
        ),
        population(spark, everybody),
        rows(
            spark, "features.account_behaviour", [{"account_id": a, "volume": 20.0, "talks": True} for a in everybody]
        ),
        RUN,
    ).collect()
    found = {row.account_id: row.community for row in made}
    assert sorted(found) == everybody[:20]
    assert [len({found[a] for a in group}) for group in groups] == [1, 1]
    assert len(set(found.values())) == (2 if own else 1)


@pytest.mark.parametrize(("carried", "whole"), [(3, True), (8, False)], ids=["a text fragment", "a template of theirs"])
def test_a_fragment_that_a_group_shares_with_people_does_not_bring_them_in(
    spark: SparkSession, carried: int, whole: bool
) -> None:
    """Twenty live by a template and, with twenty who do not, send a text fragment.

    Less than half as often it is what people ask.
    """
    everybody = [f"a{i:03}" for i in range(400)]
    fragment = USED | {"channel": "tail4", "n": carried, "n_owners": 40, "n_qualifying_owners": 40}
    sent = [{"account_id": a, "n_exchanges": 20, "n_sampled": 20, "n_later_turns": 9} for a in everybody]
    made = transform(
        rows(spark, "graph.links", []),
        rows(spark, "graph.components", []),
        rows(spark, "pairs.content", []),
        rows(
            spark,
            "features.account_values",
            [USED | {"account_id": a} for a in everybody[:20]] + [fragment | {"account_id": a} for a in everybody[:40]],
        ),
        rows(spark, "features.account_profiles", sent),
        population(spark, everybody),
        rows(
            spark, "features.account_behaviour", [{"account_id": a, "volume": 20.0, "talks": True} for a in everybody]
        ),
        RUN,
    ).collect()
    assert sorted(r.account_id for r in made) == everybody[: 20 if whole else 40]
    assert len({r.community for r in made}) == 1


def test_a_group_of_one_subject_may_have_a_thousand_accounts(spark: SparkSession) -> None:
    """Each keeps 48 of its 999 like.

    How many pairs of a group are of one subject is told from vectors, not from what was kept.
    """
    rng, everybody = np.random.default_rng(4), [f"a{i:05}" for i in range(18_000)]
    group, subject = everybody[:1_000], rng.normal(size=DIMENSIONS) / np.sqrt(DIMENSIONS)
    vectors = rng.normal(size=(len(everybody), DIMENSIONS)) / np.sqrt(DIMENSIONS)
    vectors[: len(group)] = subject + 1.2 * vectors[: len(group)]
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    columns = {
        "account_id": pa.array(everybody),
        "vector": pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), DIMENSIONS).cast(pa.list_(pa.float32())),
        **{name: pa.array([n] * len(everybody), pa.int64()) for name, n in PROGRAM.items()},
    }
    profiles = spark.createDataFrame(pa.table(columns)).localCheckpoint()
    keyed = spark.createDataFrame(
        pa.table(
            {
                "account_id": columns["account_id"],
                "account_key": pa.array(range(len(everybody)), pa.int64()),
                "owner_id": columns["account_id"],
                **{name: pa.array([True] * len(everybody)) for name in ("is_background", "is_first_of_owner")},
            }
        )
    ).localCheckpoint()
    driven = profiles.select("account_id", F.lit(False).alias("talks"), F.lit(100.0).alias("volume"))
    near = content.transform(profiles, keyed, RUN).localCheckpoint()
    inside = near.where(f"key_a < {len(group)} and key_b < {len(group)}").count()
    assert inside < DEFAULT.graph.content_density * len(group) * (len(group) - 1) / 2, (
        "of the group's pairs, few are kept"
    )
    nothing = [rows(spark, name, []) for name in ("graph.links", "graph.components", "features.account_values")]
    made = transform(nothing[0], nothing[1], near, nothing[2], profiles, keyed, driven, RUN).collect()
    assert len({r.community for r in made}) == 1
    assert {r.origin for r in made} == {"content"}
    assert len({r.account_id for r in made} & set(group)) >= 0.99 * len(group)
    assert len(made) < 1.2 * len(group), "some strangers are near by chance: the group's profile judges them next"
