"""pairs.templates"""

from iolaus.schemas.pairs import pair_table

TABLE = pair_table(
    "pairs.templates", "one row per pair of accounts and channel: shared prompts, templates, system prompts"
)
