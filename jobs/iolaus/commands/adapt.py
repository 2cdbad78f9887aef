"""`iolaus adapt`: a gateway's own logs as a landing folder."""

import argparse
import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iolaus.commands.arguments import add_spark, day, started
from iolaus.errors import UsageError, one_line

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from iolaus.adapters.formats import Format
    from iolaus.adapters.landing import Choice
    from iolaus.commands.arguments import Commands
    from iolaus.runtime.delivery import Delivery
    from iolaus.runtime.logs import DeltaLogs, Logs
    from iolaus.runtime.long_lines import PassedOver

# iolaus.adapters.formats.FORMATS, which needs Spark, and `map`, which a mapping file describes.
KINDS = (
    "otlp", "litellm", "bedrock", "openai-batch", "anthropic-batch", "bedrock-batch", "azure-apim", "langfuse",
    "databricks", "vertex",
    "kong", "map",
)  # fmt: skip
_FILES_NAMED = 10  # of those with lines too long to hold
_NAMED = 20  # names of accounts and attributes that are counted
_TRACKED = 1000  # of which so many are followed


def add(commands: "Commands") -> None:
    """What the command takes."""
    parser = commands.add_parser("adapt", help="a gateway's own logs as a landing folder", description=act.__doc__)
    parser.add_argument("kind", choices=KINDS, metavar="KIND", help=f"format of the logs: {', '.join(KINDS)}")
    parser.add_argument(
        "source",
        metavar="IN",
        help="file, or folder with all folders below it: JSON, plain or .gz, or Parquet; or a Delta table",
    )
    parser.add_argument("out", metavar="OUT", nargs="?", help="landing folder to deliver to; made if there is none")
    parser.add_argument(
        "--account", metavar="PATH", help="field of the log that names the account, as metadata.user_api_key_team_id"
    )
    parser.add_argument(
        "--field",
        action="append",
        default=[],
        metavar="NAME=PATH",
        help="take field NAME of an exchange (or account.NAME of an account) from PATH in the log; may be given again",
    )
    parser.add_argument(
        "--arrived",
        type=day,
        metavar="D",
        help="day of arrival of all that is adapted; default: each request's own day",
    )
    parser.add_argument(
        "--own-proxies",
        type=int,
        metavar="N",
        help="hops at the end of X-Forwarded-For that are proxies of yours; default 0",
    )
    parser.add_argument(
        "--mapping", metavar="FILE", help="for KIND map: TOML that says which path of the log each field is taken from"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="adapt the first ten records, show them as a table, and deliver nothing"
    )
    parser.add_argument("--name", help="name of the delivered files, which it replaces; default: KIND and a hash of IN")
    add_spark(parser)
    parser.set_defaults(act=act)


def act(given: argparse.Namespace) -> int:
    """Adapt a gateway's own logs to the landing contract, and say which signals stay silent.

    Fields that nobody knows are kept.

    A rerun replaces what the same IN delivered before. Lines that are no exchange go as they are to OUT/quarantine.
    """
    choice, known = _choice(given), _format(given)
    if given.out is None and not given.dry_run:
        raise UsageError("name the landing folder to deliver to: iolaus adapt KIND IN OUT; or add --dry-run")
    from iolaus.adapters.summary import summary, table
    from iolaus.runtime.delivery import Delivery
    from iolaus.runtime.logs import logs_at
    from iolaus.runtime.spark.session import is_light

    spark = started(given, light=is_light(given.source))
    logs = logs_at(spark, given.source)
    if given.dry_run:
        print(table(_first(logs, known, given.kind, choice)))
        return 0
    name = given.name or f"{given.kind}-{sha256(logs.uri.encode()).hexdigest()[:8]}"
    counts = deliver(logs, Delivery(spark, given.out, name), known, given.kind, choice)
    print(summary(counts, given.out, known, choice))
    if passed := logs.passed_over("", None):
        print(f"iolaus: {_left_out(passed)}", file=sys.stderr)
    if others := logs.others():
        print(f"iolaus: {_others(others)}", file=sys.stderr)
    return 0


def deliver(
    logs: "Logs | DeltaLogs", delivery: "Delivery", known: "Format", kind: str, choice: "Choice"
) -> dict[str, Any]:
    """Adapt and deliver; returns counts: rows by field, records by the reason why they are left out, and `exchanges`.

    Raises UsageError, and delivers nothing, if no record has a path that the user named.
    """
    from pyspark.errors import PySparkException

    from iolaus.runtime.spark.errors import Py4JJavaError

    try:
        return _attempt(logs, logs.lines("", None, watched=True), delivery, known, kind, choice)
    except (Py4JJavaError, PySparkException):
        broken = logs.unreadable("", None)
        if not broken:
            raise
        return _attempt(logs, logs.lines("", None, broken, watched=True), delivery, known, kind, choice)


def _attempt(
    logs: "Logs | DeltaLogs", lines: "DataFrame", delivery: "Delivery", known: "Format", kind: str, choice: "Choice"
) -> dict[str, Any]:
    from pyspark.sql import Observation
    from pyspark.sql import functions as F

    from iolaus.adapters.formats import FAULTS
    from iolaus.adapters.landing import FIELDS, accounts, exchanges

    observed = Observation()
    gathered = known.gather(lines)
    there = F.col("folder") == "exchanges"
    # A role of AWS with its session's name: everybody who takes the role, or one who takes it again and again.
    role = F.regexp_replace("account_id", r"(:assumed-role/[^/]+)/.*$", "$1")
    counts = {
        "exchanges": F.count_if(there),
        "records": F.count(F.lit(1)),
        "first": F.min("dt").cast("string"),
        "last": F.max("dt").cast("string"),
        "accounts": F.approx_count_distinct("account_id", 0.01),
        "roles": F.approx_count_distinct(F.when(role != F.col("account_id"), role), 0.01),
        "sessions": F.approx_count_distinct(F.when(role != F.col("account_id"), F.col("account_id")), 0.01),
        "ids": F.approx_count_distinct("exchange_id", 0.01),
        **{
            f"most {name}": F.expr(f"approx_top_k({name}, {_NAMED}, {_TRACKED})")
            for name in ("account_id", "account_from", "content_from", "unread")
        },
        **{f"reason: {reason}": F.count_if(F.col("reason") == reason) for reason in (*FAULTS, *known.skips)},
        **{
            f"path: {path}": F.count_if(F.col("matched").bitwiseAND(1 << i) != 0) for i, path in enumerate(choice.paths)
        },
        **{name: F.count_if(F.col("present").bitwiseAND(1 << i) != 0) for i, name in enumerate(FIELDS)},
    }
    rows = exchanges(gathered, known, kind, choice).observe(
        observed, *(count.alias(name) for name, count in counts.items())
    )
    delivered = rows.where("folder is not null").select("folder", "dt", "value")
    if choice.accounts:
        about = accounts(gathered, known, choice)
        delivered = delivered.unionByName(
            about.select(F.lit("accounts").alias("folder"), F.lit(None).cast("date").alias("dt"), "value")
        )
    delivery.replace(delivered, lambda: _approve(observed.get, logs, known, choice))
    return observed.get


def _approve(counts: dict[str, Any], logs: "Logs | DeltaLogs", known: "Format", choice: "Choice") -> None:
    """Raise UsageError if no record has a path that the user named: otherwise another field would be taken silently."""
    from iolaus.adapters.summary import paths_near

    for path in choice.paths:
        if counts["exchanges"] and not counts[f"path: {path}"]:
            near = paths_near(path, [row["record"] for row in known.gather(logs.lines("", None)).limit(100).collect()])
            raise UsageError(
                f"no record has {path}, and nothing was delivered; there are {', '.join(near) or 'no such paths'}"
            )


def _first(logs: "Logs | DeltaLogs", known: "Format", kind: str, choice: "Choice") -> list[dict[str, Any]]:
    """The first ten records of exchanges as rows of the landing."""
    import json

    from iolaus.adapters.landing import exchanges

    found = exchanges(known.gather(logs.lines("", None)), known, kind, choice).where("folder is not null").limit(10)
    return [json.loads(row["value"]) for row in found.collect()]


def _left_out(passed: Sequence["PassedOver"]) -> str:
    """One line: how many lines of which files were too long to hold."""
    named = "; ".join(f"{p.file}: {p.reason}" for p in passed[:_FILES_NAMED])
    more = (
        f"; and {sum(p.lines for p in passed[_FILES_NAMED:])} in {len(passed) - _FILES_NAMED} files more"
        if passed[_FILES_NAMED:]
        else ""
    )
    return one_line(f"not delivered, and not in OUT/quarantine: {named}{more}", 2000)


def _others(files: Sequence[str]) -> str:
    """One line: which files were not read, for their names are those of other kinds of files."""
    more = f" and {len(files) - _FILES_NAMED} more" if files[_FILES_NAMED:] else ""
    named = ", ".join(files[:_FILES_NAMED])
    return one_line(
        f"not read, for the name says another kind of file, or begins with . or _: {named}{more}; rename what is JSON",
        2000,
    )


def _format(given: argparse.Namespace) -> "Format":
    from iolaus.adapters.formats import FORMATS, of_mapping

    if (given.kind == "map") != bool(given.mapping):
        raise UsageError("KIND map takes --mapping FILE, and no other KIND does")
    if given.kind != "map":
        return FORMATS[given.kind]
    from iolaus.adapters.mapping import parsed

    try:
        said = Path(given.mapping).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the mapping {given.mapping} cannot be read: {error}") from error
    return of_mapping(f"what {given.mapping} describes", parsed(said, given.mapping))


def _choice(given: argparse.Namespace) -> "Choice":
    """The fields that a deployment takes from elsewhere. Raises UsageError for one that the landing does not know."""
    from iolaus.adapters.landing import Choice
    from iolaus.schemas.landing import ACCOUNT, EXCHANGE

    exchange: dict[str, str] = {"account_id": given.account} if given.account else {}
    account: dict[str, str] = {}
    for pair in given.field:
        name, _, path = pair.partition("=")
        of, known = (account, ACCOUNT) if name.startswith("account.") else (exchange, EXCHANGE)
        short = name.removeprefix("account.")
        if not path or short not in {f.name for f in known} or (of is account and short == "account_id"):
            raise UsageError(
                f"--field {pair} names no field and path; write it as client_asn=metadata.asn, or "
                "account.plan=metadata.plan"
            )
        of[short] = path
    if account and "created_at" not in account:
        raise UsageError(
            "an account needs the time it was made; add --field account.created_at=PATH, or deliver accounts.jsonl "
            "yourself"
        )
    ingestion = given.effective.settings.ingestion
    own = ingestion.own_proxies if given.own_proxies is None else given.own_proxies
    return Choice(exchange, account, given.arrived, ingestion.earliest_year, own)
