"""The exchange of two labs: what each writes, sends, and finds.

`docs/analysts/share.md` has the steps and what each side learns.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from iolaus.errors import RunError, UsageError
from iolaus.export.fingerprints import Fingerprint
from iolaus.export.intersection import BYTES, multiplied, new_secret, point
from iolaus.settings import Key

OFFER, ANSWER, PRIVATE = "offer.json", "answer.json", "private.json"
FORMAT = "iolaus fingerprints 1"
# Each value of an offer is a guess that the other lab may make: it is answered if it has at most so many times as many
# as we offer ourselves, as a lab of about as many clusters has. 65,536 guesses are every network of a /8.
MOST_TIMES, MOST_LEAST = 4, 1_000


@dataclass(frozen=True)
class Match:
    """A cluster of ours: how many of its fingerprints the other lab has, out of how many, and of which kinds."""

    cluster_id: str
    found: int
    of: int
    kinds: dict[str, int]


def offer(own: Iterable[Fingerprint], shared: Key, lab: str, folder: Path) -> int:
    """Write `offer.json`, which is sent, and `private.json`, which stays; returns how many values are offered."""
    rows: dict[tuple[str, str], list[list[Any]]] = {}
    for print_ in own:
        rows.setdefault((print_.kind, print_.value), []).append([print_.cluster_id, print_.kind])
    secret = new_secret()
    blinded = multiplied(secret, (point(shared.secret, kind, value) for kind, value in rows))
    # In the order of what nobody can undo: the order of the rows would tell which belong together.
    placed = sorted(zip((x.hex() for x in blinded), rows.values(), strict=True))
    folder.mkdir(parents=True, exist_ok=True)
    sent = {"format": FORMAT, "lab": lab, "key_id": shared.key_id, "values": [x for x, _ in placed]}
    kept = {"format": FORMAT, "secret": secret.hex(), "offer": _name(sent), "rows": dict(placed), "answered": None}
    (folder / ANSWER).unlink(missing_ok=True)  # of an earlier exchange, whose secret is gone
    _write(folder / PRIVATE, kept, private=True)
    _write(folder / OFFER, sent)
    return len(placed)


def answer(own: Path, theirs: Path, shared: Key, most: int | None = None) -> int:
    """Write `answer.json`, the other lab's values multiplied by our secret, in their order; returns how many.

    `most` values are answered; by default four times as many as we offer, and at least 1,000. Raises UsageError for an
    offer under another key, of too many values, or a second one: each would be a set of guesses.
    """
    kept, given = _read(own / PRIVATE), _read(theirs / OFFER)
    most = max(MOST_TIMES * len(kept["rows"]), MOST_LEAST) if most is None else most
    if given["key_id"] != shared.key_id:
        raise UsageError(
            f"{theirs / OFFER} was made under another shared key than this; agree on one key, and export both again"
        )
    if len(given["values"]) > most:
        raise UsageError(
            f"{theirs / OFFER} has {len(given['values'])} values, each a guess; ask why, or raise --most from {most}"
        )
    if _name(given) == kept["offer"]:
        raise UsageError(f"{theirs} is our own offer; name the folder with what the other lab sent")
    if kept["answered"] not in (None, _name(given)):
        raise UsageError(f"{own} has answered another offer already; export the fingerprints again, and exchange those")
    _write(own / PRIVATE, kept | {"answered": _name(given)}, private=True)
    doubled = [x.hex() for x in _multiplied(bytes.fromhex(kept["secret"]), given["values"], theirs / OFFER)]
    _write(own / ANSWER, {"format": FORMAT, "to": _name(given), "values": doubled})
    return len(doubled)


def matches(own: Path, theirs: Path) -> list[Match]:
    """Our clusters that share fingerprints with the other lab's, those with most first.

    Raises UsageError if its answer is not to our offer.
    """
    kept, sent, given, answered = (
        _read(own / PRIVATE),
        _read(own / OFFER),
        _read(theirs / OFFER),
        _read(theirs / ANSWER),
    )
    if answered["to"] != kept["offer"] or len(answered["values"]) != len(sent["values"]):
        raise UsageError(
            f"{theirs / ANSWER} answers another offer than ours; send {own / OFFER} again, and ask for its answer"
        )
    both = {x.hex() for x in _multiplied(bytes.fromhex(kept["secret"]), given["values"], theirs / OFFER)}
    offered, found = Counter[str](), dict[str, Counter[str]]()
    for value, doubled in zip(sent["values"], answered["values"], strict=True):
        for cluster_id, kind in kept["rows"][value]:
            offered[cluster_id] += 1
            if doubled in both:
                found.setdefault(cluster_id, Counter())[kind] += 1
    made = [Match(c, kinds.total(), offered[c], dict(sorted(kinds.items()))) for c, kinds in found.items()]
    return sorted(made, key=lambda m: (-m.found, m.cluster_id))


def _multiplied(secret: bytes, values: list[str], path: Path) -> list[bytes]:
    try:
        points = [bytes.fromhex(x) for x in values]
        if any(len(x) != BYTES for x in points):
            raise ValueError
        return multiplied(secret, points)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{path} has a value that is not a point of the curve; ask for it again") from error


def _name(sent: dict[str, Any]) -> str:
    return sha256(json.dumps(sent, sort_keys=True).encode()).hexdigest()


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read ({error.strerror}); we make ours with `iolaus export fingerprints`, and they "
            "send theirs"
        ) from error
    except ValueError as error:
        raise UsageError(f"{path} is not JSON; ask for it again") from error
    whole = isinstance(found, dict) and found.get("format") == FORMAT and isinstance(found.get("values", []), list)
    needed = {OFFER: ("key_id", "values"), ANSWER: ("to", "values"), PRIVATE: ("secret", "offer", "rows", "answered")}[
        path.name
    ]
    if not whole or any(k not in found for k in needed):
        raise UsageError(f"{path} is not of the format {FORMAT!r}; both labs need the same version")
    return dict(found)


def _write(path: Path, content: dict[str, Any], *, private: bool = False) -> None:
    """Write a file whole, by renaming; a private one is its owner's alone from the first byte."""
    part = path.with_suffix(".part")
    try:
        part.unlink(missing_ok=True)
        part.touch(0o600 if private else 0o644)
        part.write_text(json.dumps(content), encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise RunError(f"{path} cannot be written: {error.strerror}") from error
