"""bronze.models"""

from iolaus.schemas.landing import MODEL
from iolaus.schemas.table import Table

TABLE = Table(name="bronze.models", grain="one row per model", key=("model",), columns=MODEL)
