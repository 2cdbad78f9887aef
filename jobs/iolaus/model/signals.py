"""The channels of shared tokens: what two accounts may have in common.

One entry a channel; what it may prove, and whether it is looked at, stands in `Settings.channels`.
To add a signal that is a shared value, add its entry here and its tokens in
`jobs/iolaus/features/account_tokens.py`.
"""

from dataclasses import dataclass

from iolaus.schemas.graph_links import FAMILIES
from iolaus.schemas.sketch import PHRASE_CHANNELS


@dataclass(frozen=True)
class Channel:
    """A kind of value that accounts share.

    family: channels of one family are not independent of each other; evidence is counted by family.
    group: within a family, channels of one group are views of one fact (an address and its network): only
    the strongest counts. wrapper: the value counts only where an account uses it with two or more different fillings.
    """

    name: str
    family: str
    group: str
    says: str
    wrapper: bool = False


CHANNELS: tuple[Channel, ...] = (
    Channel("card", "infrastructure", "card", "pay with the same card"),
    Channel("address", "infrastructure", "network", "send from the same address"),
    Channel("block", "infrastructure", "network", "send from the same /24 or /48"),
    Channel("asn", "infrastructure", "network", "send from the same network operator"),
    Channel("mail", "infrastructure", "mail", "use the same unusual mail domain"),
    Channel("device", "infrastructure", "device", "use the same unusual client"),
    Channel("system", "content", "instruction", "send the same system prompt"),
    Channel("tools", "content", "instruction", "offer the same set of tools"),
    Channel("template", "content", "instruction", "fill the same template", wrapper=True),
    Channel("prompt", "content", "instruction", "send the same prompts"),
    *(
        Channel(f"{side}{k}", "content", "instruction", f"wrap different prompts in the same {k} {place} words", wrapper=True)
        for side, place in (("head", "first"), ("tail", "last"))
        for k in (4, 8, 16)
    ),
    Channel("content", "content", "subject", "ask about the same things"),
    Channel("synchrony", "timing", "minutes", "are active in the same minutes"),
    Channel("cohort", "cohort", "creation", "were made at the same time"),
)

TOKEN_FAMILIES: dict[str, tuple[str, ...]] = {
    family: tuple(c.name for c in CHANNELS if c.family == family and c.name not in ("content", "synchrony", "cohort"))
    for family in FAMILIES[:2]
}

CHANNEL: dict[str, Channel] = {c.name: c for c in CHANNELS}
POOL = "pool_"  # before a channel's name: evidence of how many pairs of a cluster share any value of it
_COUNTED = frozenset({"synchrony", *(POOL + name for name in CHANNEL)})

WRAPPERS: dict[str, int] = {c.name: PHRASE_CHANNELS[f"{c.name}_hash"] for c in CHANNELS if c.wrapper}  # and their codes in phrases
# Codes of those that are a text of somebody's own: four words are an idiom, with which many begin.
TEXTS: tuple[int, ...] = tuple(code for name, code in WRAPPERS.items() if not name.endswith("4"))


def is_count(channel: str) -> bool:
    """Whether the figure of a cluster's evidence is a count, of pairs or meetings; of all other channels it is a share."""
    return channel in _COUNTED
