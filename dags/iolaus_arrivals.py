"""Say, day by day, that what arrived is complete.

**Backfill here.** An hour after the day has ended (UTC) the run of its partition, `YYYY-MM-DD`, updates the asset
`iolaus.arrivals`, and `iolaus_detection` runs for that day. Detection has one run at a time and takes days in the order
in which they pass here, whether they come by schedule, by hand or by backfill; no day passes while an older one waits
here.

- **A day by hand:** trigger this DAG with the day as partition key.
- **A range:** a backfill of this DAG, with *reprocess: completed* for days that have run before. Its end says that the
  days are queued; `iolaus_detection` says how each went.
- **Gateways that know better** when a day is complete leave this DAG paused and post an event of the asset
  `iolaus.arrivals` with the partition key, through Airflow's API.

A day of which exchanges arrive later needs no backfill: the run of the day on which they arrive sketches them under
their own day, and every later ranking has them.
"""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, CronPartitionTimetable, task
from airflow.sdk.exceptions import AirflowFailException
from iolaus_tasks import ARRIVALS, DEFAULTS, TAG

GRACE = timedelta(hours=1)  # for what gateways still hold at midnight
ENDED = {"success", "failed", "skipped", "upstream_failed", "removed"}
_KEY = re.compile(r"__(\d{4}-\d\d-\d\d)__")  # of the partition, in the id of a run by schedule or backfill


def older_waits(day: str, states: dict[str, dict[str, str | None]]) -> bool:
    """Whether a run of an older day than `day` has a task, of `states` by the run's id, that has not ended.

    Airflow starts a backfill's runs ten at once, and which of them is looked at first is chance.
    """
    waiting = (_KEY.search(run_id) for run_id, tasks in states.items() if not ENDED.issuperset(tasks.values()))
    return any(key[1] < day for key in waiting if key)


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
        poke_interval=60,
        timeout=timedelta(days=2).total_seconds(),
        mode="reschedule",
        max_active_tis_per_dag=1,
        outlets=[ARRIVALS],
    )
    def day_is_over(dag_run: Any, ti: Any) -> bool:
        """Wait for the end of the day and an hour more, and for the older days; the day of a backfill is over."""
        try:
            day = date.fromisoformat(dag_run.partition_key or "")
        except ValueError as error:
            raise AirflowFailException(
                f"the partition key {dag_run.partition_key!r} is no day; write it as 2026-03-15"
            ) from error
        if datetime.now(UTC) < datetime.combine(day, datetime.min.time(), UTC) + timedelta(days=1) + GRACE:
            return False
        return not older_waits(day.isoformat(), ti.get_task_states(dag_id=dag_run.dag_id, task_ids=[ti.task_id]))

    day_is_over()
