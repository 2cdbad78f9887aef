"""features.hand_overs"""

from iolaus.schemas.table import DATE, DOUBLE, INT, STRING, Table, column

TABLE = Table(
    name="features.hand_overs",
    grain="one row per pair of accounts of which one went on with conversations of the other, and day of arrival",
    key=("arrived_on", "account_from", "account_to"),
    columns=(
        column("arrived_on", DATE, "day on which the later to arrive of answer and quotation arrived", required=True),
        column("account_from", STRING, "account that the answers were given to", required=True),
        column(
            "account_to", STRING, "another account, of any owner, whose requests quote those answers", required=True
        ),
        column("n", INT, "answers that it quotes", required=True),
        column(
            "minutes",
            DOUBLE,
            "median minutes from the request that was answered to the first that quotes the answer",
            required=True,
        ),
    ),
    date="arrived_on",
    order=("account_from", "account_to"),
)
