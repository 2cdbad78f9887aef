"""The disk is full: the run says so, gold is as it was, and with space again the same command ends in the same rows."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from iolaus.pipeline import stage
from iolaus.runtime.failures import explain
from tests.faults.conftest import gold
from tests.test_run import digests, runner
from tests.traffic import DAYS


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 MB in memory."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize("name", [None, "features.account_days", "gold.cluster_links", "gold.suspect_clusters"])
def test_disk_full(name: str | None, small_disk: Path, spark: SparkSession, landing: Path, lake: Path) -> None:
    """In a whole run, and in single stages up to the last that publishes."""
    copy, day = small_disk / "lake", DAYS[1]
    shutil.copytree(lake, copy)
    before = gold(spark, copy)
    filler = small_disk / "filler"
    with filler.open("wb", buffering=0) as file:
        while True:
            try:
                file.write(b"\0" * 4096)
            except OSError:
                break
    made = runner(spark, landing, copy)
    with pytest.raises((Py4JJavaError, PySparkException)) as failed:
        made.run([day]) if name is None else made.run_stage(stage(name), day)
    said = explain(failed.value)
    assert said.startswith("the disk is full: free space"), said
    assert "\n" not in said
    assert gold(spark, copy) == before
    filler.unlink()
    made = runner(spark, landing, copy)
    made.run([day]) if name is None else made.run_stage(stage(name), day)
    assert digests(spark, copy, day) == digests(spark, lake, day)
