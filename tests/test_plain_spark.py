"""Without anything that is done with Spark's private parts, a day comes out the same."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from deltalake import DeltaTable
from py4j.protocol import Py4JError
from runs import KEY, run_options
from traffic import DAYS

from iolaus.pipeline import STAGES
from iolaus.runtime.secret import VARIABLE
from iolaus.runtime.spark import tricks

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "jobs" / "iolaus"


def test_private_parts_are_named_in_one_folder() -> None:
    named = re.compile(r"\._(jvm|jsc|jdf|jsparkSession|jvm_\w+|sc|session)\b")
    found = {str(f.relative_to(PACKAGE)) for f in PACKAGE.rglob("*.py") if named.search(f.read_text())}
    assert {Path(name).parts[:2] for name in found} == {("runtime", "spark")}


def test_a_trick_that_spark_does_not_know_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> str:
        raise Py4JError("there is no such method")

    monkeypatch.delenv(tricks.VARIABLE, raising=False)
    assert tricks.either(lambda: "trick", lambda: "plain") == "trick"
    assert tricks.either(unknown, lambda: "plain") == "plain"
    monkeypatch.setenv(tricks.VARIABLE, "1")
    assert tricks.either(lambda: "trick", lambda: "plain") == "plain"


def test_a_day_without_tricks_has_the_same_rows(lake: Path, landing: Path, tmp_path: Path) -> None:
    surroundings = {**os.environ, VARIABLE: KEY, tricks.VARIABLE: "1", "PYTHONPATH": str(ROOT / "jobs")}
    ran = subprocess.run(
        [sys.executable, "-m", "iolaus", *run_options(landing, "lake", "--date", DAYS[0]), "--report", "none"],
        cwd=tmp_path,
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert ran.returncode == 0, ran.stderr
    recorded = (
        DeltaTable(tmp_path / "lake" / "quality" / "runs")
        .to_pyarrow_table(columns=["table_name", "rows_out"])
        .to_pylist()
    )
    for name in (s.table for s in STAGES if s.layer in ("graph", "scoring", "gold")):
        ours, theirs = (day_of(made, name) for made in (lake, tmp_path / "lake"))
        assert ours == theirs, name
        assert {"table_name": name, "rows_out": len(theirs)} in recorded, (
            "what was written is read from Delta's history"
        )


def day_of(lake: Path, name: str) -> list[str]:
    """The rows of the first day of a table, but for the id of their run, in order."""
    rows = DeltaTable(lake / name.replace(".", "/")).to_pyarrow_table(filters=[("run_date", "=", DAYS[0])]).to_pylist()
    return sorted(repr({k: v for k, v in row.items() if k != "run_id"}) for row in rows)
