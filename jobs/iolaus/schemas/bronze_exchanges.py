"""bronze.exchanges"""

from iolaus.schemas.landing import EXCHANGE
from iolaus.schemas.table import DATE, STRING, Table, column, map_of

TABLE = Table(
    name="bronze.exchanges",
    grain="one row per valid line of the landing, as often as it arrived",
    key=("arrived_on", "account_id", "exchange_id"),
    columns=(
        column("arrived_on", DATE, "day of arrival: the landing folder's dt", required=True),
        column("happened_on", DATE, "UTC day of requested_at", required=True),
        *EXCHANGE,
        column("extra", map_of(STRING), "fields the contract does not know, as JSON text"),
        column("source_file", STRING, "landing file the line came from", required=True),
    ),
    date="arrived_on",
    order=("account_id",),
)
