"""How long a run takes by the last ones, and how its progress is shown."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from lakes import write
from pyspark.sql import SparkSession

from iolaus.runtime.context import Event
from iolaus.runtime.estimates import Tracker, in_words, makespan, usual_seconds
from iolaus.runtime.lake import Lake
from iolaus.runtime.progress import Progress
from iolaus.settings import DEFAULT

DAY = date(2026, 2, 11)
A, B, C, D = ((DAY, name) for name in ("bronze.exchanges", "silver.exchanges", "pairs.content", "graph.links"))
WAITS = {A: set(), B: {A}, C: {A}, D: {B, C}}
USUAL = {A[1]: 10.0, B[1]: 20.0, C[1]: 30.0, D[1]: 5.0}


def test_a_run_takes_as_long_as_its_longest_way() -> None:
    assert makespan(WAITS, USUAL, 1) == 65.0
    assert makespan(WAITS, USUAL, 2) == 45.0, "two at a time: the longer of both in the middle"
    assert makespan({}, USUAL, 2) == 0.0
    assert makespan(WAITS, {}, 2) is None


def test_what_no_run_has_made_takes_as_long_as_the_others() -> None:
    assert makespan({A: set(), B: {A}}, {A[1]: 10.0}, 2) == 20.0


def tracked(now: list[float]) -> Tracker:
    return Tracker(WAITS, USUAL, 2, clock=lambda: now[0])


def test_time_left_follows_the_pace_of_the_run() -> None:
    now = [0.0]
    run = tracked(now)
    assert run.state().left == 45.0
    run.begins(A[1], DAY)
    now[0] = 5.0
    assert run.state().left == pytest.approx(45 * (1 - 5 / 65))
    now[0] = 40.0
    assert run.state().left == pytest.approx(45 * (1 - 10 / 65)), "a stage that takes longer counts no more than usual"
    run.ends(A[1], DAY)
    run.begins(C[1], DAY)
    run.begins(B[1], DAY)
    now[0] = 52.0
    state = run.state()
    assert (state.done, state.total) == (1, 4)
    assert [(r.table, r.seconds, r.usual) for r in state.running] == [(C[1], 12.0, 30.0), (B[1], 12.0, 20.0)]
    share = (10 + 12 + 12) / 65
    assert state.left == pytest.approx(45 * (1 - share) * (52 / (45 * share))), "over a fifth is done: its pace counts"
    for task in (B, C, D):
        run.ends(task[1], DAY)
    assert run.state().left == 0.0


def test_usual_seconds_are_the_median_of_the_last_runs(spark: SparkSession, tmp_path: Path) -> None:
    lake = Lake(spark, str(tmp_path), DEFAULT.window_days)
    assert usual_seconds(lake) == {}
    seconds = [500.0, 400.0, 10.0, 12.0, 14.0, 16.0, 900.0]
    runs = [
        {
            "run_date": DAY,
            "table_name": "graph.links",
            "began_at": datetime(2026, 2, 12, tzinfo=UTC) + timedelta(hours=hour),
            "seconds": took,
            "status": "written",
        }
        for hour, took in enumerate(seconds)
    ]
    write(tmp_path, "quality.runs", [*runs, runs[-1] | {"table_name": "pairs.content", "status": "failed"}])
    assert usual_seconds(lake) == {"graph.links": 14.0}


def shown(form: str, capsys: pytest.CaptureFixture[str], beat: float = 60.0) -> list[str]:
    now = [0.0]
    with Progress(tracked(now), form, beat=beat) as progress:
        progress.on_event(Event(A[1], DAY, done=False))
        now[0] = 40.0
        if beat < 1:
            progress._ended.wait(20 * beat)
        progress.on_event(Event(A[1], DAY, done=True, seconds=40.0))
    return capsys.readouterr().err.splitlines()


def test_progress_in_lines(capsys: pytest.CaptureFixture[str]) -> None:
    begins, ends = shown("lines", capsys)
    assert begins == (
        "2026-02-11 bronze.exchanges begins; 0 of 4 stages done; longest at work: bronze.exchanges of 2026-02-11, 0 s "
        "(usually 10 s); about 45 s left"
    )
    assert ends == "2026-02-11 bronze.exchanges done in 40.0 s; 1 of 4 stages done; about 38 s left"
    assert shown("none", capsys) == []


def test_progress_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    begins, ends = map(json.loads, shown("json", capsys))
    at = datetime.fromisoformat(begins.pop("at"))
    assert at.utcoffset() == timedelta(0)
    running = [{"table": "bronze.exchanges", "day": "2026-02-11", "seconds": 0.0, "usual_seconds": 10.0}]
    of = {"table": "bronze.exchanges", "day": "2026-02-11"}
    assert begins == {"event": "stage_begins", **of, "done": 0, "total": 4, "seconds_left": 45.0, "running": running}
    assert (ends["event"], ends["seconds"], ends["done"], ends["running"]) == ("stage_ends", 40.0, 1, [])


def test_a_long_stage_is_said_to_be_at_work(capsys: pytest.CaptureFixture[str]) -> None:
    _, *beats, _ = shown("lines", capsys, beat=0.02)
    assert beats
    assert beats[-1].startswith("working; 0 of 4 stages done; longest at work: bronze.exchanges of 2026-02-11, 40 s")


def test_times_in_words() -> None:
    assert [in_words(s) for s in (59.4, 3599, 3600)] == ["59 s", "59 min 59 s", "1 h 0 min"]
