"""gold.cluster_timeline"""

from iolaus.schemas.table import DATE, INT, LONG, STRING, TIMESTAMP, Table, column

TABLE = Table(
    name="gold.cluster_timeline",
    grain="one row per published cluster, hour and model, of the window",
    key=("run_date", "cluster_id", "hour", "request_model"),
    columns=(
        column("run_date", DATE, "date of the run", required=True),
        column("cluster_id", STRING, "the cluster", required=True),
        column("hour", TIMESTAMP, "start of the hour, UTC", required=True),
        column("request_model", STRING, "model that was asked for", required=True),
        column("n_exchanges", LONG, "exchanges of members", required=True),
        column("n_accounts", INT, "members that were active", required=True),
        column("run_id", STRING, "run that the row is of, as in quality.runs: the same in all gold tables of a date"),
    ),
    date="run_date",
    order=("cluster_id", "hour"),
)
