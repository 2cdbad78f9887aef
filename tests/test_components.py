"""Components: both ways agree with networkx, and the rounds on Spark are logarithmic."""

import networkx as nx
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession

from iolaus.graphs.components import connected_components, driver_components, label_components, spark_components

Edges = list[tuple[str, str]]


def oracle(edges: Edges) -> dict[str, str]:
    return {member: min(part) for part in nx.connected_components(nx.Graph(edges)) for member in part}


def frame(spark: SparkSession, edges: Edges) -> DataFrame:
    return spark.createDataFrame(edges, "a string, b string")


def labels(found: DataFrame) -> dict[str, str]:
    rows = found.select("id", "component").collect()
    result = {row["id"]: row["component"] for row in rows}
    assert len(rows) == len(result), "one row a vertex"
    return result


def planted(seed: int) -> Edges:
    """Random graphs of 40 vertices that do not touch, with loops, repeated edges and both directions."""
    edges: Edges = []
    for part in range(6):
        graph = nx.gnm_random_graph(40, 30 + 10 * part, seed=seed + part)
        edges += [(f"{part}é{u}", f"{part}é{v}") for u, v in graph.edges]
    return edges + [(b, a) for a, b in edges[::3]] + edges[::5] + [("alone", "alone"), edges[0][:1] * 2]


STAR: Edges = [("m", f"leaf{i:03}") for i in range(100)]
CYCLE: Edges = [(f"v{i}", f"v{(i + 1) % 30}") for i in range(30)]
BYTES: Edges = [("\U0001f40d", "\ufffd"), ("z", "é"), ("Z", "a")]  # the order of UTF-8 is not that of UTF-16

ids = st.text("ab\ufffd\U0001f40d", min_size=1, max_size=2)
pairs = st.lists(st.tuples(ids, ids), max_size=25)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(pairs)
def test_labels_on_arrays_are_those_of_networkx(edges: Edges) -> None:
    a, b = (pa.chunked_array([[pair[side] for pair in edges]], pa.string()) for side in (0, 1))
    table = label_components(a, b)
    assert dict(zip(table["id"].to_pylist(), table["component"].to_pylist(), strict=True)) == oracle(edges)


@pytest.mark.parametrize(
    "edges", [planted(1) + STAR + CYCLE + BYTES, [("x", "x")], []], ids=["graphs", "loop", "empty"]
)
def test_both_ways_give_the_labels_of_networkx(spark: SparkSession, edges: Edges) -> None:
    rows = frame(spark, edges)
    assert labels(driver_components(rows)) == oracle(edges)
    assert labels(spark_components(rows)) == oracle(edges)


def test_rounds_on_a_path_are_logarithmic(spark: SparkSession) -> None:
    path = [(f"{i:05}", f"{i + 1:05}") for i in range(4_095)]
    rounds: list[int] = []
    found = spark_components(frame(spark, path), on_round=lambda _, left: rounds.append(left))
    assert set(labels(found).values()) == {"00000"}
    assert len(rounds) <= 24, "twice the binary logarithm"
    assert rounds == sorted(rounds, reverse=True)
    assert rounds[-1] == 0


def test_the_driver_may_finish_what_spark_began(spark: SparkSession) -> None:
    edges, rounds = planted(9), list[int]()
    found = spark_components(frame(spark, edges), finish_edges=60, on_round=lambda _, left: rounds.append(left))
    assert labels(found) == oracle(edges)
    assert 0 < rounds[-1] <= 60
    assert labels(connected_components(frame(spark, edges), driver_edges=100)) == oracle(edges)
