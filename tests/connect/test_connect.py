"""The demo on Spark Connect: every row of gold is a classic session's. Starts Spark twice."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from deltalake import DeltaTable

from iolaus.pipeline import STAGES
from iolaus.runtime.secret import VARIABLE

ROOT = Path(__file__).parents[2]
DAY = "2026-02-02"


def iolaus(*arguments: object, status: int = 0) -> tuple[str, float]:
    """What the command says on standard error, and the seconds that it took."""
    began = time.monotonic()
    ran = subprocess.run(
        [sys.executable, "-m", "iolaus", *map(str, arguments)],
        env={**os.environ, VARIABLE: "a key for tests alone", "PYTHONPATH": str(ROOT / "jobs")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == status, ran.stderr
    return ran.stderr, time.monotonic() - began


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("demo") / "landing"
    iolaus("simulate", "--out", made, "--scenario", "demo", "--days", 1)
    return made


def test_the_demo_has_the_same_gold(server: str, landing: Path, tmp_path: Path) -> None:
    seconds = {}
    for master, lake in (("local[2]", "classic"), (server, "connect")):
        options = ("--landing", landing, "--lake", tmp_path / lake, "--date", DAY, "--report", "none")
        _, seconds[lake] = iolaus("run", *options, "--master", master)
    compared = 0
    for name in (s.table for s in STAGES if s.layer == "gold"):
        ours, theirs = (rows_of(tmp_path / lake, name) for lake in ("classic", "connect"))
        assert ours == theirs, name
        compared += len(ours)
    assert len(rows_of(tmp_path / "connect", "gold.suspect_clusters")) >= 1
    sys.stderr.write(
        f"\n{compared} rows of gold are the same: {seconds['classic']:.0f} s in a classic session, "
        f"{seconds['connect']:.0f} s on Spark Connect\n"
    )


def test_a_server_that_is_not_there_is_said_in_one_line(landing: Path, tmp_path: Path) -> None:
    options = ("--landing", landing, "--lake", tmp_path / "lake", "--date", DAY, "--master", "sc://127.0.0.1:1")
    said, _ = iolaus("run", *options, status=2)
    assert "no Spark Connect server answers at sc://127.0.0.1:1" in said
    assert said.count("\n") == 1


def rows_of(lake: Path, name: str) -> list[str]:
    """The rows of a table, but for the id of their run, in order."""
    rows = DeltaTable(lake / name.replace(".", "/")).to_pyarrow_table().to_pylist()
    return sorted(repr({k: v for k, v in row.items() if k != "run_id"}) for row in rows)
