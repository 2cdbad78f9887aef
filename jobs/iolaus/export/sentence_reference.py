"""The sentences that an analyst reads: `docs/reference/sentences.md`, made from the registries by `make dictionary`.

Figures in it are examples. `tests/test_sentences.py` compares the sentences with those that a run writes.
"""

from collections.abc import Iterable
from pathlib import Path

from iolaus.export.confidence import among_innocent, why_confidence
from iolaus.export.report_cases import KINDS
from iolaus.model.explanation_words import ANSWERS, AS_A_WHOLE, EXPLANATIONS, IN_STEP, NOT_LOGGED
from iolaus.model.judgement.facts import FACTS
from iolaus.model.judgement.hypotheses import HYPOTHESES
from iolaus.model.signals import (
    CHANNELS,
    CLAIMS,
    DIVIDED,
    HABIT,
    OF_CLUSTERS,
    ONE_CLIENT,
    PEOPLE,
    POOL,
    PUBLIC_SET,
    RELEASE,
    SUCCESSION,
    Channel,
    Claim,
    Signal,
)
from iolaus.model.wording import of_one, one_thing, verb
from iolaus.schemas.codes import DOES_NOT_FIT, FITS
from iolaus.schemas.verdicts import HAS_JOINED, HAS_LEFT, INNOCENT, NEW_EVIDENCE, OTHER_EXCHANGES, OTHER_SCORE
from iolaus.settings import DEFAULT

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "sentences.md"
SUPPORT, SIZE, BACKGROUND = 20, 29, 0.03  # of the examples

_HEAD = """# The report's sentences

Every sentence by which the report and the tables state a fact of a case. What stands on each page alike, such as
headings and notes, is left out. Made from the code by `make dictionary`. The figures are examples: in a cluster of
{size} accounts, {support} show the signal, and {background:.0%} of the baseline do.

Read a sentence as: how many members, what they do, and how common that is elsewhere. The figure in brackets is the
baseline. A signal counts only where members exceed it clearly.
"""


_EXPLAINED = """The answer is *It fits*, *No* or *Cannot be told*. An explanation that fits takes away the
evidence that it explains.

"""
_WEIGHED = """The judgement weighs these. A case page names the best of each side: The facts fit “one operator
harvests answers” better than “programs of unrelated firms in one trade”, by 9.1 bits (2^9.1, or 549 to 1).

"""
_FITTING: dict[str, tuple[object, ...]] = {PEOPLE: ("45%", "43%"), "one_owner": (9, 2)}


def page() -> str:
    """The whole page, in Markdown: what every signal, account, hypothesis and fact says."""
    parts = [_HEAD.format(size=SIZE, support=SUPPORT, background=BACKGROUND)]
    sections = (
        ("What the members share", CHANNELS),
        ("What the members do", tuple(CLAIMS.values())),
        ("What the cluster does as a whole", OF_CLUSTERS),
    )
    kinds = [(kind.replace("_", " "), f"{_capital(says)}.") for kind, says in KINDS.items()]
    parts.append(_table("What each kind of evidence speaks for", "", ("kind", "sentence"), kinds))
    for title, signals in sections:
        rows = "\n".join(f"| `{s.name}` | {sentence(s)} |" for s in signals)
        parts.append(f"## {title}\n\n| signal | sentence |\n|---|---|\n{rows}\n")
    reasons: list[Channel | Claim] = [*CHANNELS, *CLAIMS.values()]
    accounts = [(f"`{s.name}`", of_account(s)) for s in reasons]
    accounts.append(("none of its own", AS_A_WHOLE % 6.2))
    parts.append(_table("Why an account belongs", "", ("signal", "sentence"), accounts))
    parts.append(_table("What innocent thing it could be", _EXPLAINED, ("explanation", "sentence"), explained()))
    sides = [("innocent" if h.is_innocent else "operator", f"{_capital(h.says)}.") for h in HYPOTHESES]
    parts.append(_table("Who could be behind it", _WEIGHED, ("side", "hypothesis"), sides))
    asked = [(f.asks, "; ".join(f.findings)) for f in FACTS]
    parts.append(_table("What the judgement asks", "", ("question", "possible findings"), asked))
    parts.append(_table("Why a case has its confidence", "", ("when", "sentence"), confidences()))
    parts.append(_table("What has changed since a verdict", "", ("what", "sentence"), changed()))
    return "\n".join(parts)


def _table(title: str, said: str, head: tuple[str, str], rows: Iterable[tuple[str, str]]) -> str:
    body = "\n".join(f"| {a} | {b} |" for a, b in rows)
    return f"## {title}\n\n{said}| {head[0]} | {head[1]} |\n|---|---|\n{body}\n"


def explained() -> list[tuple[str, str]]:
    """Each innocent explanation with the example's figures."""
    fits = {"one_owner", PEOPLE}
    told = []
    for e in EXPLANATIONS.values():
        figure = e.figure % (e.example if e.name not in fits else _FITTING[e.name])
        told.append((f"`{e.name}`", e.says(ANSWERS[FITS if e.name in fits else DOES_NOT_FIT], figure)))
    public = EXPLANATIONS[PUBLIC_SET]
    told.append((f"`{PUBLIC_SET}`", public.says(ANSWERS[DOES_NOT_FIT], public.figure % "60%" + IN_STEP)))
    told.append((f"`{ONE_CLIENT}`", NOT_LOGGED[ONE_CLIENT]))
    return told


def confidences() -> list[tuple[str, str]]:
    """Why a case is high, medium or low, and where it lies among groups that are innocent."""
    row = {"case_kind": "distillation", "rival": "one_trade", "n_accounts": SIZE, "n_owners": SIZE, "verdict": None}
    judged = [
        {"part": family, "log_likelihoods": {"distillation": -0.3, "one_trade": -1.0, "strangers": -4.0}}
        for family in ("content", "infrastructure")
    ]
    few = judged[:1]
    cases = (
        ("high", {"margin_bits": 9.1, "confidence": "high"}, judged),
        ("medium", {"margin_bits": 3.4, "confidence": "medium"}, judged),
        ("low: the margin is small", {"margin_bits": 1.2, "confidence": "low"}, judged),
        ("low: an innocent hypothesis wins", {"margin_bits": -2.5, "confidence": "low"}, judged),
        ("low: too few families", {"margin_bits": 3.4, "confidence": "low"}, few),
        ("low: too few accounts", {"margin_bits": 3.4, "confidence": "low", "n_accounts": 4}, judged),
        ("low: too few owners", {"margin_bits": 3.4, "confidence": "low", "n_owners": 2}, judged),
        ("low: cleared", {"margin_bits": 9.1, "confidence": "low", "verdict": INNOCENT, "verdict_by": "ada"}, judged),
    )
    told = [(when, why_confidence(row | case, facts, DEFAULT.scoring) or "") for when, case, facts in cases]
    named = {"groups": ["one", "two"], "margins": [-3.0, 1.4], "published_groups": []}
    drawn = [{"run_date": 0, "n_groups": 2480, **named}]
    return [*told, ("calibrated", among_innocent(drawn, 9.1) or "")]


def changed() -> list[tuple[str, str]]:
    """What differs now from what an analyst saw."""
    return [
        ("accounts", HAS_JOINED % (3, SIZE)),
        ("accounts", HAS_LEFT % (2, 28)),
        ("score", OTHER_SCORE % (41.0, 48.5)),
        ("traffic", OTHER_EXCHANGES % ("15,100", "19,200")),
        ("evidence", f"{NEW_EVIDENCE}`card`, `synchrony`"),
    ]


def sentence(signal: Signal) -> str:
    """The sentence of a signal on a case page, with the example's figures."""
    if signal.name.startswith(POOL):
        return f"14 pairs of accounts {signal.says}; 0.1 expected by chance."
    if signal.name == DIVIDED:
        return f"All {SIZE} accounts {signal.says}."
    if signal.name == "content":
        return f"64% of pairs of {SIZE} accounts {signal.says} (under 1% of {signal.baseline} do)."
    if signal.name == "synchrony":
        return f"Accounts were active in the same ten minutes 412 times, on 9 of 14 days; 95.0 expected by {HABIT}."
    says = signal.sentence(DEFAULT.claims) if isinstance(signal, Claim) else one_thing(signal.says)
    if signal.name == SUCCESSION:
        says = "were first used after the first of the cluster's 5 bans"
    if signal.name == RELEASE:
        says = "sent at least a third of their traffic to atlas-4 within 48 hours of its release"
    return counted(says, signal.baseline)


def of_account(signal: Channel | Claim) -> str:
    """The reason of one account (`iolaus.model.reasons`): alike with 7 of the 28 other members."""
    says = of_one(signal.sentence(DEFAULT.claims) if isinstance(signal, Claim) else signal.says)
    usual = f"{BACKGROUND:.0%} of {signal.baseline}"
    if isinstance(signal, Claim):
        return f"{_capital(says)} ({usual})."
    others = f"{'at least ' if signal.code is None else ''}7 of the {SIZE - 1} other accounts"
    how = f"expected by {HABIT}: {BACKGROUND:.0%}" if signal.baseline == HABIT else f"{usual}{verb(signal.says)}"
    if signal.pooled_by:
        pool = "a pool of accounts that take over each other's conversations or failed requests"
        return f"Belongs to {pool}, with {others} ({how})."
    return f"{_capital(says)} {'as' if 'same' in says else 'with'} {others} ({how})."


def counted(says: str, baseline: str) -> str:
    """A sentence of the common form.

    >>> counted("share a payment card", "other accounts")
    '20 of 29 accounts share a payment card (3% of other accounts do).'
    """
    return f"{SUPPORT} of {SIZE} accounts {says} ({BACKGROUND:.0%} of {baseline}{verb(says)})."


def is_counted(signal: Signal) -> bool:
    """Whether its sentence has the common form: how many members, what they do, and the baseline."""
    own = {DIVIDED, SUCCESSION, RELEASE, "content", "synchrony"}
    return isinstance(signal, Channel | Claim) and signal.name not in own


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
