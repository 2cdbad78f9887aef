"""Keep the lake fit, and keep its promises about text and people.

Daily at noon UTC, when no detection runs; each task may be repeated.

| task | does |
|---|---|
| `forget` | drops the accounts listed in the files at `iolaus_deletions` from every table; skipped without a list |
| `retain` | deletes rows that are older than the policy of their table: prompts after 30 days |
| `compact` | rewrites days that lie in too many files, sorted by account |
| `vacuum` | removes files that no version of the last week needs: then what was deleted is gone |

The list stays: the landing's next snapshot may bring an account back, and it is dropped again.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.sdk import DAG, CronTriggerTimetable, chain, task
from iolaus_tasks import DEFAULTS, LAKE, TAG, needs, submitted

TODAY = "{{ dag_run.run_after.strftime('%Y-%m-%d') }}"


with DAG(
    "iolaus_maintenance",
    description="Compaction, text retention, deletion requests, vacuum",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("0 12 * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=20),
    default_args=DEFAULTS,
    tags=[TAG],
):

    @task.sensor(
        task_id="no_detection_runs", poke_interval=60, timeout=timedelta(hours=12).total_seconds(), mode="reschedule"
    )
    def no_detection_runs(ti: Any) -> bool:
        """Wait until no day is being searched: of two commits to one table at once, Delta would let one fail."""
        return ti.get_dr_count(dag_id="iolaus_detection", states=["running"]) == 0

    accounts = "{{ var.value.get('iolaus_deletions', '') }}"
    forget = SparkSubmitOperator(
        **submitted(
            "forget",
            "maintain",
            "forget",
            "--lake",
            LAKE,
            "--accounts",
            accounts,
            pre_execute=needs("iolaus_deletions"),
        )
    )
    retain = SparkSubmitOperator(
        **submitted("retain", "maintain", "retain", "--lake", LAKE, "--date", TODAY, trigger_rule="none_failed")
    )
    compact = SparkSubmitOperator(**submitted("compact", "maintain", "compact", "--lake", LAKE, "--date", TODAY))
    vacuum = SparkSubmitOperator(**submitted("vacuum", "maintain", "vacuum", "--lake", LAKE))
    chain(no_detection_runs(), forget, retain, compact, vacuum)
