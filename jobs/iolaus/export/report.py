"""The report: a folder of static pages about one run date, readable without a network, a server or a mouse."""

import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import bokeh

from iolaus.errors import UsageError
from iolaus.export import report_accounts
from iolaus.export.confidence import calibrations
from iolaus.export.gold import Gold, age, is_local, local_path
from iolaus.export.inert import inert
from iolaus.export.queue import Standing, commands, standings
from iolaus.export.recorded_settings import of_day
from iolaus.export.report_case_page import page_values
from iolaus.export.report_cases import KINDS, Case, cases
from iolaus.export.report_pages import address, environment
from iolaus.export.report_quality import state, stopped
from iolaus.settings import Settings
from iolaus.settings_text import differing
from iolaus.version import code_version

WATCHED = 200  # clusters of the watchlist that get a page, by rank
_DOCS = "data-docs"  # folder of Great Expectations' pages in that of the report, by day
_OWNED = ".iolaus-report.json"  # names the lake that a folder is the report of
_BOKEH = Path(bokeh.__file__).parent / "server" / "static" / "js" / "bokeh.min.js"
_PAGES = Path(__file__).parent / "pages"


def default_folder(lake: str) -> Path:
    """Where the report of a local lake goes unless told otherwise: `report` beside it.

    Raises UsageError for an object store.
    """
    if not is_local(lake):
        raise UsageError(f"the lake {lake} is on an object store; name a folder for the report with --out")
    return local_path(lake).parent / "report"


def write(
    lake: str,
    out: Path,
    day: date | None = None,
    *,
    ran: bool = False,
    write_docs: Callable[[Path, date], None] | None = None,
    drawn_with: Callable[[Settings], Settings] = lambda recorded: recorded,
) -> Path:
    """Write the report of a run date, by default the latest, into a folder; returns its first page.

    What an earlier report wrote there is replaced. `ran`: the day is known to have been run, so that nothing listed is
    a result. `write_docs` writes the Data Docs of a day into a folder; those of the day that lie in the report's folder
    already are linked without it. `drawn_with` gives the settings to draw with,
    from those that the run recorded.

    Raises UsageError if there is nothing to report, or the folder holds anything but a report of this lake.
    """
    gold = Gold(lake)
    days = gold.days()
    if not days and not ran:
        raise UsageError(f"the lake {lake} has no published tables; `iolaus run` writes them")
    wanted = day or days[-1]
    if wanted not in days and not ran:
        raise UsageError(f"nothing was listed for {wanted}; the run dates with a ranking are {_spoken(days)}")
    gold.must_be_of_one_run(wanted)
    _claim(out, gold.lake)
    listed, gone = cases(gold, wanted, WATCHED)
    earlier = [d for d in days if d < wanted]
    watchlist = gold.rows("gold.watchlist", wanted, ["cluster_id"])
    settings = drawn_with(of_day(gold, wanted))
    report = {
        "lake": gold.lake,
        "day": wanted,
        "version": code_version(),
        "age": age(wanted),
        "written_on": datetime.now(UTC).date(),
        "newer": days[-1] if days and days[-1] > wanted else None,
        "vanished": gone,
        "previous": earlier[-1] if earlier else None,
        "previous_is_yesterday": bool(earlier) and (wanted - earlier[-1]).days == 1,
        "has_costs": any(case.row.get("cost") is not None for case in listed),
        "n_watched": 0 if watchlist is None else watchlist.num_rows,
        "quality": state(gold, wanted),
        "stopped": stopped(gold, wanted),
        "cases": standings(gold),
        "calibration": calibrations(gold, wanted, settings.window_days),
        "settings": settings,
        "differ": [
            {"name": name, "value": inert(value), "default": default} for name, value, default in differing(settings)
        ],
    }
    docs = f"{_DOCS}/{wanted}"
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as made:
        if write_docs:
            write_docs(Path(made) / docs, wanted)
        there = any((folder / docs / "index.html").exists() for folder in (Path(made), out))
        _pages(Path(made), gold, listed, report | {"docs": f"{docs}/index.html" if there else None})
        (Path(made) / _OWNED).write_text(
            json.dumps({"lake": gold.lake, "run_date": wanted.isoformat()}), encoding="utf-8"
        )
        _replace(Path(made), out, docs)
    return out / "index.html"


def _spoken(days: Sequence[date]) -> str:
    return ", ".join(map(str, days)) if len(days) <= 5 else f"{len(days)} from {days[0]} to {days[-1]}"


def _claim(out: Path, lake: str) -> None:
    """Raise UsageError unless the folder is new, empty, or this lake's report."""
    if not out.exists():
        return
    if not out.is_dir():
        raise UsageError(f"{out} is a file; name a folder for the report with --out")
    mark = out / _OWNED
    if not mark.exists() and any(out.iterdir()):
        raise UsageError(f"{out} has files that are no report; name another folder with --out")
    if mark.exists() and _owner(mark) != lake:
        raise UsageError(f"{out} is the report of another lake; name another folder with --out (iolaus run: --report)")


def _owner(mark: Path) -> str | None:
    """The lake whose report a folder is, by its mark. Raises UsageError for a mark that cannot be understood."""
    try:
        owner: str | None = json.loads(mark.read_text(encoding="utf-8")).get("lake")
    except (AttributeError, ValueError) as error:
        raise UsageError(f"{mark.parent} has files that are no report; name another folder with --out") from error
    return owner


def _replace(made: Path, out: Path, docs: str) -> None:
    """Put the new pages in the place of the old; the mark first, so that a folder left half-done is known to be ours.

    `docs`: where the Data Docs of the day lie, which stay unless there are new ones; those of other days go.
    """
    out.mkdir(exist_ok=True)
    (made / _OWNED).replace(out / _OWNED)
    if not (made / _DOCS).exists() and (out / docs).exists():
        (made / _DOCS).mkdir()
        (out / docs).replace(made / docs)
    for old in [p for p in out.iterdir() if p.name in {"cases", "accounts", "assets", "index.html", _DOCS}]:
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    for new in made.iterdir():
        shutil.move(new, out / new.name)


def _pages(folder: Path, gold: Gold, listed: Sequence[Case], report: dict[str, Any]) -> None:
    """Write every page, its data and what the pages need to be drawn."""
    pages = environment()
    (folder / "cases").mkdir()
    (folder / "assets").mkdir()
    for name in ("report.css", "report.js"):
        shutil.copy(_PAGES / name, folder / "assets" / name)
    shutil.copy(_BOKEH, folder / "assets" / _BOKEH.name)
    published, watched = [c for c in listed if c.published], [c for c in listed if not c.published]
    ranking = pages.get_template("ranking.html").render(report=report, published=published, watched=watched, root="")
    (folder / "index.html").write_text(ranking, encoding="utf-8")
    known = report_accounts.write_pages(folder, pages, gold, report, published)
    page = pages.get_template("case.html")
    for case in listed:
        path = folder / address(case)
        shown = page_values(case, path, report["settings"], report["calibration"], known)
        shown |= {"queued": report["cases"].get(case.cluster_id, Standing())}
        shown |= {"commands": commands(report["lake"], case.cluster_id)}
        path.write_text(page.render(report=report, case=case, root="../", kinds=KINDS, **shown), encoding="utf-8")
