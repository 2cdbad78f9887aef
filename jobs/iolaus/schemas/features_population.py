"""features.population"""

from iolaus.schemas.table import BOOLEAN, DATE, LONG, STRING, Table, column

TABLE = Table(
    name="features.population",
    grain="one row per account that was active in the window that ends with the date",
    key=("run_date", "account_id"),
    columns=(
        column("run_date", DATE, "last day of the window", required=True),
        column("account_id", STRING, "the account", required=True),
        column(
            "account_key",
            LONG,
            "the account's number in this run: counted, so no two share one; it rises with account_id",
            required=True,
        ),
        column(
            "owner_id", STRING, "who answers for it; the account itself where nothing is known of it", required=True
        ),
        column(
            "is_background",
            BOOLEAN,
            "whether rates, counts and samples are of it too: customers with an agreement are not",
            required=True,
        ),
        column(
            "is_first_of_owner",
            BOOLEAN,
            "whether it stands for its owner where owners of the background are counted",
            required=True,
        ),
    ),
    date="run_date",
    order=("account_id",),
)
