"""features.account_profiles"""

from iolaus.schemas.sketch import SKETCH
from iolaus.schemas.table import BYTE, DATE, DOUBLE, FLOAT, INT, LONG, STRING, Table, array_of, column, struct_of

ATTRIBUTE = struct_of(
    column("channel", BYTE, "iolaus.model.signals.ATTRIBUTE_CODES"),
    column("value_hash", LONG, "the first 64 bits of a pseudonym, a hash, or a number"),
    column("n", INT, "exchanges with it"),
)
FRAGMENT = struct_of(
    column("channel", BYTE, "iolaus.schemas.sketch.FRAGMENT_CHANNELS"),
    column("value_hash", LONG, "hash of the prompt, template, head or tail"),
    column("n", INT, "exchanges with it"),
    column("distinct_prompts", INT, "distinct prompts with it"),
)

TABLE = Table(
    name="features.account_profiles",
    grain="one row per account that was active in the window that ends with the date",
    key=("run_date", "account_id"),
    columns=(
        column("run_date", DATE, "last day of the window", required=True),
        column("account_id", STRING, "the account", required=True),
        *(field for field in SKETCH if field.name not in ("attributes", "prompts", "terms")),
        column(
            "attributes",
            array_of(ATTRIBUTE),
            "what requests were sent from, and how; at most 128 values a channel, by least hash",
            required=True,
        ),
        column("fragments", array_of(FRAGMENT), "prompts, templates and affixes of prompts, counted", required=True),
        column(
            "n_sampled",
            LONG,
            "exchanges of the 512 prompts at most that a sketch keeps: shares of text fragments are shares of these",
            required=True,
        ),
        column(
            "own_template_share",
            DOUBLE,
            "share of exchanges whose prompt fills a text of eight words and more, as another of its prompts does; "
            "null of few exchanges",
        ),
        column(
            "night",
            DOUBLE,
            "share of exchanges in the six hours on end of the day that have least; an even day has a quarter",
            required=True,
        ),
        column("vector", array_of(FLOAT), "unit vector of 128: what the account asks about; null without words"),
    ),
    date="run_date",
    order=("account_id",),
)
