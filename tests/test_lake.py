"""The lake: dated rows are replaced whole, and nothing of the wrong shape is read or written."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from iolaus.errors import RunError
from iolaus.pipeline import STAGES, Span
from iolaus.runtime.lake import INDEXED, Lake
from iolaus.schemas.landing import ACCOUNT, EXCHANGE
from iolaus.schemas.table import STRING, table
from tests.rows import DAY, rows

NAME = "graph.components"


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> Lake:
    return Lake(spark, str(tmp_path), window_days=3, user_metadata="run_id=test")


def test_a_day_is_replaced_and_spans_see_what_they_say(spark: SparkSession, lake: Lake) -> None:
    assert lake.read(NAME, Span.DAY, DAY).count() == 0, "a table that was never written has no rows"
    assert lake.days(NAME) == []
    for back, accounts in ((4, ("old",)), (2, ("a", "b")), (0, ("a", "b", "c")), (0, ("a", "d"))):
        day = DAY - timedelta(days=back)
        lake.write(
            NAME, rows(spark, NAME, [{"run_date": day, "account_id": a, "component": "a"} for a in accounts]), day
        )

    def seen(span: Span, day: date = DAY) -> list[str]:
        return sorted(r.account_id for r in lake.read(NAME, span, day).collect())

    assert seen(Span.DAY) == ["a", "d"]
    assert seen(Span.WINDOW) == ["a", "a", "b", "d"]
    assert seen(Span.PREVIOUS) == ["a", "b"]
    assert seen(Span.PREVIOUS, DAY - timedelta(days=4)) == []
    assert seen(Span.ALL) == ["a", "a", "b", "d", "old"]
    assert lake.days(NAME) == [DAY - timedelta(days=4), DAY - timedelta(days=2), DAY]
    history = spark.sql(f"DESCRIBE HISTORY delta.`{lake.path(NAME)}`").select("userMetadata").distinct().collect()
    assert "run_id=test" in {h[0] for h in history}


def test_a_table_whose_first_write_was_killed_was_never_written(spark: SparkSession, lake: Lake) -> None:
    """What is left is a folder for its log, without a commit, which Delta alone would take for a table."""
    log = Path(lake.path(NAME), "_delta_log")
    (log / "_staged_commits").mkdir(parents=True)
    (log / ".00000000000000000000.json.left.tmp").write_text('{"commitInfo"')
    assert not lake.exists(NAME)
    assert lake.read(NAME, Span.DAY, DAY).count() == 0
    lake.write(NAME, rows(spark, NAME, [{"run_date": DAY, "account_id": "a", "component": "a"}]), DAY)
    assert [r.account_id for r in lake.read(NAME, Span.DAY, DAY).collect()] == ["a"]


def test_no_text_and_no_card_stands_in_the_statistics_of_a_table_s_log() -> None:
    private = {f.name for f in (*EXCHANGE, *ACCOUNT)} - {"exchange_id", "account_id", "requested_at", "request_model"}
    for made in STAGES:
        spec = table(made.table)
        indexed = [f for f in spec.columns if f.name != spec.date][:INDEXED]
        shown = {f.name for f in indexed if f.dataType == STRING} & (private | {"row", "exemplar"})
        assert shown <= {"org_id"}, made.table


def test_rows_of_another_day_are_refused_whole(spark: SparkSession, lake: Lake) -> None:
    mixed = rows(
        spark, NAME, [{"run_date": d, "account_id": "a", "component": "a"} for d in (DAY, DAY - timedelta(days=1))]
    )
    with pytest.raises(RunError, match="not written"):
        lake.write(NAME, mixed, DAY)
    assert lake.read(NAME, Span.ALL, DAY).count() == 0


def test_other_columns_and_types_are_refused_by_name(spark: SparkSession, lake: Lake) -> None:
    good = rows(spark, NAME, [{"run_date": DAY, "account_id": "a", "component": "a"}])
    with pytest.raises(RunError, match="component is missing"):
        lake.write(NAME, good.drop("component"), DAY)
    with pytest.raises(RunError, match="surplus is unknown"):
        lake.write(NAME, good.withColumn("surplus", F.lit(1)), DAY)
    with pytest.raises(RunError, match="component is IntegerType"):
        lake.write(NAME, good.withColumn("component", F.lit(1)), DAY)


def test_a_relative_path_is_a_path(spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    relative = Lake(spark, "out/lake", window_days=3)
    relative.write(NAME, rows(spark, NAME, [{"run_date": DAY, "account_id": "a", "component": "a"}]), DAY)
    assert (tmp_path / "out/lake/graph/components/_delta_log").is_dir()
    assert Lake(spark, "s3a://bucket/lake/", window_days=3).path(NAME) == "s3a://bucket/lake/graph/components"
