"""The command: its exit statuses, and that each error is one line with its mend."""

from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from iolaus import cli
from iolaus.commands import job
from iolaus.errors import GateError, RunError, UsageError
from iolaus.runtime.display import plain, print_ranking
from iolaus.runtime.secret import FILE_VARIABLE, VARIABLE, is_weak, load_key


def status(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """The exit status and the one line on standard error."""
    code = cli.main(arguments)
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    return code, lines[0]


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "0123456789abcdef0123456789abcdef")


@pytest.mark.usefixtures("key")
class TestUnusableArguments:
    def test_a_date_and_a_range(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, said = status(
            capsys,
            "run",
            "--landing",
            "l",
            "--lake",
            "k",
            "--date",
            "2026-02-10",
            "--from",
            "2026-02-10",
            "--to",
            "2026-02-11",
        )
        assert (code, "one of the two" in said) == (2, True)

    def test_half_a_range(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, said = status(capsys, "run", "--landing", "l", "--lake", "k", "--from", "2026-02-10")
        assert (code, "give both" in said) == (2, True)

    def test_a_range_backwards(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, said = status(
            capsys, "run", "--landing", "l", "--lake", "k", "--from", "2026-02-11", "--to", "2026-02-10"
        )
        assert (code, "exchange them" in said) == (2, True)

    def test_a_table_that_nothing_makes(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, said = status(capsys, "job", "gold.nothing", "--date", "2026-02-10", "--lake", "k")
        assert (code, "gold.suspect_clusters" in said) == (2, True)

    @pytest.mark.parametrize(
        "arguments",
        [(), ("fly",), ("run", "--landing", "l"), ("run", "--landing", "l", "--lake", "k", "--date", "yesterday")],
    )
    def test_what_argparse_refuses(self, arguments: tuple[str, ...]) -> None:
        with pytest.raises(SystemExit) as stopped:
            cli.main(arguments)
        assert stopped.value.code == 2


def test_a_landing_that_does_not_exist(
    spark: SparkSession, key: None, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert spark.version
    code, said = status(
        capsys, "run", "--landing", str(tmp_path / "nowhere"), "--lake", str(tmp_path / "lake"), "--date", "2026-02-10"
    )
    assert code == 2
    assert "nowhere" in said
    assert "iolaus simulate" in said, "the mend"


def test_no_key(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.delenv(FILE_VARIABLE, raising=False)
    code, said = status(capsys, "run", "--landing", "l", "--lake", "k", "--date", "2026-02-10")
    assert code == 2
    assert VARIABLE in said
    assert FILE_VARIABLE in said


def test_a_key_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv(FILE_VARIABLE, str(tmp_path / "key"))
    with pytest.raises(UsageError, match="cannot be read"):
        load_key()
    (tmp_path / "key").write_text("0123456789abcdef\n")
    assert load_key().secret == b"0123456789abcdef"
    assert not is_weak(load_key())
    monkeypatch.setenv(VARIABLE, "short")
    assert is_weak(load_key()), "the variable is asked before the file"


@pytest.mark.parametrize(
    ("error", "code"),
    [(RunError("it failed"), 1), (UsageError("mend it"), 2), (GateError("stopped"), 3), (ValueError("a bug"), 1)],
)
def test_errors_become_statuses(
    error: Exception, code: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> int:
        raise error

    monkeypatch.setattr(job, "act", fail)
    found, said = status(capsys, "job", "gold.watchlist", "--date", "2026-02-10", "--lake", "k")
    assert found == code
    assert str(error) in said


def test_hostile_text_does_nothing_to_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "\x1b[2Jgone\u202e[red]x[/red]\x00" + "y" * 1000
    assert len(plain(hostile)) <= 420
    assert not any(c in plain(hostile) for c in "\x1b\u202e\x00")
    row = {
        "rank": 1,
        "cluster_id": hostile,
        "score": 1.0,
        "confidence": "high",
        "n_accounts": 3,
        "n_exchanges": 9,
        "target": hostile,
        "reasons": [hostile],
        "verdict": "unsure",
        "verdict_by": hostile,
        "verdict_on": date(2026, 2, 10),
        "since_verdict": [hostile],
    }
    print_ranking([row], date(2026, 2, 10), "lake", {"accounts": 3})
    shown = capsys.readouterr().out
    assert "gone" in shown
    assert not any(c in shown for c in "\x1b\u202e\x00")
