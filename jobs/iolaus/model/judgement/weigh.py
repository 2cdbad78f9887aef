"""How facts decide between hypotheses: likelihoods added up in bits, naive Bayes with a table a fact.

A hypothesis names a cause, and the tables say what that cause brings with it, so facts are taken as independent under
each hypothesis: that members of a campus share address, network and mail domain is one cause, likely under `class` as a
whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import erf, log2, sqrt

from iolaus.model.judgement.facts import FACT, Fact
from iolaus.model.judgement.hypotheses import HYPOTHESES, INNOCENT, NAMES, OPERATORS
from iolaus.model.judgement.rule import over_chance


@dataclass(frozen=True)
class Measured:
    """A value of a fact and its standard error, in the fact's unit."""

    value: float
    error: float = 0.0


@dataclass(frozen=True)
class Judgement:
    """What came of weighing one group.

    operator, innocent: the best hypothesis of each side. bits: of each hypothesis, its prior and all facts. margin: of
    the operator over the best innocent one. logs: of each fact (and `prior`), log2 of its probability under each
    hypothesis.
    """

    operator: str
    innocent: str
    margin: float
    bits: Mapping[str, float]
    logs: Mapping[str, Mapping[str, float]]

    @property
    def by_fact(self) -> dict[str, float]:
        """Of each fact (and `prior`), the bits that it gives to the margin."""
        return {name: of[self.operator] - of[self.innocent] for name, of in self.logs.items()}

    def families(self, least: float) -> tuple[str, ...]:
        """Families of facts that each say by so many bits that the operator made the group, and not chance."""
        facts = ((FACT[name].family, of) for name, of in self.logs.items() if name in FACT)
        given = over_chance(facts, self.operator)
        return tuple(sorted(family for family, bits in given.items() if bits >= least))


def shares(fact: Fact, measured: Measured) -> tuple[float, ...]:
    """How far the value lies in each finding: 1 in one of them, spread by a normal error where there is one."""
    if measured.error <= 0:
        place = sum(measured.value >= bound for bound in fact.bounds)
        return tuple(float(i == place) for i in range(len(fact.findings)))
    below = [0.5 * (1 + erf((bound - measured.value) / (measured.error * sqrt(2)))) for bound in fact.bounds]
    return tuple(b - a for a, b in zip([0.0, *below], [*below, 1.0], strict=True))


def finding(fact: Fact, measured: Measured) -> str:
    """The finding that the value falls into, in words."""
    return fact.findings[sum(measured.value >= bound for bound in fact.bounds)]


def likelihoods(fact: Fact, measured: Measured) -> dict[str, float]:
    """The probability of what was measured under each hypothesis.

    >>> likelihoods(FACT["client"], Measured(1.0))["client_users"]
    0.95
    """
    spread = shares(fact, measured)
    return {name: sum(p * s for p, s in zip(fact.table[name], spread, strict=True)) for name in NAMES}


def judge(measured: Mapping[str, Measured]) -> Judgement:
    """The judgement of one group from its facts, by name; a fact that is not there is silent.

    Raises KeyError for a fact that is not in the registry.
    """
    logs = {"prior": {h.name: h.prior for h in HYPOTHESES}}
    for name, value in measured.items():
        logs[name] = {h: log2(p) for h, p in likelihoods(FACT[name], value).items()}
    bits = {h: sum(of[h] for of in logs.values()) for h in NAMES}
    operator, innocent = (max(side, key=lambda h: bits[h]) for side in (OPERATORS, INNOCENT))
    return Judgement(operator, innocent, bits[operator] - bits[innocent], bits, logs)
