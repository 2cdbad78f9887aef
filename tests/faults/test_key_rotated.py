"""The pseudonymisation key is changed between two days.

Clusters keep their ids, and the run says what it lost and how to mend it.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from iolaus.pipeline import Span
from iolaus.runtime.runner import Runner
from iolaus.settings import DEFAULT, Key
from tests.faults.conftest import Command, gold
from tests.test_run import KEY, digest
from tests.traffic import DAYS, exchanges, write_lines

NEW = "another key, for tests alone too"


@pytest.fixture
def on_time(landing: Path, tmp_path: Path) -> Path:
    """The landing without what comes late, for which the first day would be made anew, under the second day's key."""
    copy = tmp_path / "landing"
    shutil.copytree(landing, copy)
    second = (e for e in exchanges() if str(e["requested_at"]).startswith(DAYS[1].isoformat()))
    write_lines(copy / "exchanges" / f"dt={DAYS[1]}" / "part-0.jsonl.gz", second)
    return copy


def test_a_key_rotated_between_days(
    spark: SparkSession, on_time: Path, lake: Path, tmp_path: Path, iolaus: Callable[..., Command]
) -> None:
    copy, landing = tmp_path / "lake", on_time
    Runner(spark, str(copy), DEFAULT, Key(KEY.encode()), str(landing)).run([DAYS[0]])
    status, said = iolaus(
        "run", "--report", "none", "--landing", landing, "--lake", copy, "--date", DAYS[1], IOLAUS_HMAC_KEY=NEW
    ).ends()
    assert status == 0, said
    assert "another key" in said, said
    assert f"--from {DAYS[0]} --to {DAYS[1]} --last-only" in said
    assert NEW not in said

    def published(folder: Path) -> dict[object, object]:
        rows = (
            Runner(spark, str(folder), DEFAULT, Key(KEY.encode()))
            .lake.read("gold.suspect_cluster_members", Span.ALL, DAYS[1])
            .collect()
        )
        return {day: sorted((r["cluster_id"], r["account_id"]) for r in rows if r["run_date"] == day) for day in DAYS}

    found = published(copy)
    assert {cluster for cluster, _ in found[DAYS[0]]} == {cluster for cluster, _ in found[DAYS[1]]}, (
        "accounts carry the id over"
    )
    assert found == published(lake)
    keys = {(r["happened_on"], r["key_id"]) for r in _keys(spark, copy)}
    assert len(keys) >= 2
    assert (
        iolaus(
            "run",
            "--report",
            "none",
            "--landing",
            landing,
            "--lake",
            copy,
            "--from",
            DAYS[0],
            "--to",
            DAYS[1],
            "--last-only",
            IOLAUS_HMAC_KEY=NEW,
        ).ends()[0]
        == 0
    )
    assert {r["key_id"] for r in _keys(spark, copy)} == {Key(NEW.encode()).key_id}
    whole = tmp_path / "whole"
    Runner(spark, str(whole), DEFAULT, Key(NEW.encode()), str(landing)).run(DAYS)
    for name in ("silver.exchanges", "features.account_days", "features.account_profiles", "graph.links"):
        assert digest(spark, copy, name, DAYS[1]) == digest(spark, whole, name, DAYS[1]), name
    assert gold(spark, copy)["gold.cluster_links"][0] > 0


def _keys(spark: SparkSession, lake: Path):
    frame = spark.read.format("delta").load(str(lake / "silver/exchanges"))
    return frame.select("happened_on", "key_id").distinct().collect()
