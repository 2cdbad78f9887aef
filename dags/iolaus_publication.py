"""Write the day's report and exports when its gold is published.

Runs for a day when its ranking, which is written last, has been written, with the day as partition key, as often as
that happens: a report is replaced. `report` writes the pages that an analyst reads, `stix` a bundle for other labs,
marked amber+strict and without identifiers; it is skipped where the variable `iolaus_producer` does not say who we are.
`alert` tells a webhook of new, grown and returned cases, as `iolaus run` does; it is skipped where the environment of
the workers has no `IOLAUS_ALERT_URL`.

None needs Spark: all run `iolaus` on Airflow's worker; report and exports go into the folder `iolaus_reports`, one
folder a day.
"""

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, PartitionedAssetTimetable
from iolaus_plan import ALERT, SKIPPED
from iolaus_tasks import DAY, DEFAULTS, LAKE, PUBLISHED, TAG, needs

# Values come to the shell as variables, which it does not read as commands.
GIVEN = {
    "IOLAUS": "{{ var.value.get('iolaus_command', 'iolaus') }}",
    "LAKE": LAKE,
    "DAY": DAY,
    "OUT": f"{{{{ var.value.iolaus_reports }}}}/{DAY}",
    "PRODUCER": "{{ var.value.get('iolaus_producer', '') }}",
}

with DAG(
    "iolaus_publication",
    description="A day's report and exports, from gold",
    doc_md=__doc__,
    schedule=PartitionedAssetTimetable(assets=PUBLISHED),
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=[TAG],
):
    report = BashOperator(
        task_id="report",
        bash_command='exec "$IOLAUS" report --lake "$LAKE" --date "$DAY" --out "$OUT" --data-docs',
        env=GIVEN,
        append_env=True,
        doc_md="The pages that an analyst reads, with the Data Docs of the day",
    )
    stix = BashOperator(
        task_id="stix",
        bash_command='exec "$IOLAUS" export stix --lake "$LAKE" --date "$DAY" --producer "$PRODUCER" --out '
        '"$OUT/clusters.stix.json"',
        env=GIVEN,
        append_env=True,
        pre_execute=needs("iolaus_producer"),
        doc_md="A STIX 2.1 bundle of the published clusters",
    )
    report.set_downstream(stix)
    alert = BashOperator(
        task_id="alert",
        bash_command=ALERT,
        skip_on_exit_code=SKIPPED,
        env=GIVEN,
        append_env=True,
        trigger_rule="all_done",
        doc_md="Cases that the webhook has not been told of, each once",
    )
    report.set_downstream(alert)
