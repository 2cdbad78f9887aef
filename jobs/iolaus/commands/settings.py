"""`iolaus settings`: the effective settings."""

import argparse
from typing import TYPE_CHECKING

from iolaus.errors import UsageError
from iolaus.settings import DEFAULT
from iolaus.settings_file import DEFAULTED, Effective
from iolaus.settings_text import differing, entries, shown

if TYPE_CHECKING:
    from iolaus.commands.arguments import Commands


def add(commands: "Commands") -> None:
    """What the command takes."""
    parser = commands.add_parser(
        "settings", help="the effective settings, and where each comes from", description=act.__doc__
    )
    parser.add_argument(
        "--lake", metavar="URI", help="folder of the tables; iolaus.toml is looked for in the folder that holds it"
    )
    parser.add_argument(
        "--diff", action="store_true", help="only settings that differ from the defaults, each with its default"
    )
    parser.add_argument(
        "--digest", metavar="D", help="the settings that a run of --lake recorded under this digest, instead"
    )
    parser.set_defaults(act=act)


def act(given: argparse.Namespace) -> int:
    """Print each effective setting in the form of iolaus.toml, and where its value came from. Starts no Spark.

    The last line is the digest, under which quality/settings keeps the values of a run.
    """
    effective: Effective = given.effective
    if given.digest:
        effective = _recorded(given.lake, given.digest)
    places = effective.sources
    if given.diff:
        for name, text, default in differing(effective.settings):
            print(
                f"{name} = {text}  # {places.get(name, DEFAULTED)}{'' if default is None else f'; default {default}'}"
            )
    else:
        for name, value in entries(effective.settings):
            print(f"{name} = {shown(value)}  # {places.get(name, DEFAULTED)}")
    print(f"# digest {effective.settings.digest}{', the defaults' if effective.settings == DEFAULT else ''}")
    return 0


def _recorded(lake: str | None, digest: str) -> Effective:
    """What a run recorded. Raises UsageError where no run of the lake had these settings."""
    from iolaus.export.gold import Gold
    from iolaus.export.recorded_settings import of_digest

    if not lake:
        raise UsageError("--digest names settings that a lake recorded; say which lake with --lake")
    found = of_digest(Gold(lake), digest)
    if found is None:
        raise UsageError(
            f"no run of {lake} recorded settings under {digest}; iolaus quality --lake {lake} lists runs with theirs"
        )
    return Effective(found, {name: f"{lake}, quality/settings" for name, _, _ in differing(found)})
