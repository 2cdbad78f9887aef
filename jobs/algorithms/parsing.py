"""Lines of JSON to typed columns, with every reason why a line is rejected.

Spark's JSON reader is fast but lenient: it writes a number where text belongs as text, stops at the end
of the first object, and does not say which field was wrong. So each line is parsed once into the typed
columns, inside an envelope `{"r": line}` that makes most of what follows the object an error. Only a line
that the reader complained of, or with a text that looks like another JSON value (`5`, `true`, `{...}`),
is parsed a second time into variants, which keep the types as they were written. Keys are listed for
every line; values are parsed once more only where there is an unknown one. All of it is native Spark,
and took 2.5 times the processor time of `from_json` alone (137,000 good lines of 900 bytes, warm, 2 cores).
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, DataType, StructField, StructType, VariantType

from jobs.schemas.table import DATE, DOUBLE, STRING, TIMESTAMP
from jobs.settings import Ingestion

BROKEN_JSON = "broken_json"
NOT_AN_OBJECT = "not_an_object"
INVALID_UTF8 = "invalid_utf8"
OVERSIZED_PROMPT = "oversized_prompt"
MISSING = "missing: "  # then the field
WRONG_TYPE = "wrong_type: "  # then the field
IMPOSSIBLE_TIME = "impossible_time: "  # then the field
UNREADABLE_FILE = "unreadable_file: "  # then what is wrong with the file

MAY_BE_EMPTY = ("prompt",)  # required text that may be empty; any other must not

_READER = {
    "mode": "PERMISSIVE",
    "columnNameOfCorruptRecord": "bad",
    "allowSingleQuotes": "false",
    "allowNonNumericNumbers": "false",
    "maxStringLen": str(2**31 - 1),
}
_RFC3339 = r"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$"
_DAY = r"^\d{4}-\d\d-\d\d$"
_NO_TEXT = r"(?s)^(-?\d+(\.\d+)?([eE][+-]?\d+)?|true|false|\[.*\]|\{.*\})$"  # how a value that is no string reads as text


def parse(lines: DataFrame, fields: Sequence[StructField], limits: Ingestion, arrived_on: date | None = None) -> DataFrame:
    """`lines` (columns `line` and `unreadable`, and any others) with the fields, `extra` and `reasons`.

    One row a line, in place. Adds a column a field, typed (times in UTC, to the microsecond); `extra`, a map
    from the names of unknown fields to their values as JSON text, null if there are none; and `reasons`, an
    array that is empty for a valid line and otherwise names everything wrong with it, in the order of the
    fields. The fields of a rejected line are not to be used. Of a key that is written twice the last value
    counts. `arrived_on` bounds times from above; None: they have no such bound. Text over `prompt_bytes` is
    rejected in a field named `prompt` alone.
    """
    typed = StructType([StructField(f.name, _delivered(f)) for f in fields])
    kinds = StructType([StructField(f.name, VariantType()) for f in fields])
    line, row = F.col("line"), F.col("_row")
    values = {f.name: _value(f, row[f.name]) for f in fields}
    times = [_impossible(f, values[f.name], limits, arrived_on) for f in fields if f.dataType == TIMESTAMP]
    sizes = [F.when(F.octet_length(row["prompt"]) > limits.prompt_bytes, OVERSIZED_PROMPT) for f in fields if f.name == "prompt"]
    of_line = [F.col("_bad"), row.isNull(), ~F.is_valid_utf8(line), ~_is_object(line), _trailing(line)]
    of_fields = [doubt for f in fields for doubt in _doubts(f, row[f.name], values[f.name])]
    doubt = _any([*of_line, *of_fields, *(c.isNotNull() for c in [*times, *sizes])])

    read = lines.withColumn("_read", _once(F.from_json(_envelope(line), _enveloped(typed), _READER)))
    read = read.select(*lines.columns, F.col("_read.r").alias("_row"), F.col("_read.bad").isNotNull().alias("_bad"))
    read = read.withColumn("_second", _once(F.when(doubt, F.from_json(_envelope(line), _enveloped(kinds), _READER))))
    wrong = [fault for f in fields for fault in _faults(f, row[f.name], values[f.name], F.col("_second.r")[f.name])]
    lost = F.when(F.col("unreadable").isNotNull(), F.array(F.concat(F.lit(UNREADABLE_FILE), "unreadable")))
    reasons = lost.when(F.col("_second").isNotNull(), _verdict(line, F.array_compact(F.array(*wrong, *times, *sizes))))
    reasons = F.coalesce(reasons, F.array().cast("array<string>"))
    extra = _extra(line, {f.name: row[f.name] for f in fields})
    return read.select(
        *lines.columns, *(values[f.name].alias(f.name) for f in fields), extra.alias("extra"), _once(reasons).alias("reasons")
    )


def newest(parsed: DataFrame, key: Sequence[str]) -> DataFrame:
    """Of the parsed lines that share a key, the newest: the last line of the file whose path is greatest."""
    columns = [c for c in parsed.columns if c not in key]
    last = F.max_by(F.struct(*columns), F.struct("source_file", "position"))
    return parsed.groupBy(*key).agg(last.alias("_last")).select(*key, "_last.*")


def _verdict(line: Column, found: Column) -> Column:
    """All reasons of a doubted line, given what was found wrong with its fields."""
    no_object = ~_is_object(line) | _trailing(line) | F.col("_second.r").isNull()
    reasons = F.when(no_object, F.array(_other_value(line)))
    # The first reader complains of the first of two values of a key as well; the second only of what is no value.
    reasons = reasons.when(F.col("_second.bad").isNotNull() & (F.size(found) == 0), F.array(F.lit(BROKEN_JSON))).otherwise(found)
    return F.when(F.is_valid_utf8(line), reasons).otherwise(F.array_prepend(reasons, INVALID_UTF8))


def _once(column: Column) -> Column:
    """The same value, which the optimizer neither copies nor moves, for it seems to depend on the task.

    Without it a line would be parsed once for each use of a field, and again for each filter on the reasons.
    """
    return F.when(F.spark_partition_id() >= 0, column)


def _any(conditions: Sequence[Column]) -> Column:
    """Whether one of many conditions holds, where null does not.

    A CASE, for Spark compiles its branches to methods of their own: one long OR is a method so large that
    Java never compiles it, and took three times as long as the parse.
    """
    cases = F.when(conditions[0], True)
    for condition in conditions[1:]:
        cases = cases.when(condition, True)
    return cases.otherwise(False)


def _envelope(line: Column) -> Column:
    return F.concat(F.lit('{"r":'), line, F.lit("}"))


def _enveloped(row: StructType) -> StructType:
    return StructType([StructField("r", row), StructField("bad", STRING)])


def _delivered(field: StructField) -> DataType:
    """The type that a field is read as: times and dates as text, which Spark's own parser takes too many forms of."""
    return STRING if field.dataType in (TIMESTAMP, DATE) else field.dataType


def _value(field: StructField, delivered: Column) -> Column:
    """The typed value; null if text is no time."""
    if field.dataType == TIMESTAMP:
        return F.when(delivered.rlike(_RFC3339), F.upper(delivered).try_cast(TIMESTAMP))
    if field.dataType == DATE:
        instant = F.when(delivered.rlike(_RFC3339), F.upper(delivered).try_cast(TIMESTAMP))
        return F.when(delivered.rlike(_DAY), delivered.try_cast(DATE)).otherwise(F.to_date(instant))
    return delivered


def _doubts(field: StructField, delivered: Column, value: Column) -> list[Column]:
    """Cheap conditions of which one holds wherever a field may be missing or of the wrong type.

    What the reader itself complains of is not among them. Times and dates need no test of how they were
    written, for no other JSON value reads like one.
    """
    doubts = []
    if field.dataType == STRING:
        doubts.append(_looks_like_json(delivered))
    elif isinstance(field.dataType, ArrayType):
        doubts.append(F.exists(delivered, lambda x: x.isNull() | _looks_like_json(x)))
    elif field.dataType in (TIMESTAMP, DATE):
        doubts.append(delivered.isNotNull() & value.isNull())
    elif field.dataType == DOUBLE:
        doubts.append(F.abs(delivered) == float("inf"))
    if not field.nullable:
        doubts.append(delivered.isNull() | (delivered == "") if _must_say(field) else delivered.isNull())
    return doubts


def _must_say(field: StructField) -> bool:
    """Whether a field is required text that may not be empty."""
    return not field.nullable and field.dataType == STRING and field.name not in MAY_BE_EMPTY


def _looks_like_json(text: Column) -> Column:
    digit = (text >= "-") & (text < ":")
    bracket = (text >= "[") & (text < "\\") | (text >= "{") & (text < "|")
    return (digit | bracket | (text == "true") | (text == "false")) & text.rlike(_NO_TEXT)


def _faults(field: StructField, delivered: Column, value: Column, variant: Column) -> list[Column]:
    """What is wrong with a field of a doubted line: `wrong_type`, `missing`, or null. `variant` is the value as it was written."""
    kind = F.coalesce(F.schema_of_variant(variant), F.lit("VOID"))
    if field.dataType == STRING:
        wrong = delivered.isNotNull() & (kind != "STRING")
    elif isinstance(field.dataType, ArrayType):
        strings = kind.isin("ARRAY<STRING>", "ARRAY<VOID>") & ~F.exists(delivered, lambda x: x.isNull())
        wrong = (kind != "VOID") & ~F.coalesce(strings, F.lit(False))
    elif field.dataType in (TIMESTAMP, DATE):
        wrong = delivered.isNotNull() & value.isNull()
    elif field.dataType == DOUBLE:
        wrong = (kind != "VOID") & delivered.isNull() | F.coalesce(F.abs(delivered) == float("inf"), F.lit(False))
    else:
        wrong = (kind != "VOID") & delivered.isNull()
    faults = [F.when(wrong, WRONG_TYPE + field.name)]
    if not field.nullable:
        absent = delivered.isNull() & (kind == "VOID")
        absent = absent | F.coalesce(delivered == "", F.lit(False)) if _must_say(field) else absent
        faults.append(F.when(absent, MISSING + field.name))
    return faults


def _impossible(field: StructField, value: Column, limits: Ingestion, arrived_on: date | None) -> Column:
    """Whether a time is before the first API, or too long after the end (UTC) of the day of arrival."""
    impossible = value < F.lit(f"{limits.earliest_year:04d}-01-01T00:00:00Z").cast(TIMESTAMP)
    if arrived_on is not None:
        last = datetime.combine(arrived_on, time()) + timedelta(days=1, hours=limits.clock_ahead_hours)
        impossible |= value > F.lit(last.isoformat() + "Z").cast(TIMESTAMP)
    return F.when(impossible, IMPOSSIBLE_TIME + field.name)


def _is_object(line: Column) -> Column:
    return F.startswith(F.ltrim(line), F.lit("{"))


def _trailing(line: Column) -> Column:
    """Whether something follows the object, which the envelope swallows if it begins with `}` or `,`.

    As the one element of an array the line swallows only what begins with `]`; both together, nothing.
    A line whose first `}` is its end needs no such test.
    """
    elements = F.json_array_length(F.concat(F.lit("["), line, F.lit("]")))
    first = F.octet_length(F.substring_index(line, "}", 1))
    possible = (first < F.octet_length(line) - 1) & line.rlike(r"\}\s*[,}]")
    return F.when(possible, F.coalesce(elements != 1, F.lit(True))).otherwise(False)


def _other_value(line: Column) -> Column:
    """What a line is that is no object: another JSON value, or no JSON."""
    other = F.from_json(_envelope(line), StructType([StructField("r", VariantType()), StructField("bad", STRING)]), _READER)
    return F.when(~_is_object(line) & other["bad"].isNull() & ~_trailing(line), NOT_AN_OBJECT).otherwise(BROKEN_JSON)


def _extra(line: Column, known: Mapping[str, Column]) -> Column:
    """The fields that are not known, as JSON text, by name; null if there are none.

    `known`: the delivered values, by name. Where a line has no more keys than values that were delivered, none is
    unknown, and no name is looked up.
    """
    keys = F.json_object_keys(line)
    delivered = reduce(Column.__add__, (F.when(value.isNotNull(), 1).otherwise(0) for value in known.values()))
    unknown = F.array_except(keys, F.array(*map(F.lit, known)))
    values = F.map_entries(F.transform_values(F.from_json(line, "map<string,variant>", _READER), lambda _, v: F.to_json(v)))
    # An object with a key twice in it is no variant: its fields are kept as the text Spark makes of them.
    entries = F.coalesce(values, F.map_entries(F.from_json(line, "map<string,string>", _READER)))
    last = F.transform(unknown, lambda k: F.element_at(F.filter(entries, lambda e: e["key"] == k), -1)["value"])
    return F.when((F.size(keys) > delivered) & (F.size(unknown) > 0), F.map_from_arrays(unknown, last))
