"""bronze.accounts"""

from iolaus.schemas.landing import ACCOUNT
from iolaus.schemas.table import STRING, Table, column, map_of

TABLE = Table(
    name="bronze.accounts",
    grain="one row per account: its newest snapshot",
    key=("account_id",),
    columns=(*ACCOUNT, column("extra", map_of(STRING), "fields the contract does not know, as JSON text")),
    order=("account_id",),
)
