"""`iolaus match`: which suspects another lab has too."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from iolaus.commands.arguments import Commands


def add(commands: "Commands") -> None:
    """What the command takes."""
    parser = commands.add_parser(
        "match", help="which suspects another lab has too, without sharing customers", description=act.__doc__
    )
    parser.add_argument("ours", metavar="OURS", type=Path, help="folder that `iolaus export fingerprints` wrote")
    parser.add_argument(
        "theirs", metavar="THEIRS", type=Path, help="folder with what the other lab sent: offer.json, then answer.json"
    )
    parser.add_argument(
        "--most",
        type=int,
        metavar="N",
        help="answer no offer of more values; default: four times as many as ours, and at least 1000",
    )
    parser.set_defaults(act=act)


def act(given: argparse.Namespace) -> int:
    """Answer the other lab's offer; when its answer to ours is there, list our clusters that it has fingerprints of.

    Both labs export under one shared key (IOLAUS_SHARED_KEY or IOLAUS_SHARED_KEY_FILE). They send each other
    offer.json, run this, send each other answer.json, and run this again. Each learns which of its own fingerprints the
    other has, and how many values the other offered. Never send private.json.
    """
    from iolaus.export.matching import ANSWER, answer, matches
    from iolaus.runtime.secret import load_shared_key

    n = answer(given.ours, given.theirs, load_shared_key(), given.most)
    print(f"{given.ours / ANSWER} answers their {n} values; send it to them")
    if not (given.theirs / ANSWER).is_file():
        print(f"Put their answer to ours into {given.theirs}, and run this again.")
        return 0
    found = matches(given.ours, given.theirs)
    for match in found:
        kinds = ", ".join(f"{k} {kind}" for kind, k in match.kinds.items())
        print(f"{match.cluster_id}: {match.found} of {match.of} fingerprints are theirs too ({kinds})")
    if not found:
        print("None of our clusters has a fingerprint in common with theirs.")
    return 0
