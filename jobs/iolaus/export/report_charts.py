"""The charts of a case that a reader moves in: activity by hour, and the links. Bokeh's, as JSON for its own script."""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from bokeh.embed import json_item
from bokeh.models import ColumnDataSource, DatetimeTickFormatter, HoverTool, NumeralTickFormatter, Range1d
from bokeh.models.annotations import Label, Legend, LegendItem, Span
from bokeh.plotting import figure

from iolaus.export.inert import inert
from iolaus.export.report_graph import BRIDGE, DIRECT, SINGLE, Links, Picture

# Told apart by lightness too, so that they are by who does not see hues; after Okabe and Ito.
COLOURS = ("#1f86a0", "#d98a1f", "#7a5ea8", "#4f9d69", "#b5485d", "#8a8f98")
MODELS = 5  # drawn apart; the rest together
OTHERS = "all other models"
_HOUR = timedelta(hours=1)
_ALARM = "#c4453d"
_LINES = {  # how a kind of link is named and drawn: dash, opacity, width, colour
    SINGLE: ("one family of evidence", "dotted", 0.7, 1.2, "#8a8f98"),
    DIRECT: ("direct link: two families and more", "solid", 0.45, 1.0, "#8a8f98"),
    BRIDGE: ("bridge", "solid", 0.95, 2.6, _ALARM),
}


def chart_text(text: object, longest: int = 40) -> str:
    """Text on a canvas: inert, and no formula, which the library would set as mathematics."""
    shown = inert(text, longest)
    for mark in ("$$", "\\(", "\\[", "<math"):
        shown = shown.replace(mark, f"{mark[0]} {mark[1:]}")
    return shown


def models_of(timeline: Sequence[dict[str, Any]]) -> list[str]:
    """The models of a cluster's timeline that are drawn apart, and the others' name if there are more.

    Most asked for first.
    """
    asked: Counter[str] = Counter()
    for row in timeline:
        asked[row["request_model"]] += row["n_exchanges"]
    ranked = [model for model, _ in sorted(asked.items(), key=lambda m: (-m[1], m[0]))]
    return ranked if len(ranked) <= MODELS + 1 else [*ranked[:MODELS], OTHERS]


def activity(
    timeline: Sequence[dict[str, Any]], releases: Sequence[tuple[datetime, str]], bans: Sequence[datetime]
) -> dict[str, Any]:
    """Exchanges by hour and model, stacked, with releases and bans marked."""
    models = models_of(timeline)
    by_hour: dict[datetime, dict[str, int]] = defaultdict(lambda: dict.fromkeys(models, 0))
    for row in timeline:
        by_hour[row["hour"]][row["request_model"] if row["request_model"] in models else OTHERS] += row["n_exchanges"]
    hours = sorted(by_hour)
    first, last = _ms(hours[0]), max(_ms(hours[-1] + _HOUR), _ms(hours[0] + 3 * _HOUR))
    most = float(max(sum(of.values()) for of in by_hour.values()))
    names = [f"m{i}" for i in range(len(models))]
    columns: dict[str, Any] = {"hour": [_ms(h + _HOUR / 2) for h in hours]}
    columns |= {name: [by_hour[h][model] for h in hours] for name, model in zip(names, models, strict=True)}
    plot = _plot(
        height=300, x_axis_type="datetime", tools="xpan,xwheel_zoom,reset", y_range=Range1d(start=0, end=most * 1.18)
    )
    plot.x_range = Range1d(start=first, end=last, bounds="auto")
    colours = [COLOURS[i % len(COLOURS)] for i in range(len(names))]
    bars: Any = plot.vbar_stack(
        names, x="hour", width=3_400_000, source=ColumnDataSource(columns), color=colours, line_color=None
    )
    shown = [(chart_text(model), f"@{name}{{0,0}}") for name, model in zip(names, models, strict=True)]
    tips = [("hour (UTC)", "@hour{%F %H}:00"), *shown]
    plot.add_tools(HoverTool(renderers=[bars[-1]], mode="vline", tooltips=tips, formatters={"@hour": "datetime"}))
    items = [LegendItem(label=chart_text(model), renderers=[bar]) for model, bar in zip(models, bars, strict=True)]
    for when, model in releases:
        late = _ms(when) > first + 0.8 * (last - first)
        plot.add_layout(Span(location=_ms(when), dimension="height", line_dash="dashed", line_width=1.5))
        text = Label(x=_ms(when), y=most * 1.16, text=f"{chart_text(model)} released", text_font_size="12px")
        text.update(y_offset=-12, x_offset=-4 if late else 4, text_align="right" if late else "left")
        plot.add_layout(text)
    if bans:
        items.append(_bans(plot, bans, (first, last), most * 1.06))
    plot.add_layout(_legend(items), "above")
    plot.xaxis.formatter = DatetimeTickFormatter(
        minutes="%H:%M", hourmin="%H:%M", hours="%H:%M", days="%d %b", months="%b %Y"
    )
    plot.yaxis.formatter = NumeralTickFormatter(format="0,0")
    plot.yaxis.axis_label = "exchanges an hour"
    plot.xgrid.visible = False
    return dict(json_item(plot))


def _bans(plot: figure, bans: Sequence[datetime], within: tuple[float, float], height: float) -> LegendItem:
    """A mark for each hour with bans, and its line in the legend."""
    counted = sorted(Counter(when.replace(minute=0, second=0, microsecond=0) for when in bans).items())
    columns: dict[str, Any] = {
        "x": [min(max(_ms(hour + _HOUR / 2), within[0]), within[1]) for hour, _ in counted],
        "y": [height] * len(counted),
        "n": [n for _, n in counted],
    }
    marks: Any = plot.scatter(
        "x", "y", source=ColumnDataSource(columns), marker="inverted_triangle", size=11, color=_ALARM
    )
    plot.add_tools(HoverTool(renderers=[marks], tooltips=[("accounts banned", "@n")]))
    return LegendItem(label="accounts banned", renderers=[marks])


def graph(of: Links, drawn: Picture, banned: Collection[str] = ()) -> dict[str, Any]:
    """The drawn accounts and links: a line is as wide as the link is strong, a banned account is a triangle.

    The page finds their sources by name: `accounts`, and `links` for each kind.
    """
    plot = _plot(height=480, tools="pan,wheel_zoom,box_zoom,tap,reset", match_aspect=True)
    plot.x_range, plot.y_range = Range1d(start=-1.08, end=1.08), Range1d(start=-1.08, end=1.08)
    at = {account: i for i, account in enumerate(drawn.accounts.tolist())}
    a, b = (np.array([at[i] for i in ends[drawn.pairs].tolist()], np.int64) for ends in (of.a, of.b))
    strength = of.bits[drawn.pairs] / max(of.bits[drawn.pairs].max(initial=0), 1e-9)
    items = []
    for which, (label, dash, alpha, width, colour) in _LINES.items():
        mine = of.kind[drawn.pairs] == which
        if mine.any():
            faint = alpha * (0.35 if which == DIRECT and len(a) > 600 else 1)
            # Before the links one that is nowhere: it stands in the legend, as plain as ever.
            ends = ((drawn.x, a), (drawn.y, a), (drawn.x, b), (drawn.y, b))
            columns: dict[str, Any] = {
                name: [math.nan, *xy[of[mine]].round(4).tolist()]
                for name, (xy, of) in zip(("x0", "y0", "x1", "y1"), ends, strict=True)
            }
            columns |= {
                "a": [-1, *a[mine].tolist()],
                "b": [-1, *b[mine].tolist()],
                "alpha": [1.0] + [faint] * int(mine.sum()),
                "width": [width, *(width * (0.5 + 1.5 * strength[mine])).round(2).tolist()],
            }
            source = ColumnDataSource(columns, name="links")
            style: dict[str, Any] = {
                "line_alpha": "alpha",
                "line_width": "width",
                "line_dash": dash,
                "line_color": colour,
            }
            lines: Any = plot.segment("x0", "y0", "x1", "y1", source=source, **style)
            lines.nonselection_glyph = None
            items.append(LegendItem(label=label, renderers=[lines], index=0))
    degree = np.bincount(np.concatenate([a, b]), minlength=len(drawn.accounts))
    names = [of.accounts[i] for i in drawn.accounts.tolist()]
    nodes: dict[str, Any] = {
        "x": drawn.x.round(4).tolist(),
        "y": drawn.y.round(4).tolist(),
        "account": [chart_text(name) for name in names],
        "marker": ["triangle" if name in banned else "circle" for name in names],
        "links": degree.tolist(),
        "size": (6 + 5 * np.sqrt(degree / max(degree.max(initial=1), 1))).round(1).tolist(),
    }
    dots: Any = plot.scatter(
        "x",
        "y",
        size="size",
        marker="marker",
        source=ColumnDataSource(nodes, name="accounts"),
        fill_color=COLOURS[0],
        line_color="#ffffff",
        line_width=0.5,
        nonselection_fill_alpha=0.35,
        selection_fill_color=COLOURS[1],
        selection_line_color=_ALARM,
    )
    plot.add_tools(HoverTool(renderers=[dots], tooltips=[("account", "@account"), ("links drawn", "@links")]))
    plot.add_layout(_legend(items), "above")
    plot.axis.visible = False
    plot.grid.visible = False
    return dict(json_item(plot))


def _legend(items: list[LegendItem]) -> Legend:
    # Bokeh's types do not know its short forms
    plain: dict[str, Any] = {"border_line_color": None, "padding": 0, "margin": 0}
    return Legend(items=items, orientation="horizontal", ncols=min(max(len(items), 1), 3), **plain)


def _plot(height: int, tools: str, **more: Any) -> figure:
    plot = figure(
        height=height,
        sizing_mode="stretch_width",
        tools=tools,
        active_scroll=None,
        toolbar_location="right",
        background_fill_color=None,
        border_fill_color=None,
        outline_line_color=None,
        **more,
    )
    plot.toolbar.logo = None
    return plot


def _ms(when: datetime) -> float:
    return when.replace(tzinfo=UTC).timestamp() * 1000 if when.tzinfo is None else when.timestamp() * 1000
