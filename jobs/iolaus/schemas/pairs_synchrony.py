"""pairs.synchrony"""

from iolaus.schemas.pairs import pair_table

TABLE = pair_table("pairs.synchrony", "one row per pair of accounts and channel: activity in the same ten-minute slots")
