"""A day's run as one job of Databricks, in place of `iolaus_detection`: leave that one paused.

The job is that of `databricks.yml`, deployed, with its own schedule paused. It runs for the day that was announced in
`iolaus_arrivals`, and announces that its gold is published. The connection `databricks_default` names the workspace.
Copy this file beside the other DAGs. It needs the package apache-airflow-providers-databricks.
"""

from datetime import timedelta

from airflow.providers.databricks.operators.databricks import DatabricksRunNowOperator
from airflow.sdk import DAG, PartitionedAssetTimetable
from iolaus_tasks import ARRIVALS, DAY, DEFAULTS, PUBLISHED, TAG

with DAG(
    "iolaus_databricks",
    description="A day's suspect clusters, as one job of Databricks",
    doc_md=__doc__,
    schedule=PartitionedAssetTimetable(assets=ARRIVALS),
    max_active_runs=1,  # a lake has one writer
    # the job's end does not tell a failed gate from a lost machine
    default_args=DEFAULTS | {"retries": 0, "execution_timeout": timedelta(hours=12)},
    tags=[TAG],
):
    DatabricksRunNowOperator(
        task_id="run",
        job_name="iolaus",
        job_parameters={"date": DAY},
        outlets=[PUBLISHED],
    )
