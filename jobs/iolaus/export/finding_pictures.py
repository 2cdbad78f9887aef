"""The pictures of `docs/explanation/finding.md`: the running example at each step. Drawn by `make dictionary`.

Every figure of the example is here, once. What a formula gives is computed; `tests/test_reference.py` looks for each
figure in the page.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from math import cos, log2, pi, sin
from pathlib import Path

from iolaus.settings import DEFAULT

FOLDER = Path(__file__).parents[3] / "docs" / "pictures"
RED, GREEN, GREY, DARK = "#c2410c", "#0f766e", "#8aa5a2", "#1d2b2a"
_STYLE = (
    f"text{{font-family:system-ui,sans-serif;fill:{DARK};font-size:13px}}.h{{font-weight:600;font-size:15px}}"
    ".s{font-size:11px;fill:#4b6664}.m{font-family:monospace;font-size:12px}.box{fill:#eef6f5;stroke:#8fb8b3}"
    f".bad{{fill:{RED}}}.dot{{fill:{GREY}}}.line{{stroke:{RED};stroke-opacity:.35}}"
    ".grey{stroke:#9fb4b2;stroke-dasharray:3 3}.arrow{stroke:#4b6664;stroke-width:1.5}"
)


@dataclass(frozen=True)
class Example:
    """The 29 accounts of one operator, on a platform with 8,000 others.

    cards: accounts of each card; acc_07 and acc_19 pay with the first, acc_29 with one of its own. rare: one request in
    so many of acc_29 carries the template. chance_pairs: pairs that chance would put on one card. grading,
    automated_baseline: shares of accounts with similar volume.
    """

    members: int = 29
    others: int = 8_000
    cards: tuple[int, ...] = (7, 7, 7, 7)
    with_template: int = 29
    rare: int = 50
    asks_grading: int = 28
    automated: int = 28
    chance_pairs: float = 0.1
    grading: float = 0.05
    automated_baseline: float = 0.43

    @property
    def active(self) -> int:
        """N, the active accounts."""
        return self.members + self.others

    @property
    def template_bits(self) -> float:
        """What the shared first words give to a pair: each of the two meets all other users."""
        return -log2(2 * (self.with_template - 1) / self.active)

    @property
    def card_bits(self) -> float:
        """What the first card gives to a pair."""
        return -log2(2 * (self.cards[0] - 1) / self.active)

    @property
    def needed(self) -> float:
        """Bits that a link needs."""
        return log2(self.active) + DEFAULT.graph.chance_links

    @property
    def card_pairs(self) -> int:
        """Pairs of members with one card."""
        return sum(n * (n - 1) // 2 for n in self.cards)


EXAMPLE = Example()


def pictures(of: Example = EXAMPLE) -> dict[str, str]:
    """Each picture by the name of its file."""
    return {
        "finding-1-exchange.svg": _svg("One exchange, and what is kept of it", 190, _exchange()),
        "finding-2-pair.svg": _svg("Two accounts and what they share", 190, _pair(of)),
        "finding-3-group.svg": _svg("Links make groups, and the template joins them", 296, _group(of)),
        "finding-4-members.svg": _svg("Three accounts against the group's profile", 190, _members()),
        "finding-5-case.svg": _svg("The members beside the baseline", 220, _case(of)),
    }


def _svg(title: str, height: int, parts: Iterator[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 {height}" role="img"><title>{title}</title>'
        f"<style>{_STYLE}</style>\n" + "\n".join(parts) + "\n</svg>\n"
    )


def _text(x: float, y: float, said: str, kind: str = "", anchor: str = "") -> str:
    of = f' class="{kind}"' if kind else ""
    at = f' text-anchor="{anchor}"' if anchor else ""
    return f'<text x="{x:.0f}" y="{y:.0f}"{of}{at}>{said}</text>'


def _box(x: float, y: float, width: float, height: float) -> str:
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="6" class="box"/>'


def _line(x: float, y: float, to: tuple[float, float], kind: str = "line") -> str:
    return f'<line x1="{x:.0f}" y1="{y:.0f}" x2="{to[0]:.0f}" y2="{to[1]:.0f}" class="{kind}"/>'


def _dot(x: float, y: float, kind: str = "bad", radius: int = 6) -> str:
    return f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{radius}" class="{kind}"/>'


def _arrow(x: float, y: float, length: float = 36) -> Iterator[str]:
    yield _line(x, y, (x + length, y), "arrow")
    yield f'<path d="M{x + length + 4:.0f} {y:.0f}l-9 -5v10z" fill="#4b6664"/>'


def _exchange() -> Iterator[str]:
    columns = (
        (8, "Exchange", ("acc_07, 09:15:04, atlas-4", "“Grade the answer below against", "each point of the rubric.",
                         "Question: why does ice float? …”")),
        (312, "Fingerprint (silver)", ("hash of the prompt", "hash of its first 8 words", "capability: grading",
                                       "pseudonym of the card")),
        (616, "Sketch (features)", ("one template,", "different prompts in it", "almost no second turn",
                                                   "one card")),
    )  # fmt: skip
    for x, head, lines in columns:
        yield _box(x, 8, 264, 170)
        yield _text(x + 16, 36, head, "h")
        for n, line in enumerate(lines):
            yield _text(x + 16, 70 + 26 * n, line, "m")
    yield from _arrow(274, 93, 28)
    yield from _arrow(578, 93, 28)


def _pair(of: Example) -> Iterator[str]:
    template, card = of.with_template - 1, of.cards[0] - 1
    yield _box(8, 8, 884, 174)
    curves = (
        (48, -10, 24, f"same first 8 words: each meets {template} others", of.template_bits, template),
        (146, -28, -10, f"same card: each meets {card} others", of.card_bits, card),
    )
    for y, above, below, said, bits, contacts in curves:
        yield f'<path d="M150 95Q450 {2 * y - 95} 750 95" fill="none" class="line" stroke-width="3"/>'
        yield _text(450, y + above, said, "", "middle")
        formula = f"-log2(({contacts} + {contacts}) / {of.active:,}) = {bits:.1f} bits"
        yield _text(450, y + below, formula, "m", "middle")
    for x, name in ((150, "acc_07"), (750, "acc_19")):
        yield _dot(x, 95, radius=14)
        yield _text(x, 134, name, "m", "middle")


def _group(of: Example) -> Iterator[str]:
    yield _box(8, 8, 884, 280)
    yield _text(24, 34, f"A link: two families and {of.needed:.1f} bits", "h")
    yield _text(
        24, 54, f"first 8 words {of.template_bits:.1f} + card {of.card_bits:.1f} bits, and three triangles", "s"
    )
    yield f'<ellipse cx="450" cy="160" rx="385" ry="80" fill="none" stroke="{RED}" stroke-dasharray="6 4"/>'
    for n, size in enumerate(of.cards):
        middle = 150.0 + 190 * n
        ring = [(middle + 40 * cos(2 * pi * k / size), 160 + 40 * sin(2 * pi * k / size)) for k in range(size)]
        yield from (_line(*a, b) for a, b in combinations(ring, 2))
        yield from (_dot(*at) for at in ring)
        yield _text(middle, 256, f"card {n + 1}: {size} accounts", "s", "middle")
    yield _dot(860, 206, "dot")
    yield _line(860, 206, (760, 160), "grey")
    yield _text(836, 228, "acc_29", "m")
    for x, y in ((56, 112), (56, 208)):
        yield _dot(x, y, "dot")
        yield from (
            _line(x, y, (150 + 40 * cos(2 * pi * k / 7), 160 + 40 * sin(2 * pi * k / 7)), "grey") for k in (2, 3, 4, 5)
        )
    yield _text(24, 280, "grey: two customers of the proxy, and acc_29, whose one link closes no triangle", "s")
    yield _text(876, 280, "dashed line: who lives by the template", "s", "end")


def _members() -> Iterator[str]:
    yield _box(8, 8, 884, 174)
    heads = ("account", "uses the template", "shares card or network", "asks about the subject", "result")
    for x, head in zip((24, 200, 380, 570, 760), heads, strict=True):
        yield _text(x, 36, head, "s")
    rows = (("acc_07", (1, 1, 1), "stays"), ("proxy customers", (0, 1, 0), "two go"), ("acc_29", (1, 1, 0), "joins"))
    for n, (name, shows, result) in enumerate(rows):
        y = 72 + 44 * n
        yield _text(24, y, name, "m")
        for x, shown in zip((250, 440, 630), shows, strict=True):
            yield _dot(x, y - 4, "bad" if shown else "dot", 8 if shown else 3)
        yield _text(760, y, result, "h")


def _case(of: Example) -> Iterator[str]:
    yield _box(8, 8, 884, 204)
    yield _text(24, 34, f"{of.members} accounts beside the baseline", "h")
    yield _text(876, 34, "bar: the members; mark: the baseline", "s", "end")
    rows = (
        ("coordination", "use the same template", of.with_template, 0.002, "under 1%"),
        ("extraction", "ask for grading", of.asks_grading, of.grading, f"{of.grading:.0%}"),
        ("automation", "almost no follow-ups", of.automated, of.automated_baseline, f"{of.automated_baseline:.0%}"),
    )
    for n, (kind, said, count, usual, written) in enumerate(rows):
        y = 70 + 34 * n
        yield _text(24, y, kind, "s")
        yield _text(130, y, said)
        for share, colour in ((1.0, "#dce8e6"), (count / of.members, RED)):
            yield f'<rect x="300" y="{y - 11}" width="{360 * share:.0f}" height="13" rx="3" fill="{colour}"/>'
        yield f'<rect x="{300 + 360 * usual:.0f}" y="{y - 15}" width="2" height="21" fill="{DARK}"/>'
        yield _text(676, y, f"{count} of {of.members}; baseline {written}")
    yield _text(24, 178, "coordination", "s")
    yield _text(130, 178, f"{of.card_pairs} pairs of accounts share a card; {of.chance_pairs} expected by chance")
