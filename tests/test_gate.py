"""What a transform tells of how its rows were made reaches the gate, in one process or two."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from iolaus.engine.measured import reported
from iolaus.errors import GateError
from iolaus.pairs import content
from iolaus.pipeline import Span, stage
from iolaus.runtime.runner import Runner
from iolaus.settings import DEFAULT, Key, Run
from iolaus.silver import exchanges
from tests.broken import GOOD
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


ARRIVED = "silver.exchanges"


def arrivals(spark: SparkSession, name: str, day: date, ids: str) -> DataFrame:
    """Rows that arrived on a day, one a letter of an id, and happened on DAY."""
    return rows(spark, name, [GOOD[name] | {"exchange_id": letter, "arrived_on": day} for letter in ids])


def test_a_run_says_which_arrival_was_stopped(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A day that is made anew makes later arrivals of its exchanges anew; those of other days stay as they are."""
    made, days = runner(spark, tmp_path), [DAY + timedelta(days=later) for later in (0, 1, 2)]
    for day in days[:2]:
        made.lake.write("bronze.exchanges", arrivals(spark, "bronze.exchanges", day, "ab"), day)
    other = arrivals(spark, "bronze.exchanges", days[2], "c").withColumn("happened_on", F.lit(days[2]))
    made.lake.write("bronze.exchanges", other, days[2])
    assert made.lake.later_arrivals(DAY) == [days[1]]

    def transform(exchanges: DataFrame, earlier: DataFrame, run: Run) -> DataFrame:
        return arrivals(exchanges.sparkSession, ARRIVED, run.day, "ab" if run.day == DAY else "bb")

    monkeypatch.setattr(exchanges, "transform", transform)
    with pytest.raises(GateError, match=f"{ARRIVED} of {days[1]}: duplicate_keys is 1"):
        made.work([(DAY, [stage(ARRIVED)])])
    ended = made.lake.read("quality.runs", Span.ALL, DAY).select("made_date", "status").collect()
    assert sorted(map(tuple, ended)) == [(DAY, "written"), (days[1], "stopped"), (days[1], "written")]
