"""features.prompt_templates"""

from iolaus.schemas.table import DATE, DOUBLE, INT, LONG, STRING, Table, column

TABLE = Table(
    name="features.prompt_templates",
    grain="one row per template or system prompt that two owners or more use",
    key=("run_date", "channel", "value_hash"),
    columns=(
        column("run_date", DATE, "last day of the window", required=True),
        column("channel", STRING, "system, template, or the head or tail of so many words", required=True),
        column("value_hash", LONG, "its hash", required=True),
        column("n_accounts", INT, "accounts that use it", required=True),
        column("n_owners", INT, "owners that use it", required=True),
        column("n_loyal", INT, "owners that fill it with two or more different prompts", required=True),
        column("n_exchanges", LONG, "exchanges that carry it, of an account's 512 prompts at most", required=True),
        column("n_distinct_prompts", LONG, "distinct prompts that carry it, summed over accounts", required=True),
        column(
            "traffic_share",
            DOUBLE,
            "share of its users' exchanges that carry it, of their known prompts, 0 to 1",
            required=True,
        ),
    ),
    date="run_date",
    order=("channel", "value_hash"),
)
