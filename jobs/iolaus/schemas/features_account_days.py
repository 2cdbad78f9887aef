"""features.account_days"""

from iolaus.schemas.sketch import SKETCH
from iolaus.schemas.table import DATE, STRING, Table, column

TABLE = Table(
    name="features.account_days",
    grain="one row per account, day and day of arrival: additive sketches of the exchanges that arrived then",
    key=("arrived_on", "happened_on", "account_id"),
    columns=(
        column("arrived_on", DATE, "day on which the exchanges arrived", required=True),
        column("happened_on", DATE, "UTC day of the exchanges", required=True),
        column("account_id", STRING, "the account", required=True),
        *SKETCH,
    ),
    date="arrived_on",
    order=("happened_on", "account_id"),
)
