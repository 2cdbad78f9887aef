"""Errors that a user can fix. Each message is one line: what is wrong, and what to do."""

import unicodedata

LONGEST = 400  # characters of a message that may quote somebody's data
LONGEST_LOGGED = 300  # of an error in the journal and in quality.runs: the rest is in Spark's log


class UsageError(Exception):
    """The arguments or the surroundings cannot be used (exit status 2)."""


class RunError(Exception):
    """The run failed (exit status 1)."""


class GateError(Exception):
    """A critical expectation failed and nothing was published (exit status 3)."""


def one_line(text: object, longest: int = LONGEST) -> str:
    r"""Text that can neither forge a line of a log nor command a terminal: special characters replaced, and cut.

    >>> print(ascii(one_line("a" + chr(10) + "forged line")))
    'a\ufffdforged line'
    """
    head = str(text)[: longest + 1]
    kept = "".join(
        c if unicodedata.category(c)[0] != "C" and c not in "\u2028\u2029" else "\N{REPLACEMENT CHARACTER}"
        for c in head
    )
    return kept if len(kept) <= longest else kept[: longest - 1] + "…"


def in_short(error: BaseException) -> str:
    """The kind of an error and its first line, cut, for a log; no trace."""
    first = next((line for line in str(error).splitlines() if line.strip()), "")
    return f"{type(error).__name__}: {one_line(first, LONGEST_LOGGED)}"
