"""The DAGs as Airflow loads them: ids, edges, owners, tags, schedules, retries, and what parsing them costs.

Runs in Airflow's own environment, without a running Airflow: `make airflow-test`.
"""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DAGS = ROOT / "dags"
sys.path.insert(0, str(DAGS))

pytest.importorskip("airflow", reason="lives in .venv-airflow: make airflow-test")
import iolaus_plan  # noqa: E402
import iolaus_tasks  # noqa: E402
from airflow.dag_processing.dagbag import DagBag  # noqa: E402
from airflow.exceptions import AirflowException  # noqa: E402
from airflow.sdk import RetryAction  # noqa: E402
from airflow.serialization.serialized_objects import DagSerialization  # noqa: E402

from iolaus.pipeline import STAGES, registered_name  # noqa: E402

IDS = {"iolaus_arrivals", "iolaus_detection", "iolaus_maintenance", "iolaus_publication"}
SCHEDULES = {
    "iolaus_arrivals": "CronPartitionTimetable",
    "iolaus_detection": "PartitionedAssetTimetable",
    "iolaus_maintenance": "CronTriggerTimetable",
    "iolaus_publication": "PartitionedAssetTimetable",
}


@pytest.fixture(scope="module")
def bag() -> DagBag:
    return DagBag(str(DAGS), bundle_name="dags", bundle_path=DAGS)


def test_the_dags_are_these_and_load_without_errors(bag: DagBag) -> None:
    assert bag.import_errors == {}
    assert set(bag.dags) == IDS
    ours = [w for found in bag.captured_warnings.values() for w in found if w.startswith(str(DAGS))]
    assert ours == []


def test_edges_are_the_plans(bag: DagBag) -> None:
    planned = {s.task_id: set(s.waits_for) for s in iolaus_plan.steps()}
    assert {t.task_id: set(t.upstream_task_ids) for t in bag.dags["iolaus_detection"].tasks} == planned


@pytest.mark.parametrize("dag_id", sorted(IDS))
def test_every_dag_keeps_the_rules(bag: DagBag, dag_id: str) -> None:
    dag: Any = bag.dags[dag_id]
    assert type(dag.timetable).__name__ == SCHEDULES[dag_id]
    assert dag.tags == {"iolaus"}
    assert dag.max_active_runs == 1
    assert dag.catchup is False
    assert dag.doc_md.startswith(sys.modules[dag_doc(dag)].__doc__ or "?")
    for task in dag.tasks:
        assert task.owner == "iolaus", task.task_id
        assert (task.retries, task.retry_delay, task.retry_exponential_backoff) == (3, timedelta(seconds=30), 2.0)
        assert isinstance(task.retry_policy, iolaus_tasks.RetryUnlessFinal)
        assert task.execution_timeout == timedelta(hours=8)
        assert [c.__name__ for c in task.on_failure_callback] == ["tell"]
        assert not task.depends_on_past
    DagSerialization.to_dict(dag)  # what the scheduler gets


def dag_doc(dag: Any) -> str:
    """The module that a DAG was loaded as."""
    return next(name for name, module in sys.modules.items() if getattr(module, "__file__", None) == dag.fileloc)


def test_a_task_a_stage_is_planned_where_the_environment_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IOLAUS_TASKS", "stage")
    dag: Any = DagBag(str(DAGS), bundle_name="dags", bundle_path=DAGS).dags["iolaus_detection"]
    planned = {s.task_id: set(s.waits_for) for s in iolaus_plan.steps("stage")}
    assert {t.task_id: set(t.upstream_task_ids) for t in dag.tasks} == planned
    day, lake, landing = "{{ dag_run.partition_key }}", "{{ var.value.iolaus_lake }}", "{{ var.value.iolaus_landing }}"
    settings = "--settings={{ var.value.get('iolaus_settings', '') }}"
    assert dag.get_task("bronze.exchanges").application_args == [
        "job", "bronze.exchanges", "--date", day, "--lake", lake, "--landing", landing, settings,
    ]  # fmt: skip
    assert dag.get_task("gate.scoring").application_args == [
        "gate", "scoring.evidence", "scoring.judgement", "scoring.clusters", "--date", day, "--lake", lake, settings,
    ]  # fmt: skip
    made = {t.task_id: [a.name for a in t.outlets] for t in dag.tasks}
    assert made["gold.suspect_clusters"] == ["iolaus.gold.suspect_clusters", "iolaus.published"]
    assert made["graph.links"] == ["iolaus.graph.links"]
    assert all(names == [] for task, names in made.items() if task.startswith("gate."))


def test_spark_runs_in_the_pool_on_the_connection(bag: DagBag) -> None:
    spark = [t for dag in bag.dags.values() for t in dag.tasks if t.task_type == "SparkSubmitOperator"]
    assert len(spark) > len(iolaus_plan.steps())
    assert {(t.pool, t._conn_id) for t in spark} == {("iolaus_spark", "iolaus_spark")}
    assert all("iolaus_lake" in " ".join(t.application_args) for t in spark)


def test_layers_get_the_day_and_the_folders(bag: DagBag) -> None:
    dag: Any = bag.dags["iolaus_detection"]
    day, lake, landing = "{{ dag_run.partition_key }}", "{{ var.value.iolaus_lake }}", "{{ var.value.iolaus_landing }}"
    settings = "--settings={{ var.value.get('iolaus_settings', '') }}"
    assert dag.get_task("bronze").application_args == [
        "job", "bronze", "quality", "--date", day, "--lake", lake, "--landing", landing, settings,
    ]  # fmt: skip
    assert dag.get_task("pairs").application_args == ["job", "pairs", "--date", day, "--lake", lake, settings]


def test_each_task_updates_its_tables_and_gold_publishes(bag: DagBag) -> None:
    dag: Any = bag.dags["iolaus_detection"]
    made = {t.task_id: [a.name for a in t.outlets] for t in dag.tasks}
    assert made["gold"].pop() == "iolaus.published"
    assert made == {s.task_id: [f"iolaus.{name}" for name in s.makes] for s in iolaus_plan.steps()}
    assert [a.name for a in bag.dags["iolaus_arrivals"].get_task("day_is_over").outlets] == ["iolaus.arrivals"]


def test_assets_have_the_names_of_the_catalog(bag: DagBag) -> None:
    """So that lineage by Airflow and a schema of `iolaus catalog` can be joined: slash or underscore."""
    made = {
        a.name: a.uri for t in bag.dags["iolaus_detection"].tasks for a in t.outlets if a.name != "iolaus.published"
    }
    assert made == {f"iolaus.{s.table}": f"iolaus://lake/{s.table.replace('.', '/')}" for s in STAGES}
    registered = {uri.removeprefix("iolaus://lake/").replace("/", "_") for uri in made.values()}
    assert registered == {registered_name(s.table) for s in STAGES}
    assert len(registered) == len(STAGES)


def test_publication_reports_then_exports_and_alerts(bag: DagBag) -> None:
    """An alert comes even where the report fails: nobody would hear of the case otherwise."""
    dag: Any = bag.dags["iolaus_publication"]
    assert {t.task_id: set(t.upstream_task_ids) for t in dag.tasks} == {
        "report": set(),
        "stix": {"report"},
        "alert": {"report"},
    }
    alert = dag.get_task("alert")
    assert (alert.bash_command, alert.trigger_rule) == (iolaus_plan.ALERT, "all_done")
    assert set(alert.skip_on_exit_code) == {iolaus_plan.SKIPPED}
    assert not any("ALERT_URL" in name for name in alert.env), "what a task is given is shown to viewers"


def test_a_day_is_a_partition(bag: DagBag) -> None:
    """The run at a midnight is for the day that ends; a backfill of two dates has just these two."""
    from airflow.timetables.trigger import CronPartitionTimetable  # noqa: PLC0415

    stored = DagSerialization.from_dict(DagSerialization.to_dict(bag.dags["iolaus_arrivals"])).timetable
    assert isinstance(stored, CronPartitionTimetable)
    midnight = datetime(2026, 3, 15, tzinfo=UTC)
    assert stored._get_partition_info(run_date=stored._align_to_next(midnight))[1] == "2026-03-14"
    keys = [
        i.partition_key
        for i in stored.iter_partition_dagrun_infos(earliest=midnight, latest=midnight + timedelta(days=1))
    ]
    assert keys == ["2026-03-15", "2026-03-16"]


def test_no_day_passes_while_an_older_one_waits(bag: DagBag) -> None:
    """Runs of a backfill are looked at in any order; those that have ended, and younger ones, hold nobody up."""
    waits = sys.modules[dag_doc(bag.dags["iolaus_arrivals"])].older_waits
    runs = {
        "backfill__2026-03-15T00:00:00+00:00__2026-03-14__aB3": {"day_is_over": "up_for_reschedule"},
        "backfill__2026-03-16T00:00:00+00:00__2026-03-15__cD4": {"day_is_over": None},
        "scheduled__2026-03-14T00:00:00+00:00__2026-03-13__eF5": {"day_is_over": "failed"},
        "by hand": {"day_is_over": "running"},
    }
    assert [waits(f"2026-03-{day}", runs) for day in (13, 14, 15, 16)] == [False, False, True, True]
    assert not waits("2026-03-16", {run: {"day_is_over": "success"} for run in runs})


@pytest.mark.parametrize(
    ("message", "action"),
    [
        ("Cannot execute: spark-submit. Error code is: 3.", RetryAction.FAIL),
        ("Cannot execute: spark-submit. Error code is: 2.", RetryAction.FAIL),
        ("Cannot execute: spark-submit. Error code is: 1.", RetryAction.DEFAULT),
        ("Cannot execute: spark-submit. Error code is: -9.", RetryAction.DEFAULT),
        ("Cannot execute: spark-submit. Error code is: 33.", RetryAction.DEFAULT),
        ("Bash command failed. The command returned a non-zero exit code 2.", RetryAction.FAIL),
        ("Bash command failed. The command returned a non-zero exit code 1.", RetryAction.DEFAULT),
        ("connection refused", RetryAction.DEFAULT),
    ],
)
def test_only_final_statuses_are_not_retried(message: str, action: RetryAction) -> None:
    assert iolaus_tasks.RetryUnlessFinal().evaluate(AirflowException(message), 1, 3).action is action


@pytest.mark.parametrize("path", sorted(DAGS.glob("iolaus_*.py")), ids=lambda p: p.stem)
def test_parsing_takes_under_a_second_and_imports_no_spark(path: Path) -> None:
    """In a process each, as the DAG processor does it: it has loaded before what the file imports from Airflow."""
    code = f"""
import sys, time
import airflow.dag_processing.processor as processor, structlog
processor._pre_import_airflow_modules({str(path)!r}, structlog.get_logger())
sys.path.insert(0, {str(DAGS)!r})
began = time.process_time()
exec(compile(open({str(path)!r}).read(), {str(path)!r}, 'exec'), {{
    '__name__': 'parsed', '__doc__': '-', '__file__': {str(path)!r}}})
print(time.process_time() - began, 'pyspark' in sys.modules)
"""
    began = time.monotonic()
    said = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONHASHSEED": "0"},
        check=False,
    )
    assert said.returncode == 0, said.stderr[-2000:]
    seconds, spark = said.stdout.split()[-2:]
    assert float(seconds) < 1.0, f"{seconds} s of {time.monotonic() - began:.1f} s"
    assert spark == "False"
