"""The folder of a day is gone from the landing, cleared or not mounted: a rerun of the day does not empty the lake."""

import shutil
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from iolaus.errors import RunError
from iolaus.pipeline import stage
from tests.test_run import digests, runner
from tests.traffic import DAYS


def test_the_folder_of_a_day_is_gone(spark: SparkSession, landing: Path, lake: Path, tmp_path: Path) -> None:
    copy, cleared = tmp_path / "lake", tmp_path / "landing"
    shutil.copytree(lake, copy)
    shutil.copytree(landing, cleared)
    shutil.rmtree(cleared / "exchanges" / f"dt={DAYS[1]}")
    for name in ("bronze.exchanges", "quality.quarantine"):
        with pytest.raises(RunError, match="no folder exchanges/dt=2026-02-11 any more") as failed:
            runner(spark, cleared, copy).run_stage(stage(name), DAYS[1])
        assert "\n" not in str(failed.value)
    assert digests(spark, copy) == digests(spark, lake)
