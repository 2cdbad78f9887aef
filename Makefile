# `make` alone lists the targets.
SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

BIN := .venv/bin

# What `make demo` simulates and runs. The key is public: it protects nothing, and only the demo uses it.
DEMO := out/demo
DEMO_SCENARIO := demo
DEMO_SCALE := 1
DEMO_FROM := 2026-02-02
DEMO_TO := 2026-02-02
DEMO_KEY := public-demo-key-that-protects-nothing

# The version that the site names: the tag, or the commit after it.
SITE_VERSION := $(shell git describe --tags --always 2>/dev/null || echo unknown)

.PHONY: help docs docs-serve env demo test check cluster-test connect-test deploy-check recipes-check fault-test bench bench-adapt bench-capability bench-chance bench-detection bench-gates bench-parse bench-scale browser-test dictionary airflow-env airflow airflow-test locks sbom audit clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

env: ## make the environment .venv, or bring it up to date
	@sh deploy/env.sh

demo: env ## simulate traffic with planted campaigns, run the pipeline on it, print the ranked clusters
	@rm -rf $(DEMO)
	@$(BIN)/iolaus simulate --out $(DEMO)/landing --scenario $(DEMO_SCENARIO) --scale $(DEMO_SCALE) --days 1
	@IOLAUS_HMAC_KEY=$(DEMO_KEY) $(BIN)/iolaus run --landing $(DEMO)/landing --lake $(DEMO)/lake --from $(DEMO_FROM) --to $(DEMO_TO)

.PHONY: notebooks
notebooks: env ## execute the notebooks on LAKE=FOLDER (default: the demo's); they come out with plots in out/notebooks
	@mkdir -p out/notebooks
	@IOLAUS_LAKE=$(if $(findstring ://,$(LAKE)),$(LAKE),$(abspath $(or $(LAKE),$(DEMO)/lake))) $(BIN)/jupyter-execute notebooks/*.ipynb --output='$(CURDIR)/out/notebooks/{notebook_name}'

test: env ## run the tests
	@$(BIN)/python -m pytest

check: env ## format, lint, strict types, import contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

cluster-test: env ## run the job on a Spark cluster and an S3 server, both started here, and compare with a local run
	@PYTHONPATH=jobs $(BIN)/python -m pytest tests/cluster -s -q

connect-test: env ## run the demo on a Spark Connect server, started here, and compare with a classic session's gold
	@PYTHONPATH=jobs $(BIN)/python -m pytest tests/connect -s -q

fault-test: env ## kill, fill, break and poison what the pipeline stands on, and see what becomes of it (an hour)
	@PYTHONPATH=jobs $(BIN)/python -m pytest tests/faults -q

deploy-check: env recipes-check ## check the files of deploy/ against the schemas of those who read them (needs go)
	@$(BIN)/python deploy/check.py

recipes-check: ## check the recipes for Databricks, EMR Serverless and Dataproc against these platforms' own models
	@sh deploy/locked_env.sh recipes
	@.venv-recipes/bin/python deploy/check_recipes.py $(ARGS)

bench: env ## measure the joins and components beside MLlib, FAISS, hnswlib and SciPy; ARGS="--toy" or "--only PART"
	@OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/joins.py $(ARGS) $(if $(BENCH_JSON),--json $(BENCH_JSON))

bench-capability: env ## score how well it is told what a prompt is after, on benchmarks/labelled_prompts.jsonl
	@$(BIN)/python benchmarks/capability.py $(if $(BENCH_JSON),--json $(BENCH_JSON))

bench-chance: env ## count the links, and the groups with synchronised activity, that chance makes in LAKE=FOLDER on DATE=YYYY-MM-DD, its values redistributed at random
	@PYTHONPATH=jobs $(BIN)/python benchmarks/chance.py --lake $(LAKE) --date $(DATE)

bench-gates: env ## measure what the quality gates add to a day
	@PYTHONPATH=jobs $(BIN)/python benchmarks/gates.py $(if $(BENCH_JSON),--json $(BENCH_JSON))

bench-parse: env ## measure what parsing the landing costs a line, beside Spark's own from_json; ARGS="--landing FOLDER"
	@PYTHONPATH=jobs $(BIN)/python benchmarks/parsing.py $(ARGS) $(if $(BENCH_JSON),--json $(BENCH_JSON))

bench-adapt: env ## measure what adapting a LiteLLM payload of 1 kB costs, beside orjson.loads
	@PYTHONPATH=jobs $(BIN)/python benchmarks/adapting.py $(if $(BENCH_JSON),--json $(BENCH_JSON))

# The benchmark's folder is no part of the project: its prompts are others'.
BENCH := ../shared/bench

bench-detection: env ## score every scenario of benchmarks/, beside methods of others, on the traffic generator in BENCH=FOLDER; ARGS="--only NAME" or "--no-baselines"
	@$(BIN)/python benchmarks/detection.py --bench $(BENCH) $(ARGS) $(if $(BENCH_JSON),--json $(BENCH_JSON))

browser-test: env ## open the report in headless Chromium: sorting, the graph, hostile text, 20,000 accounts; screenshots of the demo
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
	  { echo "no Chromium found; install one (Debian: apt-get install chromium)" >&2; exit 2; }
	@IOLAUS_DEMO_LAKE=$(DEMO)/lake $(BIN)/python -m pytest -s tests/browser/check_pages.py

dictionary: env ## write the pages of docs/ that are made from the code: commands, settings, tables, signals, the judgement, the landing
	@PYTHONPATH=jobs $(BIN)/python deploy/write_reference.py

docs: ## build the documentation as a site in out/docs, strictly, and check every link of it
	@sh deploy/locked_env.sh docs
	@IOLAUS_VERSION=$(SITE_VERSION) .venv-docs/bin/zensical build --clean --strict
	@.venv-docs/bin/python deploy/check_site.py out/docs

docs-serve: ## show the documentation on this machine, renewed as its pages change
	@sh deploy/locked_env.sh docs
	@IOLAUS_VERSION=$(SITE_VERSION) .venv-docs/bin/zensical serve

airflow-env: env ## make Airflow's own environment, .venv-airflow
	@sh deploy/airflow_env.sh

# What `make airflow` serves: the demo's folders, unless others are named.
AIRFLOW_LANDING := $(DEMO)/landing
AIRFLOW_LAKE := out/airflow/lake
AIRFLOW_PORT := 8080

airflow: airflow-env ## start Airflow for AIRFLOW_LANDING and AIRFLOW_LAKE; says where the UI is and with which user
	@[ -d $(AIRFLOW_LANDING) ] || $(BIN)/iolaus simulate --out $(AIRFLOW_LANDING) --scenario $(DEMO_SCENARIO) --scale $(DEMO_SCALE) --days 1
	@[ -n "$$IOLAUS_HMAC_KEY$$IOLAUS_HMAC_KEY_FILE" ] || export IOLAUS_HMAC_KEY=$(DEMO_KEY); \
	$(BIN)/python deploy/airflow_local.py --landing $(AIRFLOW_LANDING) --lake $(AIRFLOW_LAKE) --port $(AIRFLOW_PORT)

airflow-test: airflow-env ## test the DAGs, then Airflow itself running Spark: schedule, backfill, kill, gate, maintenance; starts Spark some thirty times, allow half an hour
	@AIRFLOW_HOME=$(CURDIR)/out/airflow-dags AIRFLOW__CORE__LOAD_EXAMPLES=False .venv-airflow/bin/python -m pytest -q --confcutdir=tests/scheduler tests/scheduler/test_dag_bag.py tests/scheduler/test_recipes.py
	@$(BIN)/python -m pytest -q -x -s tests/scheduler/test_live.py

# Size of the February scenario to measure: 1 is all of it, 28.8 million exchanges. DAYS=N takes its first days alone.
SCALE := 1

bench-scale: env ## time every layer on the February scenario at SCALE=F, against a copy of bronze, and tell how it grows
	@PYTHONPATH=jobs $(BIN)/python benchmarks/scale.py --scale $(SCALE) $(if $(DAYS),--days $(DAYS)) $(ARGS) $(if $(BENCH_JSON),--json $(BENCH_JSON))

# Pins with hashes, for Linux and macOS and every Python from 3.11; no package host is named in them.
COMPILE = out/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
	--no-emit-index-url --no-emit-find-links --no-header

locks: ## pin the newest allowed packages again in deploy/locks
	@python3 -m venv out/uv && out/uv/bin/python -m pip --quiet install uv
	@$(COMPILE) --group build -o deploy/locks/build.txt
	@$(COMPILE) --extra dev pyproject.toml -o deploy/locks/spark.txt
	@$(BIN)/python deploy/runtime_lock.py
	@$(COMPILE) --group airflow -o deploy/locks/airflow.txt
	@$(COMPILE) --group docs -o deploy/locks/docs.txt
	@$(COMPILE) --group audit -o deploy/locks/audit.txt
	@$(COMPILE) --group recipes -o deploy/locks/recipes.txt

# When the commit was made: the same commit gives the same files.
SBOM := out/sbom

sbom: env ## write what the wheel and the images are made of, as CycloneDX JSON, in out/sbom; PYTHON_IMAGE=NAME:TAG@sha256:… is their base
	@sh deploy/locked_env.sh audit
	@.venv-audit/bin/python deploy/sbom.py --out $(SBOM) --version "$$($(BIN)/python -m setuptools_scm)" \
	  --time "$$(git log -1 --format=%ct)" --spark-jars "$$($(BIN)/python -c 'import pyspark; print(pyspark.__path__[0])')/jars" \
	  $(if $(PYTHON_IMAGE),--base "$(PYTHON_IMAGE)")

audit: ## ask PyPI whether a pin of deploy/locks has a known vulnerability; ADVISORIES=FOLDER asks a folder of advisories
	@sh deploy/locked_env.sh audit
	@.venv-audit/bin/python deploy/audit.py $(if $(ADVISORIES),--advisories "$(ADVISORIES)")

clean: ## remove the environment, caches and everything made under out/
	@rm -rf .venv .venv-airflow .venv-audit .venv-docs .venv-recipes out .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist *.egg-info
