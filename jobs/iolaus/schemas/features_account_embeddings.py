"""features.account_embeddings"""

from iolaus.schemas.sketch import SKETCH
from iolaus.schemas.table import BYTE, DATE, DOUBLE, FLOAT, INT, LONG, STRING, Table, array_of, column, struct_of

TRAIT = struct_of(
    column("channel", BYTE, "iolaus.model.signals.TRAIT_CODES"),
    column("token", LONG, "the first 64 bits of a pseudonym, a hash, or a number"),
    column("n", INT, "exchanges with it"),
)
PHRASE = struct_of(
    column("channel", BYTE, "iolaus.schemas.sketch.PHRASE_CHANNELS"),
    column("token", LONG, "hash of the prompt, template, head or tail"),
    column("n", INT, "exchanges with it"),
    column("fillings", INT, "distinct prompts with it"),
)

TABLE = Table(
    name="features.account_embeddings",
    grain="one row an account that was active in the window that ends with the date",
    key=("run_date", "account_id"),
    columns=(
        column("run_date", DATE, "last day of the window", required=True),
        column("account_id", STRING, "the account", required=True),
        *(field for field in SKETCH if field.name not in ("traits", "prompts", "terms")),
        column(
            "traits",
            array_of(TRAIT),
            "what requests were sent from, and how; at most 128 tokens a channel, by least hash",
            required=True,
        ),
        column("phrases", array_of(PHRASE), "prompts, templates and affixes of prompts, counted", required=True),
        column(
            "n_known",
            LONG,
            "exchanges of the 512 prompts at most that a sketch keeps: shares of phrases are shares of these",
            required=True,
        ),
        column(
            "wrapped",
            DOUBLE,
            "share of exchanges whose prompt fills a text of eight words and more, as another of its prompts does; null of few exchanges",
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
