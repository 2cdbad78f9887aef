"""pairs.cohort"""

from iolaus.schemas.pairs import pair_table

TABLE = pair_table("pairs.cohort", "one row per pair of accounts and channel: creation at the same time")
