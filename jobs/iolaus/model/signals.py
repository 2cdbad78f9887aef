"""The one registry of signals: what accounts may have in common, and how they may behave. One entry a signal.

Pairs, profiles, evidence, reasons and the reference page (`docs/reference/signals.md`) derive from it. To add a signal
that is a value which two accounts share: add its `Channel` here, with the column of `silver.exchanges` or
`silver.accounts` that holds the value. `tests/test_signals.py` then follows it from that column to a pair and a reason.
"""

from dataclasses import dataclass

from iolaus.model.wording import in_words
from iolaus.schemas.codes import FRAGMENT_CHANNELS
from iolaus.schemas.families import FAMILIES
from iolaus.settings import Claims

# What a figure of a cluster's members is held against.
OTHERS = "other accounts"
SIMILAR_VOLUME = "accounts with similar volume"
RANDOM_PAIRS = "random pairs"
CHANCE = "chance"
HABIT = "chance and usual hours"

# Innocent explanations: rows of `iolaus.model.explanations`. One that fits takes the evidence that it explains from a
# cluster.
PEOPLE, ONE_CLIENT, OWN_TEXT, PUBLIC_SET, WHOLE_SET = "people", "one_client", "own_text", "public_set", "whole_set"
ANY_EXPLANATION = (PEOPLE, ONE_CLIENT, OWN_TEXT, PUBLIC_SET, WHOLE_SET)

POOL = "pool_"  # before a channel's name: evidence of how many pairs of a cluster share any value of it
DIVIDED = "divided"
SUCCESSION = "succession"
RELEASE = "release_adoption"  # before a colon and a model's name


@dataclass(frozen=True, kw_only=True)
class Signal:
    """What all signals have.

    kind: what it speaks for. family: signals of one family are not independent of each other; evidence is counted by
    family. group: within a family, signals of one group are views of one fact, of which the strongest counts. baseline:
    what its figure is held against. says: the sentence for the analyst, a verb and what follows it, of several
    accounts; `{at}` is the threshold. explained_by: innocent explanations that take it away; explained_if_few: those
    that do so only where fewer than `scoring.subject_accounts` members show it. evasion: how an operator avoids it, and
    at what price.
    """

    name: str
    kind: str
    family: str
    group: str
    says: str
    baseline: str
    evasion: str
    explained_by: tuple[str, ...] = ()
    explained_if_few: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Channel(Signal):
    """A kind of value, or a measure of two, that brings accounts together.

    What it may give, from where on pairs are made, and whether it is looked at, are settings: `channels.NAME`. code:
    the number under which its values are stored; never reuse one. exchange, registered: the columns of
    `silver.exchanges` and `silver.accounts` that hold the value, a pseudonym, a text, a hash or a number, as `form`
    says; without either the signal is a measure of two accounts. template: the value counts only where an account uses
    it with two distinct prompts. pooled: pairs of members that share any value of it are counted too. pooled_by: the
    table of what passes between two accounts, of which the value is the pool of accounts that it joins.
    """

    kind: str = "coordination"
    baseline: str = OTHERS
    code: int | None = None
    exchange: str | None = None
    registered: str | None = None
    form: str = "hash"
    template: bool = False
    pooled: bool = False
    pooled_by: str | None = None


@dataclass(frozen=True, kw_only=True)
class Claim(Signal):
    """A behaviour that an account shows: its measure is at least the threshold, or `below` it.

    measure: a column of `features.account_behaviour`. threshold: its name among `Settings.claims`; None for a measure
    that is 0 or 1. doublings: the measure counts how often it doubles.
    """

    family: str = "behaviour"
    baseline: str = SIMILAR_VOLUME
    measure: str = ""
    threshold: str | None = None
    below: bool = False
    doublings: bool = False

    def at(self, settings: Claims) -> float:
        """The threshold that is set."""
        return 1.0 if self.threshold is None else float(getattr(settings, self.threshold))

    def sentence(self, settings: Claims) -> str:
        """`says`, with the threshold, and the length of a night, in words."""
        return self.says.replace("{at}", in_words(self.at(settings))).replace(
            "{night_hours}", in_words(settings.night_hours)
        )


def _infrastructure(name: str, group: str, says: str, evasion: str, **more: object) -> Channel:
    return Channel(name=name, family="infrastructure", group=group, says=says, evasion=evasion, **more)  # type: ignore[arg-type]


def _content(name: str, says: str, evasion: str, **more: object) -> Channel:
    explained = (WHOLE_SET, OWN_TEXT) if more.get("template") else (WHOLE_SET,)
    return Channel(
        name=name, family="content", group="instruction", says=says, evasion=evasion, explained_by=explained,
        **more  # type: ignore[arg-type]
    )  # fmt: skip


_REWORDED = "rewording the template for each account, at the price of answers that differ"

CHANNELS: tuple[Channel, ...] = (
    _infrastructure(
        "card", "card", "share a payment card", "one card per account: each costs a verified name",
        code=40, registered="card", form="pseudonym", pooled=True,
    ),
    _infrastructure(
        "address", "network", "send from the same address",
        "one exit address per account: residential proxies are sold by traffic",
        code=1, exchange="address", registered="signup_address", form="pseudonym", pooled=True,
    ),
    _infrastructure(
        "block", "network", "send from the same /24 or /48 network", "exit addresses spread over networks",
        code=2, exchange="block", registered="signup_block", form="pseudonym", pooled=True,
    ),
    _infrastructure(
        "asn", "network", "send from the same network operator", "exits with the operators that most people use",
        code=3, exchange="asn", registered="signup_asn", form="number",
    ),
    _infrastructure(
        "mail", "mail", "use the same unusual mail domain",
        "mailboxes of large providers, which ask for a telephone number",
        code=41, registered="mail_domain", form="pseudonym",
    ),
    _infrastructure(
        "device", "device", "use the same unusual client", "headers and TLS of a common client",
        code=4, exchange="device", form="pseudonym",
    ),
    _infrastructure(
        "request", "device", "send requests with the same unusual parameters and headers",
        "the parameters and headers of a common client",
        code=10, exchange="request_hash",
    ),
    _infrastructure(
        "conversation", "gateway", "take over conversations or failed requests of other members",
        "each end user kept on one account, which then shows how many it serves, and fails with it",
        code=42, pooled_by="features.hand_overs",
    ),
    _content(
        "system", "send the same system prompt", "a different wording of the system prompt for each account",
        code=7, exchange="system_hash",
    ),
    _content(
        "tools", "offer the same set of tools", "decoy tools, which every request then carries",
        code=8, exchange="tools_hash",
    ),
    _content(
        "template", "use the same prompt template", _REWORDED,
        template=True, code=FRAGMENT_CHANNELS["template_hash"],
    ),
    _content(
        "prompt", "send the same prompts", "never asking a question twice, which gives up second samples of an answer",
        code=FRAGMENT_CHANNELS["prompt_hash"], pooled=True,
    ),
    *(
        _content(
            f"{side}{k}", f"{verb} different prompts with the same {k} words", _REWORDED,
            template=True, code=FRAGMENT_CHANNELS[f"{side}{k}_hash"],
        )
        for side, verb in (("head", "begin"), ("tail", "end"))
        for k in (4, 8, 16)
    ),
    Channel(
        name="content", family="content", group="subject", baseline=RANDOM_PAIRS, says="ask about the same subject",
        evasion="ordinary requests mixed in, which are paid for and answer nothing",
        explained_by=(WHOLE_SET,), explained_if_few=(OWN_TEXT,),
    ),
    Channel(
        name="synchrony", family="timing", group="minutes", baseline=HABIT, says="are active in the same ten minutes",
        evasion="a random delay per request and account, which slows the work by as much",
    ),
    Channel(
        name="cohort", family="cohort", group="creation", says="were created at about the same time",
        evasion="accounts made over months, or bought",
    ),
)  # fmt: skip

_ASKED = (
    ("reasoning", "step-by-step reasoning"),
    ("grading", "grading by a rubric"),
    ("coding", "code"),
    ("tools", "tool-use output"),
    ("analysis", "data analysis"),
    ("vision", "answers about images"),
    ("rewriting", "rewrites of sensitive text"),
)

CLAIMS: dict[str, Claim] = {
    claim.name: claim
    for claim in (
        Claim(
            name="one_shot", kind="automation", group="one_shot", measure="later_turn_share", threshold="one_shot",
            below=True,
            says="are automated: almost no follow-up messages",
            evasion="follow-up turns, each of which costs a request",
        ),
        Claim(
            name="round_the_clock", kind="automation", group="round_the_clock", measure="night_share",
            threshold="round_the_clock",
            says="run around the clock: at least {at} of their traffic falls in their quietest {night_hours} hours",
            evasion="a daily pause, which leaves accounts idle for a quarter of the day",
        ),
        Claim(
            name="long_outputs", kind="extraction", group="long_outputs", measure="mean_output_tokens",
            threshold="long_outputs",
            says="receive answers of at least {at} tokens on average",
            evasion="shorter answers, which train a model less",
        ),
        Claim(
            name="thinking", kind="extraction", group="thinking", measure="thinking_share", threshold="thinking",
            says="request extended reasoning in at least {at} of their traffic",
            evasion="a request for reasoning in the prompt instead",
        ),
        *(
            Claim(
                name=f"asks_{name}", kind="extraction", group=f"asks_{name}", measure=f"asks_{name}_share",
                threshold="asks",
                says=f"request {what} in at least {{at}} of their traffic",
                evasion="the capability spread thinly over more accounts",
            )
            for name, what in _ASKED
        ),
        Claim(
            name="task_sharing", kind="task_sharing", group="task_sharing", measure="uses_shared_template",
            explained_by=ANY_EXPLANATION,
            says="reuse a prompt template that unrelated accounts also use, each with different content",
            evasion=_REWORDED,
        ),
        Claim(
            name="young", kind="purpose_built", group="young", measure="age_at_first_use", threshold="young",
            below=True,
            says="were first used within {at} days of their creation", evasion="accounts left to age before use",
        ),
        # Policy signals raise a score and never publish a group: the analyst weighs them.
        Claim(
            name="unsupported_region", kind="policy_signals", group="unsupported_region", measure="unsupported",
            says="have their billing, phone or most traffic in an unsupported region",
            evasion="cards, numbers and exits of supported regions",
        ),
        Claim(
            name="heavy_for_plan", kind="policy_signals", group="heavy_for_plan", measure="plan_excess",
            threshold="heavy_for_plan", doublings=True,
            says="send at least {at} times the usual traffic of their plan",
            evasion="more accounts with less traffic each",
        ),
    )
}  # fmt: skip

# Signals of a whole cluster.
OF_CLUSTERS: tuple[Signal, ...] = (
    *(
        Signal(
            name=POOL + c.name, kind=c.kind, family=c.family, group=c.group if c.family == "content" else "pool",
            says=c.says, baseline=CHANCE, evasion="no value used by more than one account", explained_by=c.explained_by,
        )
        for c in CHANNELS if c.pooled
    ),
    Signal(
        name=DIVIDED, kind="task_sharing", family="content", group=DIVIDED, baseline=RANDOM_PAIRS,
        explained_by=ANY_EXPLANATION,
        says="divide requests about one subject among themselves, with almost no repeats",
        evasion="ordinary requests mixed in, which are paid for and answer nothing",
    ),
    Signal(
        name=SUCCESSION, kind="policy_signals", family="behaviour", group=SUCCESSION, baseline=SIMILAR_VOLUME,
        says="were first used after the cluster's first ban",
        evasion="a reserve of accounts in use before any is banned",
    ),
    Signal(
        name=RELEASE, kind="policy_signals", family="behaviour", group=RELEASE, baseline=SIMILAR_VOLUME,
        says="sent at least a third of their traffic to a new model soon after its release",
        evasion="a slow move to the new model, which makes its answers late",
    ),
)  # fmt: skip

CHANNEL: dict[str, Channel] = {c.name: c for c in CHANNELS}
SIGNALS: dict[str, Signal] = {s.name: s for s in (*CHANNELS, *OF_CLUSTERS, *CLAIMS.values())}
# those that are values, stored by their codes
VALUES: tuple[Channel, ...] = tuple(c for c in CHANNELS if c.code is not None)
CODES: dict[str, int] = {c.name: c.code for c in VALUES if c.code is not None}
VALUE_FAMILIES: dict[str, tuple[str, ...]] = {
    family: tuple(c.name for c in VALUES if c.family == family) for family in FAMILIES[:2]
}
COUNTED = frozenset({"synchrony", *(s.name for s in OF_CLUSTERS if s.name.startswith(POOL))})

TEMPLATES: dict[str, int] = {c.name: CODES[c.name] for c in CHANNELS if c.template}  # and their codes in text fragments
# Codes of those that are a text of somebody's own: four words are an idiom, with which many begin.
TEXTS: tuple[int, ...] = tuple(code for name, code in TEMPLATES.items() if not name.endswith("4"))

# What a sketch keeps of how exchanges are sent that is no signal by itself, beside the values that are.
SENT: dict[str, tuple[int, str, str]] = {
    name: (code, column, form)
    for name, code, column, form in (
        *((c.name, c.code, c.exchange, c.form) for c in VALUES if c.exchange and c.code),
        ("country", 5, "country", "text"),
        ("path", 6, "access_path", "text"),
        ("limit", 9, "max_tokens", "hash"),
    )
}
ATTRIBUTE_CODES: dict[str, int] = {name: code for name, (code, _, _) in SENT.items()}


def is_count(channel: str) -> bool:
    """Whether the figure of a channel's evidence is a count of pairs or meetings. For all others it is a share.

    >>> is_count("pool_card"), is_count("card")
    (True, False)
    """
    return channel in COUNTED


def explained(explanation: str, *, if_few: bool = False) -> tuple[str, ...]:
    """The signals that an innocent explanation takes away; with `if_few`, those it takes from a small cluster only.

    >>> explained("own_text", if_few=True)
    ('content',)
    """
    return tuple(s.name for s in SIGNALS.values() if explanation in (s.explained_if_few if if_few else s.explained_by))
