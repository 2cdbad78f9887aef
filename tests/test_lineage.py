"""Cluster ids: kept, born, split and merged; one successor an id; the same again on a rerun."""

from hashlib import sha256

from pyspark.sql import SparkSession

from iolaus.graphs.lineage import carry

Groups = dict[str, list[str]]
Lives = dict[str, tuple[str, str, list[str]]]
DAY = "2026-03-01"


def accounts(prefix: str, count: int, start: int = 0) -> list[str]:
    return [f"{prefix}{i:02}" for i in range(start, start + count)]


def new_id(smallest: str) -> str:
    return "hc_" + sha2(f"{smallest}|{DAY}")[:12]


def sha2(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def lives(spark: SparkSession, previous: Groups, current: Groups, **options: float) -> Lives:
    """{community: (cluster_id, event, parents)}."""
    before = spark.createDataFrame(
        [(k, m) for k, group in previous.items() for m in group], "cluster_id string, account_id string"
    )
    after = spark.createDataFrame(
        [(k, m) for k, group in current.items() for m in group], "community string, account_id string"
    )
    rows = carry(before, after.union(after), born_on=DAY, **options).collect()
    assert len(rows) == len(current)
    assert len({row["cluster_id"] for row in rows}) == len(rows)
    return {row["community"]: (row["cluster_id"], row["event"], row["parents"]) for row in rows}


def test_every_event_of_a_day(spark: SparkSession) -> None:
    a, b, c, d, e, f = (accounts(letter, 20) for letter in "abcdef")
    previous = {"hc_a": a, "hc_b": b, "hc_c": c, "hc_d": d[:3], "hc_e": e, "hc_f": f}
    current = {
        "halved": [*a[10:], *accounts("n", 15)],  # half banned, more came in their place
        "most": b[:12],
        "rest": b[12:],
        "both": [*c[:-1], *d[:3]],  # a big cluster swallows a tiny one, whole, and loses a member
        "replaced": accounts("q", 20),  # every account of e replaced
        "brushed": [*f[:5], *accounts("r", 20)],  # 5 of 20 is below the threshold
    }
    assert lives(spark, previous, current) == {
        "halved": ("hc_a", "kept", ["hc_a"]),
        "most": ("hc_b", "kept", ["hc_b"]),
        "rest": (new_id("b12"), "split", ["hc_b"]),
        "both": ("hc_c", "merged", ["hc_c", "hc_d"]),
        "replaced": (new_id("q00"), "born", []),
        "brushed": (new_id("f00"), "born", []),
    }


def test_an_equal_split_goes_to_the_smaller_label_and_the_loser_takes_its_second_choice(spark: SparkSession) -> None:
    a, b = accounts("a", 20), accounts("b", 4)
    found = lives(spark, {"hc_a": a, "hc_b": b}, {"x": a[:10], "y": [*a[10:], *b]})
    assert found == {"x": ("hc_a", "kept", ["hc_a"]), "y": ("hc_b", "merged", ["hc_a", "hc_b"])}


def test_a_rerun_is_the_same_and_the_next_run_keeps_every_id(spark: SparkSession) -> None:
    previous: Groups = {}  # the first run of all
    current = {"x": accounts("x", 5), "y": accounts("y", 5)}
    first = lives(spark, previous, current)
    assert first == lives(spark, previous, dict(reversed(current.items())))
    after = lives(spark, {first[name][0]: members for name, members in current.items()}, current)
    assert {name: (life[0], life[1]) for name, life in after.items()} == {
        name: (life[0], "kept") for name, life in first.items()
    }


def test_a_new_id_never_meets_another(spark: SparkSession) -> None:
    taken = new_id("x00")
    found = lives(spark, {taken: accounts("a", 5)}, {"x": accounts("x", 5), "y": accounts("y", 5), "z": ["y00", "z"]})
    assert found["x"][0] == "hc_" + sha2(f"x00|{DAY}|x")
    assert found["y"][0] == new_id("y00")
    assert found["z"][0] == "hc_" + sha2(f"y00|{DAY}|z")
