"""How docs/ and the report's sentences are written: short sentences, plain words, one term for one thing."""

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from iolaus.export.sentence_reference import changed, confidences, explained, sentence
from iolaus.model.judgement.facts import FACTS
from iolaus.model.judgement.hypotheses import HYPOTHESES
from iolaus.model.signals import SIGNALS

ROOT = Path(__file__).parents[1]
PAGES = [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
MOST = 30  # words of a sentence; a list of names in one counts as one word each
MEAN = 16  # words of a page's sentences, on average

BANNED = {  # a pattern, and what to write
    r"(?<!each )\bof which\b": "split the sentence",
    r"\bso many\b": "say the figure",
    r"\bwho(m)?ever\b": "say who",
    r"\bhardly\b": "almost no, rarely",
    r"\banew\b": "again",
    r"\b(is|are|be|was|were) dealt\b": "partitioned, redistributed",
    r"\bfor want of\b": "because … is missing",
    r"\bwherefrom|thereof|whereof|thereby\b": "say it plainly",
    r"\bsuch a one\b": "say which",
    r"\bthe told\b|\bit is told\b": "reported",
    r"\d %": "no space before %",
    r"\ban? (exchange|account|day|line|row|table) and (account|day)\b(?=:)": "per",
    r"\b(no|none) (JSON|TOML)\b": "not",
}
REPLACED = {  # the glossary's left column: a pattern, and the term
    r"\bwrappers?\b": "prompt template",
    r"\bfillings?\b": "distinct prompts",
    r"\btraits?\b": "attributes",
    r"\bat large\b": "baseline",
    r"\blabour\b": "task sharing",
    r"\bconduct\b(?! of)": "policy signals",
    r"\bheirs?\b": "successor",
    r"\blockstep\b": "synchronised activity",
    r"\binnocents\b": "legitimate accounts",
    r"\baccused\b": "published, false positives",
    r"\bmend(s|ed|ing)?\b": "fix",
    r"\baccount_(tokens|embeddings)\b": "account_values, account_profiles",
}
ALLOWED = {  # (page, what is found in it): why it stays
    ("analysts/read-a-case.md", "accused"): "nobody may be accused: the word's own meaning",
}


def prose(text: str) -> Iterator[str]:
    """Paragraphs, items of lists and cells of a page, without code and addresses."""
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    text = re.sub(r"^ {4}.*$", "", text, flags=re.MULTILINE) if "\n    make " in text else text
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"`[^`]*`", "CODE", text)
    for block in re.split(r"\n\s*\n|\n(?=\s*(?:[-*|]|\d+\.|#)\s*)", text):
        if block.lstrip().startswith("|"):
            yield from (cell.strip() for cell in block.split("|") if cell.strip(" -:"))
        elif block.strip():
            yield re.sub(r"^\s*(?:[-*#]+|\d+\.)\s+", "", " ".join(block.split()))


def sentences(block: str) -> list[str]:
    return [s for s in re.split(r"(?<=[.?!:;])\**\s+(?=[\"“*A-Z0-9C])", block) if s]


def words(said: str) -> int:
    """Words of a sentence; names in a row (`a`, `b` and `c`) count once."""
    joined = re.sub(r"CODE(?:(?:,| and| or|, and|, or) CODE)+", "CODE", said)
    return len(re.findall(r"[\w'’-]+", joined))


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_a_page_reads_at_once(path: Path) -> None:
    name = path.relative_to(ROOT / "docs").as_posix() if path.is_relative_to(ROOT / "docs") else path.name
    blocks = list(prose(path.read_text(encoding="utf-8")))
    text = "\n".join(blocks)
    found = [
        f"{m.group()}: {fix}" for p, fix in (BANNED | REPLACED).items() for m in re.finditer(p, text, re.IGNORECASE)
    ]
    found = [each for each in found if (name, each.split(":")[0].lower()) not in ALLOWED]
    lengths = [(words(s), s) for block in blocks for s in sentences(block)]
    found += [f"{n} words: {s}" for n, s in lengths if n > MOST]
    assert not found, "\n".join(found)
    long = [n for n, _ in lengths if n > 3]
    assert not long or sum(long) / len(long) <= MEAN


def test_what_the_report_says_reads_at_once() -> None:
    said = [sentence(s) for s in SIGNALS.values()] + [h.says for h in HYPOTHESES]
    said += [text for fact in FACTS for text in (fact.asks, *fact.findings)]
    said += [text for _, text in explained() + confidences() + changed()]
    for text in (each for block in said for each in sentences(block)):
        assert words(text) <= 30, text
        found = [p for p in BANNED | REPLACED if re.search(p, text, re.IGNORECASE)]
        assert not found, text


def test_a_fault_is_found() -> None:
    assert list(prose("A [link](x.md) with `code`.\n\n- an item\n\n| a | b |\n|---|---|\n| c | 5 % |"))[-1] == "5 %"
    assert re.search(r"\d %", "5 %")
    assert (
        words(
            "The tables `a`, `b` and `c` are there.".replace("`a`", "CODE")
            .replace("`b`", "CODE")
            .replace("`c`", "CODE")
        )
        == 5
    )


SOURCES = sorted((ROOT / "jobs").rglob("*.py"))
SAID = {  # (source, word): why it stays
    ("simulate/words.py", "trait"): "a slot of made-up prompts",
    ("simulate/words.py", "phrases"): "French",
    ("graph/clusters.py", "innocents"): "to be reworded with that module",
    ("runtime/landing.py", "mend"): "to be reworded with that module",
}


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_no_string_or_comment_says_a_replaced_word(path: Path) -> None:
    name = (
        path.relative_to(ROOT / "jobs" / "iolaus").as_posix()
        if path.is_relative_to(ROOT / "jobs/iolaus")
        else path.name
    )
    found = []
    for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline):
        if token.type in {tokenize.STRING, tokenize.COMMENT}:
            said = [m.group().lower() for p in REPLACED for m in re.finditer(p, token.string, re.IGNORECASE)]
            found += [(token.start[0], word) for word in said if (name, word) not in SAID]
    assert not found


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").split()) <= 600
