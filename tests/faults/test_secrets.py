"""A key and a prompt are planted, and searched for wherever a run leaves traces: neither is there."""

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from deltalake import DeltaTable

from iolaus.pipeline import STAGES
from tests.runs import run_options
from tests.traffic import DAYS, exchange

KEY = "planted-key-4f1c9a7be2d83056"
PROMPT = "planted-prompt-77ac01"
STORE_SECRET = "planted-store-secret-9d2e41"
HOSTILE = (
    f"{PROMPT}\u001b[31m\nFORGED LINE iolaus: done\r'; DROP TABLE gold; -- <script>alert(1)</script> =cmd|'/C calc'!A1"
)


def test_no_secret_and_no_prompt_in_logs_configuration_or_history(landing: Path, tmp_path: Path) -> None:
    """Standard output and error, Spark's log at its most talkative, its event log, and Delta's history.

    The event log is what its UI shows.
    """
    copy, lake, traces = tmp_path / "landing", tmp_path / "lake", tmp_path / "traces"
    shutil.copytree(landing, copy)
    noon = datetime.combine(DAYS[0], datetime.min.time(), UTC).replace(hour=12)
    rows = [
        exchange(800_000 + n, "person003", noon, HOSTILE) | {"user_agent": HOSTILE, "system_instructions": HOSTILE}
        for n in range(20)
    ]
    bad = [row | {"turn_index": HOSTILE} for row in rows]
    (copy / "exchanges" / f"dt={DAYS[0]}" / "hostile.jsonl").write_text(
        "".join(json.dumps(r) + "\n" for r in [*rows, *bad])
    )
    conf = tmp_path / "conf"
    conf.mkdir()
    traces.mkdir()
    (conf / "spark-defaults.conf").write_text(
        f"spark.eventLog.enabled true\nspark.eventLog.dir file://{traces}\nspark.eventLog.compress false\n"
        f"spark.eventLog.rolling.enabled false\nspark.hadoop.fs.s3a.secret.key {STORE_SECRET}\n"
    )
    (conf / "log4j2.properties").write_text(
        "rootLogger.level = debug\nrootLogger.appenderRef.file.ref = file\nappender.file.type = "
        "File\nappender.file.name = file\n"
        f"appender.file.fileName = {traces}/spark.log\nappender.file.layout.type = PatternLayout\n"
        "appender.file.layout.pattern = %p %c %m%n%ex\n"
    )
    command = [sys.executable, "-m", "iolaus", *run_options(copy, lake, "--date", DAYS[0])]
    environment = os.environ | {"IOLAUS_HMAC_KEY": KEY, "SPARK_CONF_DIR": str(conf), "TMPDIR": str(traces)}
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr[-2000:]
    (traces / "said").write_text(answer.stdout + answer.stderr)
    files = [*traces.iterdir(), *lake.rglob("_delta_log/*.json")]
    sizes = {f.name: f.stat().st_size for f in files if f.is_file()}
    assert sizes["spark.log"] > 100_000, "the log was written"
    assert any(name.startswith(("local-", "app-")) for name in sizes), "and the event log"
    assert sum("commitInfo" in f.read_text() for f in files if f.parent.name == "_delta_log") >= len(STAGES)
    for planted in (KEY, PROMPT, STORE_SECRET):
        found = [str(f) for f in files if f.is_file() and planted.encode() in f.read_bytes()]
        assert found == [], (planted, found)
    assert _holds(lake, "bronze/exchanges"), "bronze holds the text, which proves the search"
    for made in STAGES:
        if made.layer not in ("bronze", "quality"):
            assert not _holds(lake, made.table.replace(".", "/")), made.table


def _holds(lake: Path, name: str) -> bool:
    """Whether a planted text is in any row of a table."""
    rows = DeltaTable(str(lake / name)).to_pyarrow_table().to_pylist()
    return any(planted in repr(row) for row in rows for planted in (KEY, PROMPT))
