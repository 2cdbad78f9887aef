"""What a transform tells of how its rows were made reaches the gate: in the same process, and from one to the next."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession

from jobs.algorithms.figures import told
from jobs.errors import GateError
from jobs.pairs import content
from jobs.pipeline import Span, stage
from jobs.runtime.runner import Runner
from jobs.settings import DEFAULT, Key, Run
from tests.broken import GOOD
from tests.rows import DAY, rows

NAME = "pairs.content"
SHORT = "recall_short_of_target"
TARGET = DEFAULT.pairs.content_recall


def vectors(spark: SparkSession) -> tuple[DataFrame, DataFrame]:
    """Forty accounts in directions at random: of 780 pairs some are nearer than nearly all."""
    directions = np.random.default_rng(1).normal(size=(40, 8))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    spoken = [{"account_id": f"a{i:02}", "prompt_words": 1_000, "vector": row.tolist()} for i, row in enumerate(directions)]
    return rows(spark, "features.account_embeddings", spoken), rows(spark, "silver.accounts", [])


def runner(spark: SparkSession, lake: Path) -> Runner:
    return Runner(spark, str(lake), DEFAULT, Key(b"k"))


def short(judged: Runner) -> list[tuple[bool, float | None]]:
    """Whether the expectation of the join's recall held, and what was seen, each time that it was judged."""
    return [(o.success, o.observed) for o in judged.gate.outcomes if o.figure == SHORT]


def test_the_join_tells_its_recall(spark: SparkSession) -> None:
    embeddings, accounts = vectors(spark)
    found = content.transform(embeddings, accounts, Run(DAY, DEFAULT, Key(b"k")))
    assert told(found) == {"join_recall": 1.0, "join_recall_at_least": 1.0, "join_target": TARGET}, "so few are all compared"
    assert told(content.transform(embeddings.limit(0), accounts, Run(DAY, DEFAULT, Key(b"k")))) == {}


def test_a_join_below_its_target_is_a_warning_wherever_it_is_judged(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a whole run, and in a process of its own. What could not be measured, as where no account has a pair, is null and passes."""
    figures: dict[str, float | None] = {}
    join = content.cosine_join

    def measured(*given: Any, **how: Any) -> DataFrame:
        found = join(*given, **how)
        return found.withColumn("similarity", found["similarity"].alias("similarity", metadata=figures))

    monkeypatch.setattr(content, "cosine_join", measured)
    made = runner(spark, tmp_path)
    for name, frame in zip(("features.account_embeddings", "silver.accounts"), vectors(spark), strict=True):
        made.lake.write(name, frame, DAY)
    cases = {(None, None): (True, None), (0.97, TARGET): (True, pytest.approx(0.0)), (TARGET, TARGET - 0.1): (False, pytest.approx(0.1))}
    for (figures["recall"], figures["recall_at_least"]), expected in cases.items():
        made.work([(DAY, [stage(NAME)])])
        assert short(made)[-1] == expected
        made.run_stage(stage(NAME), DAY)  # as the scheduler's task
        after = runner(spark, tmp_path)
        after.check([NAME], DAY)  # as its gate, which is another process
        assert short(after) == [expected]
    assert len(short(made)) == len(cases), "the scheduler's task leaves it to the gate"
    assert made.lake.read(NAME, Span.DAY, DAY).count() > 0
    assert told(made.lake.read(NAME, Span.DAY, DAY)) == {}, "it is not of the table"


def test_a_gate_alone_of_rows_that_nobody_told_of(spark: SparkSession, tmp_path: Path) -> None:
    """As of a lake that an earlier version wrote; and other expectations stay what they are."""
    judged = runner(spark, tmp_path)
    judged.lake.write(NAME, rows(spark, NAME, [GOOD[NAME]]), DAY)
    judged.check([NAME], DAY)
    assert short(judged) == [(True, None)]
    judged.lake.write(NAME, rows(spark, NAME, [GOOD[NAME] | {"bits": -1}]), DAY)
    with pytest.raises(GateError, match="impossible_bits is 1"):
        judged.check([NAME], DAY)
