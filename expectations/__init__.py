"""The expectation suites, one JSON file a table; `jobs.runtime.suites` reads them and docs/quality.md explains them."""
