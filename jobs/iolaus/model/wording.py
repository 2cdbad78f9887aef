"""What a signal says of several accounts, said of one account, of one value or of a baseline; thresholds in words."""

import re


def in_words(threshold: float) -> str:
    """A threshold as a reader says it: a quarter, a third, a half, else a percentage or a number."""
    words = {0.25: "a quarter", 0.33: "a third", 0.5: "half", 6: "six", 8: "eight"}
    return words.get(round(threshold, 2)) or (f"{threshold:.0%}" if 0 < threshold < 1 else f"{threshold:,g}")


def of_one(says: str) -> str:
    """What is said of several accounts, said of one.

    >>> of_one("run around the clock: at least a tenth of their traffic falls in their quietest six hours")
    'runs around the clock: at least a tenth of its traffic falls in its quietest six hours'
    """
    verb, _, rest = says.partition(" ")
    one = {"are": "is", "were": "was", "sent": "sent", "have": "has"}.get(verb, f"{verb}s")
    return f"{one} " + re.sub(r"\btheir\b", "its", rest)


def one_thing(says: str) -> str:
    """What is said of values that accounts share, said of one value that all of them share.

    >>> one_thing("share a payment card")
    'share one payment card'
    """
    return re.sub("^share a ", "share one ", says)


def verb(says: str) -> str:
    """The verb by which a baseline is compared with what is said; empty where the sentence needs none.

    >>> verb("share a payment card"), verb("were created at the same time"), verb("run around the clock: at least 10%")
    (' do', ' were', '')
    """
    if ":" in says or "at least" in says:
        return ""
    first = says.partition(" ")[0]
    return f" {first}" if first in ("are", "were") else " do"
