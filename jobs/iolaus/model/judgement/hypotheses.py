"""The hypotheses about a group of accounts: what one operator could be doing, and every innocent thing it could be.

A prior is log2 of how common such a group is among the groups that the detector finds, before any fact: rough, and the
same for every platform. An operator must overcome it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Hypothesis:
    """One explanation of a group: its name, whether it is innocent, in words for an analyst, and its prior in bits.

    kind: of the case, where an operator's hypothesis wins.
    """

    name: str
    is_innocent: bool
    says: str
    prior: float
    kind: str = ""


HYPOTHESES: tuple[Hypothesis, ...] = (
    Hypothesis("distillation", False, "one operator harvests answers", -2.0, "distillation"),
    # Whoever hides one thing hides them all: bought accounts, lines, devices and loads of their own are one decision.
    Hypothesis("covert_distillation", False, "one operator harvests answers and hides it", -3.5, "distillation"),
    Hypothesis("resold_access", False, "one operator resells access", -2.5, "resold_access"),
    Hypothesis("unexplained", False, "one operator, purpose unknown", -4.0, "unexplained"),
    Hypothesis("organisation", True, "one organisation, or several small teams", 0.0),
    Hypothesis("class", True, "a class or course with one set of exercises", -1.0),
    Hypothesis("seminar", True, "a class or lab in which each works on items of their own", -3.0),
    Hypothesis("event", True, "people at one event, such as a hackathon", -2.0),
    Hypothesis("client_users", True, "users of one client or agent", -0.5),
    Hypothesis("platform_customers", True, "customers of one automation platform", -1.0),
    Hypothesis("one_trade", True, "programs of unrelated firms in one trade", -0.5),
    Hypothesis("one_idiom", True, "people who phrase their own questions alike", -1.0),
    Hypothesis("shared_line", True, "customers of one carrier, proxy or venue", 0.0),
    Hypothesis("viral_prompt", True, "people who tried one viral prompt", -0.5),
    Hypothesis("public_benchmark", True, "people who each run one public benchmark", -1.0),
    Hypothesis("one_person", True, "one person with several accounts", -2.0),
    Hypothesis("strangers", True, "strangers who are alike by chance", 0.0),
)
NAMES: tuple[str, ...] = tuple(h.name for h in HYPOTHESES)
OPERATORS: tuple[str, ...] = tuple(h.name for h in HYPOTHESES if not h.is_innocent)
INNOCENT: tuple[str, ...] = tuple(h.name for h in HYPOTHESES if h.is_innocent)
CHANCE = "strangers"
HYPOTHESIS: dict[str, Hypothesis] = {h.name: h for h in HYPOTHESES}
