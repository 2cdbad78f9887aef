"""Clusters as a CSV of indicators: tactic, technique, procedure, indicator, note. For spreadsheets and simple tools."""

import csv
from collections.abc import Iterable, Iterator
from typing import TextIO

from iolaus.export.cases import NETWORK, PROMPTS, Case
from iolaus.export.inert import cell, inert
from iolaus.export.standing import indicator_type, is_cleared, labels, title
from iolaus.export.techniques import Technique, fitting

COLUMNS = ("tactic", "technique", "procedure", "indicator", "note")
_ACCOUNTS = "AML.T0021"  # what an account, or a card that pays for several, is an indicator of
_PROXIES = "AML.T0008.005"  # what a shared place on the network is
_CRAFTING = "AML.T0065"


def write(cases: Iterable[Case], tlp: str, out: TextIO) -> int:
    """Write the rows of some clusters; returns how many. No cell is a formula, whatever text it holds."""
    writer = csv.writer(out, lineterminator="\r\n")  # RFC 4180
    writer.writerow(COLUMNS)
    n = 0
    for case in cases:
        for row in _rows(case, tlp):
            writer.writerow([cell(inert(value, 2_000)) for value in row])
            n += 1
    return n


def _rows(case: Case, tlp: str) -> Iterator[tuple[str, str, str, str, str]]:
    note = f"{case.name}; {title(case.cluster)}; {', '.join(labels(case.cluster))}; TLP:{tlp.upper()}"
    by_id: dict[str, Technique] = {}
    # What an analyst cleared uses no technique of an adversary.
    for technique, pieces in () if is_cleared(case.cluster) else fitting(case.evidence):
        by_id[technique.id] = technique
        for piece in pieces:
            yield (
                *_names(technique),
                str(piece["description"]),
                f"evidence:{piece['channel']}",
                f"{piece['bits']:.1f} bits; {note}",
            )
    for value in case.shared:
        shows = _CRAFTING if value.channel in PROMPTS else _PROXIES if value.channel in NETWORK else _ACCOUNTS
        where = _names(by_id.get(shows))
        yield (
            *where,
            f"{value.accounts} accounts share this {value.channel}",
            f"{value.channel}:{value.clear or value.name}",
            note,
        )
    for member in case.members:
        said = "account of the cluster"
        where = _names(by_id.get(_ACCOUNTS))
        if indicator_type(case.cluster, member) == "benign":
            said, where = "account that an analyst cleared", _names(None)
        yield (*where, said, f"account:{member['account_id']}", note)


def _names(technique: Technique | None) -> tuple[str, str]:
    """Tactic and technique; empty where the cluster's evidence fits none for the row."""
    return (f"{technique.tactic_id} {technique.tactic}", f"{technique.id} {technique.name}") if technique else ("", "")
