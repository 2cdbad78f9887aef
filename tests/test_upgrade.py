"""`iolaus upgrade`: a lake as version 0.2 left it becomes one of this version, with the same rows."""

import json
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from pyspark.sql import SparkSession
from pyspark.sql.pandas.types import to_arrow_type
from pyspark.sql.types import _parse_datatype_string

from iolaus import cli, lake_format
from iolaus.errors import UsageError
from iolaus.pipeline import Span
from iolaus.runtime.lake import Lake
from iolaus.runtime.runner import Runner
from iolaus.runtime.secret import FILE_VARIABLE, VARIABLE
from iolaus.runtime.upgrade import columns, finish, keep_ids, needed, set_aside
from iolaus.settings import DEFAULT
from tests.lakes import write
from tests.rows import DAY, rows
from tests.runs import KEY, partitions
from tests.traffic import DAYS

FORMAT_2: dict[str, Any] = json.loads((Path(__file__).parent / "formats" / "2.json").read_text())
PUBLISHED = ("suspect_clusters", "suspect_cluster_members", "cluster_evidence", "cluster_links")


@pytest.fixture(autouse=True)
def started(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FILE_VARIABLE, raising=False)
    monkeypatch.setenv(VARIABLE, KEY)
    monkeypatch.setattr("iolaus.runtime.spark.session.session", lambda *_args, **_more: spark)


def as_format_2(lake: Path) -> None:
    """Rewrite a lake of this version as version 0.2 would have left it: its tables, columns and partitions."""
    shutil.rmtree(lake / "_made", ignore_errors=True)
    for name in FORMAT_2["new"]:
        shutil.rmtree(lake / name.replace(".", "/"), ignore_errors=True)
    for name, old in FORMAT_2["differ"].items():
        path = lake / name.replace(".", "/")
        if not path.exists():
            continue
        stored = DeltaTable(path).to_pyarrow_table()
        renamed = {new: then for then, new in lake_format.RENAMED.get(name, {}).items()}
        stored = stored.rename_columns([renamed.get(c, c) for c in stored.column_names])
        stored = stored.drop_columns([c for c in old["lacks"] if c in stored.column_names])
        for column, ddl in old["has"].items():
            if column not in stored.column_names:
                type_ = to_arrow_type(_parse_datatype_string(ddl), timestamp_utc=True)
                stored = stored.append_column(column, pa.nulls(len(stored), type_))
        shutil.rmtree(path)
        write_deltalake(path, stored, partition_by=[old["date"]] if old["date"] else None)
    (lake / lake_format.MARKER).write_text('{"format": 2, "code": "v0.2.0"}\n')


def upgraded(capsys: pytest.CaptureFixture[str], lake: Path, *more: str) -> str:
    capsys.readouterr()
    assert cli.main(["upgrade", "--lake", str(lake), "--progress", "none", *more]) == 0
    return capsys.readouterr().out


def last_day(lake: Path, name: str) -> list[dict[str, object]]:
    """The rows of the last day, but for what names the run and what it remembers of earlier ones."""
    rows = DeltaTable(lake / name.replace(".", "/")).to_pyarrow_table(filters=[("run_date", "=", DAYS[-1])]).to_pylist()
    return [{k: v for k, v in row.items() if k not in ("run_id", "first_flagged")} for row in rows]


def test_a_lake_of_format_2_is_upgraded_also_when_it_is_cut_off(
    spark: SparkSession, lake: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    old, before = tmp_path / "lake", DAYS[0] - timedelta(days=3)
    shutil.copytree(lake, old)
    earlier = rows(spark, "graph.clusters", [{"run_date": before, "cluster_id": "hc_old", "account_id": "gone"}])
    earlier.write.format("delta").mode("append").save(str(old / "graph" / "clusters"))
    as_format_2(old)
    assert cli.main(["query", "SELECT 1", "--lake", str(old)]) == 2
    assert f"bring it up to date with: iolaus upgrade --lake {old}" in capsys.readouterr().err

    files = sorted(path for path in old.rglob("*") if path.is_file())
    said = upgraded(capsys, old, "--dry-run")
    assert "quality.results: rename figure to metric" in said
    assert "bronze.exchanges: add the columns prior_response," in said
    assert f"move the folders silver, features, pairs, graph, scoring, gold to {old}/_old/format-2 (format 2)" in said
    assert f"make them again from bronze: 2 days, {DAYS[0]} to {DAYS[1]}" in said
    assert sorted(path for path in old.rglob("*") if path.is_file()) == files

    run = Runner.run

    def dies(self: Runner, days: list[date], **more: Any) -> None:
        run(self, days, todo=[t for t in more["todo"] if t.day == DAYS[0] and not t.stage.table.startswith("gold")])
        raise RuntimeError("as if the power went")

    with monkeypatch.context() as broken, partitions(spark, 1):
        broken.setattr(Runner, "run", dies)
        assert cli.main(["upgrade", "--lake", str(old), "--progress", "none"]) == 1
    capsys.readouterr()
    for command in (["query", "SELECT 1"], ["run", "--date", str(DAYS[1])], ["maintain", "vacuum"]):
        assert cli.main([*command, "--lake", str(old)]) == 2, command
        assert "from format 2 was not finished; go on with: iolaus upgrade" in capsys.readouterr().err

    links = Lake(spark, str(old), DEFAULT.window_days).version("graph.links")
    with partitions(spark, 1):
        said = upgraded(capsys, old)
    assert "(its upgrade was not finished)" in said
    assert f"The tables of before are in {old}/_old/format-2; delete them" in said
    assert Lake(spark, str(old), DEFAULT.window_days).version("graph.links") == links + 1, "the second day alone"
    assert json.loads((old / lake_format.MARKER).read_text())["format"] == lake_format.FORMAT
    for name in PUBLISHED:
        then, now = (last_day(made, f"gold.{name}") for made in (lake, old))
        assert len(then) > 0
        assert [r for r in then if r not in now] == [r for r in now if r not in then] == [], name
    ids = DeltaTable(old / "graph/clusters").to_pyarrow_table(filters=[("run_date", "=", before)]).to_pylist()
    assert [r["cluster_id"] for r in ids] == ["hc_old"], "the newest run before those made again is taken over"
    results = DeltaTable(old / "quality/results").to_pyarrow_table()
    assert "figure" not in results.column_names
    assert results["metric"].null_count == 0
    assert (old / "_old/format-2/gold/suspect_clusters").is_dir()
    assert upgraded(capsys, old) == f"The lake {old} is what this version needs; nothing is to be done.\n"
    assert cli.main(["quality", "--lake", str(old)]) == 0


def test_columns_are_renamed_and_layers_moved_and_ids_kept(spark: SparkSession, tmp_path: Path) -> None:
    """The steps before anything is made again, each of which may be repeated."""
    root, before = tmp_path / "lake", DAY - timedelta(days=2)
    write(root, "bronze.exchanges", [{"arrived_on": DAY, "happened_on": DAY}])
    write(root, "quality.results", [{"run_date": DAY, "metric": "rows", "severity": "critical"}])
    members = [{"run_date": day, "cluster_id": f"hc_{day}", "account_id": "a"} for day in (before, DAY)]
    write(root, "graph.clusters", members)
    write(root, "silver.exchanges", [{"arrived_on": DAY, "happened_on": DAY}])
    (root / "_made").mkdir()
    as_format_2(root)
    lake = Lake(spark, str(root), DEFAULT.window_days, upgrades=True)
    need = needed(lake)
    assert (need.found, need.remakes, need.days, need.because) == (2, True, [DAY], "format 2")
    assert need.renamed == {"quality.results": {"figure": "metric"}}
    assert list(need.added) == ["bronze.exchanges"]
    assert [d.table for d in columns(lake, need)] == ["quality.results", "bronze.exchanges"]
    (result,) = spark.read.format("delta").load(str(root / "quality/results")).collect()
    assert (result.metric, result.severity) == ("rows", "critical")
    assert "prior_response" in spark.read.format("delta").load(str(root / "bronze/exchanges")).columns
    assert [d.table for d in set_aside(lake, need)] == ["silver", "graph"]
    assert not (root / "silver").exists()
    with pytest.raises(UsageError, match="from format 2 was not finished"):
        Lake(spark, str(root), DEFAULT.window_days).check_format()
    fresh = Lake(spark, str(root), DEFAULT.window_days, upgrades=True)
    again = needed(fresh)
    assert (again.found, again.renamed, again.added, again.because) == (2, {}, {}, "its upgrade was not finished")
    assert list(set_aside(fresh, again)) == []
    assert [d.what for d in keep_ids(fresh, again)] == [f"ids are taken over from the run of {before}"]
    assert list(keep_ids(fresh, again)) == []
    kept = fresh.read("graph.clusters", Span.PREVIOUS, DAY).collect()
    assert [(r.run_date, r.cluster_id) for r in kept] == [(before, f"hc_{before}")]
    finish(fresh)
    Lake(spark, str(root), DEFAULT.window_days).check_format()


def test_optional_columns_are_added_with_their_comments(
    spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lake = tmp_path / "lake"
    write(lake, "gold.suspect_cluster_members", [{"run_date": DAY, "cluster_id": "hc", "account_id": "a"}])
    path = lake / "gold" / "suspect_cluster_members"
    stored = DeltaTable(path).to_pyarrow_table().drop_columns(["cost", "models", "verdict_why"])
    shutil.rmtree(path)
    write_deltalake(path, stored, partition_by=["run_date"])
    said = upgraded(capsys, lake)
    assert "gold.suspect_cluster_members: added models, cost, verdict_why" in said
    found = {f.name: f for f in spark.read.format("delta").load(str(path)).schema.fields}
    assert "null before version 0.3" in found["models"].metadata["comment"]
    assert [r.account_id for r in spark.read.format("delta").load(str(path)).collect()] == ["a"]
    assert "nothing is to be done" in upgraded(capsys, lake)
    assert not (lake / "_old").exists()


def test_columns_that_no_upgrade_can_make(spark: SparkSession, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    write(lake, "bronze.exchanges", [{"arrived_on": DAY, "happened_on": DAY}])
    path = lake / "bronze" / "exchanges"
    stored = DeltaTable(path).to_pyarrow_table().drop_columns(["account_id"])
    shutil.rmtree(path)
    write_deltalake(path, stored, partition_by=["arrived_on"])
    with pytest.raises(
        UsageError, match=r"bronze\.exchanges has columns that no upgrade can make: account_id is missing"
    ):
        needed(Lake(spark, str(lake), DEFAULT.window_days, upgrades=True))


def test_a_table_that_is_made_from_bronze_is_made_again_for_other_columns(spark: SparkSession, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    write(lake, "silver.accounts", [{"run_date": DAY, "account_id": "a"}])
    path = lake / "silver" / "accounts"
    stored = DeltaTable(path).to_pyarrow_table().drop_columns(["account_id"])
    shutil.rmtree(path)
    write_deltalake(path, stored, partition_by=["run_date"])
    with pytest.raises(UsageError, match=r"silver\.accounts .* account_id is missing; bring it up .* iolaus upgrade"):
        Lake(spark, str(lake), DEFAULT.window_days).read("silver.accounts", Span.DAY, DAY)
    need = needed(Lake(spark, str(lake), DEFAULT.window_days, upgrades=True))
    assert (need.remakes, need.because) == (True, "silver.accounts: account_id is missing")
