"""The columns of evidence on pairs of accounts, which all tables of the layer `pairs` share."""

from iolaus.schemas.table import DATE, DOUBLE, INT, LONG, STRING, Table, column


def pair_table(name: str, grain: str) -> Table:
    """A table of the layer `pairs`."""
    return Table(
        name=name,
        grain=grain,
        key=("run_date", "key_a", "key_b", "channel"),
        columns=(
            column("run_date", DATE, "last day of the window", required=True),
            column("key_a", LONG, "one account: its account_key in features.population", required=True),
            column("key_b", LONG, "the other; key_a < key_b, and their owners differ", required=True),
            column("channel", STRING, "what they share", required=True),
            column("value_hash", LONG, "the rarest shared value; null where the channel has none"),
            column("sharers", INT, "owners that share that value; null where the channel has none"),
            column(
                "support",
                INT,
                "how many values, slots or the like they share; a lower bound where both meet over 1,000 others "
                "in the channel",
                required=True,
            ),
            column("bits", INT, "evidence in thousandths of a bit, at most the channel's cap", required=True),
            column(
                "similarity",
                DOUBLE,
                "exact similarity in the channel, 0 to 1; at least that where both meet over 1,000 others in it",
                required=True,
            ),
        ),
        date="run_date",
        order=("key_a", "key_b"),
    )
