"""How a run ends that has published: with status 0, whatever becomes of its report."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from iolaus import cli
from iolaus.commands import run
from iolaus.export.report import write as report
from iolaus.settings import DEFAULT
from tests.lakes import write_case
from tests.rows import DAY


def of_another_lake(folder: Path) -> None:
    other = folder.parent / "other"
    write_case(other, DAY, "hc_9", ["x", "y"])
    report(str(other), folder, DAY)


def a_file(folder: Path) -> None:
    folder.write_text("notes")


def with_other_files(folder: Path) -> None:
    folder.mkdir()
    (folder / "thesis.txt").write_text("mine")


def with_a_damaged_mark(folder: Path) -> None:
    of_another_lake(folder)
    (mark,) = (f for f in folder.iterdir() if f.is_file() and f.name != "index.html" and "lake" in f.read_text())
    mark.write_text('{"lake": ')


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lake whose run has ended, and a command that believes to have run it: no Spark is started."""
    lake = tmp_path / "lake"
    write_case(lake, DAY, "hc_1", ["a", "b"])
    settings = replace(DEFAULT, calibration=replace(DEFAULT.calibration, groups=0))
    made = SimpleNamespace(must_be_there=lambda: None, uri=str(lake), spark=None)
    told = {"ranking": lambda _day: [], "counts": lambda _day: {}, "other_keys": lambda _day: []}
    runner = SimpleNamespace(lake=made, settings=settings, gate=SimpleNamespace(outcomes=[]), **told)
    monkeypatch.setenv("IOLAUS_HMAC_KEY", "a key for tests alone")
    monkeypatch.setattr("iolaus.runtime.spark.session.session", lambda *_args, **_more: None)
    monkeypatch.setattr("iolaus.runtime.gates.suites.load_early", lambda: None)
    monkeypatch.setattr("iolaus.runtime.runner.Runner", lambda *_args, **_more: runner)
    monkeypatch.setattr(run, "_run", lambda *_: {})
    return lake


def ended(lake: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """What a run says that ended with status 0."""
    capsys.readouterr()
    command = ["run", "--lake", str(lake), "--date", str(DAY), "--allow-empty", "--report", str(folder)]
    assert cli.main(command) == 0
    out, err = capsys.readouterr()
    return out, err


def test_the_report_is_written(published: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, err = ended(published, tmp_path / "report", capsys)
    assert f"Report: {tmp_path}/report/index.html" in out
    assert "no report" not in err


@pytest.mark.parametrize(
    ("taken", "why"),
    [
        (of_another_lake, r"is the report of another lake; name another folder with --out \(iolaus run: --report\)"),
        (a_file, "is a file; name a folder"),
        (with_other_files, "has files that are no report"),
        (with_a_damaged_mark, "has files that are no report"),
    ],
)
def test_a_folder_that_is_not_its_own_stays_and_fails_nothing(
    published: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], taken: Callable[[Path], None], why: str
) -> None:
    folder = tmp_path / "taken"
    taken(folder)
    before = {path: path.read_bytes() for path in [folder, *folder.rglob("*")] if path.is_file()}
    out, err = ended(published, folder, capsys)
    assert "Report:" not in out
    assert len([line for line in err.splitlines() if "no report was written" in line]) == 1
    assert re.search(why, err), err
    assert {path: path.read_bytes() for path in before} == before
    assert {path for path in [folder, *folder.rglob("*")] if path.is_file()} == set(before), "nothing is added"


def test_a_disk_that_is_full_fails_no_run_that_published(
    published: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object, **_more: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("iolaus.export.report._pages", full)
    _, err = ended(published, tmp_path / "report", capsys)
    assert "iolaus: no report was written: [Errno 28] No space left on device" in err
