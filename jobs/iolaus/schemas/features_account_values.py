"""features.account_values"""

from iolaus.schemas.table import BOOLEAN, DATE, INT, LONG, STRING, Table, column

TABLE = Table(
    name="features.account_values",
    grain="one row per account, channel and value that another owner has too",
    key=("run_date", "account_id", "channel", "value_hash"),
    columns=(
        column("run_date", DATE, "last day of the window", required=True),
        column("account_id", STRING, "the account", required=True),
        column("account_key", LONG, "its number in features.population", required=True),
        column("owner_id", STRING, "who answers for it", required=True),
        column("channel", STRING, "kind of value: iolaus.model.signals", required=True),
        column("value_hash", LONG, "what is shared: the head of a pseudonym, a hash, or a number", required=True),
        column("n", INT, "exchanges with it; 1 for what the account itself has", required=True),
        column("distinct_prompts", INT, "distinct prompts with it; 1 for what is not in a prompt", required=True),
        column(
            "is_qualifying",
            BOOLEAN,
            "whether the use counts as sharing: a template needs two distinct prompts",
            required=True,
        ),
        column("n_owners", INT, "owners that have the value at all", required=True),
        column("n_qualifying_owners", INT, "owners whose use of it counts", required=True),
        column(
            "n_contacts",
            LONG,
            "owners met through values of the account in the channel that are at least as rare",
            required=True,
        ),
    ),
    date="run_date",
    order=("channel", "value_hash"),
)
