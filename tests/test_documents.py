"""The code blocks of docs/ run: commands parse, queries answer, files are read, Python executes. No Spark."""

import argparse
import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from lakes import write, write_case

from iolaus import cli, settings_file
from iolaus.adapters import mapping
from iolaus.export.gold import Gold
from iolaus.export.query import ask

ROOT = Path(__file__).parents[1]
PAGES = [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
DAY, BEFORE = date(2026, 3, 15), date(2026, 3, 14)
PROMPT = "What is a hydra?"
CLUSTER = "hc_a0ecfd0b4f56"  # the pages' example
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
SKIPPED = {"spark.sql", "polars.read_delta", "cosine_join"}  # Spark's, run by test_query and test_cosine_join, or not


def blocks(language: str) -> Iterator[tuple[str, str]]:
    """The code blocks in a language, with the page of each; without a language, those of indented commands."""
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(ROOT).as_posix()
        for code in re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL):
            yield name, code
        if language == "sh" and path.parent == ROOT:
            yield name, "\n".join(re.findall(r"^ {4}(\S.*)$", text, re.MULTILINE))


def commands() -> Iterator[tuple[str, str]]:
    """Each command of the shell blocks, whole, with its page."""
    for name, code in blocks("sh"):
        joined = re.sub(r"\\\n\s*", " ", code)
        for command in re.findall(r'(?:^|\n)((?:[^\n"]|"[^"]*")+)', joined):
            bare = re.sub(r"^(?:[A-Z_]+=\S+ )+", "", command.strip())
            if bare and not bare.startswith("#"):
                yield name, bare


COMMANDS = list(commands())


def arguments(command: str) -> list[str]:
    return shlex.split(command.replace("…", "2026-03-01"), comments=True)[1:]


@pytest.mark.parametrize(
    ("page", "command"), [(p, c) for p, c in COMMANDS if re.match(r"(\.venv/bin/)?iolaus ", c)], ids=lambda x: x[:60]
)
def test_a_command_is_understood(page: str, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: argparse.ArgumentParser, message: str) -> None:
        raise AssertionError(f"{page}: {command}: {message}")

    monkeypatch.setattr(argparse.ArgumentParser, "error", fail)
    words = [
        re.sub(r"^(D|YYYY-MM-DD)$|^\$\(date.*\)$", "2026-03-01", re.sub("^KIND$", "otlp", word))
        for word in arguments(command)
    ]
    assert cli.parser().parse_args(words).command == words[0]


def test_every_other_command_names_what_is_there() -> None:
    own = re.compile(r"(\.venv/bin/)?iolaus ")
    others = [(p, c) for p, c in COMMANDS if not own.match(c)]
    assert len(others) > 20
    for page, command in others:
        word, *more = shlex.split(command, comments=True)
        if word == "make":
            assert (more[0] in TARGETS) or more[0] == "bench-…", f"{page}: {command}"
        for path in re.findall(r"(?<![\w./-])(?:tests|benchmarks|deploy|jobs)/[\w./]+", command):
            assert (ROOT / path).exists(), f"{page}: {path}"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages' example: a cluster on two days, its verdict and the record of its run."""
    made = tmp_path_factory.mktemp("lake")
    for day, accounts in ((BEFORE, "abcd"), (DAY, "abcde")):
        write_case(made, day, CLUSTER, [f"acc_{name}" for name in accounts])
    evidence = {"run_date": DAY, "cluster_id": CLUSTER, "kind": "judgement", "channel": "source", "part": "content"}
    write(made, "gold.cluster_evidence", [evidence | {"bits": 2.5, "support": 5, "value": 0.1, "description": "x"}])
    write(
        made,
        "quality.runs",
        [{"run_date": DAY, "run_id": "RUN_ID", "table_name": "silver.exchanges", "status": "failed"}],
    )
    write(made, "bronze.exchanges", [{"account_id": "acc_a", "prompt": PROMPT}])
    write(made, "verdicts.given", [{"cluster_id": CLUSTER, "verdict": "unsure", "given_by": "ana", "why": "school"}])
    return made


QUERIES = [(p, arguments(c)[-1]) for p, c in COMMANDS if re.search(r"iolaus query --lake", c)]


@pytest.mark.parametrize(("page", "sql"), QUERIES, ids=lambda x: x[:60])
def test_a_query_answers(lake: Path, page: str, sql: str) -> None:
    answer = ask(Gold(str(lake)), sql.replace("acc_17", "acc_a"))
    assert list(answer.rows), f"{page}: {sql}"


def test_sql_answers(lake: Path) -> None:
    found = [list(ask(Gold(str(lake)), sql).rows) for _, sql in blocks("sql")]
    assert found == [[(CLUSTER, 2.5)]]


PYTHON = [(p, code) for p, code in blocks("python") if not any(word in code for word in SKIPPED)]


@pytest.mark.parametrize(("page", "code"), PYTHON, ids=lambda x: x[:40])
def test_python_runs(lake: Path, page: str, code: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(code.replace("LAKE", str(lake)).replace("acc_17", "acc_a"), {})  # noqa: S102 - the project's own pages
    assert (PROMPT if "prompt" in code else CLUSTER) in capsys.readouterr().out, page


def test_json_and_toml_are_read(tmp_path: Path) -> None:
    assert all(json.loads(code) for _, code in blocks("json"))
    files = list(blocks("toml"))
    settings = {"docs/operators/configure.md", "docs/operators/retention.md"}
    assert {page for page, _ in files} == {"docs/operators/adapters.md", *settings}
    for page, code in files:
        path = tmp_path / "file.toml"
        path.write_text(code, encoding="utf-8")
        assert tomllib.loads(code)
        if page.endswith("configure.md"):
            assert settings_file.read(None, str(path), [], {}).settings.window_days == 14
        elif page in settings:
            kept = {"pairs.content": 14, "gold.cluster_timeline": 365}
            assert settings_file.read(None, str(path), [], {}).settings.keep_days == kept
        else:
            assert mapping.parsed(code, str(path)).fields
