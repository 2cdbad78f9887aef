"""pairs.infrastructure"""

from iolaus.schemas.pairs import pair_table

TABLE = pair_table(
    "pairs.infrastructure",
    "one row per pair of accounts and channel: shared cards, addresses, networks, mail domains, devices",
)
