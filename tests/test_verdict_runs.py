"""Verdicts through runs: given on the first day's result, respected by later days' runs."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from delta.tables import DeltaTable as SparkDelta
from deltalake import DeltaTable
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from runs import partitions, runner
from traffic import DAYS, RING, accounts, arrival, exchange, exchanges, write_lines

from iolaus import cli
from iolaus.export.report import write
from iolaus.pipeline import STAGES, VERDICTS, Grain, stage

TABLES = [s.table for s in STAGES]
READERS = [s.table for s in STAGES if VERDICTS in {r.table for r in s.reads}]


def rows(lake: Path, name: str, day: object = DAYS[1]) -> list[dict[str, Any]]:
    """A table's rows of a day, without Spark, in the order of their text; which run wrote them is left out."""
    found = DeltaTable(str(lake / name.replace(".", "/"))).to_pyarrow_table().to_pylist()
    return sorted(({k: v for k, v in r.items() if k != "run_id"} for r in found if r["run_date"] == day), key=repr)


def remake(spark: SparkSession, lake: Path, tables: list[str], day: Any = DAYS[1]) -> None:
    """The stages of those tables, for a day, from what the lake has."""
    with partitions(spark, 1):
        runner(spark, None, lake, gated=False).work([(day, [stage(name) for name in tables])])


def verdict(lake: Path, cluster: str, word: str, *more: str) -> None:
    """As an analyst gives it, on the first day's run, before the second's."""
    given = [
        "--by",
        "ana",
        "--why",
        "a course of mine",
        "--lake",
        str(lake),
        "--date",
        str(DAYS[0]),
        "--known-from",
        str(DAYS[1]),
    ]
    assert cli.main(["verdict", cluster, word, *given, *more]) == 0


def test_unsure_comes_back_with_what_changed_and_innocent_does_not(
    spark: SparkSession, lake: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "lake"
    shutil.copytree(lake, copy)
    cluster = rows(copy, "gold.suspect_clusters", DAYS[0])[0]["cluster_id"]
    before = {name: rows(copy, name, DAYS[0]) for name in READERS}

    verdict(copy, cluster, "unsure")
    remake(spark, copy, READERS, DAYS[0])
    assert {name: rows(copy, name, DAYS[0]) for name in READERS} == before, "on the first day nobody knew it"
    remake(spark, copy, ["scoring.clusters", "gold.suspect_cluster_members", "gold.suspect_clusters"])
    (found,) = rows(copy, "gold.suspect_clusters")
    assert (found["verdict"], found["verdict_by"], found["verdict_why"]) == ("unsure", "ana", "a course of mine")
    assert any(said.endswith(f"exchanges and now has {found['n_exchanges']:,}") for said in found["since_verdict"])
    assert {m["verdict"] for m in rows(copy, "gold.suspect_cluster_members")} == {"unsure"}

    verdict(copy, cluster, "innocent")
    remake(
        spark, copy, [name for name in TABLES[TABLES.index("graph.links") :] if not name.startswith("gold.cluster_")]
    )
    assert rows(copy, "gold.suspect_clusters") == []
    (listed,) = [c for c in rows(copy, "gold.watchlist") if c["verdict"]]
    assert (listed["verdict"], listed["confidence"], listed["n_accounts"]) == ("innocent", "low", RING)
    assert {x["verdict_id"] for x in rows(copy, "graph.links")} == {listed["verdict_id"]}, (
        "links are kept, with the verdict"
    )
    assert rows(copy, "graph.components") == []

    log = SparkDelta.forPath(spark, str(copy / "verdicts/given"))
    assert [r.verdict for r in log.toDF().orderBy("given_at").collect()] == ["unsure", "innocent"]
    with pytest.raises((PySparkException, Py4JJavaError), match="append"):
        log.delete()


def test_cleared_accounts_stay_out_of_the_cluster_and_keep_their_verdict(
    spark: SparkSession, lake: Path, tmp_path: Path
) -> None:
    """Nothing is new on the second day, so the two stay out; an analyst who doubts it later sees them again, judged."""
    copy = tmp_path / "lake"
    shutil.copytree(lake, copy)
    cluster = rows(copy, "gold.suspect_clusters", DAYS[0])[0]["cluster_id"]
    cleared = ["--account", "ring000", "--account", "ring001"]
    stages = ["graph.clusters", "gold.suspect_cluster_members", "gold.suspect_clusters"]
    verdict(copy, cluster, "innocent", *cleared)
    remake(spark, copy, stages)
    assert len(rows(copy, "gold.suspect_cluster_members")) == RING - 2
    verdict(copy, cluster, "unsure", *cleared)
    remake(spark, copy, stages)
    judged = [m for m in rows(copy, "gold.suspect_cluster_members") if m["verdict"]]
    today = datetime.now(UTC).date()
    assert [(m["account_id"], m["verdict"], m["verdict_by"], m["verdict_on"], m["verdict_why"]) for m in judged] == [
        (account, "unsure", "ana", today, "a course of mine") for account in cleared[1::2]
    ]


def test_a_verdict_is_followed_through_three_runs(
    spark: SparkSession, lake: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Published on the first day, cleared from the second on, confirmed from the third on, but for one account."""
    copy, third = tmp_path / "lake", DAYS[1] + timedelta(days=1)
    shutil.copytree(lake, copy)
    ranking = rows(copy, "gold.suspect_clusters", DAYS[0])
    (first,) = ranking
    cluster, ring = first["cluster_id"], {f"ring{i:03}" for i in range(RING)}
    assert first["verdict"] is None

    verdict(copy, cluster, "innocent")
    remake(
        spark, copy, [name for name in TABLES[TABLES.index("graph.links") :] if not name.startswith("gold.cluster_")]
    )
    assert rows(copy, "gold.suspect_cluster_members") == [], "on the second day nobody is accused"
    (watched,) = [c for c in rows(copy, "gold.watchlist") if c["verdict"]]
    assert (watched["cluster_id"], watched["verdict"], watched["verdict_by"]) == (cluster, "innocent", "ana")

    again = ["--by", "ben", "--why", "no such course", "--lake", str(copy), "--date", str(DAYS[0])]
    again += ["--known-from", str(third)]
    assert cli.main(["verdict", cluster, "confirmed", *again]) == 0
    assert cli.main(["verdict", cluster, "innocent", "--account", "ring000", *again]) == 0
    remake(spark, copy, [s.table for s in STAGES if s.grain is Grain.RUN], third)
    (last,) = rows(copy, "gold.suspect_clusters", third)
    assert (last["cluster_id"], last["verdict"], last["verdict_by"]) == (cluster, "confirmed", "ben")
    assert f"1 of its former {RING} accounts have left" in last["since_verdict"]
    members = {m["account_id"]: m["verdict"] for m in rows(copy, "gold.suspect_cluster_members", third)}
    assert members == dict.fromkeys(ring - {"ring000"}, "confirmed"), (
        "an account's own verdict goes before its cluster's"
    )
    assert rows(copy, "gold.suspect_clusters", DAYS[0]) == ranking, "what was published stays as it was"

    page = write(str(copy), tmp_path / "report", third).parent / "cases" / f"{cluster}.html"
    assert "<strong>Confirmed</strong>, says ben" in page.read_text(encoding="utf-8")
    capsys.readouterr()
    assert cli.main(["account", "ring000", "--lake", str(copy)]) == 0
    said = capsys.readouterr().out
    assert "Cleared by ben" in said
    assert [word in said for word in ("innocent", "confirmed")] == [True, True], "every verdict is told"


SUCCESSORS_TEMPLATE = "Grade this answer from one to ten and justify the grade point by point.\n{}"
ESSAYS = (
    "treaty empire senate monarch decree province dynasty revolt census legion harvest plague canal guild abbey charter"
)


def successors_landing(root: Path, landing: Path) -> Path:
    """The landing, but the ring was banned after the first day.

    Others with its cards and addresses do other work.
    """
    shutil.copytree(landing, root)
    random, start = Random(7), datetime.combine(DAYS[1], datetime.min.time(), UTC)
    gone = {
        e["exchange_id"]
        for e in exchanges()
        if e["account_id"].startswith("ring") and e["requested_at"][:10] == str(DAYS[1])
    }
    kept = [e for e in exchanges() if arrival(e) == DAYS[1] and e["exchange_id"] not in gone]
    new = [
        exchange(
            900_000 + n,
            f"successor{n % RING:03}",
            start + timedelta(seconds=86_400 * (n + random.random()) / (RING * 12)),
            SUCCESSORS_TEMPLATE.format(" ".join(random.choices(ESSAYS.split(), k=9)) + f" {random.randint(2, 999)}"),
            ring=True,
        )
        for n in range(RING * 12)
    ]
    write_lines(root / "exchanges" / f"dt={DAYS[1]}" / "part-0.jsonl.gz", [*kept, *new])
    known = list(accounts())
    banned = (start - timedelta(minutes=1)).isoformat()
    ring = [a | {"banned_at": banned, "status": "banned"} for a in known if a["account_id"].startswith("ring")]
    made = (start + timedelta(minutes=5)).isoformat()
    successors = [
        a
        | {
            "account_id": a["account_id"].replace("ring", "successor"),
            "created_at": made,
            "banned_at": None,
            "status": "active",
        }
        for a in ring
    ]
    write_lines(
        root / "accounts.jsonl", [*(a for a in known if not a["account_id"].startswith("ring")), *ring, *successors]
    )
    return root


def test_successors_of_a_confirmed_cluster_go_by_its_id(
    spark: SparkSession, landing: Path, lake: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "lake"
    shutil.copytree(lake, copy)
    cluster = rows(copy, "gold.suspect_clusters", DAYS[0])[0]["cluster_id"]
    before_scoring = [s for s in STAGES if s.layer not in {"scoring", "gold"}]
    with partitions(spark, 1):
        runner(spark, successors_landing(tmp_path / "landing", landing), copy, gated=False).work(
            [(DAYS[1], before_scoring)]
        )

    def successors() -> set[tuple[str, str]]:
        found = rows(copy, "graph.clusters")
        assert {m["account_id"] for m in found} >= {f"successor{i:03}" for i in range(RING)}
        return {(m["cluster_id"], m["event"]) for m in found if m["account_id"].startswith("successor")}

    ((other, event),) = successors()
    assert (other != cluster, event) == (True, "born"), "accounts alone cannot tell"
    verdict(copy, cluster, "confirmed")
    remake(spark, copy, ["graph.clusters"])
    assert successors() == {(cluster, "successor")}
