"""Time of every function of texts grows with the length of a text, whatever it is made of.

Each kind below is made to look twice, sort, or backtrack. Four times the text may take eight times as long, and a
twentieth of a second: what grows as the square takes sixteen times as long. Processor seconds, the best of several.
"""

import json
import re
import time
from collections.abc import Callable
from datetime import date

import pyarrow as pa
import pytest

from iolaus.schemas.landing import EXCHANGE
from iolaus.settings import DEFAULT
from iolaus.text.fingerprints import HEAD_CHARACTERS, TAIL_CHARACTERS, fingerprint, fold, normalise
from iolaus.text.intents import text_capabilities
from iolaus.text.markers import is_redaction_marker
from iolaus.text.parsing import judge
from iolaus.text.pseudonyms import addresses
from iolaus.text.redaction import exemplar, redact

LONG = HEAD_CHARACTERS + TAIL_CHARACTERS
TRIES = 4
PIECES = {
    "marks": "\u0f73",
    "marks in the wrong order": "\u0301\u0323",
    "letters that become marks": "\u0301\uff9e",
    "ligatures of eighteen": "\ufdfa",
    "half syllables": "\u1100\u1161",
    "ideographs": "\u4e2d",
    "dashes": "a-",
    "addresses of mail": "a@",
    "domains": "a.",
    "digits": "1",
    "numbers": "1.",
    "telephones": "+1 (",
    "identifiers": "abcdef12-",
    "links": "http://",
    "low quotes": "\u201e",
    "low and single quotes": "\u201e'x' ",
    "guillemets": "\u00ab",
    "corners": "\u300c",
    "single quotes": "'",
    "quotes": '"',
    "ticks": "`",
    "fences": "```x",
    "tags": "<a>",
    "tags and fences": "<a>```x```",
    "colons": ":\n",
    "headings": "\n###\n",
    "beginnings": "[begin ",
    "spaces": " ",
    "lines": "\n",
    "letters": "x",
    "brackets": "[",
    "objects": '{"a":',
    "words": "step by ",
}


def parse(text: str) -> object:
    fields = {"exchange_id": "e", "account_id": "a", "requested_at": text, "request_model": text, "prompt": text}
    fields |= {"user_agent": text, "turn_index": text, "tool_names": [text], text: text}  # type: ignore[dict-item]
    return judge([json.dumps(fields).encode(), text.encode()], EXCHANGE, DEFAULT.ingestion, date(2026, 2, 10))


FUNCTIONS: dict[str, Callable[[str], object]] = {
    "fingerprints": lambda text: fingerprint(pa.array([text])),
    "folding": lambda text: fold(normalise(pa.array([text]))),
    "capabilities": lambda text: text_capabilities(normalise(pa.array([text]))),
    "redaction": redact,
    "exemplar": lambda text: exemplar("opening", [text, text + "b"]),
    "markers": is_redaction_marker,
    "addresses": lambda text: addresses(b"k", pa.array([text])),
    "parsing": parse,
}


def seconds(function: Callable[[str], object], text: str) -> float:
    began = time.process_time()
    function(text)
    return time.process_time() - began


def is_linear(function: Callable[[str], object], piece: str, tries: int = TRIES) -> bool:
    """Whether four times the text took at most eight times as long in any of a few tries."""
    one, four = (piece * (n // len(piece)) for n in (LONG // 4, LONG))
    fastest_one = fastest_four = float("inf")
    for _ in range(tries):
        fastest_one = min(fastest_one, seconds(function, one))
        fastest_four = min(fastest_four, seconds(function, four))
        if fastest_four <= 8 * fastest_one + 0.05:
            return True
    return False


@pytest.mark.parametrize("name", FUNCTIONS)
def test_time_grows_with_the_length_of_a_text(name: str) -> None:
    function = FUNCTIONS[name]
    function("one text, so that everything is loaded")
    assert [kind for kind, piece in PIECES.items() if not is_linear(function, piece)] == []


def test_what_grows_as_the_square_is_told() -> None:
    """The pattern that once looked for identifiers."""
    assert not is_linear(lambda text: re.search(r"\b[\w-]*\d", text), "a-", tries=1)
