"""pairs.hot_keys"""

from iolaus.schemas.table import DATE, INT, LONG, STRING, Table, column

TABLE = Table(
    name="pairs.hot_keys",
    grain="one row per shared value whose pairs are not made",
    key=("run_date", "channel", "value_hash"),
    columns=(
        column("run_date", DATE, "last day of the window", required=True),
        column("channel", STRING, "kind of value", required=True),
        column("value_hash", LONG, "the value", required=True),
        column("sharers", INT, "owners that have it", required=True),
        column("pairs_not_made", LONG, "pairs that it would have made", required=True),
        column(
            "why",
            STRING,
            "over_cap: more sharers than are paired; too_common: it could prove too little",
            required=True,
        ),
    ),
    date="run_date",
    order=("channel", "value_hash"),
)
