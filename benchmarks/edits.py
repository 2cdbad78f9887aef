"""What the traffic generator cannot express, done to a landing folder after it is made.

A scenario lists its `edits`. Each says whom it is done to and what is done, in this order:

    of          campaigns and kinds of legitimate accounts, as the truth file names them; without it: everybody
    share       only so large a share of their accounts
    size        accounts a group: {group} below counts the groups, {i} the accounts
    account     fields of the accounts, {field: value}; texts may name {account_id}, {i}, {group}, {clock} (morning)
    exchange    fields of their exchanges, likewise
    since       exchanges before this time are dropped
    change      a function of CHANGES, done to accounts and exchanges
    failing     so large a share of their requests fails, and another of these accounts sends each within a minute
    agreement   one more line of the agreements

In every prompt `[[rule:text]]`, which a campaign's template may hold, becomes a text composed by the rules of
`text_fragments.json`; the same text gives the same result, so that prompts repeat and divide as the generator made
them.
"""

import gzip
import ipaddress
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

Row = dict[str, Any]
Step = tuple[Row, Mapping[str, object]]  # an edit, and what its values may name, for one account

# What says who sends a request, and from where.
SENDER = ("account_id", "api_key_id", "client_ip", "client_asn", "client_country", "user_agent", "tls_fingerprint")

RULES: dict[str, list[str]] = json.loads(
    (Path(__file__).resolve().parent / "text_fragments.json").read_text(encoding="utf-8")
)
INTERESTS = 3  # subjects of one person
_NAME = re.compile(r"\$\((\w+)\)")
_MARK = re.compile(rf"\[\[({'|'.join([*RULES, 'trajectory'])}):(.*)\]\]", re.DOTALL)


def compose(rule: str, seed: str, person: str = "") -> str:
    """A text by the rules, the same for the same seed; a person has few subjects and keeps to them."""
    chance = Random(seed)

    def choose(name: str) -> str:
        own = person and name.endswith("_topic")
        picked = (Random(f"{person}{name}{chance.randrange(INTERESTS)}") if own else chance).choice(RULES[name])
        return _NAME.sub(lambda found: choose(found[1]), picked)

    return choose(rule)


def _composed(row: Row) -> Row:
    """The row with its prompt's marks replaced.

    In a trajectory every answer calls a tool, and later turns bring what it said.
    """
    if (mark := _MARK.search(row["prompt"])) is None:
        return row
    rule, text = mark.groups()
    if rule != "trajectory":
        return row | {"prompt": _MARK.sub(lambda _: compose(rule, text), row["prompt"])}
    said = compose("observation", text) if row["turn_index"] else _MARK.sub(lambda _: text, row["prompt"])
    return row | {"prompt": said, "tool_call_count": max(1, row["tool_call_count"])}


def _speaking(language: str) -> Callable[[Row], Row]:
    """People of another language: what follows the program's own words, if there are any, is theirs."""

    def change(row: Row) -> Row:
        if "prompt" not in row or _MARK.search(row["prompt"]):
            return row
        head, mark, body = row["prompt"].rpartition("\n###\n")
        return row | {"prompt": head + mark + compose(language, body, row["account_id"])}

    return change


def _sixth(row: Row) -> Row:
    """IPv6: a /24 becomes a /48 and an address a /64, in which every account's device takes a new address each day."""
    field = "client_ip" if "client_ip" in row else "signup_ip"
    try:
        a, b, c, d = ipaddress.IPv4Address(row[field]).packed
    except ValueError:
        return row
    device = sha256(f"{row['account_id']}{row.get('requested_at', '')[:10]}".encode()).hexdigest()[:8]
    return row | {field: str(ipaddress.ip_address(f"2a0e:{a:02x}{b:02x}:{c:x}:{d:x}::{device[:4]}:{device[4:]}"))}


def _waking(row: Row) -> Row:
    """Someone who is at it from eight to ten: the day, squeezed into those hours."""
    if "requested_at" not in row:
        return row
    at = datetime.fromisoformat(row["requested_at"])
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return row | {
        "requested_at": (midnight + timedelta(hours=8) + (at - midnight) * 14 / 24).isoformat(timespec="milliseconds")
    }


def _answered(row: Row) -> Row:
    """The answer, as long as its tokens say up to a paragraph; it takes up the prompt's first words."""
    if "prompt" not in row:
        return row
    sentences = min(12, 1 + row["usage_output_tokens"] // 60)
    said = (compose("answer", f"{row['prompt']}{i}") for i in range(sentences))
    return row | {"response": " ".join([*row["prompt"].split()[:12], *said])}


CHANGES: dict[str, Callable[[Row], Row]] = {
    "chinese": _speaking("chinese_person"),
    "russian": _speaking("russian_person"),
    "ipv6": _sixth,
    "waking": _waking,
    "responses": _answered,
}


def apply(landing: Path, edits: list[Row]) -> None:
    """Rewrite a landing folder, and the truth beside it where an account has no exchange left."""
    if not edits:
        return
    truth_file = landing.with_name(f"{landing.name}.truth.jsonl")
    truth = list(read(truth_file))
    plan: dict[str, list[Step]] = {row["account_id"]: [] for row in truth}
    for edit in edits:
        for i, account in enumerate(row["account_id"] for row in truth if _meant(row, edit)):
            plan[account].append((edit, _names(account, i, edit.get("size", 1))))
    active = set()

    def exchange(row: Row) -> Row | None:
        changed = _edited(row, plan[row["account_id"]], "exchange")
        if changed is not None:
            active.add(row["account_id"])
        return changed

    rewrite(landing, exchange)
    for edit in (edit for edit in edits if "failing" in edit):
        _moved(landing, [row["account_id"] for row in truth if _meant(row, edit)], edit["failing"])
    accounts = landing / "accounts.jsonl"
    write(
        accounts,
        (
            row
            for a in list(read(accounts))
            if (row := _edited(a, plan.get(a["account_id"], []), "account")) is not None
        ),
    )
    with (landing / "agreements.jsonl").open("a", encoding="utf-8") as out:
        out.writelines(json.dumps(edit["agreement"]) + "\n" for edit in edits if "agreement" in edit)
    write(truth_file, (row for row in truth if row["account_id"] in active))


def _moved(landing: Path, accounts: list[str], share: float) -> None:
    """A share of the requests of some accounts fails, and another of them that is active that day sends it again."""
    ours = set(accounts)
    for path in landing.glob("exchanges/*/*.jsonl.gz"):
        rows = list(_read_packed(path))
        active = [row for row in rows if row["account_id"] in ours]
        again = []
        for row in active:
            chance = Random(f"{row['exchange_id']} fails")
            other = chance.choice(active)
            if chance.random() < share and other["account_id"] != row["account_id"]:
                at = datetime.fromisoformat(row["requested_at"]) + timedelta(seconds=chance.uniform(2, 40))
                of_sender = {name: other[name] for name in SENDER if name in other}
                moved = {
                    "exchange_id": f"{row['exchange_id']}-again",
                    "requested_at": at.isoformat(timespec="milliseconds"),
                }
                again.append(row | of_sender | moved)
                row["http_status"] = 429
                row.pop("response", None)
        _write_packed(path, [*rows, *again])


def exchanges(landing: Path) -> Iterator[Row]:
    """Every exchange of a landing folder, by day."""
    for path in sorted(landing.glob("exchanges/*/*.jsonl.gz")):
        yield from _read_packed(path)


def _read_packed(path: Path) -> Iterator[Row]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _write_packed(path: Path, rows: Iterable[Row]) -> None:
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=4) as out:
        out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def append(landing: Path, rows: Iterable[Row]) -> None:
    """Add exchanges to a landing folder, each to the day that it was requested on."""
    days: dict[str, list[Row]] = {}
    for row in rows:
        days.setdefault(row["requested_at"][:10], []).append(row)
    for day, sent in days.items():
        if (folder := landing / f"exchanges/dt={day}").is_dir():  # what falls after the last day is not sent
            _write_packed(folder / "part-added.jsonl.gz", sent)


def rewrite(landing: Path, change: Callable[[Row], Row | None]) -> None:
    """Rewrite a landing folder's exchanges; what becomes None is dropped."""
    for path in landing.glob("exchanges/*/*.jsonl.gz"):
        _write_packed(path, [changed for row in _read_packed(path) if (changed := change(row)) is not None])


def read(path: Path) -> Iterator[Row]:
    """The objects of a file of JSON lines."""
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def write(path: Path, rows: Iterable[Row]) -> None:
    """A file of JSON lines."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def _meant(row: Row, edit: Row) -> bool:
    of = edit.get("of")
    return (of is None or row["campaign"] in of or row["kind"] in of) and _fraction(row["account_id"]) < edit.get(
        "share", 1.0
    )


@cache
def _fraction(text: str) -> float:
    """A number from 0 to 1 that the text alone decides."""
    return int(sha256(text.encode()).hexdigest()[:8], 16) / (1 << 32)


def _names(account: str, i: int, size: int) -> Row:
    minute = int(_fraction(f"{account} clock") * 180)
    return {"account_id": account, "i": i, "group": i // size, "clock": f"{9 + minute // 60:02}:{minute % 60:02}:00"}


def _edited(row: Row, steps: list[Step], kind: str) -> Row | None:
    for edit, names in steps:
        if row.get("requested_at", "9") < edit.get("since", ""):
            return None
        row |= {k: v.format_map(names) if isinstance(v, str) else v for k, v in edit.get(kind, {}).items()}
        if "change" in edit:
            row = CHANGES[edit["change"]](row)
    return _composed(row) if kind == "exchange" else row
