"""How rows travel in Spark: exchange of Arrow batches, broadcast hints, runs of equal rows. Knows no domain."""
