"""The report in a real browser: `make browser-test`.

Lakes are written without Spark; the demo's is used for the screenshots.
"""

import os
import re
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from lakes import HOSTILE, case, write, write_case, write_hostile
from playwright.sync_api import Browser, Page, expect, sync_playwright

from iolaus.export.queue import take_step
from iolaus.export.report import write as report
from iolaus.export.report_accounts import address

TODAY, BEFORE = date(2026, 2, 11), date(2026, 2, 10)
IMAGES = Path(__file__).parents[2] / "docs" / "images"
CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
MANY = 20_000
KNOWN = "acc_3_000"  # an account of which the lake knows enough for a page
# The elements by which a page is wider than the window, outside what scrolls by itself.
WIDER = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.querySelectorAll("body *")].filter(e =>
  e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll, .sr, [data-own-links]"))
  .map(e => e.outerHTML.slice(0, 120))"""
# Texts with a contrast below 4.5 against the nearest ground that is not transparent; letters of 24 px need 3.
FAINT = """() => {
  const parts = colour => (colour.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(x => x / 255).map(x => x <= 0.04045 ? x / 12.92 :
    ((x + 0.055) / 1.055) ** 2.4).reduce((sum, x, i) => sum + x * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = e => { for (; e; e = e.parentElement) { const c = parts(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0.9) return c; } return [255, 255, 255]; };
  const faint = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const e = text.parentElement, style = getComputedStyle(e);
    if (!text.textContent.trim() || !e.checkVisibility({ opacityProperty: true, visibilityProperty: true })
        || e.closest("svg, .sr, script, style, [disabled], .bk-Figure")) continue;
    const [a, b] = [light(parts(style.color)), light(ground(e))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < (parseFloat(style.fontSize) >= 24 ? 3 : 4.5))
      faint.push(`${text.textContent.trim().slice(0, 40)}: ${style.color} on ${ground(e)}`);
  }
  return [...new Set(faint)];
}"""
KINDS = {
    "ranking": "index.html",
    "case": "cases/hc_3.html",
    "watchlist case": "cases/hc_watched.html",
    "account": address(KNOWN),
}
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # Without its sandbox, which does not start for root in a container: it opens no page but ours.
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield made
        made.close()


class Watched:
    """A page that remembers what it complained of, and every address it asked for."""

    def __init__(self, browser: Browser, **context: object):
        self.page: Page = browser.new_context(**({"viewport": {"width": 1280, "height": 900}} | context)).new_page()  # type: ignore[arg-type]
        self.page.set_default_timeout(20_000)
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda m: self.complaints.append(m.text) if m.type in {"error", "warning"} else None)
        self.page.on("pageerror", lambda e: self.complaints.append(str(e)))
        self.page.on("request", lambda r: self.asked.append(r.url))
        self.page.on("dialog", lambda d: (self.complaints.append(d.message), d.dismiss()))

    def open(self, path: Path) -> float:
        """Open a page and wait until its scripts have drawn everything; returns the seconds."""
        began = time.monotonic()
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("html[data-ready=yes]")
        return time.monotonic() - began

    def is_content(self) -> None:
        """Fail if the page complained of anything, or asked for anything but files of its own."""
        assert self.complaints == []
        assert [url for url in self.asked if not url.startswith(("file:", "data:", "blob:"))] == []
        assert self.page.evaluate("window.pwned") is None


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    lake = tmp_path_factory.mktemp("lake") / "lake"
    for n in range(4):
        write_case(lake, BEFORE, f"hc_{n}", [f"acc_{n}_{i:03}" for i in range(10)], rank=4 - n)
    for n in range(4):
        write_case(lake, TODAY, f"hc_{n}", [f"acc_{n}_{i:03}" for i in range(10 + 40 * n)], rank=n + 1)
    write_case(lake, TODAY, "hc_watched", ["w"], low=True)
    write(lake, "graph.clusters", [{"run_date": TODAY, "cluster_id": "hc_3", "account_id": KNOWN, "membership": 0.99}])
    began = datetime(2026, 2, 12, 1, tzinfo=UTC)
    stopped = {"run_date": date(2026, 2, 12), "run_id": "r", "table_name": "silver.exchanges", "status": "stopped"}
    write(lake, "quality.runs", [stopped | {"began_at": began, "error": "GateError: " + "x" * 300}])
    take_step(str(lake), "hc_3", by="ana", owner="ben", due_on=date(2026, 2, 14), note="a note " * 40)
    return report(str(lake), lake.parent / "report").parent


def visible(page: Page) -> list[str]:
    return [a.inner_text() for a in page.locator("table.ranking tbody tr:visible th a").all()]


def test_sorting_and_filtering(browser: Browser, pages: Path) -> None:
    seen = Watched(browser)
    seen.open(pages / "index.html")
    page = seen.page
    assert visible(page) == ["hc_0", "hc_1", "hc_2", "hc_3", "hc_watched"]
    accounts = page.locator("table.ranking").first.get_by_role("button", name="accounts")
    accounts.click()
    assert visible(page)[:4] == ["hc_3", "hc_2", "hc_1", "hc_0"]
    assert page.locator("table.ranking").first.locator("th[aria-sort]").get_attribute("aria-sort") == "descending"
    accounts.press("Enter")  # and back, without a mouse
    assert visible(page)[:4] == ["hc_0", "hc_1", "hc_2", "hc_3"]
    page.get_by_label("Confidence").select_option("low")
    assert visible(page) == ["hc_watched"]
    expect(page.locator("[data-count]")).to_have_text("1 of 5 clusters")
    page.get_by_label("Confidence").select_option("")
    page.get_by_label("Accounts, at least").fill("60")
    assert visible(page) == ["hc_2", "hc_3"]
    page.get_by_label("Accounts, at least").fill("")
    page.get_by_label("Search").fill("HC_2 atlas")
    assert visible(page) == ["hc_2"]
    page.get_by_label("Search").fill("nothing like it")
    assert visible(page) == []
    assert page.get_by_text("Nothing here fits the filter.").first.is_visible()
    seen.is_content()


def test_cases_are_filtered_by_kind_and_state_and_sorted_by_what_they_took(browser: Browser, pages: Path) -> None:
    seen = Watched(browser)
    seen.open(pages / "index.html")
    page = seen.page
    expect(page.locator(".stopped")).to_contain_text("The run of 2026-02-12 was stopped by a gate at silver.exchanges")
    page.locator("table.ranking").first.get_by_role("button", name="output tokens").click()
    assert visible(page)[:4] == ["hc_3", "hc_2", "hc_1", "hc_0"]
    page.get_by_label("State").select_option("assigned")
    assert visible(page) == ["hc_3"]
    page.get_by_label("State").select_option("")
    page.get_by_label("Kind").select_option("resold access")
    assert visible(page) == []
    page.get_by_label("Kind").select_option("distillation")
    assert len(visible(page)) == 5
    seen.open(pages / "cases" / "hc_3.html")
    expect(page.locator(".queued")).to_contain_text("State: assigned, with ben, due 2026-02-14.")
    page.get_by_role("button", name="output tokens").click()
    assert page.locator("table.innocent tbody tr").count() == 3
    seen.is_content()


def test_the_graph_answers_a_click(browser: Browser, pages: Path) -> None:
    seen = Watched(browser)
    seen.open(pages / "cases" / "hc_3.html")
    page = seen.page
    plot = page.locator("[data-plot=graph]")
    plot.scroll_into_view_if_needed()
    place = page.evaluate(
        """() => { const plot = Bokeh.documents.flatMap(d => d.roots())
          .find(r => r.renderers.some(x => x.data_source.name === 'accounts'));
        const nodes = plot.renderers.find(x => x.data_source.name === 'accounts').data_source.data;
        const frame = Bokeh.index.find_one(plot).frame;
        const on = document.querySelector('[data-plot=graph]').getBoundingClientRect();
        return { x: on.x + frame.x_scale.compute(nodes.x[5]),
          y: on.y + frame.y_scale.compute(nodes.y[5]), name: nodes.account[5] } }"""
    )
    page.mouse.click(place["x"], place["y"])
    links = page.locator("[data-own-links]")
    expect(links).to_contain_text(f"The strongest links of {place['name']}")
    assert links.locator("tbody tr").count() == 8  # the four before it in the ring, and the four after
    expect(links).to_contain_text("share a payment card (6.0, 12 owners have it)")
    shown = page.evaluate(
        "Bokeh.documents.at(-1).roots()[0].renderers.map(r => r.data_source).find(s => s.name === 'links').data.alpha"
    )
    plain = [i for i, alpha in enumerate(shown) if alpha == 1]
    assert (plain[0], len(plain)) == (0, 1 + 8)  # that of the legend, as before, and its own
    page.locator("[data-own]").focus()  # the same without a mouse
    page.keyboard.press("ArrowUp")
    expect(links).not_to_contain_text(place["name"] + ":")
    assert links.locator("tbody tr").count() == 8
    seen.is_content()


def test_accounts_are_searched_sorted_and_paged(browser: Browser, pages: Path) -> None:
    seen = Watched(browser)
    seen.open(pages / "cases" / "hc_3.html")
    page, table = seen.page, seen.page.locator("table[data-accounts]")
    assert table.locator("tbody tr").count() == 50
    page.get_by_role("button", name="next").click()
    expect(page.locator("[data-accounts-pages] output")).to_have_text("2 of 3")
    page.get_by_label("Status").select_option("banned")
    assert table.locator("tbody tr").count() == 13
    page.locator("[data-accounts-search]").fill("acc_3_013")
    assert table.locator("tbody tr td").first.inner_text() == "acc_3_013"
    with page.expect_download() as download:
        page.get_by_role("link", name="All of them as CSV").click()
    assert Path(download.value.path()).read_text(encoding="utf-8-sig").count("\n") == 131
    seen.is_content()


def test_all_of_it_without_a_mouse(browser: Browser, pages: Path) -> None:
    seen = Watched(browser)
    seen.open(pages / "index.html")
    page, reached = seen.page, []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate("[document.activeElement.tagName, document.activeElement.innerText.trim()].join(' ')")
        )
    assert reached[0] == "A Skip to the content"
    for what in ("SELECT", "BUTTON score", "A hc_2", "A hc_watched"):
        assert any(r.startswith(what) for r in reached), (what, reached)
    page.get_by_role("link", name="hc_0").press("Enter")
    page.wait_for_selector("html[data-ready=yes]")
    unnamed = page.evaluate(
        """[...document.querySelectorAll("a, button, select, input, [role=img], [role=region], table")]
        .filter(e => e.offsetParent &&
        !(e.textContent.trim() || e.ariaLabel || e.caption || e.labels?.length || e.closest("label")))
        .map(e => e.outerHTML.slice(0, 80))"""
    )
    assert unnamed == []
    seen.is_content()


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_hostile_text_does_nothing(browser: Browser, hostile: list[Path], number: int) -> None:
    seen = Watched(browser)
    path = hostile[number]
    assert path.stat().st_size < 5_000_000
    assert seen.open(path) < 10
    page = seen.page
    page.locator("[data-own]").select_option(index=1)
    page.locator("[data-plot=graph]").hover()
    page.locator("[data-plot=activity]").hover()
    page.locator("table[data-accounts] tbody tr").first.hover()
    page.wait_for_timeout(300)
    assert page.locator("img, iframe, object, embed, form[action]").count() == 0
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b]", page.locator("body").inner_text())
    assert page.evaluate(WIDER) == []
    seen.is_content()


def test_hostile_text_in_the_ranking(browser: Browser, hostile: list[Path]) -> None:
    seen = Watched(browser)
    seen.open(hostile[0].parent.parent / "index.html")
    page = seen.page
    assert page.locator("table.ranking tbody tr").count() == len(HOSTILE)
    for button in page.locator("table.ranking th button").all():
        button.click()
    for row in page.locator("table.ranking tbody tr").all():
        row.hover()
    page.get_by_label("Search").fill(HOSTILE[0])
    assert page.locator("img, iframe, object, embed, form[action]").count() == 0
    assert page.evaluate(WIDER) == []
    seen.is_content()


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    lake = tmp_path_factory.mktemp("hostile") / "lake"
    write_hostile(lake, TODAY)
    first = report(str(lake), lake.parent / "report")
    return sorted((first.parent / "cases").glob("*.html"))


def test_twenty_thousand_accounts(browser: Browser, tmp_path: Path) -> None:
    accounts = [f"acc_{i:012x}" for i in range(0, MANY * 7919, 7919)]
    for name, rows in case(TODAY, "hc_many", accounts, links=10).items():
        write(tmp_path / "lake", name, rows)
    began = time.monotonic()
    path = report(str(tmp_path / "lake"), tmp_path / "report").parent / "cases" / "hc_many.html"
    written = time.monotonic() - began
    seen = Watched(browser)
    loaded = min(seen.open(path) for _ in range(3))  # other programs only make it longer
    size = path.stat().st_size
    made = f"written in {written:.1f} s, a page of {size / 1e6:.2f} MB, loaded and drawn in {loaded:.2f} s"
    print(f"\n{MANY} accounts, {10 * MANY} links: {made}")  # noqa: T201 - the measurement
    assert size < 5_000_000
    assert loaded < 10  # 1.2 s on an idle machine
    seen.page.locator("[data-accounts-search]").fill(accounts[-1])
    assert seen.page.locator("table[data-accounts] tbody tr").count() == 1
    assert (path.parent / "hc_many.accounts.csv").read_text(encoding="utf-8-sig").count("\n") == MANY + 1
    seen.is_content()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page_kind", KINDS)
def test_every_kind_of_page_fits_and_can_be_read(browser: Browser, pages: Path, page_kind: str, scheme: str) -> None:
    """On a telephone, a tablet, a screen and paper no page is wider than the window, and no text is lost in its ground.

    WCAG 2.2 asks for a contrast of 4.5 between a text and what lies behind it.
    """
    seen = Watched(browser, color_scheme=scheme)
    for width, medium in ((320, "screen"), (390, "screen"), (768, "screen"), (1280, "screen"), (680, "print")):
        seen.page.set_viewport_size({"width": width, "height": 800})
        seen.page.emulate_media(media=medium, color_scheme=scheme)
        seen.open(pages / KINDS[page_kind])
        assert seen.page.evaluate(WIDER) == [], f"{width} px, {medium}"
        assert seen.page.evaluate(FAINT) == [], f"{width} px, {medium}"
    seen.is_content()


def test_an_account_leads_to_its_page_and_back(browser: Browser, pages: Path) -> None:
    seen = Watched(browser)
    seen.open(pages / "cases" / "hc_3.html")
    page = seen.page
    page.locator("table[data-accounts] a", has_text=KNOWN).click()
    page.wait_for_selector("html[data-ready=yes]")
    expect(page.get_by_role("heading", level=1)).to_have_text(KNOWN)
    expect(page.locator("#standing")).to_contain_text("In cluster hc_3, published at rank 4")
    page.locator(".crumbs a", has_text="hc_3").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("hc_3")
    seen.is_content()


def test_dark_and_print(browser: Browser, pages: Path) -> None:
    seen = Watched(browser, color_scheme="dark")
    seen.open(pages / "cases" / "hc_3.html")
    page = seen.page
    paper = "getComputedStyle(document.body).backgroundColor"
    axis = "Bokeh.documents[0].roots()[0].left[0].major_label_text_color"
    dark = page.evaluate(paper), page.evaluate(axis)
    page.emulate_media(color_scheme="light")
    page.wait_for_timeout(200)
    light = page.evaluate(paper), page.evaluate(axis)
    assert dark[0] != light[0]
    assert dark[1] != light[1]
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate(paper) == "rgb(255, 255, 255)"
    assert not page.locator("[data-accounts-form]").is_visible()
    assert page.get_by_role("table", name="Strongest links").is_visible()  # what is folded is printed
    seen.is_content()


def test_paper_gets_the_charts_and_a_table_that_fits_it(browser: Browser, pages: Path, tmp_path: Path) -> None:
    seen = Watched(browser, color_scheme="dark")
    seen.open(pages / "cases" / "hc_3.html")
    page = seen.page
    page.evaluate(
        "addEventListener('beforeprint', () => { window.printed = document.querySelectorAll('.copy').length })"
    )
    page.pdf(path=tmp_path / "case.pdf")
    assert page.evaluate("window.printed") == 2  # of the charts, in the colours of paper
    expect(page.locator(".copy")).to_have_count(0)
    seen.open(pages / "index.html")
    page.emulate_media(media="print")
    for width in (680, 794):  # A4 with margins of 15 mm, and without
        page.set_viewport_size({"width": width, "height": 1000})
        assert page.evaluate(WIDER) == []
        assert all(cell.bounding_box()["width"] > 150 for cell in page.locator(".ranking td.why:visible").all())  # type: ignore[index]
    seen.is_content()


def test_screenshots(browser: Browser, tmp_path: Path) -> None:
    demo = os.environ.get("IOLAUS_DEMO_LAKE")
    if not demo or not Path(demo).is_dir():
        pytest.skip("no demo lake: make demo, then make browser-test again, for the pictures of docs/images")
    first = report(demo, tmp_path / "report")
    case_page = first.parent / re.findall(r'href="(cases/[^"]+)"', first.read_text(encoding="utf-8"))[0]
    account = re.findall(r'href="\.\./(accounts/[^"]+)"', case_page.read_text(encoding="utf-8"))[0]
    IMAGES.mkdir(parents=True, exist_ok=True)
    for name, path, height, at in (
        ("report-ranking.png", first, 900, "body"),
        ("report-case.png", case_page, 1050, "#activity"),
        ("report-account.png", first.parent / account, 900, "h1"),
    ):
        seen = Watched(browser, viewport={"width": 1280, "height": height})
        seen.open(path)
        seen.page.evaluate(
            "document.querySelector('.where').textContent = "
            "document.querySelector('.where').textContent.split('·').pop().trim()"
        )
        seen.page.locator(at).evaluate("e => e.scrollIntoView({ behavior: 'instant' })")
        if path == case_page:
            seen.page.locator("[data-own]").select_option(index=1)
        seen.page.mouse.move(0, 0)
        seen.page.wait_for_timeout(500)
        seen.page.screenshot(path=IMAGES / name)
        assert (IMAGES / name).stat().st_size < 300_000
        seen.is_content()


def test_the_verdict_of_an_analyst_is_shown(browser: Browser, tmp_path: Path) -> None:
    pytest.importorskip("iolaus.schemas.verdicts_given")
    write_case(tmp_path / "lake", TODAY, "hc_1", ["a", "b"])
    given = {
        "given_at": datetime(2026, 2, 10, tzinfo=UTC),
        "known_from": TODAY,
        "run_date": BEFORE,
        "cluster_id": "hc_1",
    }
    write(tmp_path / "lake", "verdicts.given", [given | {"verdict": "unsure", "given_by": "Ada", "why": HOSTILE[0]}])
    seen = Watched(browser)
    seen.open(report(str(tmp_path / "lake"), tmp_path / "report").parent / "cases" / "hc_1.html")
    expect(seen.page.locator(".verdicts")).to_contain_text("Unsure, says Ada")
    seen.is_content()
