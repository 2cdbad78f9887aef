"""Run dates: which are refused, how one is taken back, and which is the newest."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from lakes import write, write_case
from pyspark.sql import SparkSession

from iolaus import cli
from iolaus.commands.arguments import not_in_future
from iolaus.commands.calibrate import is_due
from iolaus.errors import UsageError
from iolaus.export.gold import Gold, age
from iolaus.export.report import write as report
from iolaus.pipeline import Span
from iolaus.runtime.dropped_day import PUBLISHER, TABLES
from iolaus.runtime.gates.history import last_runs
from iolaus.runtime.lake import Lake
from iolaus.runtime.receipts import Receipt, made
from iolaus.runtime.runner import Runner
from iolaus.runtime.secret import VARIABLE
from iolaus.settings import DEFAULT
from tests.rows import DAY, rows
from tests.runs import KEY

BEFORE, AFTER = DAY - timedelta(days=1), DAY + timedelta(days=1)


@pytest.fixture
def started(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> SparkSession:
    """Commands use the tests' Spark session, and have a key."""
    monkeypatch.setenv(VARIABLE, KEY)
    monkeypatch.setattr("iolaus.runtime.spark.session.session", lambda *_args, **_more: spark)
    return spark


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    """Exchanges arrived on one day; the folder of the next is there, and holds an empty file."""
    made = tmp_path / "landing" / "exchanges"
    for day, text in ((DAY, "{}\n"), (AFTER, "")):
        (made / f"dt={day}").mkdir(parents=True)
        (made / f"dt={day}" / "part.jsonl").write_text(text)
    return made.parent


def test_a_day_without_arrivals_is_refused_unless_it_is_allowed(
    started: SparkSession,
    landing: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lake, ran = tmp_path / "lake", list[list[date]]()
    monkeypatch.setattr(Runner, "run", lambda _runner, days, **_more: ran.append(list(days)) or {})
    run = ["run", "--landing", str(landing), "--lake", str(lake), "--report", "none"]
    for days in (["--date", str(AFTER)], ["--date", str(BEFORE)], ["--from", str(BEFORE), "--to", str(AFTER)]):
        assert cli.main([*run, *days]) == 2
        said = capsys.readouterr().err
        assert "nothing arrived on" in said
        assert "--allow-empty" in said
        assert said.count("\n") == 1
    assert "and 1 more of the days named" in said
    assert not ran
    assert not lake.exists()
    for days in (["--date", str(DAY)], ["--date", str(AFTER), "--allow-empty"]):
        assert cli.main([*run, *days]) == 0
    assert cli.main([*run, "--from", str(BEFORE), "--to", str(DAY), "--last-only"]) == 0, "it publishes the last alone"
    assert ran == [[DAY], [AFTER], [BEFORE, DAY]]


def test_a_day_that_has_not_begun_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, KEY)
    today = datetime.now(UTC).date()
    not_in_future(today)
    with pytest.raises(UsageError, match="in the future"):
        not_in_future(today + timedelta(days=1))
    for command in (
        ["run", "--landing", "l", "--date", "2999-01-01"],
        ["run", "--landing", "l", "--from", str(DAY), "--to", "2999-01-01"],
        ["job", "gold.watchlist", "--date", "2999-01-01"],
    ):
        assert cli.main([*command, "--lake", "k", "--allow-empty"][: None if command[0] == "run" else -1]) == 2
        assert "2999-01-01 is in the future" in capsys.readouterr().err


def test_a_run_date_is_taken_back(started: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lake = Lake(started, str(tmp_path / "lake"), DEFAULT.window_days)
    named = {
        "graph.clusters": {"cluster_id": "hc"},
        PUBLISHER: {"cluster_id": "hc"},
        "scoring.clusters": {"cluster_id": "hc"},
        "features.population": {"account_id": "a"},
    }
    for day in (BEFORE, DAY, AFTER):
        for name, values in named.items():
            lake.write(name, rows(started, name, [values | {"run_date": day}]), day)
        lake.write(
            "bronze.exchanges", rows(started, "bronze.exchanges", [{"arrived_on": day, "happened_on": day}]), day
        )
    metrics = [
        {"run_date": DAY, "table_name": name, "metrics": {"rows": 1.0}} for name in (PUBLISHER, "bronze.exchanges")
    ]
    calibrations = [{"run_date": day, "kind": "client", "n_groups": 9} for day in (BEFORE, DAY)]
    rows(started, "quality.calibration", calibrations).write.format("delta").save(lake.path("quality.calibration"))
    rows(started, "quality.summaries", metrics).write.format("delta").save(lake.path("quality.summaries"))
    receipt = Receipt("run", "code", "settings", "key", datetime.now(UTC), datetime.now(UTC), 0)
    for name in ("graph.clusters", "pairs.hot_keys", "bronze.exchanges"):
        lake.receipts.put(made(name, DAY), receipt)
    drop = ["drop-day", "--lake", lake.uri, "--date"]
    assert cli.main([*drop, "2020-01-01"]) == 2
    assert (
        f"no run of 2020-01-01, so nothing was dropped; the newest run dates with a ranking are: {BEFORE}"
        in capsys.readouterr().err
    )
    assert cli.main([*drop, str(DAY)]) == 0
    said = capsys.readouterr().out
    assert f"{PUBLISHER}: 1 rows dropped" in said
    assert f"--from {AFTER} --to {AFTER}" in said, "later runs had its clusters in view"
    assert {name: lake.days(name) for name in named} == {name: [BEFORE, AFTER] for name in named}
    assert set(lake.receipts.of([DAY])) == {made("bronze.exchanges", DAY)}, "a resumed run makes the date again"
    assert lake.days("bronze.exchanges") == [BEFORE, DAY, AFTER], "what arrived stays"
    assert [m.table_name for m in lake.read("quality.summaries", Span.DAY, DAY).collect()] == ["bronze.exchanges"]
    assert lake.days("quality.calibration") == [BEFORE], "no bound rests on what was taken back"
    assert {every: is_due(lake, DAY, every) for every in (1, 2, 7)} == {1: True, 2: False, 7: False}
    assert not is_due(lake, BEFORE - timedelta(days=30), 1), "a first run date does not wait for it"
    (record,) = lake.read("quality.runs", Span.DAY, DAY).collect()
    assert (record.table_name, record.status, record.rows_out) == (PUBLISHER, "dropped", 0)
    (told,) = last_runs(lake.uri, 1)
    assert (told.first, told.status, told.failures) == (DAY, "dropped", ()), "it is no failure"
    assert cli.main([*drop, str(DAY)]) == 2, "it is gone"
    assert cli.main([*drop, str(AFTER)]) == 0
    assert Gold(lake.uri).days() == [BEFORE]


def test_what_a_run_date_writes_is_dropped_the_ranking_first() -> None:
    assert TABLES[0] == PUBLISHER
    assert {"graph.clusters", "gold.watchlist", "silver.accounts", "features.account_values"} <= set(TABLES)
    assert not {"bronze.exchanges", "bronze.accounts", "silver.exchanges", "features.account_days"} & set(TABLES)


def test_the_newest_is_the_newest_that_is_published_and_says_its_age(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lake = tmp_path / "lake"
    write_case(lake, DAY, "hc_1", ["a", "b"])
    run = {"table_name": PUBLISHER, "code_version": "x", "settings": "y", "key_id": "z"}
    at = datetime(2026, 2, 12, tzinfo=UTC)
    typed = date(2027, 1, 1)
    write(lake, "quality.runs", [run | {"run_date": d, "status": "written", "began_at": at} for d in (DAY, typed)])
    assert Gold(str(lake)).days() == [DAY, typed]
    write(lake, "quality.runs", [run | {"run_date": typed, "status": "dropped", "began_at": at + timedelta(hours=1)}])
    assert Gold(str(lake)).days() == [DAY]
    days = (datetime.now(UTC).date() - DAY).days
    assert cli.main(["report", "--lake", str(lake)]) == 0
    assert f"run of {DAY}, {days} days old, the newest published" in capsys.readouterr().out
    assert f"This ranking was {days} days old" in (lake.parent / "report" / "index.html").read_text(encoding="utf-8")
    sql = "SELECT cluster_id FROM suspect_clusters WHERE run_date = latest()"
    assert cli.main(["query", "--lake", str(lake), sql, "--format", "csv"]) == 0
    out, err = capsys.readouterr()
    assert out == "cluster_id\nhc_1\n"
    assert err == f"iolaus: the newest published run is of {DAY}, {days} days old\n"


def test_an_older_report_says_that_there_is_a_newer_ranking(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    for day in (DAY, AFTER):
        write_case(lake, day, "hc_1", ["a", "b"])
    page = report(str(lake), tmp_path / "report", DAY).read_text(encoding="utf-8")
    assert f"A newer one, of <time>{AFTER}</time>, is published." in page


@pytest.mark.parametrize(
    ("back", "said"), [(0, "of today"), (1, "1 day old"), (1234, "1,234 days old"), (-2, "dated 2 days in the future")]
)
def test_an_age_in_words(back: int, said: str) -> None:
    assert age(DAY - timedelta(days=back), DAY) == said
