"""gold.cluster_links"""

from iolaus.schemas.table import DATE, DOUBLE, INT, STRING, Table, column

TABLE = Table(
    name="gold.cluster_links",
    grain="one row per pair of members of a published cluster and channel; of each account its links, then its other "
    "pairs, the strongest",
    key=("run_date", "account_a", "account_b", "channel"),
    columns=(
        column("run_date", DATE, "date of the run", required=True),
        column("cluster_id", STRING, "the cluster", required=True),
        column("account_a", STRING, "one account", required=True),
        column("account_b", STRING, "the other; account_a < account_b", required=True),
        column("channel", STRING, "what they share", required=True),
        column("bits", DOUBLE, "evidence in bits, at most the channel's cap", required=True),
        column("sharers", INT, "owners that share it; null where the channel has no shared value"),
        column(
            "support",
            INT,
            "how many values, slots or the like they share; a lower bound where both meet over 1,000 others in "
            "the channel",
            required=True,
        ),
        column(
            "similarity",
            DOUBLE,
            "exact similarity in the channel, 0 to 1; at least that where both meet over 1,000 others in it",
            required=True,
        ),
        column("run_id", STRING, "run that the row is of, as in quality.runs: the same in all gold tables of a date"),
    ),
    date="run_date",
    order=("cluster_id", "account_a"),
)
