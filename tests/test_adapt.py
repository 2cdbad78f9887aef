"""`iolaus adapt` as a whole: logs in, a landing out.

Bronze reads it as it reads the landing that the logs were made of.
"""

import gzip
import json
from argparse import Namespace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from iolaus import cli
from iolaus.adapters.formats import FORMATS
from iolaus.adapters.landing import Choice
from iolaus.adapters.otlp import INNER_CALL, OTHER_SPAN
from iolaus.adapters.summary import summary
from iolaus.bronze import exchanges
from iolaus.commands.adapt import _choice, deliver
from iolaus.errors import UsageError
from iolaus.runtime import logs, long_lines
from iolaus.runtime.delivery import Delivery
from iolaus.runtime.landing import Landing
from iolaus.runtime.logs import Logs, logs_at
from iolaus.settings import DEFAULT, Key, Run
from tests import traffic
from tests.gateway_cases import payload, span
from tests.gateway_logs import ACCOUNT_FIELDS, FIELDS, read_lines, write_litellm

FIRST = traffic.DAYS[0]


def chosen(*fields: str, account: str | None = None, arrived: date | None = None) -> Choice:
    return _choice(
        Namespace(
            account=account,
            field=list(fields),
            arrived=arrived,
            own_proxies=None,
            effective=Namespace(settings=DEFAULT),
        )
    )


def adapt(
    spark: SparkSession, kind: str, logs: Path, out: Path, *fields: str, account: str | None = None, **more: Any
) -> dict[str, Any]:
    choice = chosen(*fields, account=account, arrived=more.get("arrived"))
    return deliver(
        logs_at(spark, str(logs)), Delivery(spark, str(out), more.get("name", "test")), FORMATS[kind], kind, choice
    )


def by_id(folder: Path) -> list[dict[str, Any]]:
    return sorted(read_lines(folder), key=lambda row: str(row.get("exchange_id")))


def test_a_round_trip_through_litellms_logs_gives_the_same_exchanges(spark: SparkSession, tmp_path: Path):
    """Every field of every exchange comes back, so the ranking does.

    Tests/test_run.py shows that it depends on these rows alone.
    """
    sent = [row for row in traffic.exchanges() if row["requested_at"].startswith(FIRST.isoformat())][::3]
    logs, out = tmp_path / "logs", tmp_path / "out"
    write_litellm(logs, sent, traffic.accounts())
    (logs / "deep").mkdir()
    (logs / "deep" / "broken.json.gz").write_bytes(gzip.compress(b'{"half": \n{"startTime": 1770714000}\n')[:-9])
    (logs / "notes.md").write_text("no log")
    kept = out / "exchanges" / f"dt={FIRST}" / "another-00000.jsonl"
    longer = out / "quarantine" / "test-more-00000.jsonl.gz"
    for other in (kept, longer):
        traffic.write_lines(other, [])
    assert adapt(spark, "litellm", logs, out, *FIELDS, *ACCOUNT_FIELDS)["client_asn"] == len(sent)

    lines = Landing(spark, str(out)).lines("exchanges", FIRST)
    valid = exchanges.transform(lines, Run(FIRST, DEFAULT, Key(b"k"))).select("exchange_id", "turn_index").collect()
    taken = {row["exchange_id"]: row["turn_index"] for row in valid if row["exchange_id"]}
    assert taken == {row["exchange_id"]: row["turn_index"] for row in sent}, "bronze takes every one"
    came = {row["exchange_id"]: row for row in by_id(out / "exchanges" / f"dt={FIRST}") if "exchange_id" in row}
    for row in sent:
        back = came[row["exchange_id"]]
        assert datetime.fromisoformat(back["requested_at"]) == datetime.fromisoformat(row["requested_at"])
        assert {name: back.get(name) for name in row if name != "requested_at"} == {
            k: v for k, v in row.items() if k != "requested_at"
        }
    owners = {row["account_id"] for row in sent}
    expected = {
        (a["account_id"], a["payment_fingerprint"], a["email_domain"])
        for a in traffic.accounts()
        if a["account_id"] in owners
    }
    assert {
        (a["account_id"], a["payment_fingerprint"], a["email_domain"]) for a in read_lines(out / "accounts")
    } == expected

    rejected = list(read_lines(out / "quarantine"))
    assert {"not JSON", "file not readable to its end"} <= {r["reason"] for r in rejected}
    assert {"line": '{"half": ', "source_file": "deep/broken.json.gz", "reason": "not JSON"} in rejected
    first_run = {p.relative_to(out) for p in out.rglob("*.gz")}
    (logs / "deep" / "broken.json.gz").unlink()
    traffic.write_lines(logs / "2026-02-10.json.gz", [])
    assert adapt(spark, "litellm", logs, out)["exchanges"] == 0
    assert kept.exists(), "what others delivered stays"
    assert longer.exists(), "also where their name begins like this one"
    left = {p.relative_to(out) for p in out.rglob("*.gz")}
    assert left < first_run, "a rerun replaces what the first run delivered"
    assert not list(out.glob("_*"))


def test_spans_find_the_server_that_they_ran_in(spark: SparkSession, tmp_path: Path):
    def span(trace: str, number: int, kind: int, **attributes: str) -> dict[str, Any]:
        listed = [{"key": key.replace("__", "."), "value": {"stringValue": value}} for key, value in attributes.items()]
        time = str(1772323200000000000 + number)
        return {"traceId": trace, "spanId": f"s{number}", "kind": kind, "startTimeUnixNano": time, "attributes": listed}

    def export(*spans: dict[str, Any]) -> dict[str, Any]:
        return {"resourceSpans": [{"resource": {}, "scopeSpans": [{"spans": list(spans)}]}]}

    call = {"gen_ai__operation__name": "chat", "gen_ai__request__model": "m"}
    traffic.write_lines(
        tmp_path / "logs/a.jsonl",
        [
            export(span("t1", 3, 3, **call), span("t1", 2, 2, client__address="10.0.0.2", user__id="inner")),
            export(span("t2", 4, 3, **call)),
        ],
    )
    traffic.write_lines(
        tmp_path / "logs/b.jsonl",
        [export(span("t1", 1, 2, client__address="203.0.113.9", user__id="acc")), {"resourceLogs": [{}]}, {"spans": 1}],
    )
    counts = adapt(spark, "otlp", tmp_path / "logs", tmp_path / "out", arrived=date(2026, 3, 5))
    found = by_id(tmp_path / "out/exchanges/dt=2026-03-05")
    assert [(r["exchange_id"], r.get("account_id"), r.get("client_ip")) for r in found] == [
        ("t1-s3", "acc", "203.0.113.9"),
        ("t2-s4", None, None),
    ]
    assert (counts["exchanges"], counts["account_id"], counts["reason: no part of an exchange"]) == (2, 1, 1)
    assert counts[f"reason: {OTHER_SPAN}"] == 1


def test_the_parts_of_a_batch_are_joined_by_folder_and_custom_id(spark: SparkSession, tmp_path: Path):
    def asked(custom: str, said: str) -> dict[str, Any]:
        body = {"model": "m", "messages": [{"role": "user", "content": said}]}
        return {"custom_id": custom, "method": "POST", "url": "/v1/chat/completions", "body": body}

    def answered(custom: str, said: str) -> dict[str, Any]:
        body = {"choices": [{"message": {"content": said}, "finish_reason": "stop"}]}
        return {"id": f"r-{custom}", "custom_id": custom, "response": {"status_code": 200, "body": body}, "error": None}

    for name in ("x", "y"):
        folder = tmp_path / f"logs/account={name}/batch"
        traffic.write_lines(
            folder / "in.jsonl",
            [asked("1", f"{name}1"), asked("2", f"{name}2"), *([{"nothing": 1}] if name == "x" else [])],
        )
        traffic.write_lines(folder / "out.jsonl", [answered("2", f"to {name}2")])
        traffic.write_lines(folder / "batch.json", [{"object": "batch", "id": f"b{name}", "created_at": 1772323200}])
    counts = adapt(spark, "openai-batch", tmp_path / "logs", tmp_path / "out")
    found = by_id(tmp_path / "out/exchanges/dt=2026-03-01")
    assert [(r["exchange_id"], r["account_id"], r["prompt"], r.get("response")) for r in found] == [
        ("bx-1", "x", "x1", None),
        ("bx-2", "x", "x2", "to x2"),
        ("by-1", "y", "y1", None),
        ("by-2", "y", "y2", "to y2"),
    ]
    assert counts["reason: no part of an exchange"] == 1
    said = summary(counts, "OUT", FORMATS["openai-batch"], Choice())
    assert "4 exchanges, of 2026-03-01 to 2026-03-01, in OUT/exchanges" in said
    assert "the same address and its block: client_ip or accounts.signup_ip" in said
    assert "long answers: usage_output_tokens" in said
    assert "what accounts say" not in said, "a signal that is heard is not called silent"
    # half of the requests were never answered; nothing else is heard in part
    heard_in_part = said.split("Signals heard in part")[1].split("\n\n")[0].splitlines()
    assert [line.split(":")[0].strip() for line in heard_in_part[1:]] == [
        "conversations that go from account to account"
    ]
    assert "turns: programs told from people, and people cleared of suspicion: turn_index, 25.0%" in summary(
        counts | {"turn_index": 1}, "OUT", FORMATS["openai-batch"], Choice()
    )
    assert "1 exchanges have no prompt, which is required" in summary(
        counts | {"prompt": 3}, "OUT", FORMATS["openai-batch"], Choice()
    )


def test_lines_too_long_to_hold_are_counted(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """In every way in which lines become records; here a line may have 64 KiB, for speed."""
    monkeypatch.setattr(long_lines, "LINE_BYTES", 64 << 10)
    monkeypatch.setattr("iolaus.runtime.spark.session.session", lambda *_args, **_more: spark)
    logs, long = tmp_path / "logs", "a" * 100_000
    traffic.write_lines(logs / "a.jsonl", [{"fine": 1}, {"prompt": long}, {"prompt": long}])
    (logs / "b\x1b.jsonl.gz").write_bytes(gzip.compress(f"{long}\n{{}}\n".encode()))
    traffic.write_lines(logs / "c.jsonl", [{"fine": "a" * 1_000}] * 100)
    for kind, *more in (("litellm", "--field", "account.created_at=made"), ("otlp",), ("openai-batch",)):
        assert cli.main(["adapt", kind, str(logs), str(tmp_path / "out"), *more]) == 0
        assert capsys.readouterr().err == (
            "iolaus: not delivered, and not in OUT/quarantine: a.jsonl: 2 lines of over 64 MiB, which were passed "
            "over; "
            "b\N{REPLACEMENT CHARACTER}.jsonl.gz: a line of over 64 MiB, which was passed over\n"
        )
    (logs / "a.jsonl").unlink()
    (logs / "b\x1b.jsonl.gz").unlink()
    assert cli.main(["adapt", "litellm", str(logs), str(tmp_path / "out")]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "field", ["nonsense=a.b", "client_ip", "client_ip=", "account.account_id=a", "account.plan=metadata.plan"]
)
def test_a_field_that_the_landing_does_not_have_is_said_so(field: str):
    with pytest.raises(UsageError):
        chosen(field)


def test_logs_that_are_none_are_said_so(spark: SparkSession, tmp_path: Path):
    for path in (tmp_path / "nothing", tmp_path):
        with pytest.raises(UsageError, match="there are no logs"):
            Logs(spark, str(path))


def test_what_lies_in_a_folder_of_logs(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Objects without a suffix, a document over many lines, an envelope, and files of other kinds, which are named."""
    monkeypatch.setattr("iolaus.runtime.spark.session.session", lambda *_args, **_more: spark)
    logs, out = tmp_path / "logs", tmp_path / "out"
    made = [payload(litellm_call_id=f"c{n}") for n in range(6)]
    for file, said in {
        "2026-11-21/chatcmpl-0": json.dumps(made[0]),
        "2026-11-21/b.JSONL": json.dumps(made[1]) + "\n" + json.dumps(made[2]),
        "pretty.json": json.dumps([made[3]], indent=1),
        "stream-1": json.dumps(made[4]) + json.dumps(made[5]),
        "table.csv": "a,b",
        ".hidden": "{}",
    }.items():
        (logs / file).parent.mkdir(parents=True, exist_ok=True)
        (logs / file).write_text(said)
    assert cli.main(["adapt", "litellm", str(logs), str(out)]) == 0
    said = capsys.readouterr()
    assert [row["exchange_id"] for row in by_id(out / "exchanges")] == [f"c{n}" for n in range(6)]
    assert "6 exchanges, of 2026-11-21" in said.out
    assert "metadata.user_api_key_user_id: 100.0% of the exchanges" in said.out
    assert ".hidden, table.csv" in said.err
    assert (
        cli.main(["adapt", "litellm", str(logs), str(tmp_path / "none"), "--account", "metadata.user_api_key_usr_id"])
        == 2
    )
    told = capsys.readouterr().err
    assert (
        "no record has metadata.user_api_key_usr_id, and nothing was delivered; there are metadata.user_api_key_user_id"
        in told
    )
    assert not list((tmp_path / "none").rglob("*.gz"))
    assert cli.main(["adapt", "litellm", str(logs), "--dry-run"]) == 0
    assert "record 6" in capsys.readouterr().out


def test_batches_of_one_folder_whose_ids_repeat_are_told_apart(spark: SparkSession, tmp_path: Path):
    def request(said: str) -> dict[str, Any]:
        return {"custom_id": "1", "params": {"model": "m", "messages": [{"role": "user", "content": said}]}}

    def batch(name: str) -> dict[str, Any]:
        return {"id": f"msgbatch_{name}", "type": "message_batch", "created_at": "2026-03-01T10:00:00Z"}

    folder = tmp_path / "logs/account=x"
    for name in ("a", "b"):
        traffic.write_lines(folder / f"{name}_requests.jsonl", [request(f"of {name}")])
        result = {
            "custom_id": "1",
            "result": {"type": "succeeded", "message": {"content": [{"type": "text", "text": f"to {name}"}]}},
        }
        traffic.write_lines(folder / f"msgbatch_{name}_results.jsonl", [result])
        (folder / f"{name}_batch.json").write_text(json.dumps(batch(name), indent=2))
    counts = adapt(spark, "anthropic-batch", tmp_path / "logs", tmp_path / "out")
    found = by_id(tmp_path / "out/exchanges")
    assert [(r["exchange_id"], r["prompt"], r["response"]) for r in found] == [
        ("msgbatch_a-1", "of a", "to a"),
        ("msgbatch_b-1", "of b", "to b"),
    ]
    assert counts["exchanges"] == 2


def test_attempts_within_a_call_and_events_without_their_span(spark: SparkSession, tmp_path: Path):
    held = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "m",
        "gen_ai.prompt.0.role": "user",
        "gen_ai.prompt.0.content": "Hi",
    }
    details = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "m",
        "gen_ai.input.messages": '[{"role": "user", "content": "Ho"}]',
    }
    event = {
        "traceId": "t2",
        "spanId": "s9",
        "timeUnixNano": "1788795791003811000",
        "eventName": "gen_ai.client.inference.operation.details",
        "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in details.items()],
    }
    lines = [
        span(held),
        span(held, spanId="s2", parentSpanId="s1"),
        span({}, spanId="s3"),
        {"resourceLogs": [{"scopeLogs": [{"logRecords": [event]}]}]},
    ]
    traffic.write_lines(tmp_path / "logs/a.jsonl", lines)
    counts = adapt(spark, "otlp", tmp_path / "logs", tmp_path / "out")
    assert [(r["exchange_id"], r["prompt"]) for r in by_id(tmp_path / "out/exchanges")] == [
        ("t1-s1", "Hi"),
        ("t2-s9", "Ho"),
    ]
    assert (counts[f"reason: {INNER_CALL}"], counts[f"reason: {OTHER_SPAN}"]) == (1, 1)


def test_a_delta_table_is_read_as_it_is(spark: SparkSession, tmp_path: Path):
    row = {
        "databricks_request_id": "d-1",
        "requester": "u-1",
        "request_time": datetime(2026, 3, 1, 10, tzinfo=UTC),
        "status_code": 200,
        "request": json.dumps({"model": "m", "messages": [{"role": "user", "content": "Hi"}]}),
        "response": None,
    }
    columns = (
        "databricks_request_id string, requester string, request_time timestamp, status_code int, request "
        "string, response string"
    )
    spark.createDataFrame([row], columns).write.format("delta").save(str(tmp_path / "table"))
    assert adapt(spark, "databricks", tmp_path / "table", tmp_path / "out")["prompt"] == 1
    (found,) = by_id(tmp_path / "out/exchanges")
    assert (found["account_id"], found["prompt"], found["requested_at"][:13]) == ("u-1", "Hi", "2026-03-01T10")


def test_a_large_document_over_many_lines_is_not_split_among_tasks(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Here a file is large from 1 kB on, and is split at as few bytes."""
    monkeypatch.setattr(logs, "_SPLIT", 1 << 10)
    monkeypatch.setattr(logs, "_PEEK", 1 << 9)
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "a.json").write_text(json.dumps([payload(litellm_call_id=f"c{n}") for n in range(50)], indent=1))
    traffic.write_lines(folder / "b.jsonl", [payload(litellm_call_id=f"d{n}") for n in range(50)])
    before = {
        name: spark.conf.get(name) for name in ("spark.sql.files.maxPartitionBytes", "spark.sql.files.openCostInBytes")
    }
    try:
        for name in before:
            spark.conf.set(name, 2048)
        assert adapt(spark, "litellm", folder, tmp_path / "out")["exchanges"] == 100
    finally:
        for name, value in before.items():
            spark.conf.set(name, str(value))
