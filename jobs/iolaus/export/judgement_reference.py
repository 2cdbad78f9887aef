"""The reference of the judgement: `docs/reference/judgement.md`. `make dictionary` writes it."""

from pathlib import Path

from iolaus.model.judgement.facts import FACTS, Fact
from iolaus.model.judgement.hypotheses import HYPOTHESES
from iolaus.settings import DEFAULT

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "judgement.md"

_HEAD = """# The judgement

Made from `jobs/iolaus/model/judgement` by `make dictionary`; change a fact or a table there, not here.
[How a group is judged](../explanation/judging.md) explains it.

A group of accounts may be one operator's, or something innocent. Each run weighs the hypotheses below against each
other on the same facts (naive Bayes). A hypothesis starts with its prior. Each fact adds log2 of the probability of
what was found under it. The **margin** is the bits of the best operator's hypothesis over the best innocent one.

| rule | setting | default |
|---|---|---|
| a case is published from this margin on | `scoring.margin` | {margin:g} bits |
| this many families of facts must each speak for the operator | `scoring.families` | {families} |
| a family speaks from this many bits on | `scoring.family_speaks` | {speaks:g} |
| confidence is high from this margin on | `scoring.high_margin` | {high:g} bits |
| fewer accounts are never published | `scoring.fewest_accounts` | {accounts} |
| fewer owners are never published | `scoring.fewest_owners` | {owners} |

The probabilities are judgements, written down so that you can argue with them. None is below 1%, so no fact decides
alone. A measure with an error is spread over the findings that it may be. A fact that a platform cannot show is
silent.

`gold.cluster_evidence` has the facts of each case (kind `judgement`). Their bits add up to the margin:

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
