"""The DAGs of the recipes for managed Spark load where a platform's provider is installed; each is skipped where not.

Airflow's own lock has none of the three providers: each brings its platform's clients, and under the lock's pins the
Amazon and the Databricks provider cannot be resolved together.
"""

import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "dags"))

pytest.importorskip("airflow", reason="lives in .venv-airflow: make airflow-test")
from airflow.dag_processing.dagbag import DagBag  # noqa: E402
from airflow.serialization.serialized_objects import DagSerialization  # noqa: E402
from iolaus_tasks import DAY  # noqa: E402

RECIPES = {
    "iolaus_databricks": ("databricks", "databricks.operators.databricks"),
    "iolaus_emr_serverless": ("emr-serverless", "amazon.aws.operators.emr"),
    "iolaus_dataproc": ("dataproc", "google.cloud.operators.dataproc"),
}


@pytest.mark.parametrize("dag_id", RECIPES)
def test_a_day_is_one_job_of_the_platform(dag_id: str, tmp_path: Path) -> None:
    folder, operators = RECIPES[dag_id]
    pytest.importorskip(f"airflow.providers.{operators}", reason="its provider is not in Airflow's lock")
    for file in ("job-run.json", "batch.json", f"{dag_id}.py"):
        if (ROOT / "deploy" / folder / file).exists():
            shutil.copy(ROOT / "deploy" / folder / file, tmp_path)
    bag = DagBag(str(tmp_path), bundle_name="dags", bundle_path=tmp_path)
    assert bag.import_errors == {}
    dag = bag.dags[dag_id]
    [task] = dag.tasks
    assert dag.max_active_runs == 1
    assert task.retries == 0
    assert [asset.name for asset in task.outlets] == ["iolaus.published"]
    rendered = {name: getattr(task, name) for name in task.template_fields if hasattr(task, name)}
    assert DAY in repr(rendered), "the day is filled in when the task runs"
    assert "2026-02-02" not in repr(rendered)
    DagSerialization.to_dict(dag)
