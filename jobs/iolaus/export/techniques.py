"""The techniques of MITRE ATLAS that a cluster's evidence fits, from MITRE's record of such a campaign (AML.CS0056).

Identifiers and names are those of ATLAS data 5.5.0. The record also infers the operator's aims (theft of intellectual
property, harm to society and users). No log shows those, so they are not claimed.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from iolaus.model.signals import CHANNELS, POOL

SITE = "https://atlas.mitre.org"
CASE_STUDY = "AML.CS0056"
KILL_CHAIN = "mitre-atlas"


@dataclass(frozen=True)
class Technique:
    """A technique of ATLAS: its id and name, its tactic's, and the channels and kinds of evidence that show it."""

    id: str
    name: str
    tactic_id: str
    tactic: str
    channels: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()

    @property
    def url(self) -> str:
        """Its page."""
        return f"{SITE}/techniques/{self.id}"

    @property
    def phase(self) -> str:
        """Its tactic, as STIX spells a phase of a kill chain."""
        return self.tactic.lower().replace(" ", "-")


_CONTENT = frozenset(prefix + c.name for c in CHANNELS if c.family == "content" for prefix in ("", POOL))
_NETWORK = frozenset(
    {"unsupported_region", *(prefix + c.name for c in CHANNELS if c.group == "network" for prefix in ("", POOL))}
)
_SIGN_UP = frozenset(
    {"succession", *(prefix + c.name for c in CHANNELS if c.group in ("card", "creation") for prefix in ("", POOL))}
)

TECHNIQUES: tuple[Technique, ...] = (
    Technique("AML.T0008.005", "AI Service Proxies", "AML.TA0003", "Resource Development", channels=_NETWORK),
    Technique(
        "AML.T0021",
        "Establish Accounts",
        "AML.TA0003",
        "Resource Development",
        _SIGN_UP,
        frozenset({"purpose_built"}),
    ),
    Technique(
        "AML.T0065", "LLM Prompt Crafting", "AML.TA0003", "Resource Development", _CONTENT, frozenset({"task_sharing"})
    ),
    Technique(
        "AML.T0040", "AI Model Inference API Access", "AML.TA0000", "AI Model Access", kinds=frozenset({"automation"})
    ),
    Technique("AML.T0024.002", "Extract AI Model", "AML.TA0010", "Exfiltration", kinds=frozenset({"extraction"})),
)


def fitting(evidence: Iterable[dict[str, object]]) -> list[tuple[Technique, list[dict[str, object]]]]:
    """The techniques that pieces of `gold.cluster_evidence` show, each with its pieces.

    In ATLAS's order of tactics; the best piece first.
    """
    pieces = sorted(
        (p for p in evidence if p["kind"] != "innocent"), key=lambda p: (-float(str(p["bits"])), str(p["channel"]))
    )
    found = [(t, [p for p in pieces if p["channel"] in t.channels or p["kind"] in t.kinds]) for t in TECHNIQUES]
    return [(technique, of) for technique, of in found if of]
