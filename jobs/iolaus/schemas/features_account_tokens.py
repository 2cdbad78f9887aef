"""features.account_tokens"""

from iolaus.schemas.table import BOOLEAN, DATE, INT, LONG, STRING, Table, column

TABLE = Table(
    name="features.account_tokens",
    grain="one row an account, channel and token that another owner has too",
    key=("run_date", "account_id", "channel", "token"),
    columns=(
        column("run_date", DATE, "last day of the window", required=True),
        column("account_id", STRING, "the account", required=True),
        column("account_key", LONG, "its number in features.population", required=True),
        column("owner_id", STRING, "who answers for it", required=True),
        column("channel", STRING, "kind of token: iolaus.model.signals", required=True),
        column("token", LONG, "what is shared: the head of a pseudonym, a hash, or a number", required=True),
        column("n", INT, "exchanges with it; 1 for what the account itself has", required=True),
        column("fillings", INT, "distinct prompts with it; 1 for what is not in a prompt", required=True),
        column("counts", BOOLEAN, "whether the use counts as sharing: a wrapper needs two fillings", required=True),
        column("users", INT, "owners that have the token at all", required=True),
        column("degree", INT, "owners whose use of it counts", required=True),
        column("reach", LONG, "owners met through tokens of the account in the channel that are at least as rare", required=True),
    ),
    date="run_date",
    order=("channel", "token"),
)
