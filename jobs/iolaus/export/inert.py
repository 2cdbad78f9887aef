"""An attacker's text, made inert: in a terminal, a page, a spreadsheet."""

import unicodedata
from json import dumps

LONGEST = 600  # characters of one value that are shown; the rest is counted
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")  # what a spreadsheet takes for the start of a formula (OWASP, CSV injection)


def inert(text: object, longest: int = LONGEST) -> str:
    """One line of text in which nothing acts and nothing hides.

    Control and format characters (escape sequences, bidirectional overrides, zero-width characters), unassigned ones
    and lone surrogates are shown by number, as `<U+202E>`; line ends and tabs are spaces; at most two combining marks
    follow one another; what is longer than `longest` is cut, and says how long it was.
    """
    given = str(text)
    shown, marks = [], 0
    for c in given[:longest]:
        kind = unicodedata.category(c)
        marks = marks + 1 if kind.startswith("M") else 0
        if c in "\t\n\r" or kind in {"Zl", "Zp"}:
            shown.append(" ")
        elif kind.startswith("C"):
            shown.append(f"<U+{ord(c):04X}>")
        elif marks <= 2:
            shown.append(c)
    if len(given) > longest:
        shown.append(f"… ({len(given):,} characters)")
    return "".join(shown)


def escaped(text: str) -> str:
    """JSON in which characters that could act on a terminal, or hide, are escapes: the same values, to a parser."""
    return text if text.isprintable() else "".join(c if c.isprintable() else dumps(c)[1:-1] for c in text)


def cell(value: object) -> object:
    """A value for a spreadsheet.

    Numbers as they are, text that would be a formula behind an apostrophe, lists as lines of text.
    """
    if value is None or isinstance(value, bool | int | float):
        return value
    text = "; ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    if not text.isprintable():
        text = "".join(c if c in "\t\r\n" or unicodedata.category(c)[0] != "C" else f"<U+{ord(c):04X}>" for c in text)
    return f"'{text}" if text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) else text
