"""What all tasks have in common: how `iolaus` is submitted to Spark, retried, timed out, and whom a failure is told.

Folders and the application are Airflow variables, read when a task runs and never when a file is parsed:

    iolaus_lake, iolaus_landing       any URI that Hadoop reads
    iolaus_application                jobs/submit.py as spark-submit sees it; default: the images' /opt/iolaus/submit.py
    iolaus_py_files                   wheel or archive of the project to ship; default: none, for the images have it
    iolaus_spark_properties           a spark-defaults file; default: Spark's own
    iolaus_settings                   iolaus.toml, as the driver sees it; default: the one beside the lake, if any
    iolaus_reports                    folder of reports and exports, on Airflow's workers
    iolaus_command                    the command that writes them; default: iolaus, on the workers' PATH
    iolaus_producer                   who exports, as other labs know us; default: nothing is exported
    iolaus_deletions                  text files of accounts to drop, one account_id a line; default: none
    iolaus_alert_url                  told of failures by POST of {"text": …}; default: nobody but the log
"""

import json
import logging
import re
import urllib.request
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from airflow.sdk import Asset, RetryDecision, RetryPolicy
from airflow.sdk.exceptions import AirflowSkipException

CONNECTION, POOL, OWNER, TAG = "iolaus_spark", "iolaus_spark", "iolaus", "iolaus"
LAKE = "{{ var.value.iolaus_lake }}"
LANDING = "{{ var.value.iolaus_landing }}"
DAY = "{{ dag_run.partition_key }}"
# One argument, so that an empty name, which is none, cannot get lost on its way through spark-submit.
SETTINGS = "--settings={{ var.value.get('iolaus_settings', '') }}"

# Statuses of `iolaus` that the same command would end in again: unusable arguments, and a gate that said no.
FINAL = {
    2: "the arguments or the surroundings cannot be used",
    3: "a critical expectation failed: gold is left as it was",
}
_STATUS = re.compile(r"(?:Error code is:|exit code) (\d+)\b")  # of SparkSubmitOperator, of BashOperator

# What arrived of a day is complete: `iolaus_arrivals` says so, and whoever else knows it may say it through the API.
ARRIVALS = Asset(name="iolaus.arrivals", uri="iolaus://landing/exchanges")
# The day's gold is whole: its ranking is written last.
PUBLISHED = Asset(name="iolaus.published", uri="iolaus://lake/gold")


def table_asset(table: str) -> Asset:
    """A table of the lake as Airflow knows it. Its address names no folder, for that is known only when a task runs."""
    return Asset(name=f"iolaus.{table}", uri=f"iolaus://lake/{table.replace('.', '/')}")


class RetryUnlessFinal(RetryPolicy):
    """Retry whatever may pass the next time; fail at once on a status of `iolaus` that the same command would repeat.

    spark-submit passes the status on where the driver runs beside it. From a driver in the cluster it does not: there a
    refused day is refused as often as retries are allowed, with the same end.
    """

    def evaluate(self, exception: BaseException, try_number: int, max_tries: int, context: Any = None) -> RetryDecision:  # noqa: ARG002
        """Fail on the statuses in `FINAL`; else what the task's retries say."""
        found = _STATUS.search(str(exception))
        status = int(found[1]) if found else None
        return RetryDecision.fail(f"status {status}: {FINAL[status]}") if status in FINAL else RetryDecision.default()


def tell(context: Any) -> None:
    """Say that a task failed for good: in its log, and to `iolaus_alert_url` if there is one. Never raises."""
    ti, error = context["ti"], " ".join(str(context.get("exception")).split())
    day = context["dag_run"].partition_key or "no date"
    found = _STATUS.search(error)
    reason = FINAL.get(int(found[1]), f"status {found[1]}") if found else error[:300]
    text = f"iolaus: {ti.dag_id} {ti.task_id} of {day} failed after {ti.try_number} tries: {reason}; log: {ti.log_url}"
    logger = logging.getLogger(__name__)
    logger.error(text)
    url = context["var"]["value"].get("iolaus_alert_url", "")
    if not url.startswith(("https://", "http://")):
        return
    request = urllib.request.Request(url, json.dumps({"text": text}).encode(), {"Content-Type": "application/json"})  # noqa: S310
    try:
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310 - the scheme is checked above
    except OSError as failed:
        logger.error("the failure could not be told to iolaus_alert_url: %s", failed)


# A stage replaces its day's rows in one commit, so that a try that was cut off anywhere is repeated without harm.
DEFAULTS: dict[str, Any] = {
    "owner": OWNER,
    "retries": 3,
    "retry_delay": timedelta(seconds=30),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=15),
    "retry_policy": RetryUnlessFinal(),
    "execution_timeout": timedelta(hours=8),  # then its Spark application is ended, and it is retried
    "on_failure_callback": tell,
}


def needs(variable: str) -> Callable[[Any], None]:
    """A hook that skips its task where a variable is not set."""

    def check(context: Any) -> None:
        if not context["var"]["value"].get(variable, ""):
            raise AirflowSkipException(f"the variable {variable} is not set")

    return check


def submitted(task_id: str, *arguments: str, **options: Any) -> dict[str, Any]:
    """What a SparkSubmitOperator needs to run `iolaus ARGUMENTS`.

    It runs on the connection `iolaus_spark`, in the pool of that name.

    The operator is named in each DAG's own file: the DAG processor loads what a file imports from Airflow once for all
    parsings, and the Spark provider takes a second.
    """
    return {
        "task_id": task_id,
        "conn_id": CONNECTION,
        "pool": POOL,
        "application": "{{ var.value.get('iolaus_application', '/opt/iolaus/submit.py') }}",
        "py_files": "{{ var.value.get('iolaus_py_files', '') }}",
        "properties_file": "{{ var.value.get('iolaus_spark_properties', '') }}",
        "application_args": [*arguments, SETTINGS],
        "name": f"iolaus {task_id}",
        **options,
    }
