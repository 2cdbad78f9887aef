"""The whole pipeline on a small landing: what it finds, and that the result depends on the data alone."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import polars as pl
import pytest
from delta.tables import DeltaTable as SparkDelta
from deltalake import DeltaTable
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from benchmarks.chance import random_groups, shuffled_links
from iolaus import cli
from iolaus.errors import GateError
from iolaus.export.gold import Gold
from iolaus.gold import suspect_clusters
from iolaus.model.synchronised_activity import synchronised_activity
from iolaus.pipeline import STAGES, Grain, stage
from iolaus.runtime.gates.records import Records
from iolaus.runtime.runner import Runner
from iolaus.runtime.scheduler import schedule
from iolaus.schemas.landing import EXCHANGE
from iolaus.schemas.table import table
from iolaus.settings import DEFAULT, Key, Run
from iolaus.version import code_version
from tests.runs import KEY, partitions, runner
from tests.test_notebooks import PLOTS, execute_all
from tests.traffic import DAYS, RING, exchanges, is_late, write_landing

GOLD = (
    "suspect_clusters",
    "suspect_cluster_members",
    "cluster_evidence",
    "cluster_links",
    "cluster_templates",
    "cluster_origins",
    "cluster_timeline",
    "watchlist",
)


def digest(spark: SparkSession, lake: Path, name: str, day: date | None = None) -> tuple[int, int]:
    """How many rows a table has (of a day) and the sum of their hashes: equal for equal rows in any order.

    Left out are `source_file`, `n_copies` and `run_id`: in how many files and how often exchanges were delivered, and
    by which run a row was written, is no part of a result.
    """
    frame = spark.read.format("delta").load(str(lake / name.replace(".", "/")))
    frame = frame.drop("source_file", "n_copies", "run_id")
    when = table(name).date
    if day is not None and when:
        frame = frame.where(F.col(when) == F.lit(day))
    row = (
        frame.select(F.xxhash64(F.to_json(F.struct(*sorted(frame.columns)))).cast("decimal(38,0)").alias("h"))
        .agg(F.count("h"), F.sum("h"))
        .first()
    )
    assert row is not None
    return row[0], int(row[1] or 0)


def digests(spark: SparkSession, lake: Path, day: date | None = None) -> dict[str, tuple[int, int]]:
    """The digest of every table."""
    return {made.table: digest(spark, lake, made.table, day) for made in STAGES}


def test_the_ring_is_published_and_nobody_else(lake: Path) -> None:
    clusters = DeltaTable(str(lake / "gold/suspect_clusters")).to_pyarrow_table().to_pylist()
    members = DeltaTable(str(lake / "gold/suspect_cluster_members")).to_pyarrow_table().to_pylist()
    for day in DAYS:
        assert [c["rank"] for c in clusters if c["run_date"] == day] == [1]
        assert sorted(m["account_id"] for m in members if m["run_date"] == day) == [f"ring{i:03}" for i in range(RING)]
    assert len({c["cluster_id"] for c in clusters}) == 1, "the same operation keeps its id"
    assert {c["first_flagged"] for c in clusters} == {DAYS[0]}
    last = next(c for c in clusters if c["run_date"] == DAYS[1])
    assert last["n_exchanges"] == sum(1 for e in exchanges() if e["account_id"].startswith("ring"))
    assert "reasoning" in last["target"]
    assert all(m["reasons"] and m["distillation_share"] == 1.0 for m in members)


def test_links_and_evidence_stand_for_their_cluster(lake: Path) -> None:
    links = DeltaTable(str(lake / "gold/cluster_links")).to_pyarrow_table().to_pylist()
    evidence = DeltaTable(str(lake / "gold/cluster_evidence")).to_pyarrow_table().to_pylist()
    assert links
    assert all(link["account_a"] < link["account_b"] and link["bits"] > 0 for link in links)
    assert {"card", "address", "cohort"} <= {link["channel"] for link in links}
    assert {"coordination", "automation", "extraction"} <= {piece["kind"] for piece in evidence}
    pieces = [piece for piece in evidence if piece["kind"] != "judgement"]
    assert all((piece["bits"] > 0) == (piece["kind"] != "innocent") and piece["description"] for piece in pieces)
    assert {piece["channel"] for piece in evidence if piece["kind"] == "judgement"} >= {
        "judgement:prior",
        "judgement:people",
    }


def test_a_query_over_the_evidence_gives_every_score(lake: Path) -> None:
    """Of the pieces of one kind and part the best counts; a score and its kinds are the sums."""
    connection = duckdb.connect()
    for name in ("suspect_clusters", "watchlist", "cluster_evidence"):
        connection.register(name, DeltaTable(str(lake / "gold" / name)).to_pyarrow_table())
    wrong = connection.execute("""
        with listed as (from suspect_clusters union all by name from watchlist),
        facts as (select run_date, cluster_id, kind, part, max(bits) bits from cluster_evidence
                  where kind <> 'judgement' group by all),
        sums as (select run_date, cluster_id, sum(bits) score, sum(bits) filter (kind = 'coordination') coordination,
                 sum(bits) filter (kind = 'extraction') extraction,
                 sum(bits) filter (kind = 'policy_signals') policy_signals
                 from facts group by all)
        from listed l left join sums s using (run_date, cluster_id)
        select l.cluster_id where abs(l.score - coalesce(s.score, 0)) > 1e-6
            or abs(l.coordination - coalesce(s.coordination, 0)) > 1e-6
            or abs(l.extraction - coalesce(s.extraction, 0)) > 1e-6
            or abs(l.policy_signals - coalesce(s.policy_signals, 0)) > 1e-6
    """).fetchall()
    assert wrong == []
    apart = connection.execute("""
        with listed as (from suspect_clusters union all by name from watchlist)
        select l.cluster_id from listed l join cluster_evidence e using (run_date, cluster_id)
        where e.kind = 'judgement'
        group by l.run_date, l.cluster_id, l.margin_bits having abs(sum(e.bits) - l.margin_bits) > 0.02
    """).fetchall()
    assert apart == [], "a case's facts give its margin again"
    assert connection.execute("select count(*) from suspect_clusters where len(explanations) >= 4").fetchone() == (
        len(DAYS),
    )


def test_chance_makes_few_links(spark: SparkSession, lake: Path) -> None:
    """With every fact dealt anew among accounts, pairs stay within half a link an account, and close no triangles."""
    names = ("features.account_values", "features.account_profiles", "silver.accounts", "features.population")
    day = [
        spark.read.format("delta")
        .load(str(lake / n.replace(".", "/")))
        .where(F.col("run_date") == F.lit(DAYS[1]))
        .drop("run_date")
        for n in names
    ]
    shared_values, profiles, accounts, population = (frame.localCheckpoint() for frame in day)
    links = shuffled_links(
        shared_values, profiles, accounts, population, Run(DAYS[1], DEFAULT, Key(KEY.encode())), seed=1
    )
    assert links.count() <= profiles.count() // 2
    assert links.where(F.col("triangles") >= DEFAULT.graph.triangles).count() == 0
    assert digest(spark, lake, "graph.links", DAYS[1])[0] >= RING * (RING - 1) // 4, (
        "as they were dealt, half the ring's pairs and more are links"
    )
    clusters = spark.read.format("delta").load(str(lake / "graph/clusters")).where(F.col("run_date") == F.lit(DAYS[1]))
    groups = random_groups(profiles, clusters, 5, seed=1).localCheckpoint()
    permuted = Counter(row.cluster_id for row in groups.collect())
    assert set(permuted.values()) == {5}
    assert len(permuted) == (profiles.count() - clusters.count()) // 5
    assert groups.join(clusters, "account_id").count() == 0
    assert synchronised_activity(groups, profiles, DEFAULT.scoring).count() < len(permuted) / 8, (
        "a day shows it by chance once in 64"
    )


def test_gold_is_read_without_spark(spark: SparkSession, lake: Path) -> None:
    connection = duckdb.connect()
    for name in GOLD:
        path = lake / "gold" / name
        expected = spark.read.format("delta").load(str(path)).count()
        found = DeltaTable(str(path))
        assert found.protocol().min_reader_version == 1
        assert found.to_pyarrow_table().num_rows == expected
        assert pl.read_delta(str(path)).height == expected
        # DuckDB's own Delta reader is an extension that must be downloaded; over Arrow it needs none.
        rows = connection.from_arrow(found.to_pyarrow_table()).aggregate("count(*)").fetchall()
        assert rows == [(expected,)]


def test_every_column_of_every_table_has_its_comment_in_the_lake(spark: SparkSession, lake: Path) -> None:
    for made in STAGES:
        stored = spark.read.format("delta").load(str(lake / made.table.replace(".", "/"))).schema
        for field in table(made.table).columns:
            assert stored[field.name].metadata.get("comment") == field.metadata["comment"], (made.table, field.name)


def test_the_result_depends_on_the_data_alone(spark: SparkSession, lake: Path, tmp_path: Path) -> None:
    """The same lines in other files, another order and other partitions, a day at a time, one file late: the same rows.

    Without the late file there are others; when it has come, also once more under another name, a rerun of the days it
    touches equals having had it in time.
    """
    shuffled, made = write_landing(tmp_path / "landing", files=3, order=Random(5)), tmp_path / "lake"
    late = shuffled / "exchanges" / f"dt={DAYS[1]}" / "part-1.jsonl.gz"
    late.rename(tmp_path / late.name)
    for number, day in ((3, DAYS[0]), (1, DAYS[1])):
        with partitions(spark, number):
            runner(spark, shuffled, made, gated=False).run([day])
    assert digest(spark, made, "silver.exchanges") != digest(spark, lake, "silver.exchanges"), (
        "what is missing is missed"
    )
    for name in (late.name, f"again-{late.name}"):
        shutil.copy(tmp_path / late.name, late.with_name(name))
    with partitions(spark, 1):
        runner(spark, shuffled, made, gated=False).run([DAYS[1]])
    after, expected = digests(spark, made), digests(spark, lake)
    assert after.pop("bronze.exchanges")[0] > expected.pop("bronze.exchanges")[0], (
        "bronze keeps every line as often as it arrived"
    )
    assert digest(spark, made, "bronze.exchanges", DAYS[0]) == digest(spark, lake, "bronze.exchanges", DAYS[0])
    assert after == expected


def test_a_first_load_sketches_what_a_run_of_each_day_does(
    spark: SparkSession, landing: Path, lake: Path, tmp_path: Path
) -> None:
    """What arrives on a day is the same rows whether days are searched one by one or the last alone."""
    planned = [(day, [s for s in stages if s.grain is not Grain.RUN]) for day, stages in schedule(DAYS, last_only=True)]
    made = tmp_path / "lake"
    runner(spark, landing, made, gated=False).work(planned)
    for name in ("bronze.exchanges", "quality.quarantine", "silver.exchanges", "features.account_days"):
        assert digest(spark, made, name) == digest(spark, lake, name), name
    written = Counter((row["table_name"], row["made_date"]) for row in recorded(made, "runs"))
    assert {written["features.account_days", day] for day in DAYS} == {1}, "each day once"


def test_required_fields_alone_are_enough(spark: SparkSession, tmp_path: Path) -> None:
    """A platform without addresses, payments, tokens and accounts: silent signals, no error."""
    required = tuple(f.name for f in EXCHANGE if not f.nullable)
    bare = write_landing(tmp_path / "landing", fields=required, with_accounts=False)
    made = runner(spark, bare, tmp_path / "lake")
    with partitions(spark, 1):
        made.run([DAYS[0]])
    assert made.counts(DAYS[0])["accounts"] == len({e["account_id"] for e in exchanges() if not is_late(e)})
    groups = spark.read.format("delta").load(str(tmp_path / "lake/graph/clusters")).collect()
    assert {g["account_id"] for g in groups} == {f"ring{i:03}" for i in range(RING)}, (
        "the template alone still makes a group"
    )


def _kill_while(arguments: list[str], begun: Path) -> int:
    """Start the command, wait until it has begun to write its table, and kill it and its JVM at once."""
    environment = os.environ | {"IOLAUS_HMAC_KEY": KEY}
    before = set(begun.rglob("*"))
    process = subprocess.Popen(
        [sys.executable, "-m", "iolaus", *arguments], env=environment, start_new_session=True, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline and set(begun.rglob("*")) <= before:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    return process.wait()


def test_killed_in_a_layer_and_run_again(spark: SparkSession, landing: Path, lake: Path, tmp_path: Path) -> None:
    """A stage killed while it writes leaves its table whole; run again, it ends in the same rows.

    In every stage: make fault-test.
    """
    killed, day = ("silver.exchanges", "graph.clusters", "gold.suspect_cluster_members"), DAYS[1]
    emptied = {}
    for name in killed:
        shutil.copytree(lake, tmp_path / name)
        SparkDelta.forPath(spark, str(tmp_path / name / name.replace(".", "/"))).delete(
            F.col(str(table(name).date)) == F.lit(day)
        )
        emptied[name] = digest(spark, tmp_path / name, name)

    def kill(name: str) -> int:
        at = ["--lake", str(tmp_path / name), "--landing", str(landing)]
        return _kill_while(["job", name, "--date", str(day), *at], tmp_path / name / name.replace(".", "/"))

    with ThreadPoolExecutor(len(killed)) as pool:
        assert set(pool.map(kill, killed)) == {-signal.SIGKILL}
    for name in killed:
        expected = digest(spark, lake, name)
        assert expected != emptied[name]
        assert digest(spark, tmp_path / name, name) in (expected, emptied[name]), "all of the day's rows or none"
        runner(spark, landing, tmp_path / name).run_stage(stage(name), day)
        assert digest(spark, tmp_path / name, name) == expected
    Gold(str(tmp_path / killed[-1])).must_be_of_one_run(day)  # made alone, it is of the run that scored it


def test_a_day_made_layer_by_layer_is_the_day_of_one_run(
    spark: SparkSession, landing: Path, lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Airflow makes it by default, each group of layers by an application of its own.

    Gold is of the run that scored it, even if that run ended before it was recorded.
    """
    day, groups = DAYS[1], ("bronze quality", "silver", "features", "pairs", "graph scoring", "gold")
    copy = tmp_path / "lake"
    shutil.copytree(lake, copy)
    monkeypatch.setattr(Records, "last_writer", lambda *_: "a run before")
    made = ""
    for layers in (group.split() for group in groups):
        applied = runner(spark, landing if "bronze" in layers else None, copy)
        applied.work([(day, [s for s in STAGES if s.layer in layers])])
        made = applied.run_id if "scoring" in layers else made
    for name in (s.table for s in STAGES):
        assert digest(spark, copy, name) == digest(spark, lake, name), name
    published = Gold(str(copy)).rows("gold.suspect_clusters", day, ["run_id"])
    assert published is not None
    assert set(published["run_id"].to_pylist()) == {made}
    monkeypatch.undo()
    runner(spark, None, copy).run_stage(stage("gold.watchlist"), day)
    Gold(str(copy)).must_be_of_one_run(day)


def test_every_notebook_runs_on_this_lake(lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IOLAUS_LAKE", str(lake))
    monkeypatch.setenv("POLARS_MAX_THREADS", "2")
    for name in ("IOLAUS_CLUSTER", "IOLAUS_DATE", "IOLAUS_DAYS", "MPLBACKEND"):
        monkeypatch.delenv(name, raising=False)
    plots = execute_all()
    assert {name: min(made, PLOTS[name]) for name, made in plots.items()} == PLOTS


def recorded(lake: Path, name: str, **where: object) -> list[dict[str, Any]]:
    """The rows of a table of the layer quality for which columns have the values given."""
    found = DeltaTable(str(lake / "quality" / name)).to_pyarrow_table().to_pylist()
    return [row for row in found if all(row[column] == value for column, value in where.items())]


def test_any_row_of_gold_leads_to_the_run_its_code_and_its_input(spark: SparkSession, lake: Path) -> None:
    for name in GOLD:
        table_ = DeltaTable(str(lake / "gold" / name))
        for row in table_.to_pyarrow_table().to_pylist():
            (made,) = recorded(lake, "runs", run_id=row["run_id"], table_name=f"gold.{name}", made_date=row["run_date"])
            assert made["code_version"] == code_version()
            assert made["settings"] == DEFAULT.digest
            assert made["key_id"] == Key(KEY.encode()).key_id
            version = next(h for h in table_.history() if h["version"] == made["version"])
            assert f"run_id={row['run_id']}" in version["userMetadata"]
    for made in recorded(lake, "runs"):
        rows = spark.read.format("delta").load(str(lake / made["table_name"].replace(".", "/")))
        when = table(made["table_name"]).date
        if made["run_date"] == made["made_date"] == DAYS[1]:
            assert made["rows_out"] == rows.where(F.col(when) == F.lit(DAYS[1])).count() if when else rows.count(), made
            assert made["rows_in"] is not None
            assert made["bytes_out"] > 0 or made["rows_out"] == 0
    (silver,) = recorded(lake, "runs", table_name="silver.exchanges", run_date=DAYS[1], made_date=DAYS[1])
    assert silver["rows_in"] == silver["rows_out"], "of no exchange came two lines"


def test_every_table_is_judged_and_good_traffic_is_not_stopped(lake: Path) -> None:
    results = recorded(lake, "results")
    judged = {(row["table_name"], row["run_date"]) for row in results}
    assert judged >= {(s.table, day) for s in STAGES for day in DAYS if s.grain is not Grain.SNAPSHOT}
    assert {row["metric"] for row in results if not row["success"]} == set()
    assert {row["severity"] for row in results} == {"critical", "warning", "info"}


def test_a_critical_gate_stops_the_run_and_gold_stands(
    spark: SparkSession,
    landing: Path,
    lake: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Most lines of the second day are no JSON: status 3, one line that says where they are, and gold untouched."""
    monkeypatch.setenv("IOLAUS_HMAC_KEY", KEY)
    broken, copy, log = tmp_path / "landing", tmp_path / "lake", tmp_path / "log.jsonl"
    shutil.copytree(landing, broken)
    shutil.copytree(lake, copy)
    with (broken / "exchanges" / f"dt={DAYS[1]}" / "part-1.jsonl").open("w") as file:
        file.writelines(f"broken {i}\n" for i in range(5_000))
    before = {name: digest(spark, copy, f"gold.{name}") for name in GOLD}
    code = cli.main(["run", "--landing", str(broken), "--lake", str(copy), "--date", str(DAYS[1]), "--log", str(log)])
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert code == 3
    assert "quality.quarantine" in said
    assert "rejected_share is 0." in said
    assert f"{copy}/quality/quarantine where arrived_on = DATE'{DAYS[1]}'" in said
    assert {name: digest(spark, copy, f"gold.{name}") for name in GOLD} == before
    events = [json.loads(line) for line in log.read_text().splitlines()]
    (run_id,) = {event["run_id"] for event in events}
    assert events[-1]["event"] == "run_fails"
    assert {e["table"] for e in events if e["event"] == "expectation_fails" and e["severity"] == "critical"} == {
        "quality.quarantine"
    }
    assert [r["table_name"] for r in recorded(copy, "runs", run_id=run_id, status="stopped")] == ["quality.quarantine"]
    assert recorded(copy, "results", run_id=run_id, metric="rejected_share", severity="critical", success=False)
    assert cli.main(["gate", "quality.quarantine", "silver.accounts", "--date", str(DAYS[1]), "--lake", str(copy)]) == 3
    assert cli.main(["gate", "quality.quarantine", "--date", str(DAYS[0]), "--lake", str(copy)]) == 0
    capsys.readouterr()
    assert cli.main(["quality", "--lake", str(copy)]) == 0
    shown = capsys.readouterr().out
    assert run_id in shown
    assert "critical: quality.quarantine" in shown


def test_gold_that_fails_its_gate_is_kept_aside_and_none_of_the_day_is_written(
    spark: SparkSession, lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy, made = tmp_path / "lake", suspect_clusters.transform
    shutil.copytree(lake, copy)
    before = {name: DeltaTable(str(copy / "gold" / name)).version() for name in GOLD}
    monkeypatch.setattr(
        suspect_clusters, "transform", lambda **given: made(**given).withColumn("rank", F.col("rank") + 1)
    )
    stopped = Runner(spark, str(copy), DEFAULT, Key(KEY.encode()))
    with pytest.raises(
        GateError,
        match=r"gold\.suspect_clusters of .*rank_gaps is 1, at most 0.*quality/rejected/gold\.suspect_clusters",
    ):
        stopped.work([(DAYS[1], [s for s in STAGES if s.layer == "gold"])])
    assert {name: DeltaTable(str(copy / "gold" / name)).version() for name in GOLD} == before
    kept = DeltaTable(str(copy / "quality/rejected/gold.suspect_clusters")).to_pyarrow_table().to_pylist()
    assert [row["rank"] for row in kept] == [2]
