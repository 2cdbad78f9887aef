"""pairs.content"""

from iolaus.schemas.pairs import pair_table

TABLE = pair_table("pairs.content", "one row per pair of accounts and channel: similar vectors")
