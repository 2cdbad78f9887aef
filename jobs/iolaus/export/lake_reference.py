"""The lake: `docs/reference/lake.md`, made from the map. `make dictionary` writes it, and the picture of the layers."""

from html import escape
from pathlib import Path

from iolaus.pipeline import RECORDS, STAGES, VERDICTS, Stage, is_given, is_landing
from iolaus.schemas.table import table

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "lake.md"
PICTURE = PAGE.parents[1] / "pictures" / "layers.svg"

_HEAD = """# The lake

Made from `jobs/iolaus/pipeline.py` by `make dictionary`; change a table there, not here.

Every table is a Delta table at `LAKE/<layer>/<table>`. The code that makes `silver.exchanges` is
`jobs/iolaus/silver/exchanges.py`. Its columns, with their meanings, are in
`jobs/iolaus/schemas/silver_exchanges.py`. The same holds for every table.

![The layers of the lake, each with its tables and the layers that it reads](../pictures/layers.svg)

Prompt text is in `bronze.exchanges` and `quality.quarantine`. One redacted exemplar of each text that the members of
a listed cluster share is in `gold.cluster_templates`. Silver has pseudonyms and fingerprints only.

[Published tables](tables.md) has every column of gold.

Beside the layers, `_iolaus.json` has the lake's format, and `_locks` says who is at work. `_made` has a receipt for
each table and day that was made and passed its gate. After an upgrade, `_old` has the tables of the older format.
"""
_WIDTH, _LEFT, _LINE, _PAD = 960, 340, 26, 12


def page() -> str:
    """The whole page, in Markdown: one row per table, and what it is made from."""
    parts = [_HEAD]
    for layer in dict.fromkeys(stage.layer for stage in STAGES):
        rows = [_row(stage) for stage in STAGES if stage.layer == layer]
        parts.append(f"## {layer}\n\n| table | holds | made from |\n|---|---|---|\n" + "\n".join(rows) + "\n")
    records = "\n".join(f"| `{name}` | {table(name).grain} |" for name in (*RECORDS, VERDICTS))
    parts.append(
        "## Records and decisions\n\nEvery run appends to the first four; `iolaus verdict` appends to the last.\n\n"
        f"| table | one row is |\n|---|---|\n{records}\n"
    )
    return "\n".join(parts)


def _row(made: Stage) -> str:
    reads = ", ".join(f"`{name}`" for name in dict.fromkeys(read.table for read in made.reads))
    return f"| `{made.table}` | {made.holds} | {reads} |"


def picture() -> str:
    """The layers as an SVG, top to bottom: each with its tables, and the layers that it reads."""
    layers: dict[str, list[str]] = {}
    reads: dict[str, dict[str, None]] = {}
    for stage in STAGES:
        for name in (*(r.table for r in stage.reads if is_landing(r.table) or is_given(r.table)), stage.table):
            layer, of = name.split(".")
            if of not in layers.setdefault(layer, []):
                layers[layer].append(of)
        reads.setdefault(stage.layer, {}).update(
            {r.table.split(".")[0]: None for r in stage.reads if r.table.split(".")[0] != stage.layer}
        )
    parts, top = [], _PAD
    for layer, names in layers.items():
        lines = _wrapped(names)
        height = max(len(lines), 2) * _LINE + _PAD
        said = ", ".join(reads.get(layer, {}))
        parts += [
            f'<rect x="{_PAD}" y="{top}" width="{_WIDTH - 2 * _PAD}" height="{height}" rx="6" class="band"/>',
            f'<text x="{2 * _PAD}" y="{top + 24}" class="layer">{layer}</text>',
            f'<text x="{2 * _PAD}" y="{top + 44}" class="reads">{f"from {said}" if said else "from outside"}</text>',
        ]
        for n, line in enumerate(lines):
            for x, width, name in line:
                y = top + _PAD // 2 + n * _LINE + (_LINE // 2 if len(lines) == 1 else 0)
                parts.append(f'<rect x="{x}" y="{y}" width="{width}" height="21" rx="4" class="table"/>')
                parts.append(f'<text x="{x + 8}" y="{y + 15}" class="name">{escape(name)}</text>')
        top += height + 8
    style = (
        "text{font-family:system-ui,sans-serif;fill:#1d2b2a}.band{fill:#eef6f5;stroke:#8fb8b3}.table{fill:#fff;stroke:#b7cfcc}"
        ".layer{font-size:17px;font-weight:600}.reads{font-size:10px;fill:#4b6664}.name{font-size:12px;font-family:monospace}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top + 4}" role="img">'
        f"<title>The layers of the lake</title><style>{style}</style>\n" + "\n".join(parts) + "\n</svg>\n"
    )


def _wrapped(names: list[str]) -> list[list[tuple[int, int, str]]]:
    """Lines of boxes (x, width, name) that fit beside a layer's name."""
    lines: list[list[tuple[int, int, str]]] = [[]]
    x = _LEFT
    for name in names:
        width = 16 + round(7.3 * len(name))
        if x + width > _WIDTH - 2 * _PAD:
            lines.append([])
            x = _LEFT
        lines[-1].append((x, width, name))
        x += width + 8
    return lines
