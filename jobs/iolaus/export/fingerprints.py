"""What two labs can compare of their suspects.

Values that are the same text in both, of few accounts that are no suspects.

Pseudonyms of two labs never match, for each has its own key. A fingerprint of a prompt is a hash of its words, the same
everywhere; an address is the same everywhere too, and in clear in bronze, as far back as exchanges are retained.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow.dataset as ds

from iolaus.errors import UsageError
from iolaus.export.cases import clear_addresses, same_key, values_of_several
from iolaus.export.decisions import shareable
from iolaus.export.gold import Gold
from iolaus.export.recorded_settings import of_day
from iolaus.model.signals import VALUE_FAMILIES
from iolaus.settings import Key

NETWORK = ("address", "block")
# Not tools and whole prompts: what agents and public benchmarks have in common says nothing of an operator.
CONTENT = tuple(c for c in VALUE_FAMILIES["content"] if c not in ("tools", "prompt"))
MOST = 2_000  # fingerprints of a cluster: those of most members first


@dataclass(frozen=True)
class Fingerprint:
    """A value of a published cluster: its kind, its text, how many members have it."""

    cluster_id: str
    kind: str
    value: str
    accounts: int


def fingerprints(gold: Gold, day: date, key: Key) -> Iterator[Fingerprint]:
    """The fingerprints of every published cluster of a run, without clusters and accounts that an analyst cleared.

    A value is taken only if most owners that have it are the cluster's: what everybody has would match everywhere, and
    tell the other lab of bystanders. Raises UsageError if the run published nothing, or was made under another key.
    """
    same_key(gold, day, key)
    fewest = of_day(gold, day).scoring.template_accounts  # of a text that fewer share, nobody is shown anything
    members = {cluster_id: accounts for cluster_id, accounts in shareable(gold, day).items() if accounts}
    if not members:
        raise UsageError(f"the run of {day} published no cluster, or only cleared ones; name the --date of another run")
    for cluster_id, accounts in sorted(members.items()):
        rows = [
            r
            for r in values_of_several(gold, day, accounts, ds.field("channel").isin((*NETWORK, *CONTENT)))
            if r["n_owners"] < 2 * r["accounts"]
        ]
        rows = [r for r in rows if r["channel"] in NETWORK or r["accounts"] >= fewest][:MOST]
        places = {(r["channel"], r["value_hash"]) for r in rows if r["channel"] in NETWORK}
        clear = clear_addresses(gold, day, accounts, places, key) if places else {}
        for row in rows:
            value = _text(row, clear)
            if value is not None:
                yield Fingerprint(cluster_id, row["channel"], value, row["accounts"])


def _text(row: dict[str, Any], clear: dict[tuple[str, int], str]) -> str | None:
    """The value as both labs spell it; None for an address that bronze no longer has, as one at sign-up."""
    if row["channel"] in NETWORK:
        return clear.get((row["channel"], row["value_hash"]))
    return f"{row['value_hash'] & 0xFFFF_FFFF_FFFF_FFFF:016x}"
