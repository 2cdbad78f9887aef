"""One redacted example of a text that many accounts share: what an analyst may read once the prompts are gone."""

import re
import unicodedata
from collections.abc import Sequence

import pyarrow as pa

from iolaus.text.fingerprints import calm

LONGEST = 400  # characters shown
SHORTEST_AFFIX = 12  # characters; of samples that agree on fewer, the first is shown from its start or end
GAP = "‹…›"  # stands where something was taken out
# What is pasted into a template, and what may name or reach somebody. Each takes time in proportion to the text: no
# pattern looks twice at what follows an opening quote.
_PASTED = tuple(
    re.compile(pattern, flags)
    for pattern, flags in (
        (r"```.*?(?:```|\Z)|\"\"\".*?(?:\"\"\"|\Z)", re.DOTALL),
        (r"\"[^\"\n]{1,2000}\"|“[^“”\n]{1,2000}”|„[^„“”\n]{1,2000}[“”]|«[^«»\n]{1,2000}»", 0),
        (r"「[^「」\n]{1,2000}」|『[^『』\n]{1,2000}』", 0),
        (r"(?:https?://|www\.)\S+", 0),
        (r"[^\s@<>]{1,200}@[^\s@<>]{1,200}\.\w{2,20}", 0),
    )
)
_NUMBERS = tuple(
    re.compile(pattern)
    for pattern in (
        r"\+?\d[\d\s().:/-]{3,30}\d",  # telephone and card numbers, addresses, dates
        r"\b\d{3,}\b",
    )
)
_RUN = re.compile(r"[\w+/=-]{16,}")
_IDENTIFIER = re.compile(r"\d.{15}")  # in such a run of characters: keys, tokens, identifiers
_REPEATED = re.compile(rf"{GAP}(?:\s*{GAP})+")


def exemplar(kind: str, samples: Sequence[str]) -> str:
    """A shared text in its senders' words.

    At most `LONGEST` characters, without payloads, links, addresses and numbers.

    `samples` are a few different texts that share it. Of an *opening* (or a *closing*) what all of them begin (or end)
    with is shown, so that what was filled in stays out; of any other kind the first sample.
    """
    texts = [redact(sample[:20_000]) for sample in samples]
    if kind == "opening":
        return _cut(_shared(texts))
    if kind == "closing":
        return _cut(_shared([text[::-1] for text in texts])[::-1], end=True)
    return _cut(texts[0])


def redact(text: str) -> str:
    """The text on one line, with a gap for all that was pasted or may name somebody.

    Without control and direction characters.
    """
    text = unicodedata.normalize("NFC", str(calm(pa.array([text]))[0]))
    for pattern in _PASTED:
        text = pattern.sub(GAP, text)
    text = _RUN.sub(lambda run: GAP if _IDENTIFIER.search(run[0]) else run[0], text)
    for pattern in _NUMBERS:
        text = pattern.sub(GAP, text)
    text = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)
    return _REPEATED.sub(GAP, " ".join(text.split()))


def _shared(texts: Sequence[str]) -> str:
    """What all texts begin with, up to the end of a word; of texts that hardly agree, the first from its start."""
    first, last = min(texts), max(texts)  # what these two begin with, all in between begin with
    shared = first[
        : next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    ]
    if len(shared) < len(texts[0]) and " " in shared:
        shared = shared[: shared.rindex(" ")]
    return shared if len(shared) >= SHORTEST_AFFIX else texts[0][: LONGEST // 4]


def _cut(text: str, *, end: bool = False) -> str:
    if len(text) <= LONGEST:
        return text
    return "…" + text[1 - LONGEST :] if end else text[: LONGEST - 1] + "…"
