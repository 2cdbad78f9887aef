"""The last commit of a table was half written, as by a machine that lost its power.

It is named, and without it all goes on.
"""

import shutil
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from iolaus.errors import RunError
from iolaus.pipeline import stage
from tests.test_run import digests, runner
from tests.traffic import DAYS


@pytest.mark.parametrize("left", [0.0, 0.5])
@pytest.mark.parametrize("name", ["silver.accounts", "gold.suspect_clusters"])
def test_a_half_written_commit(
    name: str, left: float, spark: SparkSession, landing: Path, lake: Path, tmp_path: Path
) -> None:
    copy, day = tmp_path / "lake", DAYS[1]
    shutil.copytree(lake, copy)
    log = copy / name.replace(".", "/") / "_delta_log"
    last = max(f for f in log.glob("*.json") if f.stem.isdigit())
    content = last.read_bytes()
    for beside in (log / f".{last.name}.crc", last.with_suffix(".crc")):
        beside.unlink(missing_ok=True)
    last.write_bytes(content[: int(len(content) * left)])
    for made in (name, "gold.suspect_clusters"):
        with pytest.raises(RunError) as failed:
            runner(spark, landing, copy).run_stage(stage(made), day) if made == name else runner(
                spark, landing, copy
            ).run([day])
        assert last.name in str(failed.value)
        assert "move it away" in str(failed.value)
        assert "\n" not in str(failed.value)
    last.rename(tmp_path / last.name)
    runner(spark, landing, copy).run([day])
    assert digests(spark, copy, day) == digests(spark, lake, day)


def test_files_of_a_commit_that_never_ended_are_nobody_s(
    spark: SparkSession, landing: Path, lake: Path, tmp_path: Path
) -> None:
    """Data files without a commit, and a commit under its temporary name, change nothing."""
    copy, day = tmp_path / "lake", DAYS[1]
    shutil.copytree(lake, copy)
    folder = copy / "gold/suspect_clusters"
    data = next(folder.rglob("*.parquet"))
    shutil.copy(data, data.with_name("part-00000-left-behind.c000.zstd.parquet"))
    (folder / "_delta_log" / ".00000000000000000099.json.left.tmp").write_text('{"add":')
    assert digests(spark, copy) == digests(spark, lake)
    runner(spark, landing, copy).run_stage(stage("gold.suspect_clusters"), day)
    assert digests(spark, copy) == digests(spark, lake)
