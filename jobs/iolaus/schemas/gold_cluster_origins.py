"""gold.cluster_origins"""

from iolaus.schemas.table import DATE, DOUBLE, INT, LONG, STRING, Table, column

TABLE = Table(
    name="gold.cluster_origins",
    grain="one row per listed cluster (published or on the watchlist), kind of origin and value; of each kind the ten "
    "commonest",
    key=("run_date", "cluster_id", "kind", "value"),
    columns=(
        column("run_date", DATE, "date of the run", required=True),
        column("cluster_id", STRING, "the cluster", required=True),
        column(
            "kind",
            STRING,
            "traffic country, access path (of requests), billing country, phone country, plan (of accounts)",
            required=True,
        ),
        column(
            "value",
            STRING,
            "ISO 3166 alpha-2 of a country, or the platform's own word; other: none that is known",
            required=True,
        ),
        column("n_accounts", INT, "members that have it", required=True),
        column(
            "n_exchanges",
            LONG,
            "exchanges of members with it in the window; null for what accounts were registered with",
        ),
        column("share", DOUBLE, "share of members that have it, 0 to 1", required=True),
        column("baseline_share", DOUBLE, "share of all active accounts that have it, 0 to 1", required=True),
        column("run_id", STRING, "run that the row is of, as in quality.runs: the same in all gold tables of a date"),
    ),
    date="run_date",
    order=("cluster_id", "kind"),
)
