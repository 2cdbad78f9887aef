"""What a run leaves behind for people and machines.

The journal, Data Docs, and what is said where nothing is recorded.
"""

import json
from datetime import date
from pathlib import Path

import pytest

from iolaus import cli
from iolaus.errors import in_short
from iolaus.runtime.gates.datadocs import write_data_docs
from iolaus.runtime.journal import Journal

DAY = date(2026, 2, 10)


def test_a_journal_is_a_line_of_ascii_an_event(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path / "log"))
    journal.run_id = "r1"
    journal.write("stage_fails", table="t", day=DAY, error='\x1b[2J\u202e"}\n{"event": "forged"}')
    journal.write("run_ends")
    first, second = (tmp_path / "log").read_bytes().splitlines()
    assert first.isascii()
    assert b"\x1b" not in first
    assert json.loads(first)["error"] == '\x1b[2J\u202e"}\n{"event": "forged"}'
    assert json.loads(first) | {"at": ""} == {
        "at": "", "run_id": "r1", "event": "stage_fails", "table": "t", "day": "2026-02-10",
        "error": json.loads(first)["error"],
    }  # fmt: skip
    assert json.loads(second)["event"] == "run_ends"


def test_without_a_path_nothing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Journal().write("run_begins")
    assert capsys.readouterr() == ("", "")
    Journal("-").write("run_begins")
    assert json.loads(capsys.readouterr().err)["event"] == "run_begins"


def test_an_error_is_one_line_and_short() -> None:
    assert in_short(ValueError("\x1b[2J")) == "ValueError: \N{REPLACEMENT CHARACTER}[2J"
    assert in_short(ValueError("\nfirst\nsecond")) == "ValueError: first"
    assert len(in_short(ValueError("x" * 10_000))) < 400


def test_data_docs_show_what_failed(tmp_path: Path) -> None:
    summaries = {"bronze.models": {"rows": 2.0, "duplicate_keys": 7.0, "without_name": 0.0, "far_release": 0.0}}
    index = write_data_docs(str(tmp_path / "docs"), DAY, summaries)
    assert "bronze.models" in index.read_text(encoding="utf-8")
    (page,) = (tmp_path / "docs/validations").rglob("*.html")
    text = page.read_text(encoding="utf-8")
    assert "duplicate_keys" in text
    assert "Failed" in text


def test_a_lake_without_records(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["quality", "--lake", str(tmp_path / "none")]) == 2
    assert "there is no lake" in capsys.readouterr().err
    assert cli.main(["quality", "--lake", str(tmp_path)]) == 0
    assert "No run is recorded" in capsys.readouterr().out
    assert cli.main(["quality", "--lake", str(tmp_path), "--docs", str(tmp_path / "docs")]) == 2
    assert "run iolaus run first" in capsys.readouterr().err
    assert cli.main(["quality", "--lake", str(tmp_path), "--date", "2026-02-10"]) == 2


def test_a_gate_for_what_has_no_expectations(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["gate", "silver.dreams", "--date", "2026-02-10", "--lake", str(tmp_path)]) == 2
    assert "silver.exchanges" in capsys.readouterr().err
