"""The reference of the judgement: `docs/reference/judgement.md`. `make dictionary` writes it."""

from bisect import bisect_right
from math import log2
from pathlib import Path

from iolaus.model.judgement.facts import FACTS, Fact
from iolaus.model.judgement.hypotheses import CHANCE, HYPOTHESES, Hypothesis
from iolaus.settings import DEFAULT

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "judgement.md"
PICTURE = PAGE.parents[1] / "pictures" / "judging.svg"

_HEAD = """# The judgement

Made from `jobs/iolaus/model/judgement` by `make dictionary`; change a fact or a table there, not here.
[How a group is judged](../explanation/judging.md) explains it.

A group of accounts may be one operator's, or something innocent. Each run weighs the hypotheses below against each
other on the same facts (naive Bayes). A hypothesis starts with its prior. Each fact adds log2 of the probability of
what was found under it. The **margin** is the bits of the best operator's hypothesis over the best innocent one.

| rule | setting | default |
|---|---|---|
| a case is published from this margin on | `scoring.margin` | {margin:g} bits |
| this many independent families of facts must say that the group is no accident | `scoring.families` | {families} |
| a family says so from this many bits on, for the operator over `{chance}` | `scoring.family_speaks` | {speaks:g} |
| confidence is high from this margin on | `scoring.high_margin` | {high:g} bits |
| fewer accounts are never published | `scoring.fewest_accounts` | {accounts} |
| fewer owners are never published | `scoring.fewest_owners` | {owners} |

Facts are taken as independent under each hypothesis. Where they are not, a hypothesis of its own says so. An operator
who hides buys accounts, lines, devices and uneven loads all at once. So `covert_distillation` pays for hiding once,
in its prior, and not again with every fact that shows nothing.

The probabilities are judgements, written down so that you can argue with them. None is below 1%, so no fact decides
alone. A measure with an error is spread over the findings that it may be. A fact that a platform cannot show is
silent.

`gold.cluster_evidence` has the facts of each case (kind `judgement`). Their bits add up to the margin:

```sql
SELECT cluster_id, sum(bits) AS margin_bits FROM cluster_evidence
WHERE run_date = DATE '2026-03-15' AND kind = 'judgement' GROUP BY cluster_id
```
"""

# The running example of docs/explanation: what is measured of its 29 accounts.
EXAMPLE = {
    "source": 0.05,
    "repetition": 0.02,
    "instruction": 29 / 29,
    "applications": 1.0,
    "own_text": 0.0,
    "places": 2.0,
    "client": 0.0,
    "creation": 60.0,
    "domain": 0.0,
    "people": 1 / 29,
    "extraction": 8.0,
    "evenness": 0.1,
    "span": 12.0,
    "owners": 29.0,
    "clock": 0.0,
}
_EXAMPLE = """## An example

The 29 accounts of [the running example](../explanation/finding.md#the-running-example). The best hypothesis of an
operator is *{won}*. The best innocent one is *{rival}*. The margin is {margin:.1f} bits.

![Each fact of the example as a bar, towards innocence or towards one operator](../pictures/judging.svg)
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
    return f"{head}\n## Hypotheses\n\n{hypotheses}\n\n{_example()}\n## Facts\n\n{facts}"


def weighed() -> tuple[Hypothesis, Hypothesis, list[tuple[str, str, float]]]:
    """The best operator's and the best innocent hypothesis of the example, and (fact, finding, bits) between them."""
    known = [fact for fact in FACTS if fact.name in EXAMPLE]
    found = {fact.name: bisect_right(fact.bounds, EXAMPLE[fact.name]) for fact in known}
    bits = {h.name: h.prior + sum(log2(f.table[h.name][found[f.name]]) for f in known) for h in HYPOTHESES}
    won, rival = (
        max((h for h in HYPOTHESES if h.is_innocent is innocent), key=lambda h: bits[h.name])
        for innocent in (False, True)
    )
    rows = [("prior", "how common such groups are", won.prior - rival.prior)]
    for fact in known:
        n = found[fact.name]
        rows.append((fact.name, fact.findings[n], log2(fact.table[won.name][n] / fact.table[rival.name][n])))
    return won, rival, rows


def _example() -> str:
    won, rival, rows = weighed()
    table = "\n".join(f"| `{name}` | {finding} | {bits:+.1f} |" for name, finding, bits in rows)
    head = _EXAMPLE.format(won=won.says, rival=rival.says, margin=sum(bits for *_, bits in rows))
    return f"{head}\n| fact | finding | bits |\n| --- | --- | ---: |\n{table}\n"


def picture() -> str:
    """The example's facts as bars, as an SVG: towards innocence or towards one operator."""
    _, _, rows = weighed()
    shown = [row for row in rows if abs(row[2]) >= 0.3]
    shown.append(("all other facts", "", sum(bits for *_, bits in rows) - sum(bits for *_, bits in shown)))
    parts = [
        '<text x="20" y="28" class="side">speaks for innocence</text>',
        '<text x="880" y="28" class="side" text-anchor="end">speaks for one operator</text>',
        f'<line x1="450" y1="42" x2="450" y2="{60 + 26 * len(shown)}" class="zero"/>',
    ]
    for n, (name, finding, bits) in enumerate(shown):
        y, width = 54 + 26 * n, 32 * abs(bits)
        x, colour = (450.0, "#c2410c") if bits > 0 else (450 - width, "#0f766e")
        said = f"{name}: {finding}" if finding else name
        at = 'x="442" text-anchor="end"' if bits > 0 else 'x="458"'
        parts.append(f'<rect x="{x:.0f}" y="{y}" width="{width:.0f}" height="17" rx="3" fill="{colour}"/>')
        parts.append(f'<text {at} y="{y + 13}">{said} ({bits:+.1f})</text>')
    style = (
        "text{font-family:system-ui,sans-serif;font-size:12px;fill:#1d2b2a}.side{font-size:15px;font-weight:600}"
        ".zero{stroke:#9fb4b2;stroke-dasharray:3 3}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 {70 + 26 * len(shown)}" role="img">'
        f"<title>The facts of the example</title><style>{style}</style>\n" + "\n".join(parts) + "\n</svg>\n"
    )


def _fact(fact: Fact) -> str:
    ends = [f"below {fact.bounds[0]:g}", *(f"from {bound:g}" for bound in fact.bounds)]
    heads = " | ".join(f"{said} ({end})" for said, end in zip(fact.findings, ends, strict=True))
    rows = [f"| `{h.name}` | {' | '.join(f'{100 * p:.0f}%' for p in fact.table[h.name])} |" for h in HYPOTHESES]
    line = " | ".join(["---", *["---:"] * len(fact.findings)])
    table = "\n".join([f"| hypothesis | {heads} |", f"| {line} |", *rows])
    return f"### `{fact.name}`\n\n{fact.asks} Family: {fact.family}.\n\n{table}\n"
