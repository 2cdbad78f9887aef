"""`iolaus export`: what leaves the lake, for other labs and their tools."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from iolaus.commands.arguments import day, given_key
from iolaus.errors import UsageError

if TYPE_CHECKING:
    from datetime import date

    from iolaus.commands.arguments import Commands
    from iolaus.export.cases import Case, Disclosure
    from iolaus.export.gold import Gold

_KEY = "Needs the key that the lake was made with: IOLAUS_HMAC_KEY, or IOLAUS_HMAC_KEY_FILE."
KINDS = ("template", "asn", "address", "account")
TLP = ("clear", "green", "amber", "amber+strict", "red")


def add(commands: "Commands") -> None:
    """What the command takes."""
    parser = commands.add_parser(
        "export",
        help="clusters for other labs: STIX, CSV, Parquet, fingerprints",
        description=f"What leaves the lake. {_KEY}",
    )
    formats = parser.add_subparsers(dest="format", required=True, metavar="FORMAT")
    for name, text, called, to in (
        ("stix", "a STIX 2.1 bundle of a cluster or of a run", _stix, "file to write"),
        ("csv", "indicators in five columns: tactic, technique, procedure, indicator, note", _csv, "file to write"),
        ("parquet", "the gold tables of a run, a plain Parquet file each", _parquet, "folder to write"),
    ):
        added = formats.add_parser(name, help=text, description=called.__doc__)
        added.add_argument("--lake", required=True, metavar="URI", help="folder of the tables")
        added.add_argument("--date", type=day, metavar="D", help="run to export; default: the newest published")
        added.add_argument("--out", required=True, metavar="PATH", help=to)
        added.add_argument(
            "--tlp", choices=TLP, default="amber+strict", help="marking, of TLP 2.0; default amber+strict"
        )
        added.add_argument(
            "--with-indicators",
            metavar="KINDS",
            default="",
            help=f"kinds of identifiers to leave in clear, with commas: {', '.join(KINDS)}; default: none, but "
            "pseudonyms",
        )
        if name == "stix":
            added.add_argument(
                "--producer",
                required=True,
                type=_name,
                metavar="NAME",
                help="the lab that exports, as others are to know it",
            )
        added.add_argument(
            "--include-cleared",
            action="store_true",
            help="also clusters and accounts that an analyst judged innocent, which otherwise stay at home",
        )
        if name != "parquet":
            added.add_argument(
                "--cluster",
                metavar="ID",
                help="one cluster, also of the watchlist; default: all that are published and not cleared",
            )
        added.set_defaults(act=called)

    prints = formats.add_parser(
        "fingerprints", help="what another lab can compare, for iolaus match", description=_fingerprints.__doc__
    )
    prints.add_argument(
        "--lake", required=True, metavar="URI", help="folder of the tables, with exchanges still in bronze"
    )
    prints.add_argument("--date", type=day, metavar="D", help="run to export; default: the newest published")
    prints.add_argument("--lab", required=True, type=_name, metavar="NAME", help="our name, as the other lab knows us")
    prints.add_argument(
        "--out", required=True, metavar="DIR", help="folder for offer.json, to send, and private.json, to keep"
    )
    prints.set_defaults(act=_fingerprints)


def _given(given: argparse.Namespace) -> "tuple[Gold, date, Disclosure]":
    """The lake, the run and what may leave. Raises UsageError where one cannot be used."""
    from iolaus.export.cases import disclosure

    kinds = [k.strip() for k in given.with_indicators.split(",") if k.strip()]
    if unknown := sorted(set(kinds) - set(KINDS)):
        raise UsageError(f"{unknown[0]!r} is not a kind of indicator; the kinds are: {', '.join(KINDS)}")
    allowed = disclosure(given.tlp, kinds)
    return *_run(given), allowed


def _run(given: argparse.Namespace) -> "tuple[Gold, date]":
    from iolaus.export.gold import Gold, age

    gold = Gold(given.lake)
    days = gold.days()
    if not days:
        raise UsageError(f"the lake {given.lake} has no published tables; `iolaus run` writes them")
    if given.date and given.date not in days:
        raise UsageError(
            f"the lake {given.lake} has no run of {given.date}; name one of {days[0]} to {days[-1]} with --date, or "
            "none"
        )
    if not given.date:
        print(f"The newest published run is of {days[-1]}, {age(days[-1])}.")
    gold.must_be_of_one_run(given.date or days[-1])
    return gold, given.date or days[-1]


def _export(given: argparse.Namespace, write: "Callable[[list[Case], date], str]") -> int:
    from iolaus.export.cases import cases

    gold, of, allowed = _given(given)
    found = list(cases(gold, of, given_key(), allowed, given.cluster, include_cleared=given.include_cleared))
    said = write(found, of)
    for case in found:
        print(f"{case.cluster['cluster_id']} goes by the name {case.name}")
        if case.left_out:
            print(f"  without {case.left_out} of its accounts, which were cleared; --include-cleared exports them")
    print(
        f"{said} of {of}, marked TLP:{given.tlp.upper()}, in {given.out}; in clear: "
        f"{', '.join(sorted(allowed.kinds)) or 'nothing'}"
    )
    return 0


def _clusters(found: "list[Case]") -> str:
    return f"{len(found)} cluster{'' if len(found) == 1 else 's'}"


def _name(text: str) -> str:
    """A name by which others know a lab."""
    if not text.strip():
        raise argparse.ArgumentTypeError("others are to know the lab by it; write a name")
    return text


def _stix(given: argparse.Namespace) -> int:
    """Write a STIX 2.1 bundle: the same run gives the same bytes. Accounts, cards and addresses are pseudonyms."""

    def write(found: "list[Case]", of: "date") -> str:
        from iolaus.export.stix import bundle

        Path(given.out).write_text(bundle(found, given.producer, given.tlp, of), encoding="utf-8")
        return _clusters(found)

    return _export(given, write)


def _csv(given: argparse.Namespace) -> int:
    """Write a CSV of indicators, without formulas. Accounts, cards and addresses are pseudonyms under the lab's key."""

    def write(found: "list[Case]", _: "date") -> str:
        from iolaus.export.indicators import write as write_rows

        with Path(given.out).open("w", encoding="utf-8", newline="") as out:
            return f"{write_rows(found, given.tlp, out)} indicators of {_clusters(found)}"

    return _export(given, write)


def _parquet(given: argparse.Namespace) -> int:
    """Write the gold tables of a run as Parquet files, accounts as pseudonyms, without text that might identify."""
    from iolaus.export.plain_tables import write

    gold, of, allowed = _given(given)
    made, left_out = write(gold, of, given_key(), allowed, Path(given.out), include_cleared=given.include_cleared)
    if left_out:
        print(f"iolaus: left out, for they may identify: {', '.join(left_out)}", file=sys.stderr)
    print(
        f"{', '.join(f'{n} rows of {name}' for name, n in made.items())} of {of}, marked TLP:{given.tlp.upper()}, in "
        f"{given.out}"
    )
    return 0


def _fingerprints(given: argparse.Namespace) -> int:
    """Write what another lab can compare with its own.

    Agree on the key with that lab (IOLAUS_SHARED_KEY or IOLAUS_SHARED_KEY_FILE). The file offer.json is for the other
    lab; it tells that lab only how many values there are. The file private.json is for `iolaus match`.
    """
    from iolaus.export.fingerprints import fingerprints
    from iolaus.export.matching import offer
    from iolaus.runtime.secret import load_shared_key

    shared, (gold, of) = load_shared_key(), _run(given)
    n = offer(fingerprints(gold, of, given_key()), shared, given.lab, Path(given.out))
    print(f"{n} values of the run of {of}: send {given.out}/offer.json, and keep {given.out}/private.json to yourself")
    return 0
