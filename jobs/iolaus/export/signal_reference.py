"""The reference of signals: `docs/reference/signals.md`, made from the registry. `make dictionary` writes it."""

from pathlib import Path

from iolaus.model.signals import CHANNELS, CLAIMS, OF_CLUSTERS, Channel, Claim, Signal
from iolaus.settings import DEFAULT

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "signals.md"

_HEAD = """# Signals

Made from `jobs/iolaus/model/signals.py` by `make dictionary`; change a signal there, not here. Caps, floors and
thresholds are the defaults of [settings](settings.md).

A signal is a way in which accounts can be alike, or behave. Each is compared with a baseline from the same data, and
gives bits: how improbable it is that the accounts show it by chance. 10 bits is about 1 in 1,000.

- **Family.** Signals of one family are not independent, so evidence is counted by family. A link needs two families.
- **Group.** Signals of one group are views of one fact. Only the strongest counts.
- **Cap.** A signal gives at most this many bits, however rare the value. A value may be shared for a reason that
  nobody sees.
- **Floor.** A pair with fewer bits than this is not made.
- **Explained by.** An innocent explanation that fits a cluster takes this signal from the cluster's case
  ([Is it innocent?](../analysts/is-it-innocent.md)).

## Formulas

| of | bits |
|---|---|
| a value that two accounts share | `-log2((n_contacts_a + n_contacts_b) / N)` |
| content: cosine of term vectors | `-log2` of the share of random pairs that are at least as close |
| synchrony: meetings in common slots | Poisson tail over the larger of `n_a n_b / T` and what the two make by habit |
| cohort: creation times | `-log2(2 (r + 1) / N)`, with r accounts created between the two |
| a behaviour of members | `n KL(p, q)`: n members show it at rate p, the baseline at q; from p >= q + {effect:g} on |

N is the number of active accounts. `n_contacts` is the number of other owners that an account meets through values of
the channel that are no more common. T is the number of slots.
"""

_SECTIONS = (
    (
        "Shared values and measures of two accounts",
        "These make pairs and links, and bind the members of a cluster.",
        CHANNELS,
    ),
    (
        "Behaviour of an account",
        "A cluster shows a behaviour that its members show more often than the baseline.",
        tuple(CLAIMS.values()),
    ),
    ("Signals of a whole cluster", "These are counted over all members together.", OF_CLUSTERS),
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
    """The whole page, in Markdown: one table per section, one row per signal."""
    parts = [_HEAD.format(effect=DEFAULT.scoring.effect)]
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
