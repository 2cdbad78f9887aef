"""How an account behaves, in numbers that do not depend on what it says or where it is.

Each measure is computed once, in `features.account_behaviour`, null where the platform does not report the field, so
that the signal is silent. A measure is read against the same measure of all accounts: no value here is suspicious in
itself.
"""

import math

from pyspark.sql import Column
from pyspark.sql import functions as F

from iolaus.model.signals import ATTRIBUTE_CODES, TEMPLATES, Claim
from iolaus.settings import CAPABILITIES, Claims, Graph, Scoring, Settings

DAY = 86_400.0


def _share(count: str) -> Column:
    return F.col(count) / F.col("n_exchanges")


def volume_class() -> Column:
    """The power of two of an account's exchanges, 0 to 12: accounts of one class are of like volume."""
    return F.least(F.floor(F.log2("n_exchanges")), F.lit(12)).cast("int")


def volume_class_of(exchanges: float) -> int:
    """`volume_class` of a number of exchanges."""
    return min(int(math.log2(max(exchanges, 1))), 12)


def sampled_exchanges() -> Column:
    """Exchanges that `n` of a row of `features.account_values` is a share of.

    Over such rows joined with `n_exchanges` and `n_sampled`.

    A sketch keeps some prompts of an account that sends many, and counts each thing that requests were sent with.
    """
    return F.when(F.col("channel").isin("system", "tools"), F.col("n_exchanges")).otherwise(F.col("n_sampled"))


def talks(settings: Graph) -> Column:
    """Whether people drive the account, who take further turns, and not a program; over `features.account_profiles`.

    A turn that brings a tool's result is the program's own: it is neither a person's turn nor a request of its own. Nor
    does a person's turn fill a text that the account fills again and again.
    """
    results = F.least("n_later_turns", "n_calling")
    said = F.least(F.col("n_later_turns") - results, _untemplated() * F.col("n_exchanges"))
    return said > settings.programs_turns * (F.col("n_exchanges") - results)


def _untemplated() -> Column:
    """Share of exchanges whose prompt fills no template of the account's own."""
    return 1 - F.coalesce("own_template_share", F.lit(0.0))


def _repeated_prompts() -> Column:
    """Share of traffic that is the account's most used template with distinct prompts, or its one template."""
    templates = F.filter("fragments", lambda p: p["channel"].isin(*TEMPLATES.values()) & (p["distinct_prompts"] >= 2))
    most = F.array_max(F.transform(templates, lambda p: p["n"]))
    return F.coalesce(most, F.lit(0)) / F.greatest("n_sampled", F.lit(1))


def measures(settings: Settings) -> dict[str, Column]:
    """Each column of `features.account_behaviour` by name, over its rows as they are made there."""
    return {
        "volume": F.col("n_exchanges").cast("double"),
        "volume_class": volume_class(),
        "talks": talks(settings.graph),
        "later_turn_share": F.least(_share("n_later_turns"), _untemplated()),
        "night_share": F.col("night"),
        "mean_output_tokens": _share("output_tokens"),
        "thinking_share": _share("n_thinking"),
        "tools_share": _share("n_with_tools"),
        "zero_temperature_share": _share("n_zero_temperature"),
        "stream_share": _share("n_stream"),
        "templated_share": _repeated_prompts(),
        "age_at_first_use": (F.unix_timestamp("first_at") - F.unix_timestamp("created_at")) / F.lit(DAY),
        **{
            f"asks_{name}_share": F.element_at("capability_counts", i + 1) / F.col("n_exchanges")
            for i, name in enumerate(CAPABILITIES)
        },
        "uses_shared_template": F.coalesce("uses_shared_template", F.lit(0)),
        "plan_excess": volume_class() - F.col("usual_class"),
        "unsupported": _unsupported(settings.scoring),
    }


def shown(claim: Claim, settings: Claims) -> Column:
    """Whether an account shows the behaviour, over `features.account_behaviour`; null where the measure is."""
    threshold = math.log2(claim.at(settings)) if claim.doublings else claim.at(settings)
    return F.col(claim.measure) < F.lit(threshold) if claim.below else F.col(claim.measure) >= F.lit(threshold)


def _unsupported(settings: Scoring) -> Column:
    """1 where billing, phone or most traffic is in an unsupported region, else 0.

    A country in `attributes` is its hash.
    """
    regions = settings.unsupported_regions
    stated = [F.coalesce(F.col(name).isin(*regions), F.lit(False)) for name in ("billing_country", "phone_country")]
    of_country = F.filter(
        "attributes",
        lambda t: (
            (t["channel"] == ATTRIBUTE_CODES["country"])
            & t["value_hash"].isin(*(F.xxhash64(F.lit(r)) for r in regions))
        ),
    )
    sent = F.aggregate(of_country, F.lit(0).cast("long"), lambda s, t: s + t["n"])
    return (stated[0] | stated[1] | (2 * sent >= F.col("n_exchanges"))).cast("int")
