"""Readers see the tables of one run or none: what a crash between two of them leaves is refused in one line."""

from datetime import date
from pathlib import Path

import pytest
from lakes import case, write

from iolaus.cli import main

DAY, BEFORE = date(2026, 2, 11), date(2026, 2, 10)
KEY = "a-key-of-these-rows"
READERS = (
    ["report", "--out", "OUT"],
    ["export", "csv", "--out", "OUT/x.csv"],
    ["export", "stix", "--producer", "lab", "--out", "OUT/x.json"],
    ["export", "parquet", "--out", "OUT"],
    ["verdict", "hc_1", "confirmed", "--by", "me", "--why", "because"],
    ["query", "SELECT c.rank, m.account_id FROM suspect_clusters c JOIN suspect_cluster_members m USING (run_date)"],
)


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IOLAUS_HMAC_KEY", KEY)
    made = tmp_path / "lake"
    for day in (BEFORE, DAY):
        for name, rows in case(day, "hc_1", ["a", "b", "c", "d", "e"]).items():
            write(made, name, [row | {"run_id": f"run of {day}"} for row in rows])
        write(made, "scoring.clusters", [{"run_date": day, "cluster_id": "hc_1"}])
        write(made, "scoring.evidence", [{"run_date": day, "cluster_id": "hc_1", "channel": "card"}])
        write(made, "graph.clusters", [{"run_date": day, "cluster_id": "hc_1", "account_id": a} for a in "abcde"])
    return made


def read(lake: Path, reader: list[str], out: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    arguments = [part.replace("OUT", str(out)) for part in reader]
    dated = [] if reader[0] == "query" else ["--date", str(DAY)]
    status = main([*arguments, "--lake", str(lake), *dated])
    return status, capsys.readouterr().err


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: " ".join(reader[:2]))
def test_a_mixture_is_refused_in_one_line(
    lake: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], reader: list[str]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    whole, said = read(lake, reader, out, capsys)
    assert whole == 0, said
    before = {file.name for file in out.iterdir()}
    write(lake, "gold.suspect_cluster_members", [{"run_date": DAY, "cluster_id": "hc_1", "run_id": "one that died"}])
    status, said = read(lake, reader, out, capsys)
    assert (status, said.count("\n")) == (1, 1), said
    assert f"gold tables of {DAY} are of several runs" in said
    assert "run the date again" in said
    assert {file.name for file in out.iterdir()} == before


def test_a_ranking_whose_evidence_is_gone_is_refused(
    lake: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run that found nothing emptied the evidence, and died before the ranking."""
    later = date(2026, 2, 12)
    write(lake, "gold.suspect_clusters", [{"run_date": later, "cluster_id": "hc_1", "rank": 1, "run_id": "old"}])
    assert main(["report", "--lake", str(lake), "--date", str(later), "--out", str(tmp_path / "out")]) == 1
    assert f"gold tables of {later} are of several runs" in capsys.readouterr().err
    assert main(["report", "--lake", str(lake), "--date", str(DAY), "--out", str(tmp_path / "out")]) == 0


def test_one_table_is_of_one_run_and_other_dates_stay_readable(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(lake, "gold.suspect_cluster_members", [{"run_date": DAY, "cluster_id": "hc_1", "run_id": "one that died"}])
    assert main(["query", "--lake", str(lake), "SELECT * FROM suspect_clusters"]) == 0
    assert main(["report", "--lake", str(lake), "--date", str(BEFORE), "--out", str(lake.parent / "out")]) == 0
