"""How an account behaves, in numbers that do not depend on what it says or where it is.

Each measure is computed once, in `features.account_behaviour`, null where the platform does not report the field, so that the
signal is silent. A measure is read against the same measure of all accounts: no value here is suspicious in itself.
"""

from pyspark.sql import Column
from pyspark.sql import functions as F

from iolaus.model.signals import TRAIT_CODES, WRAPPERS, Claim
from iolaus.settings import Graph, Scoring, Settings
from iolaus.text.intents import CAPABILITIES

DAY = 86_400.0


def _share(count: str) -> Column:
    return F.col(count) / F.col("n_exchanges")


def volume_class() -> Column:
    """The power of two of an account's exchanges, 0 to 12: accounts of one class are of like volume."""
    return F.least(F.floor(F.log2("n_exchanges")), F.lit(12)).cast("int")


def known_exchanges() -> Column:
    """Exchanges that `n` of a row of `features.account_tokens` is a share of, over such rows joined with `n_exchanges` and `n_known`.

    A sketch keeps some prompts of an account that sends many, and counts each thing that requests were sent with.
    """
    return F.when(F.col("channel").isin("system", "tools"), F.col("n_exchanges")).otherwise(F.col("n_known"))


def talks(settings: Graph) -> Column:
    """Whether people drive the account, who take further turns, and not a program; over `features.account_embeddings`.

    A turn that brings a tool's result is the program's own: it is neither a person's turn nor a request of its own. Nor
    does a person's turn fill a text that the account fills again and again.
    """
    results = F.least("n_later_turns", "n_calling")
    said = F.least(F.col("n_later_turns") - results, _unwrapped() * F.col("n_exchanges"))
    return said > settings.programs_turns * (F.col("n_exchanges") - results)


def _unwrapped() -> Column:
    """Share of exchanges whose prompt is no filling of a text of the account's own."""
    return 1 - F.coalesce("wrapped", F.lit(0.0))


def _repeated_prompts() -> Column:
    """Share of traffic that is the account's most used wrapper with different fillings, or its one template."""
    wrappers = F.filter("phrases", lambda p: p["channel"].isin(*WRAPPERS.values()) & (p["fillings"] >= 2))
    most = F.array_max(F.transform(wrappers, lambda p: p["n"]))
    return F.coalesce(most, F.lit(0)) / F.greatest("n_known", F.lit(1))


def measures(settings: Settings) -> dict[str, Column]:
    """Each column of `features.account_behaviour` by name, over its rows as they are made there."""
    return {
        "volume": F.col("n_exchanges").cast("double"),
        "volume_class": volume_class(),
        "talks": talks(settings.graph),
        "later_turn_share": F.least(_share("n_later_turns"), _unwrapped()),
        "night_share": F.col("night"),
        "mean_output_tokens": _share("output_tokens"),
        "thinking_share": _share("n_thinking"),
        "tools_share": _share("n_with_tools"),
        "zero_temperature_share": _share("n_zero_temperature"),
        "stream_share": _share("n_stream"),
        "templated_share": _repeated_prompts(),
        "age_at_first_use": (F.unix_timestamp("first_at") - F.unix_timestamp("created_at")) / F.lit(DAY),
        **{f"asks_{name}_share": F.element_at("capability_counts", i + 1) / F.col("n_exchanges") for i, name in enumerate(CAPABILITIES)},
        "fills_shared": F.coalesce("fills_shared", F.lit(0)),
        "plan_excess": volume_class() - F.col("usual_class"),
        "unsupported": _unsupported(settings.scoring),
    }


def shown(claim: Claim) -> Column:
    """Whether an account shows the behaviour, over `features.account_behaviour`; null where the measure is."""
    measure = F.col(claim.measure)
    return measure < F.lit(claim.below) if claim.least is None else measure >= F.lit(claim.least)


def _unsupported(settings: Scoring) -> Column:
    """1 where billing, phone or most traffic is in an unsupported region, else 0; a country in `traits` is its hash."""
    regions = settings.unsupported_regions
    stated = [F.coalesce(F.col(name).isin(*regions), F.lit(False)) for name in ("billing_country", "phone_country")]
    of_country = F.filter(
        "traits", lambda t: (t["channel"] == TRAIT_CODES["country"]) & t["token"].isin(*(F.xxhash64(F.lit(r)) for r in regions))
    )
    sent = F.aggregate(of_country, F.lit(0).cast("long"), lambda s, t: s + t["n"])
    return (stated[0] | stated[1] | (2 * sent >= F.col("n_exchanges"))).cast("int")
