"""A lake of another version is refused in one line with the way forward, and that way leads to the same rows."""

import json
from datetime import date
from pathlib import Path

import pytest
from lakes import write
from pyspark.sql import SparkSession
from runs import KEY
from traffic import DAYS

from iolaus import cli, lake_format
from iolaus.errors import UsageError
from iolaus.pipeline import RECORDS, STAGES, stage
from iolaus.runtime.secret import FILE_VARIABLE, VARIABLE

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
        (None, True, "in format 1.*iolaus upgrade --lake L"),
        ('{"format": 1}', True, "in format 1"),
        (f'{{"format": {lake_format.FORMAT + 1}}}', False, "newer version"),
        (
            '{"format": 3, "upgrading_from": 2}',
            False,
            "from format 2 was not finished; go on with: iolaus upgrade --lake L",
        ),
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
        assert f"iolaus upgrade --lake {lake}" in refused(capsys, *command), command
    assert not (lake / "verdicts").exists()


def test_a_newer_lake_is_never_written(
    spark: SparkSession, landing: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every command that writes to a lake refuses a newer format, and leaves each of its files as it was."""
    lake = tmp_path / "lake"
    write(lake, "gold.suspect_clusters", [{"run_date": DAY, "cluster_id": "hc_1"}])
    (lake / lake_format.MARKER).write_text(json.dumps({"format": lake_format.FORMAT + 1, "code": "newer"}))
    before = {path: path.read_bytes() for path in lake.rglob("*") if path.is_file()}
    for command in (
        ("run", "--landing", landing, "--date", DAYS[1]),
        ("run", "--landing", landing, "--date", DAYS[1], "--resume"),
        ("job", "bronze.models", "--landing", landing, "--date", DAYS[1]),
        ("gate", "gold.suspect_clusters", "--date", DAY),
        ("maintain", "vacuum"),
        ("maintain", "retain", "--date", DAY),
        ("drop-day", "--date", DAY),
        ("upgrade",),
        ("verdict", "hc_1", "unsure", "--by", "ana", "--why", "why"),
        ("case", "set", "hc_1", "--by", "ana", "--state", "assigned"),
        ("calibrate",),
        ("whatif", "--set", "scoring.banned=3"),
    ):
        assert "use a newer version of iolaus" in refused(capsys, *command, "--lake", lake), command
    assert {path: path.read_bytes() for path in lake.rglob("*") if path.is_file()} == before
