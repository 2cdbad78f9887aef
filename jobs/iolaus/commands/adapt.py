"""`iolaus adapt`: a gateway's own logs as a landing folder."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from iolaus.commands.arguments import add_spark, day, started
from iolaus.errors import UsageError, one_line

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from iolaus.adapters.landing import Choice
    from iolaus.commands.arguments import Commands
    from iolaus.runtime.delivery import Delivery
    from iolaus.runtime.logs import Logs
    from iolaus.runtime.long_lines import PassedOver

KINDS = ("otlp", "litellm", "bedrock", "openai-batch", "anthropic-batch")  # iolaus.adapters.landing.FORMATS, which needs Spark
_WIDTH = 26
_FILES_NAMED = 10  # of those with lines too long to hold
_FAINT = 0.9  # a signal whose fields fewer exchanges have is said to be faint


def add(commands: "Commands") -> None:
    """What the command takes."""
    parser = commands.add_parser("adapt", help="a gateway's own logs as a landing folder", description=act.__doc__)
    parser.add_argument("kind", choices=KINDS, metavar="KIND", help=f"format of the logs: {', '.join(KINDS)}")
    parser.add_argument("source", metavar="IN", help="file, or folder with all folders below it: JSON lines, plain or .gz, or Parquet")
    parser.add_argument("out", metavar="OUT", help="landing folder to deliver to; made if there is none")
    parser.add_argument("--account", metavar="PATH", help="field of the log that names the account, as metadata.user_api_key_team_id")
    parser.add_argument(
        "--field",
        action="append",
        default=[],
        metavar="NAME=PATH",
        help="take field NAME of an exchange (or account.NAME of an account) from PATH in the log; may be given again",
    )
    parser.add_argument("--arrived", type=day, metavar="D", help="day of arrival of all that is adapted; default: each request's own day")
    parser.add_argument("--name", help="name of the delivered files, which it replaces; default: KIND and a hash of IN")
    add_spark(parser)
    parser.set_defaults(act=act)


def act(given: argparse.Namespace) -> int:
    """Adapt a gateway's own logs to the landing contract, keep the fields that nobody knows, and say which signals stay silent.

    A rerun replaces what the same IN delivered before. Lines that are no exchange go as they are to OUT/quarantine.
    """
    choice = _choice(given)
    from iolaus.runtime.delivery import Delivery
    from iolaus.runtime.logs import Logs
    from iolaus.runtime.spark.session import is_light

    spark = started(given, light=is_light(given.source))
    logs = Logs(spark, given.source)
    name = given.name or f"{given.kind}-{sha256(logs.uri.encode()).hexdigest()[:8]}"
    print(_summary(deliver(logs, Delivery(spark, given.out, name), given.kind, choice), given.out, choice))
    if passed := logs.passed_over("", None):
        print(f"iolaus: {_left_out(passed)}", file=sys.stderr)
    return 0


def deliver(logs: "Logs", delivery: "Delivery", kind: str, choice: "Choice") -> dict[str, int]:
    """Adapt and deliver. Gives counts: of rows by field, by reason why a record is no exchange, and of `exchanges`."""
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    try:
        return _attempt(logs.lines("", None, watched=True), delivery, kind, choice)
    except (Py4JJavaError, PySparkException):
        broken = logs.unreadable("", None)
        if not broken:
            raise
        return _attempt(logs.lines("", None, broken, watched=True), delivery, kind, choice)


def _attempt(lines: "DataFrame", delivery: "Delivery", kind: str, choice: "Choice") -> dict[str, int]:
    from pyspark.sql import Observation
    from pyspark.sql import functions as F

    from iolaus.adapters.landing import FAULTS, FIELDS, FORMATS, accounts, exchanges

    observed = Observation()
    gathered = FORMATS[kind].gather(lines)
    there = F.col("folder") == "exchanges"
    counts = {
        "exchanges": F.count_if(there),
        "first": F.min("dt").cast("string"),
        "last": F.max("dt").cast("string"),
        **{f"reason: {reason}": F.count_if(F.col("reason") == reason) for reason in (*FAULTS, *FORMATS[kind].skips)},
        **{name: F.count_if(F.col("present").bitwiseAND(1 << i) != 0) for i, name in enumerate(FIELDS)},
    }
    rows = exchanges(gathered, kind, choice).observe(observed, *(count.alias(name) for name, count in counts.items()))
    delivered = rows.where("folder is not null").select("folder", "dt", "value")
    if choice.accounts:
        known = accounts(gathered, kind, choice)
        delivered = delivered.unionByName(known.select(F.lit("accounts").alias("folder"), F.lit(None).cast("date").alias("dt"), "value"))
    delivery.replace(delivered)
    return observed.get


def _left_out(passed: Sequence["PassedOver"]) -> str:
    """One line: how many lines of which files were too long to hold."""
    named = "; ".join(f"{p.file}: {p.reason}" for p in passed[:_FILES_NAMED])
    more = (
        f"; and {sum(p.lines for p in passed[_FILES_NAMED:])} in {len(passed) - _FILES_NAMED} files more" if passed[_FILES_NAMED:] else ""
    )
    return one_line(f"not delivered, and not in OUT/quarantine: {named}{more}", 2000)


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
            raise UsageError(f"--field {pair} names no field and path; write it as client_asn=metadata.asn, or account.plan=metadata.plan")
        of[short] = path
    if account and "created_at" not in account:
        raise UsageError("an account needs the time it was made; add --field account.created_at=PATH, or deliver accounts.jsonl yourself")
    return Choice(exchange, account, given.arrived, given.effective.settings.ingestion.earliest_year)


def _summary(counts: Mapping[str, Any], out: str, choice: "Choice") -> str:
    """What was delivered, which fields it has, and which signals live on them."""
    from iolaus.adapters.landing import FAULTS, FIELDS
    from iolaus.adapters.signals import SIGNALS, shares
    from iolaus.schemas.landing import EXCHANGE

    total = counts["exchanges"]
    present = {name: counts[name] / total if total else 0.0 for name in FIELDS}
    present |= {f"accounts.{name}": 1.0 for name in choice.accounts}
    rejected = {reason: counts[f"reason: {reason}"] for reason in FAULTS if counts[f"reason: {reason}"]}
    skipped = {
        k.removeprefix("reason: "): n
        for k, n in counts.items()
        if k.startswith("reason: ") and n and k.removeprefix("reason: ") not in FAULTS
    }
    days = f", of {counts['first']} to {counts['last']}," if total else ""
    lines = [f"{total} exchanges{days} in {out}/exchanges"] if total else ["no exchange was found; is KIND the format of these logs?"]
    lines += [f"{n} lines in {out}/quarantine: {reason}" for reason, n in rejected.items()]
    lines += [f"{n} records left out: {reason}" for reason, n in skipped.items()]
    lines += [
        f"{total - counts[f.name]} exchanges have no {f.name}, which is required: iolaus run will put them in quality/quarantine"
        for f in EXCHANGE
        if not f.nullable and counts[f.name] < total
    ]
    lines += ["", "Fields, and the share of exchanges that have them:"]
    lines += [f"  {name:{_WIDTH}} {_percent(present[name])}" for name in FIELDS if present[name]]
    lines += [f"  missing: {', '.join(name for name in FIELDS if not present[name]) or 'none'}"]
    heard = {signal: shares(signal, present) for signal in SIGNALS}
    lines += ["", "Signals that stay silent, and any field that would wake each:"]
    lines += [f"  {signal.says}: {' or '.join(signal.fields)}" for signal, share in heard.items() if not share]
    if faint := {signal: share for signal, share in heard.items() if 0 < share < _FAINT}:
        lines += ["", "Signals heard in part, for clients did not send the field or the gateway did not log it:"]
        lines += [f"  {signal.says}: {' or '.join(signal.fields)}, {_percent(share).strip()}" for signal, share in faint.items()]
    lines += ["", f"A field accounts.NAME or models.NAME is one of {out}/accounts.jsonl or models.jsonl, which you deliver yourself;"]
    lines += ["docs/adapters.md says how an account's fields can also be taken from the logs."]
    lines += ["", f"Next: iolaus run --landing {out} --lake LAKE"] if total else []
    return "\n".join(lines)


def _percent(share: float) -> str:
    return f"{share:6.1%}" if 0.0005 <= share < 0.9995 or share in (0, 1) else (">99.9%" if share > 0.5 else "<0.1%")
