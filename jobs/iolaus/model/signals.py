"""The one registry of signals: what accounts may have in common, and how they may behave. One entry a signal.

Pairs, profiles, evidence, reasons and the reference page (`docs/signals.md`) derive from it. To add a signal that is a value
which two accounts share: add its `Channel` here, with the column of `silver.exchanges` or `silver.accounts` that holds the value.
`tests/test_signals.py` then follows it from that column to a pair and a reason.
"""

from dataclasses import dataclass

from iolaus.schemas.graph_links import FAMILIES
from iolaus.schemas.sketch import PHRASE_CHANNELS

# What a figure of a cluster's members is held against.
OTHERS = "other accounts"
SIMILAR_VOLUME = "accounts with similar volume"
RANDOM_PAIRS = "random pairs"
CHANCE = "chance"
HABIT = "chance and the accounts' own hours"

# Innocent explanations: rows of `iolaus.model.explanations`. One that fits takes the evidence that it explains from a cluster.
PEOPLE, ONE_CLIENT, OWN_TEXT, PUBLIC_SET, WHOLE_SET = "people", "one_client", "own_text", "public_set", "whole_set"
ANY_EXPLANATION = (PEOPLE, ONE_CLIENT, OWN_TEXT, PUBLIC_SET, WHOLE_SET)

POOL = "pool_"  # before a channel's name: evidence of how many pairs of a cluster share any value of it
DIVIDED = "divided"
SUCCESSION = "succession"
RELEASE = "pivot"  # before a colon and a model's name


@dataclass(frozen=True, kw_only=True)
class Signal:
    """What all signals have.

    kind: what it speaks for. family: signals of one family are not independent of each other; evidence is counted by family.
    group: within a family, signals of one group are views of one fact, of which the strongest counts. baseline: what its figure is
    held against. says: the sentence for the analyst, a verb and what follows it, of several accounts; `{at}` is the threshold.
    cap: the most bits that it may give, however rare; None for `scoring.behaviour_cap`. explained_by: innocent explanations that take it
    away; explained_if_few: those that do so only where fewer than `scoring.subject_accounts` members show it. evasion: how an
    operator avoids it, and at what price.
    """

    name: str
    kind: str
    family: str
    group: str
    says: str
    baseline: str
    evasion: str
    cap: float | None = None
    explained_by: tuple[str, ...] = ()
    explained_if_few: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Channel(Signal):
    """A kind of value, or a measure of two, that brings accounts together.

    cap: bits; a value may be shared for a reason that we do not see. floor: bits; pairs are made only for values worth so much.
    code: the number under which its values are stored; never reuse one. exchange, registered: the columns of `silver.exchanges`
    and `silver.accounts` that hold the value, a pseudonym, a text, a hash or a number, as `form` says; without either the
    signal is a measure of two accounts. wrapper: the value counts only where an account uses it with two distinct prompts.
    pooled: pairs of members that share any value of it are counted too.
    """

    kind: str = "coordination"
    baseline: str = OTHERS
    cap: float = 8
    floor: float = 4
    code: int | None = None
    exchange: str | None = None
    registered: str | None = None
    form: str = "hash"
    wrapper: bool = False
    pooled: bool = False


@dataclass(frozen=True, kw_only=True)
class Claim(Signal):
    """A behaviour that an account shows: its measure, a column of `features.account_behaviour`, is at least `least`, or below `below`."""

    family: str = "behaviour"
    baseline: str = SIMILAR_VOLUME
    measure: str = ""
    least: float | None = None
    below: float | None = None

    @property
    def sentence(self) -> str:
        """`says`, with the threshold in words."""
        return self.says.replace("{at}", in_words(self.below if self.least is None else self.least))


def in_words(share: float | None) -> str:
    """A threshold as a reader says it: a quarter, a third, a half, else a percentage or a number."""
    if share is None:
        return ""
    words = {0.25: "a quarter", 0.33: "a third", 0.5: "half"}
    return words.get(share) or (f"{share:.0%}" if 0 < share < 1 else f"{share:,.0f}")


def _infrastructure(name: str, group: str, cap: float, floor: float, says: str, evasion: str, **more: object) -> Channel:
    return Channel(name=name, family="infrastructure", group=group, cap=cap, floor=floor, says=says, evasion=evasion, **more)  # type: ignore[arg-type]


def _content(name: str, cap: float, floor: float, says: str, evasion: str, **more: object) -> Channel:
    explained = (WHOLE_SET, OWN_TEXT) if more.get("wrapper") else (WHOLE_SET,)
    return Channel(
        name=name, family="content", group="instruction", cap=cap, floor=floor, says=says, evasion=evasion, explained_by=explained, **more  # type: ignore[arg-type]
    )  # fmt: skip


_REWORDED = "rewording the template for each account, which a rewriter does at the price of answers that differ"

CHANNELS: tuple[Channel, ...] = (
    _infrastructure(
        "card", "card", 11, 3, "share a payment card", "a card an account: each costs a verified name",
        code=40, registered="card", form="pseudonym", pooled=True,
    ),
    _infrastructure(
        "address", "network", 11, 3, "send from the same address", "an exit address an account: residential proxies are sold by traffic",
        code=1, exchange="address", registered="signup_address", form="pseudonym", pooled=True,
    ),
    _infrastructure(
        "block", "network", 9, 3, "send from the same /24 or /48 network", "exit addresses spread over networks",
        code=2, exchange="block", registered="signup_block", form="pseudonym", pooled=True,
    ),
    _infrastructure(
        "asn", "network", 7, 5, "send from the same network operator", "exits with the operators that most people use",
        code=3, exchange="asn", registered="signup_asn", form="number",
    ),
    _infrastructure(
        "mail", "mail", 6, 4, "use the same unusual mail domain", "mailboxes of large providers, which ask for a telephone number",
        code=41, registered="mail_domain", form="pseudonym",
    ),
    _infrastructure(
        "device", "device", 6, 6, "use the same unusual client", "headers and TLS of a common client",
        code=4, exchange="device", form="pseudonym",
    ),
    _content(
        "system", 10, 3, "send the same system prompt", "a system prompt worded anew for each account",
        code=7, exchange="system_hash",
    ),
    _content(
        "tools", 4, 3, "offer the same set of tools", "decoy tools, which every request then carries",
        code=8, exchange="tools_hash",
    ),
    _content(
        "template", 10, 3, "fill the same prompt template", _REWORDED, wrapper=True, code=PHRASE_CHANNELS["template_hash"],
    ),
    _content(
        "prompt", 8, 4, "send the same prompts", "a question never asked twice: no second sample of an answer",
        code=PHRASE_CHANNELS["prompt_hash"], pooled=True,
    ),
    *(
        _content(
            f"{side}{k}", 8, 4, f"{verb} different prompts with the same {k} words", _REWORDED,
            wrapper=True, code=PHRASE_CHANNELS[f"{side}{k}_hash"],
        )
        for side, verb in (("head", "begin"), ("tail", "end"))
        for k in (4, 8, 16)
    ),
    Channel(
        name="content", family="content", group="subject", cap=8, floor=3, baseline=RANDOM_PAIRS, says="ask about the same subject",
        evasion="ordinary requests mixed in, which are paid for and answer nothing",
        explained_by=(WHOLE_SET,), explained_if_few=(OWN_TEXT,),
    ),
    Channel(
        name="synchrony", family="timing", group="minutes", cap=10, floor=2, baseline=HABIT, says="are active in the same ten minutes",
        evasion="a random delay a request and account, which slows the work by as much",
    ),
    Channel(
        name="cohort", family="cohort", group="creation", cap=7, floor=2, says="were created at the same time",
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
            name="one_shot", kind="automation", group="one_shot", measure="later_turn_share", below=0.05,
            says="are automated: almost no follow-up messages", evasion="follow-up turns, each of which costs a request",
        ),
        Claim(
            name="round_the_clock", kind="automation", group="round_the_clock", measure="night_share", least=0.1,
            says="run around the clock: at least {at} of their traffic falls in their quietest six hours",
            evasion="a daily pause, which leaves accounts idle for a quarter of the day",
        ),
        Claim(
            name="long_outputs", kind="extraction", group="long_outputs", measure="mean_output_tokens", least=512,
            says="receive answers of at least {at} tokens on average", evasion="shorter answers, which train a model less",
        ),
        Claim(
            name="thinking", kind="extraction", group="thinking", measure="thinking_share", least=0.33,
            says="request extended reasoning in at least {at} of their traffic", evasion="the reasoning asked for in the prompt instead",
        ),
        *(
            Claim(
                name=f"asks_{name}", kind="extraction", group=f"asks_{name}", measure=f"asks_{name}_share", least=0.25,
                says=f"request {what} in at least {{at}} of their traffic", evasion="the capability spread thinly over more accounts",
            )
            for name, what in _ASKED
        ),
        Claim(
            name="labour", kind="labour", group="labour", measure="fills_shared", least=1, explained_by=ANY_EXPLANATION,
            says="reuse a prompt template that unrelated accounts also use, each with different content", evasion=_REWORDED,
        ),
        Claim(
            name="young", kind="purpose", group="young", measure="age_at_first_use", below=7,
            says="were first used within {at} days of their creation", evasion="accounts left to age before use",
        ),
        # Conduct is the analyst's to weigh: it raises a score, and makes nobody a suspect who is none without it.
        Claim(
            name="unsupported_region", kind="conduct", group="unsupported_region", measure="unsupported", least=1,
            says="are billed, reached or used in an unsupported region", evasion="cards, numbers and exits of supported regions",
        ),
        Claim(
            name="heavy_for_plan", kind="conduct", group="heavy_for_plan", measure="plan_excess", least=3,
            says="send at least eight times what is usual for their plan", evasion="more accounts with less traffic each",
        ),
    )
}  # fmt: skip

# Signals of a whole cluster.
OF_CLUSTERS: tuple[Signal, ...] = (
    *(
        Signal(
            name=POOL + c.name, kind=c.kind, family=c.family, group=c.group if c.family == "content" else "pool", cap=None,
            says=c.says, baseline=CHANCE, evasion="no value used by more than one account", explained_by=c.explained_by,
        )
        for c in CHANNELS if c.pooled
    ),
    Signal(
        name=DIVIDED, kind="labour", family="content", group=DIVIDED, baseline=RANDOM_PAIRS, explained_by=ANY_EXPLANATION,
        says="split requests about one subject among them and hardly repeat one",
        evasion="ordinary requests mixed in, which are paid for and answer nothing",
    ),
    Signal(
        name=SUCCESSION, kind="conduct", family="behaviour", group=SUCCESSION, baseline=SIMILAR_VOLUME,
        says="were first used after the first ban among them", evasion="a reserve of accounts in use before any is banned",
    ),
    Signal(
        name=RELEASE, kind="conduct", family="behaviour", group=RELEASE, baseline=SIMILAR_VOLUME,
        says="sent at least a third of their traffic to a new model soon after its release",
        evasion="a slow move to the new model, which makes its answers late",
    ),
)  # fmt: skip

CHANNEL: dict[str, Channel] = {c.name: c for c in CHANNELS}
SIGNALS: dict[str, Signal] = {s.name: s for s in (*CHANNELS, *OF_CLUSTERS, *CLAIMS.values())}
VALUES: tuple[Channel, ...] = tuple(c for c in CHANNELS if c.code is not None)  # those that are values, stored by their codes
CODES: dict[str, int] = {c.name: c.code for c in VALUES if c.code is not None}
TOKEN_FAMILIES: dict[str, tuple[str, ...]] = {family: tuple(c.name for c in VALUES if c.family == family) for family in FAMILIES[:2]}
_COUNTED = frozenset({"synchrony", *(s.name for s in OF_CLUSTERS if s.name.startswith(POOL))})

WRAPPERS: dict[str, int] = {c.name: CODES[c.name] for c in CHANNELS if c.wrapper}  # and their codes in phrases
# Codes of those that are a text of somebody's own: four words are an idiom, with which many begin.
TEXTS: tuple[int, ...] = tuple(code for name, code in WRAPPERS.items() if not name.endswith("4"))

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
TRAIT_CODES: dict[str, int] = {name: code for name, (code, _, _) in SENT.items()}


def is_count(channel: str) -> bool:
    """Whether the figure of a cluster's evidence is a count, of pairs or meetings; of all other channels it is a share."""
    return channel in _COUNTED


def explained(explanation: str, *, if_few: bool = False) -> tuple[str, ...]:
    """The signals that an innocent explanation takes from a cluster; those that it takes only from a small one with `if_few`."""
    return tuple(s.name for s in SIGNALS.values() if explanation in (s.explained_if_few if if_few else s.explained_by))
