"""The lake under names in Spark's catalog, its views for analysts, and a landing of named tables."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from rows import DAY, base, rows
from traffic import FIRST

from iolaus import cli
from iolaus.errors import UsageError
from iolaus.pipeline import Span
from iolaus.runtime.catalog import PUBLISHER, located, register, schema_name
from iolaus.runtime.lake import Lake
from iolaus.runtime.lines import LINES
from iolaus.runtime.named_landing import NamedLanding, landing_at
from iolaus.schemas.codes import DROPPED, WRITTEN
from iolaus.schemas.table import table

SCHEMA = "spark_catalog.iolaus_named"
NEXT = DAY + timedelta(days=1)


@pytest.fixture
def schema(spark: SparkSession) -> Iterator[str]:
    yield SCHEMA
    spark.sql(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")


@pytest.fixture
def named(spark: SparkSession, tmp_path: Path) -> Lake:
    """A lake of two published days: a cluster on the first, none on the second."""
    lake = Lake(spark, str(tmp_path / "lake"), 28)
    lake.write(PUBLISHER, rows(spark, PUBLISHER, [{"run_date": DAY, "cluster_id": "c1", "rank": 1}]), DAY)
    lake.append("quality.runs", [run(DAY, 1, WRITTEN)])
    return lake


def run(day: date, hour: int, status: str) -> tuple[Any, ...]:
    """A row of quality.runs for the ranking of a day."""
    began = datetime(DAY.year, DAY.month, DAY.day, hour, tzinfo=UTC)
    known = {"run_date": day, "table_name": PUBLISHER, "status": status, "began_at": began}
    return tuple(known[f.name] if f.name in known else base(f) for f in table("quality.runs").schema.fields)


def test_tables_have_names_comments_and_their_place(named: Lake, spark: SparkSession, schema: str) -> None:
    registered = list(register(named, schema))
    assert "`spark_catalog`.`iolaus_named`.`gold_suspect_clusters`" in registered
    assert registered == list(register(named, schema)), "it may be repeated"
    found = {c.name: c.description for c in spark.catalog.listColumns(f"{schema}.gold_suspect_clusters")}
    assert found == {f.name: f.metadata["comment"] for f in table(PUBLISHER).schema.fields}
    assert spark.table(f"{schema}.gold_suspect_clusters").select("cluster_id").collect() == [("c1",)]
    spark.sql(f"DROP TABLE {schema}.gold_suspect_clusters")
    assert named.read(PUBLISHER, Span.DAY, DAY).count() == 1, "the catalog does not own the rows"


def test_the_view_shows_the_newest_published_date(named: Lake, spark: SparkSession, schema: str) -> None:
    list(register(named, schema))

    def latest() -> list[Any]:
        return [row.cluster_id for row in spark.table(f"{schema}.latest_suspect_clusters").collect()]

    assert latest() == ["c1"]
    named.append("quality.runs", [run(NEXT, 2, WRITTEN)])
    assert latest() == [], "the newest date found nothing"
    named.append("quality.runs", [run(NEXT, 3, DROPPED)])
    assert latest() == ["c1"], "a date that was taken back is not published"


def test_another_table_under_the_name_is_refused(named: Lake, spark: SparkSession, schema: str, tmp_path: Path) -> None:
    other = Lake(spark, str(tmp_path / "other"), 28)
    other.create(PUBLISHER)
    list(register(other, schema))
    with pytest.raises(UsageError, match=r"is another table, at .*other.*; name another schema with --catalog"):
        list(register(named, schema))


def test_the_command_prints_the_names(
    named: Lake, schema: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("iolaus.runtime.spark.session.session", lambda *_args, **_more: named.spark)
    assert cli.main(["catalog", "--lake", named.uri, "--catalog", schema]) == 0
    assert f"{schema}.latest_suspect_clusters" in capsys.readouterr().out.split()
    assert cli.main(["catalog", "--lake", named.uri, "--catalog", "a b"]) == 2
    assert "'a b' is no schema of a catalog; write it as main.iolaus" in capsys.readouterr().err


def test_a_lake_is_found_by_its_schema(named: Lake, schema: str, tmp_path: Path) -> None:
    spark = named.spark
    assert located(spark, schema) == schema, "there is no such schema yet, so it may be a folder's name"
    spark.sql(f"CREATE SCHEMA {schema}")
    with pytest.raises(UsageError, match=f"no lake is registered in {schema}; register one with: iolaus catalog"):
        located(spark, schema)
    list(register(named, schema))
    found = located(spark, schema)
    assert Lake(spark, found, 28).read(PUBLISHER, Span.DAY, DAY).count() == 1
    assert found.removeprefix("file:").removeprefix("//") == named.uri
    assert located(spark, str(tmp_path)) == str(tmp_path)


def test_a_schema_is_quoted() -> None:
    assert schema_name("main.my-schema") == "`main`.`my-schema`"
    with pytest.raises(UsageError):
        schema_name("main.`x`")


def test_named_tables_are_read_as_the_folder_is(landing: Path, spark: SparkSession, schema: str) -> None:
    spark.sql(f"CREATE SCHEMA {schema}")
    read = spark.read.json(str(landing / "exchanges" / f"dt={FIRST}"))
    read.withColumn("dt", F.lit(FIRST)).write.format("parquet").saveAsTable(f"{schema}.exchanges")
    named = landing_at(spark, schema)
    assert isinstance(named, NamedLanding)
    assert (named.days(), named.has_folder(FIRST), named.has_files(NEXT + timedelta(days=9))) == ([FIRST], True, False)
    lines = named.lines("exchanges", FIRST)
    assert lines.schema.names == LINES.names
    assert lines.select("source_file").distinct().collect() == [(f"{schema}.exchanges",)]
    parsed = lines.select(F.from_json("line", read.schema).alias("row")).select("row.*")
    assert parsed.select(*read.columns).exceptAll(read).isEmpty()
    assert parsed.count() == read.count()
    assert named.lines("accounts", None).isEmpty()


def test_tables_without_a_day_of_arrival_are_refused(spark: SparkSession, schema: str) -> None:
    with pytest.raises(UsageError, match=rf"no table {schema}\.exchanges in the catalog; name one with --landing"):
        landing_at(spark, schema)
    spark.sql(f"CREATE SCHEMA {schema}")
    spark.sql(f"CREATE TABLE {schema}.exchanges (account_id STRING) USING parquet")
    with pytest.raises(UsageError, match="has no column dt, the day of arrival"):
        landing_at(spark, schema)
