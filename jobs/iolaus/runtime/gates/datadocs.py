"""Great Expectations' Data Docs of a day: pages with every suite and what it saw, from the stored metrics."""

import warnings
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pandas as pd

from iolaus.runtime.gates import suites
from iolaus.settings import DEFAULT


def write_data_docs(
    folder: str, day: date, summaries: Mapping[str, Mapping[str, float]], own: Mapping[str, str] = DEFAULT.suites
) -> Path:
    """Write the pages into a folder, and return the first of them. `summaries` are the metrics by table.

    Metrics are judged again, by the suites as they are now, or by those of the deployment's `own`: no table is read.
    """
    suites.context()  # which reports to nobody; one of its own has only this day's pages
    import great_expectations as gx  # noqa: PLC0415 - it takes seconds to import

    site = Path(folder).absolute()
    site.mkdir(parents=True, exist_ok=True)  # or an error of one line, where Great Expectations would make hundreds
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        docs = gx.get_context(mode="ephemeral")
        docs.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
        for name in list(docs.variables.data_docs_sites or {}):
            docs.delete_data_docs_site(name)
        backend = {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(site)}
        index = {"class_name": "DefaultSiteIndexBuilder"}
        docs.add_data_docs_site(
            "quality", {"class_name": "SiteBuilder", "store_backend": backend, "site_index_builder": index}
        )
        tables = docs.data_sources.add_pandas("lake")
        run = gx.RunIdentifier(run_name=f"{day}")
        for name in (n for n in suites.names() if n in summaries):
            text = suites.suite(name, own)
            batch = tables.add_dataframe_asset(name).add_batch_definition_whole_dataframe(f"{day}")
            suite = docs.suites.add(gx.ExpectationSuite(**text.text))
            judged = docs.validation_definitions.add(gx.ValidationDefinition(name=name, data=batch, suite=suite))
            checkpoint = docs.checkpoints.add(
                gx.Checkpoint(name=name, validation_definitions=[judged], result_format="COMPLETE")
            )
            row = {e.metric: summaries[name].get(e.metric) for e in text.expectations}
            checkpoint.run(batch_parameters={"dataframe": pd.DataFrame([row], dtype="float64")}, run_id=run)
        docs.build_data_docs(site_names=["quality"])
    return site / "index.html"
