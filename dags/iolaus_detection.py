"""Find the networks of accounts of one day, and publish them in gold.

One run a day, when the day's arrivals are complete; its partition key is the day. One run at a time: a lake has one
writer. Backfill `iolaus_arrivals`, which feeds this DAG in the order of days.

One task for each layer or two, in the order of `jobs/iolaus/pipeline.py`; each table is judged by its expectations as
it is made, and gold before it is written. With `IOLAUS_TASKS=stage` in the environment of the DAG processor and the
workers there is one task a stage, named by its table, and a task `gate.LAYER` that checks a layer before anything is
made of it. If a critical expectation fails, the task fails at once, the run is red, and **gold stays as it was**. Fix
the cause, then clear the failed task and what follows.

Every task may be repeated: it replaces its day's rows, each table's in one commit. A task that was killed half-way
leaves the table at work as it was and is retried, three times, after 30 s and more. The status of `iolaus` decides: 1
is retried; 2 (unusable arguments) and 3 (a gate) are not.

The Spark connection `iolaus_spark` says where it runs (`local[*]`, `spark://…`, `k8s://…`, `yarn`), the pool
`iolaus_spark` how many tasks at once, the variables `iolaus_lake` and `iolaus_landing` on what. See
docs/operators/schedule.md.
"""

from datetime import timedelta

from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.sdk import DAG, PartitionedAssetTimetable
from iolaus_plan import steps
from iolaus_tasks import ARRIVALS, DAY, DEFAULTS, LAKE, LANDING, PUBLISHED, TAG, submitted, table_asset

from iolaus.pipeline import STAGES

with DAG(
    "iolaus_detection",
    description="A day's suspect clusters, from the landing to gold",
    doc_md=__doc__,
    schedule=PartitionedAssetTimetable(assets=ARRIVALS),
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=20),  # a day must be done before the next one's turn
    default_args=DEFAULTS,
    tags=[TAG],
):
    planned = steps()
    tasks: dict[str, SparkSubmitOperator] = {}
    for step in planned:
        folders = ["--lake", LAKE, *(["--landing", LANDING] if step.landing else [])]
        outlets = [table_asset(name) for name in step.makes]
        outlets += [PUBLISHED] if STAGES[-1].table in step.makes else []
        tasks[step.task_id] = SparkSubmitOperator(
            **submitted(
                step.task_id,
                *step.arguments,
                "--date",
                DAY,
                *folders,
                outlets=outlets,
                doc_md=f"{step.task_id}: {step.holds}",
            )
        )
    for step in planned:
        tasks[step.task_id].set_upstream([tasks[before] for before in sorted(step.waits_for)])
