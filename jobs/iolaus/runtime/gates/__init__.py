"""Great Expectations gates: suites, metrics, history and records."""
