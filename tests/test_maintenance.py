"""The lake's upkeep: nothing is lost but what is meant to go."""

import os
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession
from pyspark.sql.types import StringType

from iolaus import cli, schemas
from iolaus.errors import UsageError
from iolaus.export.verdicts import give
from iolaus.pipeline import RECORDS, STAGES, VERDICTS, Grain, Span
from iolaus.runtime.gates.gate import rejected_path
from iolaus.runtime.lake import Lake
from iolaus.runtime.maintenance import ACCOUNT_COLUMNS, LABELS, Done, compact, forget, requested, vacuum
from iolaus.runtime.receipts import Receipt, made
from iolaus.runtime.retention import policy, retain
from iolaus.runtime.secret import VARIABLE
from iolaus.settings import DEFAULT
from tests.rows import DAY, rows
from tests.runs import KEY

COMPONENTS, PAIRS, EXCHANGES, REJECTED = "graph.components", "graph.links", "bronze.exchanges", "quality.quarantine"
MEMBERS = "gold.suspect_cluster_members"
RECEIPT = Receipt(
    "run", "code", "settings", "key", datetime(2026, 2, 11, tzinfo=UTC), datetime(2026, 2, 11, tzinfo=UTC), 0
)


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> Lake:
    return Lake(spark, str(tmp_path), DEFAULT.window_days)


def files(lake: Lake, name: str, day: date) -> set[Path]:
    return set(Path(lake.path(name)).glob(f"*={day}/*.parquet"))


def test_a_scattered_day_is_compacted_once(spark: SparkSession, lake: Lake) -> None:
    old = DAY - timedelta(days=9)
    for day in (old, DAY):
        made = rows(spark, COMPONENTS, [{"run_date": day, "account_id": f"a{i}", "component": "a"} for i in range(40)])
        lake.write(COMPONENTS, made.repartition(4), day)
    before = files(lake, COMPONENTS, DAY)
    assert len(before) == 4
    done = list(compact(lake, DAY, 7, DEFAULT.retention))
    assert [(d.table, d.what) for d in done] == [(COMPONENTS, f"{DAY}: 4 files became 1")]
    assert len(files(lake, COMPONENTS, DAY) - before) == 1
    assert len(files(lake, COMPONENTS, old)) == 4, "beyond the days asked for"
    assert sorted(r.account_id for r in lake.read(COMPONENTS, Span.DAY, DAY).collect()) == sorted(
        f"a{i}" for i in range(40)
    )
    assert list(compact(lake, DAY, 7, DEFAULT.retention)) == [], "what is compact stays as it is"


@pytest.mark.parametrize("name", ["silver.exchanges", "features.account_values"])
def test_a_day_is_compacted_by_columns_of_which_the_log_knows_nothing(
    spark: SparkSession, lake: Lake, name: str
) -> None:
    lake.write(name, rows(spark, name, [{}] * 40).repartition(4), DAY)
    assert [d.what for d in compact(lake, DAY, 7, DEFAULT.retention)] == [f"{DAY}: 4 files became 1"]


def test_text_goes_after_its_days(spark: SparkSession, lake: Lake) -> None:
    days = [DAY - timedelta(days=back) for back in (0, 29, 30, 45)]
    for day in days:
        lake.write(
            EXCHANGES, rows(spark, EXCHANGES, [{"arrived_on": day, "happened_on": day, "prompt": "private"}]), day
        )
    lake.write(REJECTED, rows(spark, REJECTED, [{"arrived_on": days[3], "row": "private"}]), days[3])
    for _ in range(2):  # repeated, it finds nothing to do
        list(retain(lake, DAY, DEFAULT))
        assert lake.days(EXCHANGES) == [days[1], days[0]]
        assert lake.days(REJECTED) == []
    kept = replace(DEFAULT.retention, text_days=DEFAULT.window_days)
    with pytest.raises(
        UsageError, match=r"28 days of quality\.quarantine are fewer than a run needs: keep 29 days or more"
    ):
        list(retain(lake, DAY, replace(DEFAULT, retention=kept)))


def test_every_table_has_a_policy_that_keeps_what_runs_read() -> None:
    days = policy(DEFAULT)
    tables = {s.table for s in STAGES if s.grain is not Grain.SNAPSHOT}
    assert set(days) == {*tables, *RECORDS} - {"quality.settings"}, "what has no date stays"
    assert days["features.account_days"] == 92
    assert {days[s.table] for s in STAGES if s.layer == "gold"} == {days["quality.runs"]} == {3_650}
    assert days["quality.results"] == 731
    read = {r.table for s in STAGES for r in s.reads if r.span in (Span.WINDOW, Span.EARLIER)}
    assert all(days[name] > DEFAULT.window_days for name in read)
    assert policy(replace(DEFAULT, keep_days={"graph.links": 7.0}))["graph.links"] == 7
    with pytest.raises(UsageError, match=r"features\.account_days .* 30 days or more, by keep_days\.features\.account"):
        policy(replace(DEFAULT, keep_days={"features.account_days": 29.0}))


def test_old_rows_of_every_kind_go_and_the_newest_day_stays(spark: SparkSession, lake: Lake) -> None:
    days = [DAY - timedelta(days=back) for back in (200, 150, 91, 0)]
    for day in days:
        lake.write(COMPONENTS, rows(spark, COMPONENTS, [{"run_date": day, "account_id": "a"}]), day)
        lake.write(MEMBERS, rows(spark, MEMBERS, [{"run_date": day, "account_id": "a"}]), day)
    for day in days[:2]:
        lake.write("graph.clusters", rows(spark, "graph.clusters", [{"run_date": day, "account_id": "a"}]), day)
        lake.receipts.put(made("graph.clusters", day), RECEIPT)
    done = list(retain(lake, DAY, DEFAULT))
    assert done == [
        Done("graph.clusters", f"1 days before {DAY - timedelta(days=91)} are deleted (92 days stay)"),
        Done(COMPONENTS, f"2 days before {DAY - timedelta(days=91)} are deleted (92 days stay)"),
    ]
    assert lake.days(COMPONENTS) == days[2:]
    assert lake.days("graph.clusters") == [days[1]], "the next run takes ids from it, however old"
    assert set(lake.receipts.of(days)) == {made("graph.clusters", days[1])}, "what is deleted is not said to be there"
    assert lake.days(MEMBERS) == days, "what is published stays"
    assert list(retain(lake, DAY, DEFAULT)) == []
    week = replace(DEFAULT, keep_days={"gold.suspect_cluster_members": 7.0})
    assert [d.table for d in retain(lake, DAY, week)] == [MEMBERS]
    assert lake.days(MEMBERS) == [DAY]


def test_only_old_files_that_no_version_needs_are_removed(spark: SparkSession, lake: Lake) -> None:
    for account in ("a", "b"):
        lake.write(
            COMPONENTS, rows(spark, COMPONENTS, [{"run_date": DAY, "account_id": account, "component": "a"}]), DAY
        )
    kept = files(lake, COMPONENTS, DAY)
    left = Path(lake.path(COMPONENTS)) / f"run_date={DAY}" / "part-of-a-killed-job.parquet"
    left.write_bytes(b"half")
    os.utime(left, (time.time() - 8 * 86_400,) * 2)
    with pytest.raises(UsageError, match="give 168 or more"):
        list(vacuum(lake, replace(DEFAULT.retention, file_hours=24)))
    list(vacuum(lake, DEFAULT.retention))
    assert not left.exists()
    assert files(lake, COMPONENTS, DAY) == kept, "replaced a moment ago, and there for readers of the version before"
    assert len(kept) >= 2


def test_an_account_is_dropped_everywhere_and_no_other(spark: SparkSession, lake: Lake, tmp_path: Path) -> None:
    gone, stays = 'go"ne', "stays"
    lake.write(
        COMPONENTS,
        rows(
            spark, COMPONENTS, [{"run_date": DAY, "account_id": a, "component": gone} for a in (gone, stays, "third")]
        ),
        DAY,
    )
    named = [{"run_date": DAY, "account_id": a, "community": f"links:{gone}"} for a in (gone, stays)]
    lake.write("graph.communities", rows(spark, "graph.communities", named), DAY)
    pairs = [{"run_date": DAY, "account_a": a, "account_b": b} for a, b in ((gone, stays), ("a", gone), ("a", stays))]
    lake.write(PAIRS, rows(spark, PAIRS, pairs), DAY)
    lines = [{"arrived_on": DAY, "row": f'{{"account_id": "{a}"}}'} for a in ("plain", f"{stays} with plain inside")]
    told = (
        '{"account_id": 4711, "prompt": "plain as a number"}',
        '{"account\\u005fid": "pl\\u0061in", "prompt": 5}',
        '{"account_id": "  plain ", "prompt": 5}',
        '{"account_id": "plain", "prompt": "cut off in the mid',
        '{"acc": "plain", "prompt": "of another field"}',
        '{"account_id": 47110, "prompt": "stays, with plain inside"}',
    )
    lines += [{"arrived_on": DAY, "row": line} for line in told]
    lake.write(REJECTED, rows(spark, REJECTED, lines), DAY)
    published = rows(spark, MEMBERS, [{"run_date": DAY, "account_id": a} for a in (gone, stays)])
    lake.write(MEMBERS, published, DAY)
    aside = rejected_path(lake, MEMBERS)
    published.write.format("delta").save(aside)
    asked = tmp_path / "requests.txt"
    asked.write_text(f"  {gone}\n\nplain\n4711\nnever seen\n", encoding="utf-8")
    done = list(forget(lake, requested(spark, str(asked))))
    assert Done(MEMBERS, "2 rows dropped") in done
    assert [r.account_id for r in spark.read.format("delta").load(aside).collect()] == [stays], (
        "nor in what a gate kept aside"
    )
    left = {
        n: lake.read(n, Span.DAY, DAY).collect() for n in (COMPONENTS, "graph.communities", PAIRS, MEMBERS, REJECTED)
    }
    assert not any(gone in str(row.asDict()) for found in left.values() for row in found)
    assert sorted(r.account_id for r in left[COMPONENTS]) == [stays, "third"]
    assert len({r.component for r in left[COMPONENTS]}) == 1, "they are of one component still"
    assert [(r.account_a, r.account_b) for r in left[PAIRS]] == [("a", stays)]
    assert sorted(r.row for r in left[REJECTED]) == sorted([lines[1]["row"], told[-1]])


def test_verdicts_are_dropped_with_their_accounts_and_those_on_others_stay(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The lake is one that `iolaus verdict` appended to, which may not be changed otherwise."""
    gone, stays = r"go\E.ne", "go"
    lake = Lake(spark, str(tmp_path / "lake"), DEFAULT.window_days)
    members = [{"run_date": DAY, "cluster_id": "hc", "account_id": a} for a in (gone, stays, "third")]
    lake.write("graph.clusters", rows(spark, "graph.clusters", members), DAY)
    for name in ("scoring.clusters", "scoring.evidence"):
        lake.write(name, rows(spark, name, []), DAY)
    for verdict, named, why in (
        ("confirmed", [], f"{gone}, {stays} and x{gone} are one"),
        ("innocent", [gone, stays], "a class"),
        ("innocent", [gone], "ours"),
    ):
        give(lake.uri, "hc", verdict, by="ana", why=why, named=named)
    asked = tmp_path / "requests.txt"
    asked.write_text(f"{gone}\nnever seen\n", encoding="utf-8")
    monkeypatch.setattr("iolaus.runtime.spark.session.session", lambda *_args, **_more: spark)
    assert cli.main(["maintain", "forget", "--lake", lake.uri, "--accounts", str(asked)]) == 0
    said = capsys.readouterr().out
    assert "verdicts.given: 3 verdicts" in said
    assert f"iolaus report --lake {lake.uri} --date D --out DIR" in said
    whole, some = sorted(lake.read(VERDICTS, Span.ALL, DAY).collect(), key=lambda r: r.given_at)
    ((nameless,),) = ({m for m in whole.members if m not in (stays, "third")},)
    assert nameless.startswith("dropped-")
    assert (whole.verdict, whole.named, whole.why) == ("confirmed", [], f"{nameless}, {stays} and x{gone} are one")
    assert (set(some.named), set(some.members)) == ({nameless, stays}, {nameless, stays, "third"}), (
        "not of the whole cluster"
    )
    version = DeltaTable(lake.path(VERDICTS)).version()
    assert list(forget(lake, requested(spark, str(asked)))) == [], "nothing is left to drop"
    assert DeltaTable(lake.path(VERDICTS)).version() == version
    give(lake.uri, "hc", "unsure", by="ana", why="anew")
    assert DeltaTable(lake.path(VERDICTS)).metadata().configuration["delta.appendOnly"] == "true"


def test_every_column_of_accounts_is_known() -> None:
    tables = {
        t.name: t
        for m in iter_modules(schemas.__path__)
        if "_" in m.name
        for t in [import_module(f"iolaus.schemas.{m.name}").TABLE]
    }
    named = {
        c.name for t in tables.values() for c in t.columns if isinstance(c.dataType, StringType) and "account" in c.name
    }
    assert named == set(ACCOUNT_COLUMNS)
    assert all(label in tables[name].schema.fieldNames() for name, (label, _) in LABELS.items())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["compact"], "needs --date"),
        (["forget"], "needs --accounts"),
        (["retain", "--date", "2026-02-10", "--days", "0"], "give 1 or more"),
    ],
)
def test_what_is_missing_is_said_in_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["maintain", *arguments, "--lake", "nowhere"]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["maintain", "vacuum"],
        ["job", "silver.exchanges", "--date", str(DAY)],
        ["gate", "bronze.models", "--date", str(DAY)],
    ],
)
def test_a_lake_that_is_not_there(
    spark: SparkSession,
    arguments: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(VARIABLE, KEY)
    assert cli.main([*arguments, "--lake", str(tmp_path / "lake")]) == 2
    assert "there is no lake" in capsys.readouterr().err
    assert not (tmp_path / "lake").exists()


def test_an_empty_lake_and_a_list_that_is_not_there(spark: SparkSession, lake: Lake) -> None:
    with pytest.raises(UsageError, match="has no table"):
        list(vacuum(lake, DEFAULT.retention))
    with pytest.raises(UsageError, match="no list of accounts"):
        requested(spark, "nowhere.txt")
