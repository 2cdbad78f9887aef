"""A resumed run: what is missing or stale is made, and nothing else."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from iolaus import cli
from iolaus.errors import UsageError
from iolaus.graph import communities
from iolaus.pipeline import STAGES, Grain
from iolaus.runtime import resume
from iolaus.runtime.lake import Lake
from iolaus.runtime.receipts import Made, Receipt, Receipts, made
from iolaus.runtime.resume import LakeState, Todo
from iolaus.runtime.scheduler import GOLD, PUBLISHER, schedule
from iolaus.settings import DEFAULT
from tests.runs import partitions, runner
from tests.test_run import GOLD as GOLD_TABLES
from tests.test_run import digest
from tests.traffic import DAYS

BY = ("code", "settings", "key")
BEGAN = datetime(2026, 2, 12, tzinfo=UTC)
PLANNED = schedule(DAYS)


def receipt(seconds: float, **other: Any) -> Receipt:
    """A receipt of a stage that began so many seconds after the run and took one."""
    at = BEGAN + timedelta(seconds=seconds)
    landing = dict.fromkeys(("exchanges", "accounts", "models", "agreements"), "as it was")
    return replace(Receipt("run", *BY, at, at + timedelta(seconds=1), 3, landing), **other)


def whole() -> dict[Made, Receipt]:
    """The receipts of a run of both days, one stage after another."""
    tasks = [made(s.table, day) for day, stages in PLANNED for s in stages]
    return {task: receipt(2 * number) for number, task in enumerate(tasks)}


def known(**other: Any) -> LakeState:
    versions = {s.table: 9 for s in STAGES}
    return replace(LakeState(BY, whole(), versions, 28, lambda _folder, _day: "as it was"), **other)


def names(todo: list[Todo]) -> dict[date, list[str]]:
    return {day: [s.table for s in stages] for day, stages in resume.by_day(todo)}


def test_of_a_whole_run_nothing_is_left() -> None:
    assert resume.stale(PLANNED, known()) == []
    assert len(resume.everything(PLANNED)) == sum(len(stages) for _, stages in PLANNED)


def without(*gone: Made) -> dict[Made, Receipt]:
    return {task: given for task, given in whole().items() if task not in gone}


def test_what_a_crash_left_out_is_made_with_all_that_is_made_from_it() -> None:
    day = DAYS[1]
    gone = [made(s.table, day) for s in STAGES if s.layer in ("graph", "scoring", GOLD)]
    todo = resume.stale(PLANNED, known(receipts=without(*gone)))
    assert names(todo) == {day: [s.table for s in STAGES if s.layer in ("graph", "scoring", GOLD)]}
    assert {t.why for t in todo if t.stage.table == "graph.links"} == {"missing"}


def test_a_stale_day_makes_the_next_again_where_ids_and_arrivals_come_from_it() -> None:
    todo = names(resume.stale(PLANNED, known(receipts=without(made("graph.clusters", DAYS[0])))))
    assert "graph.links" not in todo[DAYS[0]] + todo[DAYS[1]]
    assert {"graph.clusters", "scoring.evidence", PUBLISHER} <= set(todo[DAYS[0]]) & set(todo[DAYS[1]])


def test_gold_of_a_date_is_made_together() -> None:
    todo = resume.stale(PLANNED, known(receipts=without(made("gold.cluster_origins", DAYS[1]))))
    assert names(todo) == {DAYS[1]: [s.table for s in STAGES if s.layer == GOLD]}
    assert {t.stage.table: t.why for t in todo}[PUBLISHER] == f"with the other gold tables of {DAYS[1]}"


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"by": ("code", "others", "key")}, "made by other settings: settings"),
        ({"by": ("newer", "settings", "key")}, "made by other code: code"),
        ({"versions": {}}, "its table was removed"),
    ],
)
def test_what_was_made_otherwise_is_made_again(other: dict[str, Any], why: str) -> None:
    todo = resume.stale(PLANNED, known(**other))
    assert len(todo) == len(resume.everything(PLANNED))
    assert todo[0].why == why


def changed(folder: str, of: date) -> Callable[[str, date], str]:
    return lambda name, day: "otherwise" if (name, day) == (folder, of) else "as it was"


def test_new_lines_of_a_day_make_it_again_and_what_follows() -> None:
    todo = resume.stale(PLANNED, known(landing=changed("exchanges", DAYS[1])))
    assert [t.why for t in todo if t.stage.table == "bronze.exchanges"] == ["the landing's exchanges changed"]
    assert set(names(todo)) == {DAYS[1]}
    assert PUBLISHER in names(todo)[DAYS[1]]
    assert "silver.accounts" not in names(todo)[DAYS[1]]


def test_a_published_date_rests_on_what_was_known_then() -> None:
    """Newer accounts and verdicts reach days that are not published yet, and no others."""
    newer = {made("bronze.accounts", DAYS[0]): receipt(10_000)}
    given = BEGAN + timedelta(days=1)
    assert resume.stale(PLANNED, known(receipts=whole() | newer, verdicts=given)) == []
    assert resume.stale(PLANNED, known(landing=changed("accounts", DAYS[0]))) == []
    open_ = without(made(PUBLISHER, DAYS[1])) | newer
    todo = resume.stale(PLANNED, known(receipts=open_, verdicts=given))
    assert set(names(todo)) == {DAYS[1]}
    why = {t.stage.table: t.why for t in todo}
    assert why["silver.accounts"] == "bronze.accounts is newer"
    assert why["features.population"] == f"silver.accounts of {DAYS[1]} is made again"
    assert "features.account_profiles" not in why, "it is made of what arrived alone"


def test_a_day_whose_folder_is_gone_from_the_landing_stays() -> None:
    assert resume.stale(PLANNED, known(landing=lambda _folder, _day: None)) == []


def test_it_begins_at_a_stage_and_takes_what_is_before_as_it_is() -> None:
    other = known(by=("newer", "settings", "key"))
    todo = names(resume.begun_at(PLANNED, other, "graph.links"))
    after = [s.table for s in STAGES if s.layer in ("graph", "scoring", GOLD)]
    assert todo == dict.fromkeys(DAYS, after)
    resumed = resume.begun_at(
        PLANNED, known(receipts=without(made("pairs.cohort", DAYS[1]))), "graph.links", resumes=True
    )
    assert names(resumed) == {DAYS[0]: after, DAYS[1]: ["pairs.cohort", *after]}
    accounts = names(resume.begun_at(PLANNED, known(), "bronze.accounts"))
    assert "silver.accounts" in accounts[DAYS[1]], "asked for, it reaches what is published, too"
    with pytest.raises(UsageError, match=r"no stage of this run makes graph\.links; begin --from one of: bronze"):
        resume.begun_at(schedule(DAYS, last_only=True)[:1], known(), "graph.links")


def test_a_stage_whose_rows_are_not_there_is_named() -> None:
    nothing = known(receipts={})
    todo = resume.begun_at(PLANNED, nothing, "graph.links")
    lacks = resume.lacking(todo, nothing, lambda name, day: day != DAYS[1] or name != "pairs.templates")
    assert lacks is not None
    assert (lacks[0].stage.table, lacks[0].day, lacks[1]) == ("graph.links", DAYS[1], "pairs.templates")
    assert resume.lacking(todo, known(), lambda _name, _day: False) is None, "a receipt says that it has no rows"


def test_receipts_are_read_back_and_what_cannot_be_understood_is_none(spark: SparkSession, tmp_path: Path) -> None:
    receipts = Receipts(spark, str(tmp_path))
    one, other = made("graph.links", DAYS[0]), made("bronze.accounts", DAYS[0])
    for task in (one, other):
        receipts.put(task, receipt(0))
    assert receipts.of(DAYS) == {one: receipt(0), other: receipt(0)}
    (tmp_path / "_made" / str(DAYS[0]) / "pairs.content.json").write_text('{"run_id": "x"')
    (tmp_path / "_made" / str(DAYS[0]) / "pairs.cohort.json").write_text('{"run_id": "x"}')
    assert receipts.of(DAYS) == {one: receipt(0), other: receipt(0)}
    receipts.drop_before("graph.links", DAYS[0])
    assert one in receipts.of(DAYS)
    receipts.drop_before("graph.links", DAYS[1])
    receipts.drop(other)
    assert receipts.of(DAYS) == {}


def test_a_run_that_failed_is_resumed_where_it_failed(
    spark: SparkSession, landing: Path, lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stage of the second day fails; resumed, it and what follows are made. Gold is that of a whole run."""
    copy, day = tmp_path / "lake", DAYS[1]
    shutil.copytree(lake, copy)
    assert runner(spark, landing, copy).todo(DAYS, resumes=True) == [], "nothing is left of a whole run"

    def fails(**_: object) -> None:
        raise RuntimeError("as if the power went")

    again = [s for s in STAGES if s.grain is Grain.RUN]
    with monkeypatch.context() as broken, partitions(spark, 1):
        broken.setattr(communities, "transform", fails)
        with pytest.raises(RuntimeError, match="as if the power went"):
            runner(spark, landing, copy).work([(day, again)])
    resumed = runner(spark, landing, copy)
    todo = resumed.todo(DAYS, resumes=True)
    assert set(names(todo)) == {day}
    planned = names(todo)[day]
    assert planned[0] == "graph.communities"
    assert "graph.links" not in planned
    assert PUBLISHER in planned
    links = Lake(spark, str(copy), DEFAULT.window_days).version("graph.links")
    with partitions(spark, 1):
        resumed.run(DAYS, todo=todo)
    assert resumed.lake.version("graph.links") == links, "what had passed was not written again"
    for name in GOLD_TABLES:
        assert digest(spark, copy, f"gold.{name}", day) == digest(spark, lake, f"gold.{name}", day), name
    assert runner(spark, landing, copy).todo(DAYS, resumes=True) == []


def test_a_dry_run_says_what_would_be_made_and_changes_nothing(
    spark: SparkSession,
    landing: Path,
    lake: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("IOLAUS_HMAC_KEY", "a key for tests alone")
    monkeypatch.setattr("iolaus.runtime.spark.session.session", lambda *_args, **_more: spark)
    copy = tmp_path / "lake"
    shutil.copytree(lake, copy)

    def said(*arguments: str) -> str:
        assert cli.main(["run", "--landing", str(landing), "--lake", str(copy), "--dry-run", *arguments]) == 0
        return capsys.readouterr().out

    before = sorted(path for path in copy.rglob("*") if path.is_file())
    assert "Nothing would run: all tables of these days are current." in said("--resume")
    begun = said("--from", "gold.watchlist", "--date", str(DAYS[1]))
    assert "8 stages would run" in begun
    assert "asked for" in begun
    assert "By the last runs of this lake:" in begun
    assert "unknown" not in begun, "each table has a record"
    assert "scoring.clusters" in begun, "what it is made from"
    assert f"{sum(len(stages) for _, stages in PLANNED)} stages would run" in said()
    assert sorted(path for path in copy.rglob("*") if path.is_file()) == before
    assert cli.main(["run", "--landing", str(landing), "--lake", str(tmp_path / "new"), "--from", "graph.links"]) == 2
    assert "has no rows of" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        cli.main(["run", "--lake", str(copy), "--from", "graph.link"])
    assert "no stage makes graph.link" in capsys.readouterr().err
    assert json.loads((copy / "_made/undated/bronze.accounts.json").read_text())["landing"].keys() == {"accounts"}
