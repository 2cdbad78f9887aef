"""The families of evidence, for readers without Spark too."""

FAMILIES: tuple[str, ...] = ("infrastructure", "content", "cohort", "timing")  # kinds of evidence that are independent of each other
