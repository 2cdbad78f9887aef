"""quality.settings"""

from iolaus.schemas.table import STRING, TIMESTAMP, Table, array_of, column

TABLE = Table(
    name="quality.settings",
    grain="one row per set of settings that a run had, added when it is first used",
    key=("digest",),
    columns=(
        column(
            "digest", STRING, "digest of the settings, as quality.runs has it; 12 hexadecimal digits", required=True
        ),
        column("recorded_at", TIMESTAMP, "when a run first had them", required=True),
        column("run_id", STRING, "that run", required=True),
        column("code_version", STRING, "version of its code", required=True),
        column(
            "values",
            STRING,
            "all values, as JSON, by section and name; secret Spark properties are hidden",
            required=True,
        ),
        column(
            "differ", array_of(STRING), "names of the settings that differ from that version's defaults", required=True
        ),
    ),
)
