"""features.hand_overs"""

from iolaus.schemas.table import DATE, DOUBLE, INT, STRING, Table, column

TABLE = Table(
    name="features.hand_overs",
    grain="one row per pair of accounts of which one went on with what the other had begun, and day of arrival",
    key=("arrived_on", "account_from", "account_to"),
    columns=(
        column("arrived_on", DATE, "day on which the later to arrive of the two exchanges arrived", required=True),
        column(
            "account_from",
            STRING,
            "account that the answers were given to, or on which the requests failed",
            required=True,
        ),
        column(
            "account_to",
            STRING,
            "another account, of any owner, whose requests quote those answers, or that sent those requests again",
            required=True,
        ),
        column("n", INT, "answers that it quotes", required=True),
        column(
            "n_failed",
            INT,
            "requests that failed on the first account and that it sent soon after; null in rows of version 0.3",
        ),
        column(
            "minutes",
            DOUBLE,
            "median minutes from the request that was answered, or failed, to the first that took it up",
            required=True,
        ),
    ),
    date="arrived_on",
    order=("account_from", "account_to"),
)
