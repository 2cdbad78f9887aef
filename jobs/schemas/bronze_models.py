"""bronze.models"""

from jobs.schemas.landing import MODEL
from jobs.schemas.table import Table

TABLE = Table(name="bronze.models", grain="one row a model", key=("model",), columns=MODEL)
