"""A day's run as one batch of Dataproc Serverless, in place of `iolaus_detection`: leave that one paused.

The batch is that of `batch.json`, which lies beside this file. It runs for the day that was announced in
`iolaus_arrivals`, and announces that its gold is published. The connection `google_cloud_default` names the project.
Copy both files beside the other DAGs. They need the package apache-airflow-providers-google.
"""

import json
from datetime import timedelta
from pathlib import Path

from airflow.providers.google.cloud.operators.dataproc import DataprocCreateBatchOperator
from airflow.sdk import DAG, PartitionedAssetTimetable
from iolaus_tasks import ARRIVALS, DAY, DEFAULTS, PUBLISHED, TAG

BATCH = json.loads(Path(__file__).with_name("batch.json").read_text(encoding="utf-8").replace("2026-02-02", DAY))

with DAG(
    "iolaus_dataproc",
    description="A day's suspect clusters, as one batch of Dataproc Serverless",
    doc_md=__doc__,
    schedule=PartitionedAssetTimetable(assets=ARRIVALS),
    max_active_runs=1,  # a lake has one writer
    # the batch's end does not tell a failed gate from a lost machine
    default_args=DEFAULTS | {"retries": 0, "execution_timeout": timedelta(hours=12)},
    tags=[TAG],
):
    DataprocCreateBatchOperator(
        task_id="run",
        region="europe-west1",
        batch=BATCH,
        # A batch keeps its name for good, and a day may be run again.
        batch_id=f"iolaus-{DAY}-{{{{ ti.start_date.strftime('%Y%m%d%H%M%S') }}}}",
        outlets=[PUBLISHED],
    )
