"""The sentences that an analyst reads: `docs/reference/sentences.md`, made from the registries by `make dictionary`.

Figures in it are examples. `tests/test_sentences.py` compares the sentences with those that a run writes.
"""

from pathlib import Path

from iolaus.model.judgement.facts import FACTS
from iolaus.model.judgement.hypotheses import HYPOTHESES
from iolaus.model.signals import (
    CHANNELS,
    CLAIMS,
    DIVIDED,
    HABIT,
    OF_CLUSTERS,
    POOL,
    RELEASE,
    SUCCESSION,
    Channel,
    Claim,
    Signal,
    of_one,
)
from iolaus.settings import DEFAULT

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "sentences.md"
SUPPORT, SIZE, BACKGROUND = 20, 29, 0.03  # of the examples

_HEAD = """# The report's sentences

Made from the registries of signals, facts and hypotheses by `make dictionary`. The figures are examples: in a cluster
of {size} accounts, {support} show the signal, and {background:.0%} of the baseline do.

Read a sentence as: how many members, what they do, and how common that is elsewhere. The figure in brackets is the
baseline. A signal counts only where members exceed it clearly.
"""


def page() -> str:
    """The whole page, in Markdown: what every signal, account, hypothesis and fact says."""
    parts = [_HEAD.format(size=SIZE, support=SUPPORT, background=BACKGROUND)]
    sections = (
        ("What the members share", CHANNELS),
        ("What the members do", tuple(CLAIMS.values())),
        ("What the cluster does as a whole", OF_CLUSTERS),
    )
    for title, signals in sections:
        rows = "\n".join(f"| `{s.name}` | {sentence(s)} |" for s in signals)
        parts.append(f"## {title}\n\n| signal | sentence |\n|---|---|\n{rows}\n")
    reasons: list[Channel | Claim] = [*CHANNELS, *CLAIMS.values()]
    rows = "\n".join(f"| `{s.name}` | {of_account(s)} |" for s in reasons)
    parts.append(f"## Why an account belongs\n\n| signal | sentence |\n|---|---|\n{rows}\n")
    rows = "\n".join(f"| {'innocent' if h.is_innocent else 'operator'} | {_capital(h.says)}. |" for h in HYPOTHESES)
    parts.append(f"## Who could be behind it\n\n| side | hypothesis |\n|---|---|\n{rows}\n")
    rows = "\n".join(f"| {f.asks} | {'; '.join(f.findings)} |" for f in FACTS)
    parts.append(f"## What the judgement asks\n\n| question | possible findings |\n|---|---|\n{rows}\n")
    return "\n".join(parts)


def sentence(signal: Signal) -> str:
    """The sentence of a signal on a case page, with the example's figures."""
    if signal.name.startswith(POOL):
        return f"14 pairs of accounts {signal.says}; 0.1 expected by chance."
    if signal.name == DIVIDED:
        return f"All {SIZE} accounts {signal.says}."
    if signal.name == "content":
        return f"64% of pairs of {SIZE} accounts {signal.says} (under 1% of {signal.baseline} do)."
    if signal.name == "synchrony":
        return (
            "Accounts were active in the same ten minutes 412 times on 9 of 14 days; 95.0 expected by chance and "
            "from their usual hours."
        )
    says = signal.sentence(DEFAULT.claims) if isinstance(signal, Claim) else signal.says
    if signal.name == SUCCESSION:
        says = "were first used after the first of 5 bans among them"
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
    how = f"made by {HABIT}: {BACKGROUND:.0%}" if signal.baseline == HABIT else f"{usual} do"
    if signal.pooled_by:
        return f"Is in one pool with {others} that continue each other's conversations ({how})."
    return f"{_capital(says)} {'as' if 'same' in says else 'with'} {others} ({how})."


def counted(says: str, baseline: str) -> str:
    """A sentence of the common form.

    >>> counted("share a payment card", "other accounts")
    '20 of 29 accounts share a payment card (3% of other accounts do).'
    """
    do = "" if ":" in says or "at least" in says else " do"
    return f"{SUPPORT} of {SIZE} accounts {says} ({BACKGROUND:.0%} of {baseline}{do})."


def is_counted(signal: Signal) -> bool:
    """Whether its sentence has the common form: how many members, what they do, and the baseline."""
    own = {DIVIDED, SUCCESSION, RELEASE, "content", "synchrony"}
    return isinstance(signal, Channel | Claim) and signal.name not in own


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
