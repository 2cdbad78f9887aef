"""The page of sentences shows what a run writes."""

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from iolaus.export.sentence_reference import BACKGROUND, SIZE, SUPPORT, is_counted, sentence
from iolaus.model.evidence import piece
from iolaus.model.signals import SIGNALS, Claim
from iolaus.model.wording import one_thing
from iolaus.settings import DEFAULT


def test_the_page_has_the_sentences_of_a_run(spark: SparkSession) -> None:
    counted = [s for s in SIGNALS.values() if is_counted(s)]
    assert len(counted) > 30
    rows = spark.range(1).select(
        F.lit(SUPPORT).alias("support"), F.lit(SIZE).alias("size"), F.lit(BACKGROUND).alias("background")
    )
    says = {s.name: s.sentence(DEFAULT.claims) if isinstance(s, Claim) else one_thing(s.says) for s in counted}
    written = rows.select(*(piece.sentence(F.lit(says[s.name]), s.baseline).alias(s.name) for s in counted)).first()
    assert written is not None
    assert {s.name: sentence(s) for s in counted} == written.asDict()
