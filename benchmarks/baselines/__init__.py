"""Methods of others, on what the pipeline has read from a landing: what `make bench-detection` compares with.

Every baseline is a function of one `Prepared` input. It gives one table of scored accounts for each of its settings.
"""
