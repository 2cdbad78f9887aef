"""verdicts.given"""

from iolaus.schemas.table import DATE, DOUBLE, LONG, STRING, TIMESTAMP, Table, array_of, column
from iolaus.schemas.verdicts import COLUMNS, GRAIN

_TYPES = {t.typeName(): t for t in (DATE, DOUBLE, LONG, STRING, TIMESTAMP)} | {"array<string>": array_of(STRING)}

TABLE = Table(
    name="verdicts.given",
    grain=GRAIN,
    key=("verdict_id",),
    columns=tuple(
        column(name, _TYPES[type_], comment, required=required) for name, type_, comment, required in COLUMNS
    ),
)
