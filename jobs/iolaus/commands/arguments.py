"""What several commands take alike: Spark's options, a day, the key."""

import argparse
import re
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from iolaus.errors import UsageError
from iolaus.settings import Key

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse names the type nowhere else

_MASTER = re.compile(
    r"local(-cluster)?(\[[\d*]+(,\s*\d+)*\])?|spark://[^\s/]+:\d+(,[^\s/]+:\d+)*|yarn|k8s://\S+|sc://[^\s/]+(/\S*)?",
    re.IGNORECASE,
)
PROGRESS = ("auto", "bar", "lines", "json", "none")  # how `iolaus.runtime.progress` shows a run
_MEMORY = re.compile(r"[1-9]\d*[kmgt]b?", re.IGNORECASE)


def add_spark(parser: argparse.ArgumentParser) -> None:
    """The options of a command that starts Spark."""
    parser.add_argument(
        "--master",
        type=master,
        help="Spark master, as spark://host:7077, or a Spark Connect server, as sc://host:15002; default: all cores of "
        "this machine",
    )
    parser.add_argument("--memory", type=memory, default="4g", help="heap of the driver on local Spark; default 4g")


def add_catalog(parser: argparse.ArgumentParser, *, required: bool = False) -> None:
    """The option of a command that registers the lake's tables in a catalog."""
    parser.add_argument(
        "--catalog",
        metavar="CATALOG.SCHEMA",
        required=required,
        help="register the lake's tables and the analysts' views in this schema"
        + ("" if required else "; default: the setting execution.catalogs"),
    )


def add_settings(parser: argparse.ArgumentParser) -> None:
    """The options of every command that say what other settings than the defaults it has."""
    group = parser.add_argument_group(
        "settings", "over the defaults: a file, the environment (IOLAUS__SCORING__BANNED=3), --set"
    )
    group.add_argument(
        "--settings",
        dest="settings_file",
        metavar="FILE",
        help="TOML; default: the file that IOLAUS_SETTINGS names, or iolaus.toml in the folder that holds the lake",
    )
    group.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="one setting, as scoring.banned=3; may be repeated",
    )


def add_log(parser: argparse.ArgumentParser) -> None:
    """The option of a command that can write a log for machines."""
    parser.add_argument(
        "--log", metavar="FILE", help="append a line of JSON an event to this file; - for standard error"
    )


def add_scheduled(parser: argparse.ArgumentParser, landing: str) -> None:
    """The options of a command that a scheduler calls for one day; `landing` says what the landing is for."""
    parser.add_argument("--date", type=day, required=True, metavar="D", help="the day, YYYY-MM-DD")
    parser.add_argument("--lake", required=True, metavar="URI", help="folder of the tables")
    parser.add_argument(
        "--landing", metavar="URI", help=f"folder that gateways append to, or CATALOG.SCHEMA of its tables; {landing}"
    )
    add_spark(parser)
    add_log(parser)


def day(text: str) -> date:
    """A day written as YYYY-MM-DD. Raises ArgumentTypeError for anything else."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day; write it as 2026-03-15") from error


def master(text: str) -> str:
    """A Spark master. Raises ArgumentTypeError for what Spark would not take for one."""
    if not _MASTER.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no Spark master; write local, local[4], spark://host:7077, yarn, k8s://https://host:443 "
            "or sc://host:15002"
        )
    return text


def memory(text: str) -> str:
    """A size of Java's heap. Raises ArgumentTypeError for what Java would not take for one."""
    if not _MEMORY.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no size of memory; write it as 4g or 900m")
    return text


def not_the_lake(landing: str | None, lake: str) -> None:
    """Raise UsageError if a landing and a lake are one folder: tables would lie among what gateways append."""
    if landing is not None and _place(landing) == _place(lake):
        raise UsageError(
            f"--landing and --lake both name {lake}; name another folder for the lake, which is made if there is none"
        )


def _place(uri: str) -> str:
    """A URI in one spelling, so that two of the same folder are equal."""
    scheme, path = re.fullmatch(r"(?:([a-zA-Z][a-zA-Z0-9+.-]+):)?(.*)", uri, re.DOTALL).groups()  # type: ignore[union-attr]
    if scheme in (None, "file"):
        return str(Path(re.sub(r"^//(?=/)", "", path)).resolve())
    return f"{scheme.lower().replace('s3a', 's3')}:{re.sub('/+$', '', path)}"


def not_in_future(day: date) -> None:
    """Raise UsageError for a run date after today, UTC: its ranking would stand before every true one."""
    today = datetime.now(UTC).date()
    if day > today:
        raise UsageError(f"{day} is in the future: today is {today} (UTC); name a day that has begun")


def started(given: argparse.Namespace, *, light: bool = False) -> "SparkSession":
    """The Spark session of a command with the options of `add_spark`, with the Spark properties of its settings.

    A lake that is given by the schema in which it is registered is from now on given by its folder.
    """
    from iolaus.runtime.catalog import located
    from iolaus.runtime.spark.session import session

    config = {f"spark.{name}": value for name, value in given.effective.settings.spark.items()}
    spark = session(given.master, memory=given.memory, light=light, config=config)
    if getattr(given, "lake", None):
        given.lake = located(spark, given.lake)
    return spark


def given_key() -> Key:
    """The pseudonymisation key; says so on standard error if it is weak. Raises UsageError if there is none."""
    from iolaus.runtime.secret import is_weak, load_key

    loaded = load_key()
    if is_weak(loaded):
        print(
            "iolaus: the pseudonymisation key is short enough to guess; make one with: openssl rand -hex 32",
            file=sys.stderr,
        )
    return loaded
