"""The driver is killed, with no chance to clean up, while it writes.

Each table is whole, and a rerun ends in the same rows.
"""

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from delta.tables import DeltaTable
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from iolaus.pipeline import STAGES, stage
from iolaus.schemas.table import table
from tests.faults.conftest import GOLD, Command, wait_for_new_file
from tests.test_run import _kill_while, digest, runner
from tests.traffic import DAYS

NOTHING = ("gold.watchlist", "quality.quarantine")  # tables of which this landing has no rows, so nothing is written


@pytest.mark.parametrize("name", [s.table for s in STAGES if s.table not in NOTHING])
def test_killed_in_a_stage(name: str, spark: SparkSession, landing: Path, lake: Path, tmp_path: Path) -> None:
    copy, day, path = tmp_path / "lake", DAYS[1], name.replace(".", "/")
    shutil.copytree(lake, copy)
    when = table(name).date
    DeltaTable.forPath(spark, str(copy / path)).delete(F.col(when) == F.lit(day) if when else None)
    expected, emptied = digest(spark, lake, name), digest(spark, copy, name)
    if name not in ("bronze.agreements", "pairs.hot_keys"):  # written all the same, without a row
        assert expected != emptied
    status = _kill_while(["job", name, "--date", str(day), "--lake", str(copy), "--landing", str(landing)], copy / path)
    assert status == -signal.SIGKILL
    assert digest(spark, copy, name) in (expected, emptied), "all of the day's rows or none"
    runner(spark, landing, copy).run_stage(stage(name), day)
    assert digest(spark, copy, name) == expected


@pytest.mark.parametrize("again", [(), ("--resume",)], ids=["whole", "resumed"])
@pytest.mark.parametrize("name", ["silver.exchanges", "graph.links", "gold.cluster_evidence"])
def test_a_run_killed_and_begun_again(
    name: str,
    again: tuple[str, ...],
    spark: SparkSession,
    landing: Path,
    lake: Path,
    tmp_path: Path,
    iolaus: Callable[..., Command],
) -> None:
    """The lake of a killed run is free at once; no gold row is there that is not right.

    The rerun ends in the same gold, also where it only makes what is missing.
    """
    copy, day = tmp_path / "lake", DAYS[0]
    arguments = ("run", "--report", "none", "--landing", landing, "--lake", copy, "--date", day)
    killed = iolaus(*arguments)
    wait_for_new_file(copy / name.replace(".", "/"), killed.process)
    os.killpg(killed.process.pid, signal.SIGKILL)
    killed.process.wait()
    for made in GOLD:
        if DeltaTable.isDeltaTable(spark, str(copy / made.replace(".", "/"))):
            assert digest(spark, copy, made) in ((0, 0), digest(spark, lake, made, day)), made
    assert (copy / "_locks/run").is_dir(), "the killed run held the lake"
    status, said = iolaus(*arguments, *again).ends()
    assert status == 0, said
    assert "waiting" not in said
    assert {made: digest(spark, copy, made, day) for made in GOLD} == {
        made: digest(spark, lake, made, day) for made in GOLD
    }
