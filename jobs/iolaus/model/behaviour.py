"""How an account behaves, in numbers that do not depend on what it says or where it is.

Each measure is a column over `features.account_embeddings` joined with `silver.accounts`, null where the
platform does not report the field, so that the signal is silent. A measure is read against the same
measure of all accounts: no value here is suspicious in itself.
"""

from collections.abc import Callable
from dataclasses import dataclass

from pyspark.sql import Column
from pyspark.sql import functions as F

from iolaus.model.signals import WRAPPERS
from iolaus.schemas.codes import TRAIT_CHANNELS
from iolaus.settings import Graph, Scoring
from iolaus.text.intents import CAPABILITIES

DAY = 86_400.0


def _share(count: str) -> Column:
    return F.col(count) / F.col("n_exchanges")


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


def measures() -> dict[str, Column]:
    """Each measure by name, over `features.account_embeddings` joined with `created_at` of `silver.accounts`."""
    return {
        "later_turns": F.least(_share("n_later_turns"), _unwrapped()),
        "night": F.col("night"),
        "output_tokens": F.col("output_tokens") / F.col("n_exchanges"),
        "thinking": _share("n_thinking"),
        "tools": _share("n_with_tools"),
        "zero_temperature": _share("n_zero_temperature"),
        "streaming": _share("n_stream"),
        "templated": _repeated_prompts(),
        "volume": F.col("n_exchanges").cast("double"),
        "age_at_first_use": (F.unix_timestamp("first_at") - F.unix_timestamp("created_at")) / F.lit(DAY),
        **{f"asks_{name}": F.element_at("capability_counts", i + 1) / F.col("n_exchanges") for i, name in enumerate(CAPABILITIES)},
    }


@dataclass(frozen=True)
class Claim:
    """A yes-or-no behaviour that a cluster may show: what it speaks for, the claim in words, and when an account shows it."""

    kind: str
    says: str
    shown: Callable[[Scoring], Column]


def _above(measure: str, least: float) -> Callable[[Scoring], Column]:
    return lambda _settings: F.col(measure) >= least


def _unsupported(settings: Scoring) -> Column:
    """Billing, phone or most traffic in an unsupported region; a country in `traits` is its hash."""
    regions = settings.unsupported_regions
    stated = [F.coalesce(F.col(name).isin(*regions), F.lit(False)) for name in ("billing_country", "phone_country")]
    of_country = F.filter(
        "traits", lambda t: (t["channel"] == TRAIT_CHANNELS["country"]) & t["token"].isin(*(F.xxhash64(F.lit(r)) for r in regions))
    )
    sent = F.aggregate(of_country, F.lit(0).cast("long"), lambda s, t: s + t["n"])
    return stated[0] | stated[1] | (2 * sent >= F.col("n_exchanges"))


CLAIMS: dict[str, Claim] = {
    "one_shot": Claim("automation", "hardly ever send a second turn of free text", lambda _: F.col("later_turns") < 0.05),
    "round_the_clock": Claim(
        "automation", "do not sleep: the six quietest hours of their day bring a tenth of their traffic", _above("night", 0.1)
    ),
    "long_outputs": Claim("extraction", "draw answers of 512 tokens and more on average", _above("output_tokens", 512)),
    "thinking": Claim("extraction", "ask for extended reasoning in a third of their traffic", _above("thinking", 0.33)),
    **{
        f"asks_{name}": Claim("extraction", f"ask for {words} in a quarter of their traffic", _above(f"asks_{name}", 0.25))
        for name, words in zip(
            CAPABILITIES,
            ("reasoning in steps", "grading by a rubric", "code", "tool use", "data analysis", "vision", "rewrites of sensitive text"),
            strict=True,
        )
    },
    # Labour counts only where nothing innocent explains the wrapper: see iolaus.scoring.evidence.
    "labour": Claim("labour", "fill wrappers that unrelated others fill too, each with prompts of its own", _above("fills_shared", 1)),
    "young": Claim("purpose", "were first used within a week of their creation", lambda _: F.col("age_at_first_use") < 7),
    # Conduct is the analyst's to weigh: it raises a score, and makes nobody a suspect who is none without it.
    "unsupported_region": Claim("conduct", "are billed, reached or used in an unsupported region", _unsupported),
    "heavy_for_plan": Claim("conduct", "send eight times what is usual for their plan", _above("plan_excess", 3)),
}
