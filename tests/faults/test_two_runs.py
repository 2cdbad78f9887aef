"""Two runs of one date at once, of landings that differ: one waits for the other, and no table has rows of both."""

import gzip
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from threading import Barrier, Thread

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from iolaus.pipeline import Span
from iolaus.runtime.lake import Lake
from tests.faults.conftest import Command
from tests.rows import DAY, rows
from tests.test_run import digests, runner
from tests.traffic import DAYS


def test_two_runs_of_one_date(
    spark: SparkSession, landing: Path, tmp_path: Path, iolaus: Callable[..., Command]
) -> None:
    fewer, copy, day = tmp_path / "fewer", tmp_path / "lake", DAYS[0]
    shutil.copytree(landing, fewer)
    part = next((fewer / "exchanges" / f"dt={day}").glob("*.gz"))
    part.write_bytes(
        gzip.compress(
            b"".join(line + b"\n" for n, line in enumerate(gzip.decompress(part.read_bytes()).splitlines()) if n % 4)
        )
    )
    commands = [
        iolaus("run", "--report", "none", "--landing", source, "--lake", copy, "--date", day)
        for source in (landing, fewer)
    ]
    ended = [command.ends() for command in commands]
    assert [status for status, _ in ended] == [0, 0], ended
    assert sum("another run works on this lake" in said for _, said in ended) == 1, "one waited, and said for whom"
    found = digests(spark, copy, day)
    whole = []
    for number, source in enumerate((landing, fewer)):
        runner(spark, source, tmp_path / str(number)).run([day])
        whole.append(digests(spark, tmp_path / str(number), day))
    assert whole[0] != whole[1]
    assert found in whole, "all tables are of one run, the last"


def test_two_commits_of_one_date_on_one_table(spark: SparkSession, tmp_path: Path) -> None:
    """Below the lock, Delta itself lets one of two commits win, or both one after the other: never a mixture."""
    name = "gold.cluster_timeline"
    for trial in range(6):
        lake = str(tmp_path / str(trial))
        if trial % 2:
            Lake(spark, lake, 28).write(name, _two(spark, "old"), DAY)
        together, failures = Barrier(2), list[Exception]()

        def write(
            who: str, lake: str = lake, together: Barrier = together, failures: list[Exception] = failures
        ) -> None:
            frame = _two(spark, who)
            together.wait()
            try:
                Lake(spark, lake, 28).write(name, frame, DAY)
            except (Py4JJavaError, PySparkException) as error:
                failures.append(error)

        threads = [Thread(target=write, args=(who,)) for who in ("a", "b")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found = {row["cluster_id"] for row in Lake(spark, lake, 28).read(name, Span.DAY, DAY).collect()}
        assert found in ({"a0", "a1"}, {"b0", "b1"}), (trial, found)
        assert len(failures) <= 1, failures


def _two(spark: SparkSession, who: str, day: date = DAY):
    return rows(spark, "gold.cluster_timeline", [{"run_date": day, "cluster_id": f"{who}{n}"} for n in range(2)])
