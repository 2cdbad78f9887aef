"""What a request asks: its newest message, or the task that the message only continues."""

from pyspark.sql import Column
from pyspark.sql import functions as F

from iolaus.schemas.landing import SAYS_LITTLE


def asked() -> Column:
    """The text that a request is fingerprinted by, of a row of bronze.exchanges.

    The newest message, unless it is short and the request's history has a longer one of the user: "Yes, go on." behind
    a conversation that the client made up would hide the task from every comparison.

    | prompt      | prior_prompt                      | asked                             |
    |-------------|-----------------------------------|-----------------------------------|
    | Yes, go on. | Solve the exercise step by step … | Solve the exercise step by step … |
    | Yes, go on. | null                              | Yes, go on.                       |
    """
    prompt, prior = F.col("prompt"), F.col("prior_prompt")
    is_longer = F.length(F.trim(prior)) > F.length(prompt)
    return F.when((F.length(F.trim(prompt)) < SAYS_LITTLE) & is_longer, prior).otherwise(prompt)
