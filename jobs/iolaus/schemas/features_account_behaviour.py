"""features.account_behaviour"""

from iolaus.schemas.table import BOOLEAN, DATE, DOUBLE, INT, STRING, Table, column
from iolaus.settings import CAPABILITIES

TABLE = Table(
    name="features.account_behaviour",
    grain="one row per account of the background that was active in the window that ends with the date",
    key=("run_date", "account_id"),
    columns=(
        column("run_date", DATE, "last day of the window", required=True),
        column("account_id", STRING, "the account", required=True),
        column("volume", DOUBLE, "exchanges in the window", required=True),
        column(
            "volume_class",
            INT,
            "floor(log2(exchanges)), 0 to 12: accounts of one class have similar volume",
            required=True,
        ),
        column(
            "talks",
            BOOLEAN,
            "whether people drive the account, who take further turns, and not a program",
            required=True,
        ),
        column(
            "later_turn_share",
            DOUBLE,
            "share of exchanges that are a second or later turn, less those that fill a text of its own",
        ),
        column(
            "night_share",
            DOUBLE,
            "share of exchanges in the six hours on end of the day that have least",
            required=True,
        ),
        column("mean_output_tokens", DOUBLE, "output tokens an exchange"),
        column("thinking_share", DOUBLE, "share of exchanges that ask for extended reasoning"),
        column("tools_share", DOUBLE, "share of exchanges that offer tools"),
        column("zero_temperature_share", DOUBLE, "share of exchanges at temperature 0"),
        column("stream_share", DOUBLE, "share of exchanges that ask for a stream"),
        column(
            "templated_share",
            DOUBLE,
            "share of known exchanges with the template that it fills most, with distinct prompts",
        ),
        column(
            "age_at_first_use",
            DOUBLE,
            "days from the account's creation to its first exchange in the window; null if not known",
        ),
        *(
            column(f"asks_{name}_share", DOUBLE, f"share of exchanges that ask for the capability {name}")
            for name in CAPABILITIES
        ),
        column(
            "uses_shared_template",
            INT,
            "1 if it fills a template that a group of owners lives by, else 0",
            required=True,
        ),
        column("plan_excess", INT, "its volume class less the median of its plan's accounts; null without a plan"),
        column(
            "unsupported", INT, "1 if billing, phone or most traffic is in an unsupported region, else 0", required=True
        ),
    ),
    date="run_date",
    order=("account_id",),
)
