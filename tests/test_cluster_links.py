"""gold.cluster_links: of each member the strongest pairs, links first, with all that is known of them."""

from dataclasses import replace
from string import ascii_lowercase
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from rows import DAY, population, rows

from iolaus.gold.cluster_links import transform
from iolaus.settings import DEFAULT, Key, Run, Scoring

TABLES = ("infrastructure", "templates", "content", "synchrony", "cohort")
OF = {"card": "infrastructure", "address": "infrastructure", "head8": "templates", "cohort": "cohort"}
Pairs = dict[str, dict[str, int]]


def shown(
    spark: SparkSession, most: int, clusters: dict[str, str], links: dict[str, int], pairs: Pairs, cleared: str = ""
) -> list[Any]:
    """Rows of the table, of at most so many pairs an account.

    Pairs are two letters each, clusters strings of letters.
    """

    def of(name: str) -> DataFrame:
        told = [
            {"key_a": ord(p[0]) - ord("a"), "key_b": ord(p[1]) - ord("a"), "channel": c, "bits": n}
            for p, cs in pairs.items()
            for c, n in cs.items()
            if OF[c] == name
        ]
        return rows(spark, f"pairs.{name}", told)

    linked = [
        {
            "key_a": ord(p[0]) - ord("a"),
            "key_b": ord(p[1]) - ord("a"),
            "bits": n,
            "verdict_id": "v" if p == cleared else None,
        }
        for p, n in links.items()
    ]
    made = transform(
        rows(
            spark,
            "scoring.clusters",
            [{"cluster_id": c, "confidence": "low" if c == "hc_low" else "high"} for c in clusters],
        ),
        rows(
            spark,
            "graph.clusters",
            [{"cluster_id": c, "account_id": a} for c, members in clusters.items() for a in members],
        ),
        rows(spark, "graph.links", linked),
        *(of(name) for name in TABLES),
        population(spark, ascii_lowercase),
        Run(DAY, replace(DEFAULT, scoring=replace(Scoring(), links_shown=most)), Key(b"k"), "run 1"),
    ).collect()
    return sorted((r.cluster_id, r.account_a + r.account_b, r.channel, r.bits) for r in made)


def test_links_come_first_and_others_where_links_are_few(spark: SparkSession) -> None:
    pairs = {
        "ab": {"card": 2_000, "cohort": 2_500},
        "ac": {"card": 9_000, "address": 9_000},
        "bc": {"address": 1_500},
        "cd": {"head8": 1_000},
    }
    made = shown(spark, 1, {"hc_1": "abcd"}, {"ab": 4_500}, pairs)
    # a and b have a link; c and d have none: of their other pairs the strongest stands, c's being with a.
    assert made == [
        ("hc_1", "ab", "card", 2.0),
        ("hc_1", "ab", "cohort", 2.5),
        ("hc_1", "ac", "address", 9.0),
        ("hc_1", "ac", "card", 9.0),
        ("hc_1", "cd", "head8", 1.0),
    ]


def test_of_many_links_the_strongest_of_each_end(spark: SparkSession) -> None:
    bits = {"ab": 5_000, "ac": 4_000, "ad": 3_000, "bc": 2_000, "bd": 1_000, "cd": 1_000}
    made = shown(spark, 1, {"hc_1": "abcd"}, bits, {p: {"card": n} for p, n in bits.items()})
    assert [pair for _, pair, _, _ in made] == ["ab", "ac", "ad"]


@pytest.mark.parametrize("cleared", ["", "ab"])
def test_a_link_that_an_analyst_cleared_is_no_link(spark: SparkSession, cleared: str) -> None:
    pairs = {"ab": {"card": 1_000}, "ac": {"card": 3_000}, "bc": {"card": 2_000}}
    made = shown(spark, 1, {"hc_1": "abc"}, {"ab": 1_000}, pairs, cleared)
    assert [pair for _, pair, _, _ in made] == (["ac", "bc"] if cleared else ["ab", "ac"])


def test_pairs_of_two_clusters_and_of_none_that_is_published_are_left_out(spark: SparkSession) -> None:
    pairs = {p: {"card": 1_000} for p in ("ab", "ac", "bc", "cd", "ef", "ax")}
    made = shown(spark, 20, {"hc_1": "ab", "hc_2": "cd", "hc_low": "ef"}, {"ac": 9_000, "ef": 9_000}, pairs)
    assert [(cluster, pair) for cluster, pair, _, _ in made] == [("hc_1", "ab"), ("hc_2", "cd")]
