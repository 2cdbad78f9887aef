"""Which exchanges failed: by the status that the gateway answered with."""

from pyspark.sql import Column
from pyspark.sql import functions as F

FAILED_FROM = 400  # HTTP statuses of errors: the client's, a limit's and the server's


def failed() -> Column:
    """Whether an exchange ended in an error, over rows with `http_status`; one without a status did not.

    | http_status | failed |
    |-------------|--------|
    | 200         | false  |
    | 429         | true   |
    | null        | false  |
    """
    return F.coalesce(F.col("http_status") >= FAILED_FROM, F.lit(False))
