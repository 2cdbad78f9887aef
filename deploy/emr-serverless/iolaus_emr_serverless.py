"""A day's run as one job of EMR Serverless, in place of `iolaus_detection`: leave that one paused.

The job is that of `job-run.json`, which lies beside this file. It runs for the day that was announced in
`iolaus_arrivals`, and announces that its gold is published. The connection `aws_default` names the account.
Copy both files beside the other DAGs. They need the package apache-airflow-providers-amazon.
"""

import json
from datetime import timedelta
from pathlib import Path

from airflow.providers.amazon.aws.operators.emr import EmrServerlessStartJobOperator
from airflow.sdk import DAG, PartitionedAssetTimetable
from iolaus_tasks import ARRIVALS, DAY, DEFAULTS, PUBLISHED, TAG

JOB = json.loads(Path(__file__).with_name("job-run.json").read_text(encoding="utf-8").replace("2026-02-02", DAY))

with DAG(
    "iolaus_emr_serverless",
    description="A day's suspect clusters, as one job of EMR Serverless",
    doc_md=__doc__,
    schedule=PartitionedAssetTimetable(assets=ARRIVALS),
    max_active_runs=1,  # a lake has one writer
    # the job's end does not tell a failed gate from a lost machine
    default_args=DEFAULTS | {"retries": 0, "execution_timeout": timedelta(hours=12)},
    tags=[TAG],
):
    EmrServerlessStartJobOperator(
        task_id="run",
        application_id=JOB["applicationId"],
        execution_role_arn=JOB["executionRoleArn"],
        name=JOB["name"],
        job_driver=JOB["jobDriver"],
        configuration_overrides=JOB["configurationOverrides"],
        config={"executionTimeoutMinutes": JOB["executionTimeoutMinutes"]},
        outlets=[PUBLISHED],
    )
