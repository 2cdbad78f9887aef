"""`iolaus query` and the documented ways to read gold, on small lakes written without Spark."""

import csv
import io
import json
import re
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from lakes import write
from pyspark.sql import SparkSession

from iolaus.cli import main
from iolaus.export.dictionary import PAGE, page
from iolaus.export.inert import cell, inert

TODAY, BEFORE = date(2026, 2, 11), date(2026, 2, 10)
RTL = "\u202e"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("lake with 'quotes'")
    for day, accounts in ((BEFORE, ["a"]), (TODAY, ["a", "b"])):
        write(
            made,
            "gold.suspect_clusters",
            [
                {
                    "run_date": day,
                    "cluster_id": "hc_1",
                    "rank": 1,
                    "score": 12.5,
                    "capabilities": {"coding": 0.5},
                    "summary": f"=cmd(){RTL}\x1b[31m",
                }
            ],
        )
        write(made, "gold.watchlist", [{"run_date": day, "cluster_id": "hc_2", "rank": 1}])
        write(made, "gold.cluster_timeline", [{"run_date": day, "cluster_id": "hc_1", "n_exchanges": 7}])
        write(
            made,
            "gold.cluster_evidence",
            [{"run_date": day, "cluster_id": "hc_1", "kind": "task_sharing", "description": "they share work"}],
        )
        write(
            made,
            "gold.suspect_cluster_members",
            [{"run_date": day, "cluster_id": "hc_1", "account_id": a, "reasons": ["r"]} for a in accounts],
        )
    return made


def answer(lake: Path, capsys: pytest.CaptureFixture[str], sql: str, *more: str) -> tuple[int, str, str]:
    status = main(["query", "--lake", str(lake), sql, *more])
    out, err = capsys.readouterr()
    return status, out, err


def test_one_row_a_table_and_layer(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sql = (
        "SELECT s.run_date, s.cluster_id, w.cluster_id AS watched FROM suspect_clusters s "
        "JOIN gold.watchlist w USING (run_date) WHERE run_date = DATE '2026-02-11'"
    )
    status, out, _ = answer(lake, capsys, sql, "--format", "json")
    assert (status, json.loads(out)) == (0, [{"run_date": "2026-02-11", "cluster_id": "hc_1", "watched": "hc_2"}])


def test_csv_and_table_are_inert(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sql = "SELECT summary, capabilities, -score AS score FROM suspect_clusters LIMIT 1"
    status, out, _ = answer(lake, capsys, sql, "--format", "csv")
    header, row = csv.reader(io.StringIO(out))
    assert (status, header) == (0, ["summary", "capabilities", "score"])
    assert row == ["'=cmd()<U+202E><U+001B>[31m", '{"coding": 0.5}', "-12.5"]
    for width in (sql, f"SELECT *, repeat('x', 300) FROM ({sql})"):  # noqa: S608
        _, out, _ = answer(lake, capsys, width)
        assert "\x1b" not in out
        assert RTL not in out
        assert "=cmd()<U+202E>" in out


def test_a_table_says_that_there_is_more(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = answer(lake, capsys, "SELECT account_id FROM suspect_cluster_members", "--rows", "2")
    assert "(2 rows; there are more" in out
    _, out, _ = answer(lake, capsys, "SELECT account_id FROM suspect_cluster_members", "--rows", "3")
    assert "(3 rows)" in out


@pytest.mark.parametrize(
    ("sql", "status", "said"),
    [
        ("SELECT ranc FROM suspect_clusters", 2, '"rank"'),
        ("SELECT * FROM suspects", 2, "suspect_clusters"),
        ("SELECT * FROM cluster_links", 2, "`iolaus run` writes it"),
        ("SELECT * FROM verdicts.given", 2, "`iolaus verdict` writes it"),
        ("SELEC 1", 2, "syntax error"),
        ("SELECT 1; SELECT 2", 2, "one statement"),
        ("", 2, "one statement"),
        ("SELECT * FROM read_csv('/etc/hosts')", 2, "disabled"),
        ("SELECT * FROM lake", 2, "does not exist"),  # a variable of this process
        ("SET enable_external_access = true", 2, "SET is no question"),
        ("EXPLAIN ANALYZE COPY (SELECT 1) TO 'x.csv'", 2, "EXPLAIN is no question"),
        ("INSERT INTO suspect_clusters SELECT * FROM suspect_clusters", 2, "INSERT is no question"),
        ("SELECT CAST(cluster_id AS INT) FROM suspect_clusters", 1, "Could not convert"),
    ],
)
def test_an_error_is_one_line_with_its_fix(
    lake: Path, capsys: pytest.CaptureFixture[str], sql: str, status: int, said: str
) -> None:
    found, out, err = answer(lake, capsys, sql)
    assert (found, out, err.count("\n")) == (status, "", 1)
    assert said in err


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_nothing_is_written_and_nothing_read_by_its_path(
    lake: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], scheme: str
) -> None:
    write(lake, "bronze.exchanges", [{"arrived_on": TODAY, "prompt": "a secret of a customer"}])
    bronze = next((lake / "bronze").rglob("*.parquet"))
    clusters = next((lake / "gold/suspect_clusters").rglob("*.parquet"))
    before = {file: file.read_bytes() for file in lake.rglob("*") if file.is_file()}

    def path(file: Path | str) -> str:
        return scheme + str(file).replace("'", "''")

    log = lake / "gold/suspect_clusters/_delta_log"
    for sql in (
        f"COPY (SELECT 1) TO '{path(log / '00000000000000000009.json')}'",
        f"COPY suspect_clusters TO '{path(clusters)}' (FORMAT parquet)",
        f"EXPORT DATABASE '{path(lake / 'gold/out')}'",
        f"ATTACH '{path(lake / 'gold/x.db')}' AS x",
        f"FROM read_parquet('{path(bronze)}')",
        f"FROM '{path(bronze)}'",
        f"FROM read_text('{path(log / '00000000000000000000.json')}'), suspect_clusters",
        f"FROM glob('{path(lake / 'bronze/**')}')",
        f"WITH x AS (FROM read_parquet('{path(lake / 'bronze')}/*/*/*.parquet')) SELECT * FROM x",  # noqa: S608
        f"FROM query('COPY (SELECT 1) TO {tmp_path / 'x.csv'}')",
    ):
        status, out, err = answer(lake, capsys, sql)
        assert status in (1, 2), sql
        assert (out, err.count("\n")) == ("", 1), sql
        assert "secret" not in err
    assert {file: file.read_bytes() for file in lake.rglob("*") if file.is_file()} == before
    assert list(tmp_path.iterdir()) == []


def test_json_shows_what_would_act_or_hide_as_escapes(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sql = "SELECT summary || chr(133) || 'h\u00e9' AS s FROM suspect_clusters"
    _, out, _ = answer(lake, capsys, sql, "--format", "json")
    assert {row["s"] for row in json.loads(out)} == {f"=cmd(){RTL}\x1b[31m\x85h\u00e9"}, "to a parser it is the same"
    assert "\\u202e\\u001b[31m\\u0085h\u00e9" in out
    assert all(c.isprintable() or c == "\n" for c in out)


def test_a_table_of_a_later_reader_version(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """DuckDB is not given files that need more than reader version 1.

    The table is read by delta-rs, as on an object store.
    """
    write_deltalake(
        tmp_path / "quality" / "results", pa.table({"judged_at": pa.array([0], pa.timestamp("us")), "metric": ["rows"]})
    )
    assert DeltaTable(tmp_path / "quality" / "results").protocol().min_reader_version > 1
    status, out, _ = answer(
        tmp_path, capsys, "SELECT metric, year(judged_at) AS y FROM quality.results", "--format", "json"
    )
    assert (status, json.loads(out)) == (0, [{"metric": "rows", "y": 1970}])
    assert answer(tmp_path, capsys, "SELECT CAST(metric AS INT) FROM results")[0] == 1


@pytest.mark.parametrize("sql", ["SHOW TABLES", "SELECT table_name AS name FROM information_schema.tables"])
def test_the_tables_are_listed(lake: Path, capsys: pytest.CaptureFixture[str], sql: str) -> None:
    _, out, _ = answer(lake, capsys, sql, "--format", "json")
    assert {"suspect_clusters", "watchlist"} <= {row["name"] for row in json.loads(out)}


def test_no_lake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = answer(tmp_path / "none", capsys, "SELECT 1")
    assert status == 2
    assert "there is no lake" in err


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\t=1", " =1", "＝1"])
def test_a_formula_is_text(text: str) -> None:
    assert cell(text) == f"'{text}"
    assert cell(["x", "y"]) == "x; y"
    assert cell(-1.5) == -1.5


def test_inert_text() -> None:
    assert inert("a\u200b\x00b\n\u2028c\ud800") == "a<U+200B><U+0000>b  c<U+D800>"
    assert inert("x" * 1_000_000) == "x" * 600 + "… (1,000,000 characters)"
    assert inert("e" + "\u0301" * 50) == "e\u0301\u0301"


QUERIES = PAGE.parents[1] / "analysts" / "query.md"


def test_the_page_of_tables_is_true() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "make dictionary writes it again"


@pytest.fixture(scope="module")
def examples(lake: Path) -> list[str]:
    """The Python of docs/analysts/query.md on the lake, under a name without quotes, which the examples are for."""
    plain = lake.with_name("lake")
    plain.symlink_to(lake)
    blocks = re.findall(r"```python\n(.*?)```", QUERIES.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 4
    return [block.replace("LAKE", str(plain)) for block in blocks]


@pytest.mark.parametrize(("which", "said"), [(1, "they share work"), (2, "2026-02-10")])
def test_documented_examples(examples: list[str], capsys: pytest.CaptureFixture[str], which: int, said: str) -> None:
    exec(examples[which], {})  # noqa: S102 - the project's own page
    assert said in capsys.readouterr().out


def test_documented_example_in_spark(
    examples: list[str], spark: SparkSession, capsys: pytest.CaptureFixture[str]
) -> None:
    exec(examples[0], {"spark": spark})  # noqa: S102
    shown = capsys.readouterr().out
    assert "|b         |" in shown
    assert "|a         |" not in shown


def test_documented_example_of_prompts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sent = [{"account_id": a, "exchange_id": a, "prompt": f"asked by {a}"} for a in ("acc_17", "acc_18")]
    write(tmp_path, "bronze.exchanges", sent)
    block = re.findall(r"```python\n(.*?)```", QUERIES.read_text(encoding="utf-8"), re.DOTALL)[3]
    exec(block.replace("LAKE", str(tmp_path)), {})  # noqa: S102
    said = capsys.readouterr().out
    assert "asked by acc_17" in said
    assert "acc_18" not in said


def test_the_quarantine_is_seen_without_what_clients_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rejected = {"arrived_on": TODAY, "source": "exchanges", "reasons": ["missing: prompt"], "row": "a prompt"}
    write(tmp_path, "quality.quarantine", [rejected])
    write(
        tmp_path, "quality.summaries", [{"run_date": TODAY, "table_name": "silver.exchanges", "metrics": {"rows": 3.0}}]
    )
    status, out, _ = answer(tmp_path, capsys, "SELECT * FROM quarantine", "--format", "json")
    (row,) = json.loads(out)
    assert (status, row["reasons"]) == (0, ["missing: prompt"])
    assert "a prompt" not in out
    assert answer(tmp_path, capsys, "SELECT row FROM quarantine")[0] == 2
    status, out, _ = answer(tmp_path, capsys, "SELECT metrics['rows'] AS n FROM summaries", "--format", "json")
    assert (status, json.loads(out)) == (0, [{"n": 3.0}])
