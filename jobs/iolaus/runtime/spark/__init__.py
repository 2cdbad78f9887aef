"""The Spark session, and every trick on Spark's private parts."""
