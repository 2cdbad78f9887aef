"""Say, day by day, that what arrived is complete.

**Backfill here.** An hour after the day has ended (UTC) the run of its partition, `YYYY-MM-DD`, updates the asset `iolaus.arrivals`, and
`iolaus_detection` runs for that day. Detection has one run at a time and takes days in the order in which they pass here,
whether they come by schedule, by hand or by backfill.

- **A day by hand:** trigger this DAG with the day as partition key.
- **A range:** a backfill of this DAG, with **one active run**, or days pass in any order; and with *reprocess: completed* for
  days that have run before. Its end says that the days are queued; `iolaus_detection` says how each went.
- **Gateways that know better** when a day is complete leave this DAG paused and post an event of the asset
  `iolaus.arrivals` with the partition key, through Airflow's API.

A day of which exchanges arrive later needs no backfill: the run of the day on which they arrive redoes their own day up
to its account sketches, and every later ranking has them.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, CronPartitionTimetable, task
from airflow.sdk.exceptions import AirflowFailException
from iolaus_tasks import ARRIVALS, DEFAULTS, TAG

GRACE = timedelta(hours=1)  # for what gateways still hold at midnight

with DAG(
    "iolaus_arrivals",
    description="The day's exchanges have arrived",
    doc_md=__doc__,
    # At midnight, for the day that ends: a partition's time is its midnight, as a backfill's dates are.
    schedule=CronPartitionTimetable("0 0 * * *", timezone="UTC", run_offset=-1, key_format="%Y-%m-%d"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=[TAG],
):

    @task.sensor(
        task_id="day_is_over",
        poke_interval=300,
        timeout=timedelta(days=2).total_seconds(),
        mode="reschedule",
        max_active_tis_per_dag=1,
        outlets=[ARRIVALS],
    )
    def day_is_over(dag_run: Any) -> bool:
        """Wait for the end of the day and an hour more; the day of a backfill is over."""
        try:
            day = date.fromisoformat(dag_run.partition_key or "")
        except ValueError as error:
            raise AirflowFailException(f"the partition key {dag_run.partition_key!r} is no day; write it as 2026-03-15") from error
        return datetime.now(UTC) >= datetime.combine(day, datetime.min.time(), UTC) + timedelta(days=1) + GRACE

    day_is_over()
