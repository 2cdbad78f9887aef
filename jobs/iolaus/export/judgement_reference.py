"""The reference of the judgement: `docs/judgement.md`. `python -m iolaus.export.judgement_reference` writes it."""

from pathlib import Path

from iolaus.model.judgement.facts import FACTS, Fact
from iolaus.model.judgement.hypotheses import CHANCE, HYPOTHESES
from iolaus.settings import DEFAULT

PAGE = Path(__file__).parents[3] / "docs" / "judgement.md"

_HEAD = """# The judgement

Made from `jobs/iolaus/model/judgement` by `make dictionary`; change a fact or a table there, not here.

A group of accounts that belong together may be one operator's, or something innocent. Each run weighs the hypotheses
below against each other on the same facts (naive Bayes): a hypothesis starts with its prior, and each fact adds log2 of
the probability of what was found under it. What is published, and shown, is the margin: the bits of the best operator's
hypothesis over the best innocent one. A case is published from a margin of {margin:g} bits on (`scoring.margin`), where
at least {families} independent families of facts also say that the group is no accident: each gives the operator's
hypothesis {speaks:g} bit or more over `{chance}` (`scoring.families`, `scoring.family_speaks`). Its confidence is high
from {high:g} bits on (`scoring.high_margin`). Fewer than {accounts} accounts or {owners} owners are never published.

Facts are taken as independent under each hypothesis. Where they are not, a hypothesis of its own says so: an operator
who hides buys accounts, lines, devices and uneven loads all at once, so `covert_distillation` pays for hiding once, in
its prior, and not again with every fact that shows nothing.

The probabilities are judgements, written down so that they can be argued with. None is below 1%, so no fact decides
alone. A measure with an error is spread over the findings that it may be. A fact that a platform cannot show is silent.

`gold.cluster_evidence` has the facts of each case (kind `judgement`), and this gives its margin again:

```sql
SELECT cluster_id, sum(bits) AS margin_bits FROM cluster_evidence
WHERE run_date = DATE '2026-03-15' AND kind = 'judgement' GROUP BY cluster_id
```
"""


def page() -> str:
    """The whole page, in Markdown: the hypotheses, then each fact with its table."""
    scoring = DEFAULT.scoring
    head = _HEAD.format(
        margin=scoring.margin,
        families=scoring.families,
        speaks=scoring.family_speaks,
        chance=CHANCE,
        high=scoring.high_margin,
        accounts=scoring.fewest_accounts,
        owners=scoring.fewest_owners,
    )
    rows = [
        f"| `{h.name}` | {'innocent' if h.is_innocent else 'operator'} | {h.says} | {h.prior:+g} |" for h in HYPOTHESES
    ]
    hypotheses = "\n".join(["| hypothesis | side | says | prior, bits |", "| --- | --- | --- | ---: |", *rows])
    facts = "\n".join(_fact(fact) for fact in FACTS)
    return f"{head}\n## Hypotheses\n\n{hypotheses}\n\n## Facts\n\n{facts}"


def _fact(fact: Fact) -> str:
    ends = [f"below {fact.bounds[0]:g}", *(f"from {bound:g}" for bound in fact.bounds)]
    heads = " | ".join(f"{said} ({end})" for said, end in zip(fact.findings, ends, strict=True))
    rows = [f"| `{h.name}` | {' | '.join(f'{100 * p:.0f}%' for p in fact.table[h.name])} |" for h in HYPOTHESES]
    line = " | ".join(["---", *["---:"] * len(fact.findings)])
    table = "\n".join([f"| hypothesis | {heads} |", f"| {line} |", *rows])
    return f"### `{fact.name}`\n\n{fact.asks} Family: {fact.family}.\n\n{table}\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
