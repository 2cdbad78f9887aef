"""The channels of shared tokens: what two accounts may have in common, and what it can prove.

One entry a channel. To add a signal that is a shared value, add its entry here and its tokens in
`jobs/iolaus/features/account_tokens.py`.
"""

from dataclasses import dataclass

from iolaus.schemas.codes import PHRASE_CHANNELS
from iolaus.schemas.families import FAMILIES


@dataclass(frozen=True)
class Channel:
    """A kind of value that accounts share.

    family: channels of one family are not independent of each other; evidence is counted by family.
    group: within a family, channels of one group are views of one fact (an address and its network): only
    the strongest counts. cap: the most bits one channel may give, however rare the value, for a value may
    be shared for a reason we do not see. floor: pairs are made only for values worth at least so many bits.
    wrapper: the value counts only where an account uses it with two or more different fillings.
    """

    name: str
    family: str
    group: str
    cap: float
    floor: float
    says: str
    wrapper: bool = False


CHANNELS: tuple[Channel, ...] = (
    Channel("card", "infrastructure", "card", 11, 3, "pay with the same card"),
    Channel("address", "infrastructure", "network", 11, 3, "send from the same address"),
    Channel("block", "infrastructure", "network", 9, 3, "send from the same /24 or /48"),
    Channel("asn", "infrastructure", "network", 7, 5, "send from the same network operator"),
    Channel("mail", "infrastructure", "mail", 6, 4, "use the same unusual mail domain"),
    Channel("device", "infrastructure", "device", 6, 6, "use the same unusual client"),
    Channel("system", "content", "instruction", 10, 3, "send the same system prompt"),
    Channel("tools", "content", "instruction", 4, 3, "offer the same set of tools"),
    Channel("template", "content", "instruction", 10, 3, "fill the same template", wrapper=True),
    Channel("prompt", "content", "instruction", 8, 4, "send the same prompts"),
    *(
        Channel(f"{side}{k}", "content", "instruction", 8, 4, f"wrap different prompts in the same {k} {place} words", wrapper=True)
        for side, place in (("head", "first"), ("tail", "last"))
        for k in (4, 8, 16)
    ),
    Channel("content", "content", "subject", 8, 3, "ask about the same things"),
    Channel("synchrony", "timing", "minutes", 10, 2, "are active in the same minutes"),
    Channel("cohort", "cohort", "creation", 7, 2, "were made at the same time"),
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
