"""What a transform tells of how its rows were made reaches the gate, in one process or two.

Days of events are judged together.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession

from iolaus.engine.measured import reported
from iolaus.errors import GateError
from iolaus.pairs import content
from iolaus.pipeline import Span, stage
from iolaus.runtime.runner import Runner
from iolaus.settings import DEFAULT, Key, Run
from iolaus.silver import exchanges
from tests.broken import GOOD, NOW
from tests.rows import DAY, population, rows

NAME = "pairs.content"
SHORT = "recall_short_of_target"
TARGET = DEFAULT.pairs.content_recall


def vectors(spark: SparkSession) -> tuple[DataFrame, DataFrame]:
    """Forty accounts in directions at random: of 780 pairs some are nearer than nearly all."""
    directions = np.random.default_rng(1).normal(size=(40, 8))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    spoken = [
        {"account_id": f"a{i:02}", "prompt_words": 1_000, "vector": row.tolist()} for i, row in enumerate(directions)
    ]
    return rows(spark, "features.account_profiles", spoken), population(spark, [a["account_id"] for a in spoken])


def runner(spark: SparkSession, lake: Path) -> Runner:
    return Runner(spark, str(lake), DEFAULT, Key(b"k"))


def short(judged: Runner) -> list[tuple[bool, float | None]]:
    """Whether the expectation of the join's recall held, and what was seen, each time that it was judged."""
    return [(o.success, o.observed) for o in judged.gate.outcomes if o.metric == SHORT]


def test_the_join_tells_its_recall(spark: SparkSession) -> None:
    profiles, everybody = vectors(spark)
    found = content.transform(profiles, everybody, Run(DAY, DEFAULT, Key(b"k")))
    assert reported(found) == {"join_recall": 1.0, "join_recall_at_least": 1.0, "join_target": TARGET}, (
        "so few are all compared"
    )
    assert reported(content.transform(profiles.limit(0), everybody, Run(DAY, DEFAULT, Key(b"k")))) == {}


def test_a_join_below_its_target_is_a_warning_wherever_it_is_judged(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a whole run, and in a process of its own.

    What could not be measured, as where no account has a pair, is null and passes.
    """
    metrics: dict[str, float | None] = {}
    join = content.cosine_join

    def measured(*given: Any, **how: Any) -> DataFrame:
        found = join(*given, **how)
        return found.withColumn("similarity", found["similarity"].alias("similarity", metadata=metrics))

    monkeypatch.setattr(content, "cosine_join", measured)
    made = runner(spark, tmp_path)
    for name, frame in zip(("features.account_profiles", "features.population"), vectors(spark), strict=True):
        made.lake.write(name, frame, DAY)
    cases = {
        (None, None): (True, None),
        (0.97, TARGET): (True, pytest.approx(0.0)),
        (TARGET, TARGET - 0.1): (False, pytest.approx(0.1)),
    }
    for (metrics["recall"], metrics["recall_at_least"]), expected in cases.items():
        made.work([(DAY, [stage(NAME)])])
        assert short(made)[-1] == expected
        made.run_stage(stage(NAME), DAY)  # as the scheduler's task
        after = runner(spark, tmp_path)
        after.check([NAME], DAY)  # as its gate, which is another process
        assert short(after) == [expected]
    assert len(short(made)) == len(cases), "the scheduler's task leaves it to the gate"
    assert made.lake.read(NAME, Span.DAY, DAY).count() > 0
    assert reported(made.lake.read(NAME, Span.DAY, DAY)) == {}, "it is not of the table"


def test_a_gate_alone_of_rows_that_nobody_told_of(spark: SparkSession, tmp_path: Path) -> None:
    """As of a lake that an earlier version wrote; and other expectations stay what they are."""
    judged = runner(spark, tmp_path)
    judged.lake.write(NAME, rows(spark, NAME, [GOOD[NAME]]), DAY)
    judged.check([NAME], DAY)
    assert short(judged) == [(True, None)]
    judged.lake.write(NAME, rows(spark, NAME, [GOOD[NAME] | {"bits": -1}]), DAY)
    with pytest.raises(GateError, match="impossible_bits is 1"):
        judged.check([NAME], DAY)


EVENTS = "silver.exchanges"


def of_events(spark: SparkSession, name: str, ids: dict[int, str]) -> DataFrame:
    """Rows of days before DAY by how many days, one a letter of an id; arrived on DAY."""
    given = [
        GOOD[name]
        | {"exchange_id": letter, "happened_on": DAY - timedelta(days=ago), "requested_at": NOW - timedelta(days=ago)}
        for ago, letters in ids.items()
        for letter in letters
    ]
    return rows(spark, name, given)


def test_days_of_events_judged_together_are_judged_as_each_alone(spark: SparkSession, tmp_path: Path) -> None:
    """Of a day without rows too. An id that stands twice on one day is said of that day; the others hold."""
    together, days = runner(spark, tmp_path), [DAY - timedelta(days=ago) for ago in (0, 1, 2, 3)]
    together.lake.write("bronze.exchanges", of_events(spark, "bronze.exchanges", {0: "abc", 1: "de", 2: "f"}), DAY)
    silver = of_events(spark, EVENTS, {0: "abc", 1: "dd", 2: "f"})
    for day in days[:3]:
        together.lake.write(EVENTS, silver.where(silver.happened_on == day), day)
    with pytest.raises(GateError, match=f"{EVENTS} of {days[1]}: duplicate_keys is 1") as stopped:
        together.gate.check(
            EVENTS,
            days,
            together.lake.read_events(EVENTS, days),
            {"bronze.exchanges": together.lake.read_events("bronze.exchanges", days)},
        )
    assert stopped.value.days == (days[1],)
    for day in days:
        alone = runner(spark, tmp_path)
        inputs = {"bronze.exchanges": alone.lake.read("bronze.exchanges", Span.ARRIVED, day)}
        if day == days[1]:
            with pytest.raises(GateError, match="duplicate_keys is 1"):
                alone.gate.check(EVENTS, [day], alone.lake.read(EVENTS, Span.DAY, day), inputs)
        else:
            alone.gate.check(EVENTS, [day], alone.lake.read(EVENTS, Span.DAY, day), inputs)
        (seen,) = alone.gate.measured
        assert {seen.day: seen.metrics} == {m.day: m.metrics for m in together.gate.measured if m.day == day}
    counted = {m.day: (m.metrics["rows"], m.metrics["arrived"]) for m in together.gate.measured}
    assert counted == dict(zip(days, [(3, 3), (2, 2), (1, 1), (0, 0)], strict=True))


def test_a_run_says_which_day_of_its_events_was_stopped(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All days are made before they are judged.

    The records say `written` of each, and `stopped` of the one that failed.
    """
    made, before = runner(spark, tmp_path), DAY - timedelta(days=1)
    made.lake.write("bronze.exchanges", of_events(spark, "bronze.exchanges", {0: "abc", 1: "de"}), DAY)

    def transform(exchanges: DataFrame, run: Run) -> DataFrame:
        return of_events(exchanges.sparkSession, EVENTS, {0: "abc"} if run.day == DAY else {1: "dd"})

    monkeypatch.setattr(exchanges, "transform", transform)
    with pytest.raises(GateError, match=f"{EVENTS} of {before}"):
        made.work([(DAY, [stage(EVENTS)])])
    ended = made.lake.read("quality.runs", Span.ALL, DAY).select("made_date", "status").collect()
    assert sorted(map(tuple, ended)) == [(before, "stopped"), (before, "written"), (DAY, "written")]
