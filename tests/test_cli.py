"""The command: its exit statuses, and that each error is one line with its mend."""

import subprocess
import sys
from contextlib import nullcontext
from datetime import date
from pathlib import Path

import pytest
from lakes import write_case
from pyspark.sql import SparkSession

from iolaus import cli
from iolaus.commands import job
from iolaus.commands.arguments import master, memory, not_the_lake
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
        assert (code, "swap them" in said) == (2, True)

    def test_a_table_that_nothing_makes(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, said = status(capsys, "job", "gold.nothing", "--date", "2026-02-10", "--lake", "k")
        assert (code, "gold.suspect_clusters" in said, "or name layers: bronze, quality" in said) == (2, True, True)

    @pytest.mark.parametrize("names", [("silver.accounts", "silver.exchanges"), ("gold", "gold.watchlist")])
    def test_several_tables_as_one_job(self, names: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
        """Part of gold would be judged, and never written."""
        code, said = status(capsys, "job", *names, "--date", "2026-02-10", "--lake", "k")
        assert (code, "name one table, or layers" in said) == (2, True)

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


@pytest.mark.parametrize("option", ["--memory", "--master"])
def test_what_spark_would_not_take_is_refused_before_it_starts(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = {
        "--memory": ("4gigs", "4", "4.5g", "0g", "four"),
        "--master": ("sparkk://host:7077", "spark://host", "", "locl"),
    }
    for text in wrong[option]:
        with pytest.raises(SystemExit) as stopped:
            cli.main(["run", "--landing", "l", "--lake", "k", option, text])
        assert stopped.value.code == 2, text
        assert "write " in capsys.readouterr().err
    right = {
        "--memory": (memory, ("4g", "900m", "4GB", "512k")),
        "--master": (
            master,
            (
                "local",
                "local[*]",
                "local[2]",
                "local[2,4]",
                "local-cluster[2,1,1024]",
                "spark://a:7077,b:7077",
                "yarn",
                "k8s://https://h:443",
            ),
        ),
    }
    check, texts = right[option]
    assert [check(text) for text in texts] == list(texts)


@pytest.mark.parametrize(
    ("landing", "lake", "same"),
    [
        ("x", "x", True),
        ("x", "./x/", True),
        ("file:///a/x", "/a/x", True),
        ("s3a://b/x", "s3://b/x/", True),
        ("x", "x/lake", False),
        ("s3://b/x", "s3://b/y", False),
        (None, "x", False),
    ],
)
def test_a_landing_is_not_its_own_lake(landing: str | None, lake: str, same: bool) -> None:
    with pytest.raises(UsageError, match="both name") if same else nullcontext():
        not_the_lake(landing, lake)


@pytest.mark.usefixtures("key")
def test_one_folder_for_both_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for command in (("run",), ("job", "bronze.models", "--date", "2026-02-10")):
        code, said = status(capsys, *command, "--landing", str(tmp_path), "--lake", str(tmp_path))
        assert (code, "both name" in said) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_key_is_said_to_be_empty(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv(FILE_VARIABLE, str(tmp_path / "key"))
    (tmp_path / "key").write_text("\n")
    with pytest.raises(UsageError, match=r"key, which is empty; write a key into it"):
        load_key()
    monkeypatch.setenv(VARIABLE, "")
    with pytest.raises(UsageError, match="is set and empty"):
        load_key()


def test_a_reader_that_has_enough_ends_no_query_in_a_trace(tmp_path: Path) -> None:
    write_case(tmp_path / "lake", date(2026, 2, 11), "hc_1", ["a", "b"])
    for sql in ("SELECT range FROM range(1000000)", "SELECT 1"):
        arguments = [sys.executable, "-m", "iolaus", "query", "--lake", str(tmp_path / "lake"), "--format", "csv", sql]
        asked = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert asked.stdout
        assert asked.stderr
        asked.stdout.close() if sql == "SELECT 1" else (asked.stdout.readline(), asked.stdout.close())
        assert asked.stderr.read() == ""
        assert asked.wait() == 0
