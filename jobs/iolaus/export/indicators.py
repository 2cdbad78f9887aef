"""Clusters as a CSV of indicators: tactic, technique, procedure, indicator, note.

For a spreadsheet, or a tool that takes no STIX.
"""

import csv
from collections.abc import Iterable, Iterator
from typing import TextIO

from iolaus.export.cases import PROMPTS, Case
from iolaus.export.inert import cell, inert
from iolaus.export.techniques import Technique, fitting

COLUMNS = ("tactic", "technique", "procedure", "indicator", "note")
_ACCOUNTS = "AML.T0021"  # what an account, or shared infrastructure, is an indicator of
_INFRASTRUCTURE = "AML.T0008.005"
_CRAFTING = "AML.T0065"


def write(cases: Iterable[Case], tlp: str, out: TextIO) -> int:
    """Write the rows of some clusters; returns how many. Nothing in them is a formula, whoever wrote it."""
    writer = csv.writer(out, lineterminator="\r\n")  # RFC 4180
    writer.writerow(COLUMNS)
    n = 0
    for case in cases:
        for row in _rows(case, tlp):
            writer.writerow([cell(inert(value, 2_000)) for value in row])
            n += 1
    return n


def _rows(case: Case, tlp: str) -> Iterator[tuple[str, str, str, str, str]]:
    note = f"{case.name}; confidence {case.cluster['confidence']}; TLP:{tlp.upper()}"
    by_id: dict[str, Technique] = {}
    for technique, pieces in fitting(case.evidence):
        by_id[technique.id] = technique
        for piece in pieces:
            yield (
                *_names(technique),
                str(piece["description"]),
                f"evidence:{piece['channel']}",
                f"{piece['bits']:.1f} bits; {note}",
            )
    for value in case.shared:
        prints = value.channel in PROMPTS
        where = _names(by_id.get(_CRAFTING if prints else _INFRASTRUCTURE))
        yield (
            *where,
            f"{value.accounts} accounts share this {value.channel}",
            f"{value.channel}:{value.clear or value.name}",
            note,
        )
    for member in case.members:
        yield (*_names(by_id.get(_ACCOUNTS)), "account of the cluster", f"account:{member['account_id']}", note)


def _names(technique: Technique | None) -> tuple[str, str]:
    """Tactic and technique; empty where the cluster's evidence fits none for the row."""
    return (f"{technique.tactic_id} {technique.tactic}", f"{technique.id} {technique.name}") if technique else ("", "")
