"""The reference of signals: `docs/reference/signals.md`, made from the registry. `make dictionary` writes it."""

from pathlib import Path

from iolaus.model.signals import CHANNELS, CLAIMS, OF_CLUSTERS, Channel, Claim, Signal
from iolaus.settings import DEFAULT

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "signals.md"

_HEAD = """# Signals

Made from `jobs/iolaus/model/signals.py` by `make dictionary`; change a signal there, not here. Caps, floors and
thresholds are the defaults of [settings](settings.md).

A signal is a way in which accounts can be alike, or behave. Each is held against a baseline of the same data, and gives
bits: how improbable it is that the accounts show it by chance. Signals of one family are not independent: evidence is
counted by family. Signals of one group are views of one fact, of which the strongest counts. An innocent explanation
that fits a cluster takes the signals that it explains from the cluster's case.
"""

_SECTIONS = (
    (
        "Shared values and measures of two accounts",
        "They make pairs and links, and bind the members of a cluster.",
        CHANNELS,
    ),
    (
        "Behaviour of an account",
        "A cluster shows a behaviour that its members show more often than the baseline.",
        tuple(CLAIMS.values()),
    ),
    ("Signals of a whole cluster", "They are counted over all members together.", OF_CLUSTERS),
)
_COLUMNS = (
    "signal",
    "sentence",
    "kind",
    "family, group",
    "cap, bits",
    "floor, bits",
    "baseline",
    "explained by",
    "how an operator avoids it",
)


def page() -> str:
    """The whole page, in Markdown: a table a section, a row a signal."""
    parts = [_HEAD]
    for title, line, signals in _SECTIONS:
        table = [_row(_COLUMNS), _row(["---"] * len(_COLUMNS)), *(_row(_cells(signal)) for signal in signals)]
        parts.append(f"## {title}\n\n{line}\n\n" + "\n".join(table) + "\n")
    return "\n".join(parts)


def _row(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(signal: Signal) -> list[str]:
    limits = DEFAULT.channels[signal.name] if isinstance(signal, Channel) else None
    few = [f"{name} (of few members)" for name in signal.explained_if_few]
    return [
        f"`{signal.name}`",
        signal.sentence(DEFAULT.claims) if isinstance(signal, Claim) else signal.says,
        signal.kind,
        f"{signal.family}, {signal.group}",
        f"{limits.cap:g}" if limits else "`scoring.behaviour_cap`",
        f"{limits.floor:g}" if limits else "",
        signal.baseline,
        ", ".join([*signal.explained_by, *few]),
        signal.evasion,
    ]
