"""A lake of another version is refused in one line with the way forward, and that way leads to the same rows."""

import json
import re
import shutil
from datetime import date
from pathlib import Path

import pytest
from deltalake import DeltaTable, write_deltalake
from lakes import write
from pyspark.sql import SparkSession
from runs import KEY, partitions
from traffic import DAYS

from iolaus import cli, lake_format
from iolaus.errors import UsageError
from iolaus.pipeline import RECORDS, STAGES, stage
from iolaus.runtime.secret import FILE_VARIABLE, VARIABLE
from iolaus.schemas.table import table

DAY = date(2026, 2, 11)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FILE_VARIABLE, raising=False)
    monkeypatch.setenv(VARIABLE, KEY)


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The one line of a command that cannot be used."""
    capsys.readouterr()
    assert cli.main([*map(str, arguments)]) == 2
    [line] = capsys.readouterr().err.splitlines()
    return line


def test_what_is_made_anew_is_what_reads_no_landing() -> None:
    """The layers that the way forward moves away are made of bronze, of each other and of what analysts gave."""
    for made in (s for s in STAGES if s.layer in lake_format.REMADE):
        layers = {stage(r.table).layer for r in made.reads if r.table in {s.table for s in STAGES}}
        assert layers <= {"bronze", *lake_format.REMADE}, made.table
        assert not any(r.table.startswith("landing.") for r in made.reads), made.table
    assert {s.layer for s in STAGES} - set(lake_format.REMADE) == {"bronze", "quality"}
    assert all(name.startswith("quality.") for name in RECORDS)


@pytest.mark.parametrize(
    ("marked", "has_tables", "said"),
    [
        (None, True, "in format 1.*iolaus run --lake L --from D --to D"),
        ('{"format": 1}', True, "in format 1"),
        (f'{{"format": {lake_format.FORMAT + 1}}}', False, "newer version"),
        ("[", False, "cannot be understood"),
        ('{"code": "x"}', True, "cannot be understood"),
        (None, False, None),
        ('{"format": 1}', False, None),
        (lake_format.marker("x"), True, None),
    ],
)
def test_markers(marked: str | None, has_tables: bool, said: str | None) -> None:
    if said is None:
        lake_format.check("L", marked, lambda: has_tables)
        return
    with pytest.raises(UsageError, match=said):
        lake_format.check("L", marked, lambda: has_tables)


def test_readers_without_spark_refuse_an_older_lake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lake = tmp_path / "lake"
    write(lake, "gold.suspect_clusters", [{"run_date": DAY, "cluster_id": "hc_1"}])
    assert cli.main(["query", "SELECT 1", "--lake", str(lake)]) == 0
    (lake / lake_format.MARKER).unlink()
    for command in (
        ("query", "SELECT 1", "--lake", lake),
        ("report", "--lake", lake, "--out", tmp_path / "report"),
        ("verdict", "hc_1", "unsure", "--by", "ana", "--why", "why", "--lake", lake),
        ("export", "csv", "--lake", lake, "--out", tmp_path / "out.csv"),
        ("quality", "--lake", lake),
    ):
        assert f"iolaus run --lake {lake}" in refused(capsys, *command), command
    assert not (lake / "verdicts").exists()


def test_an_older_lake_is_made_anew_from_bronze(
    spark: SparkSession, lake: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert spark.version
    old = tmp_path / "lake"
    shutil.copytree(lake, old)
    assert json.loads((old / lake_format.MARKER).read_text())["format"] == lake_format.FORMAT

    # Columns of another version, under a marker of this one.
    accounts = old / "silver" / "accounts"
    fewer = DeltaTable(accounts).to_pyarrow_table().drop_columns(["org_id", "account_id"])
    write_deltalake(
        accounts, fewer, mode="overwrite", schema_mode="overwrite", partition_by=[str(table("silver.accounts").date)]
    )
    line = refused(capsys, "job", "features.account_values", "--date", DAYS[1], "--lake", old)
    assert "silver.accounts" in line
    assert "account_id is missing" in line

    (old / lake_format.MARKER).unlink()
    for command in (("run", "--landing", tmp_path, "--date", DAYS[1]), ("job", "silver.accounts", "--date", DAYS[1])):
        line = refused(capsys, *command, "--lake", old)
    moved = re.search(r"move its folders (.+) away", line)
    assert moved is not None
    for folder in moved[1].split(", "):
        shutil.rmtree(old / folder)
    with partitions(spark, 1):
        assert cli.main(["run", "--lake", str(old), "--report", "none"]) == 0, "every day of bronze"
    capsys.readouterr()
    for name in (
        "gold.suspect_clusters",
        "gold.suspect_cluster_members",
        "gold.cluster_evidence",
        "gold.cluster_links",
    ):
        before, after = (last_day(made, name) for made in (lake, old))
        assert len(before) > 0
        assert [r for r in before if r not in after] == [r for r in after if r not in before] == [], name


def last_day(lake: Path, name: str) -> list[dict[str, object]]:
    """The rows of the last day, but for what names the run and what it remembers of earlier ones."""
    rows = DeltaTable(lake / name.replace(".", "/")).to_pyarrow_table(filters=[("run_date", "=", DAYS[-1])]).to_pylist()
    return [{k: v for k, v in row.items() if k not in ("run_id", "first_flagged")} for row in rows]
