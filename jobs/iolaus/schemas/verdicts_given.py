"""verdicts.given"""

from iolaus.schemas.table import DATE, DOUBLE, LONG, STRING, TIMESTAMP, Table, array_of, column

TABLE = Table(
    name="verdicts.given",
    grain="one row a verdict that an analyst gave; rows are added, and dropped with their accounts alone",
    key=("verdict_id",),
    columns=(
        column("verdict_id", STRING, "UUID of the verdict", required=True),
        column("given_at", TIMESTAMP, "when it was given", required=True),
        column("known_from", DATE, "first run date that respects it", required=True),
        column("given_by", STRING, "analyst who answers for it", required=True),
        column("verdict", STRING, "confirmed, innocent or unsure", required=True),
        column("why", STRING, "the analyst's reason", required=True),
        column("cluster_id", STRING, "cluster that was looked at", required=True),
        column("run_date", DATE, "date of the run whose result was looked at", required=True),
        column("members", array_of(STRING), "accounts of the cluster in that run", required=True),
        column("named", array_of(STRING), "of them, those that the verdict is of; empty: it is of the whole cluster", required=True),
        column("score", DOUBLE, "score of the cluster in that run, bits"),
        column("n_exchanges", LONG, "exchanges of members in the window of that run"),
        column("channels", array_of(STRING), "channels of evidence against the cluster in that run", required=True),
    ),
)
