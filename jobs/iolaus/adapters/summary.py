"""What was adapted, in words.

Counts, where accounts and prompts came from, what was not read, which signals stay silent.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from iolaus.adapters.envelopes import objects
from iolaus.adapters.formats import FAULTS, Format
from iolaus.adapters.landing import FIELDS, Choice
from iolaus.adapters.signals import SIGNALS, shares
from iolaus.schemas.landing import EXCHANGE

_WIDTH = 26
_FAINT = 0.9  # a signal whose fields fewer exchanges have is said to be faint
_ONE = 0.5  # an account with a larger share of the exchanges may be many customers
_MANY = 200  # exchanges from which on it is worth saying; of fewer where its name is a role's
_ROLE = re.compile(r"\brole/|assumed-role|service-?(?:account|principal)", re.IGNORECASE)
_MET = 0.03  # share of ids that come again, beyond the error of their count
_EXACT = 50  # accounts up to which their number, an estimate whose error is 1 in 200, is right
_SHOWN = 60  # characters of a value in a table


def summary(counts: Mapping[str, Any], out: str, known: Format, choice: Choice) -> str:
    """What was delivered, which fields it has, and which signals live on them."""
    total = counts["exchanges"]
    lines = [
        *_found(counts, out, known),
        *_whose(counts, choice),
        *_content(counts),
        *_fields(counts, total, out, choice),
    ]
    lines += ["", f"Next: iolaus run --landing {out} --lake LAKE"] if total else []
    return "\n".join(lines)


def _found(counts: Mapping[str, Any], out: str, known: Format) -> Iterator[str]:
    total = counts["exchanges"]
    if total:
        yield f"{total} exchanges, of {counts['first']} to {counts['last']}, in {out}/exchanges"
    else:
        yield f"No exchange was found. Is this {known.title}?"
    for reason in FAULTS:
        if n := counts[f"reason: {reason}"]:
            yield f"{n} lines in {out}/quarantine: {reason}"
    for reason in known.skips:
        if n := counts[f"reason: {reason}"]:
            yield f"{n} records left out: {reason}"
    for f in EXCHANGE:
        if not f.nullable and counts[f.name] < total:
            yield (
                f"{total - counts[f.name]} exchanges have no {f.name}, which is required: iolaus run will put them "
                "in quality/quarantine"
            )
    if (again := counts["exchange_id"] - counts["ids"]) > _MET * counts["exchange_id"]:
        yield f"About {again} exchanges have an id that another has, too: iolaus run keeps one of each id"


def _whose(counts: Mapping[str, Any], choice: Choice) -> Iterator[str]:
    """How many accounts came out, from which fields, and whether one stands for many customers or many for one."""
    total, n = counts["exchanges"], counts["accounts"]
    if not total:
        return
    yield ""
    yield f"{'About ' if n > _EXACT else ''}{n} account{'s' if n != 1 else ''}, taken from:"
    yield from (
        f"  {one['item']}: {_share(one['count'], total)} of the exchanges" for one in _most(counts, "account_from")
    )
    for path in choice.paths:
        if counts[f"path: {path}"] < total:
            yield f"  {path} is in {_share(counts[f'path: {path}'], counts['records'])} of the records"
    largest = next(iter(_most(counts, "account_id")), None)
    if (
        largest
        and largest["count"] > _ONE * total
        and (total >= _MANY or (total > 1 and _ROLE.search(str(largest["item"]))))
    ):
        yield (
            f"  {largest['item']} sends {_share(largest['count'], total)} of the exchanges: if it is a role or a "
            "service of yours,"
        )
        yield "  it hides your customers; name the field that tells them apart with --account PATH"
    if counts["sessions"] > 2 * counts["roles"] > 0:
        yield (
            f"  {counts['sessions']} of these are names of sessions of {counts['roles']} roles: one user may have "
            "many, so name the"
        )
        yield "  field that tells your customers apart with --account PATH, as requestMetadata.customer"


def _content(counts: Mapping[str, Any]) -> Iterator[str]:
    """Which fields held the prompts, and which may hold those that are missing."""
    total = counts["exchanges"]
    if held := _most(counts, "content_from"):
        yield ""
        yield "Prompts, taken from:"
        yield from (f"  {one['item']}: {_share(one['count'], total)} of the exchanges" for one in held)
    if unread := _most(counts, "unread"):
        yield ""
        yield (
            "Exchanges without a prompt, and what stands in its place; what was not understood is kept in the "
            "column extra:"
        )
        yield from (f"  {one['count']}: {one['item']}" for one in unread)


def _fields(counts: Mapping[str, Any], total: int, out: str, choice: Choice) -> Iterator[str]:
    present = {name: counts[name] / total if total else 0.0 for name in FIELDS}
    heard = {
        signal: shares(signal, present | {f"accounts.{name}": 1.0 for name in choice.accounts}) for signal in SIGNALS
    }
    yield ""
    yield "Fields, and the share of exchanges that have them:"
    yield from (f"  {name:{_WIDTH}} {_percent(present[name])}" for name in FIELDS if present[name])
    yield f"  missing: {', '.join(name for name in FIELDS if not present[name]) or 'none'}"
    yield ""
    yield "Signals that stay silent, and any field that would wake each:"
    yield from (f"  {signal.says}: {' or '.join(signal.fields)}" for signal, share in heard.items() if not share)
    if faint := {signal: share for signal, share in heard.items() if 0 < share < _FAINT}:
        yield ""
        yield "Signals heard in part, for clients did not send the field or the gateway did not log it:"
        yield from (
            f"  {signal.says}: {' or '.join(signal.fields)}, {_percent(share).strip()}"
            for signal, share in faint.items()
        )
    yield ""
    yield (
        f"A field accounts.NAME or models.NAME is one of {out}/accounts.jsonl or models.jsonl, which you deliver "
        "yourself;"
    )
    yield "docs/operators/adapters.md says how an account's fields can also be taken from the logs."


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows of the landing as text: one line per field that any row has, one column of values a row, each cut short."""
    lines = []
    for number, row in enumerate(rows, 1):
        lines += [f"record {number}" + (f": {row['reason']}" if "reason" in row and "requested_at" not in row else "")]
        lines += [f"  {name:{_WIDTH}} {_short(row[name])}" for name in FIELDS if name in row]
        lines += [
            f"  {name:{_WIDTH}} {_short(value)}"
            for name, value in row.items()
            if name not in FIELDS and "requested_at" in row
        ]
    return "\n".join(lines) or "no record was found"


def paths_near(path: str, lines: Sequence[bytes | None]) -> list[str]:
    """The ten paths in records that are most like one that none has."""
    there: set[str] = set()

    def walk(node: Any, at: str, depth: int) -> None:
        for name, value in node.items() if isinstance(node, dict) and depth < 6 else ():
            below = f"{at}.{name}" if at else str(name)
            if isinstance(value, dict):
                walk(value, below, depth + 1)
            elif value not in (None, "", []):
                there.add(below)

    for line in lines:
        try:
            found = objects(line or b"")
        except ValueError:
            continue
        for one in found:
            walk(one, "", 0)
    return sorted(there, key=lambda one: (-SequenceMatcher(None, one, path).ratio(), one))[:10]


def _most(counts: Mapping[str, Any], name: str) -> list[Any]:
    return [one for one in counts.get(f"most {name}") or () if one["item"] is not None]


def _short(value: Any) -> str:
    said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    said = " ".join(said.split())
    return said if len(said) <= _SHOWN else said[: _SHOWN - 1] + "…"


def _share(part: int, whole: int) -> str:
    return _percent(part / whole).strip() if whole else "0.0%"


def _percent(share: float) -> str:
    return f"{share:6.1%}" if 0.0005 <= share < 0.9995 or share in (0, 1) else (">99.9%" if share > 0.5 else "<0.1%")
