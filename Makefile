# Every command makes what it needs from Python >= 3.11, make and a package index. `fleet`, `bench`, `mutants` and a part
# of the tests start PostgreSQL's server programs; `fuzz` needs what its fuzzer is built for, Linux on x86_64; `numbers`
# needs promtool, and gets Debian's where none is on the PATH.
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PROOF := $(VENV)/.proof
BENCH := $(VENV)/.bench

.DEFAULT_GOAL := help
.PHONY: help demo test docs screens touches words check lint types sim kill fleet soak browse power fuzz numbers mutants bench audit lock clean

help:  ## List the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/'

demo: $(STAMP)  ## Speak and play music in a throw-away chat, no tokens and no network
	$(BIN)/troubadour demo --script bots/console/demo.txt --out demo-audio

test: $(STAMP)  ## Run the tests
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n 3 --dist worksteal

SEEDS ?= 2000
sim: $(STAMP)  ## Simulate the service, with faults and crashes: SEEDS=n histories, one with SEED=n, failing ones REPLAYS=n times
	PYTHONHASHSEED=0 $(BIN)/python -m tests.proofs.sim $(if $(SEED),--seed $(SEED),$(if $(REPLAYS),--replays $(REPLAYS),--seeds $(SEEDS)))

KILLS ?= 200
kill: $(STAMP)  ## Kill and freeze a real service at random instants: KILLS=n
	$(BIN)/python -m tests.proofs.kill $(KILLS)

ORDERS ?= 2000
fleet: $(STAMP)  ## Kill and freeze bots and workers over one PostgreSQL database while ORDERS=n orders come in
	$(BIN)/python -m tests.proofs.kill --fleet $(ORDERS)

AUDIOS ?= 3000
soak: $(STAMP)  ## Let a hundred chats order AUDIOS=n audios while sends fail: all arrive, and the service does not grow
	$(BIN)/python -m tests.proofs.soak --audios $(AUDIOS)

browse: $(STAMP)  ## Use the console in a real browser, and look for what trips assistive technology (needs Chromium)
	$(BIN)/python -m tests.proofs.browse

CUTS ?= 200000
power: $(STAMP)  ## Cut the power under the store's real transactions: CUTS=n torn images
	$(BIN)/python -m tests.proofs.power $(CUTS)

SECONDS ?= 60
fuzz: $(PROOF)  ## Let a fuzzer feed each parser, for SECONDS each
	for parser in $$($(BIN)/python -c 'from tests.proofs.fuzz.table import PARSERS; print(*PARSERS)'); do \
	  $(BIN)/python -m tests.proofs.fuzz.run $$parser $(SECONDS) || exit 1; \
	done

PROMTOOL = $(or $(shell command -v promtool),$(VENV)/prometheus/usr/bin/promtool)
numbers: $(STAMP) $(PROMTOOL)  ## Let Prometheus' promtool check the metrics of a real service, the board, the alerts and their tests
	$(BIN)/python -m tests.proofs.numbers $(VENV)/numbers
	$(PROMTOOL) check metrics < $(VENV)/numbers/metrics.txt
	$(PROMTOOL) check rules $(VENV)/numbers/board.yml
	$(PROMTOOL) check config contrib/prometheus/prometheus.yml
	$(PROMTOOL) test rules contrib/prometheus/alerts_test.yml

# One file of Debian's package: nothing is installed, and no service started.
$(VENV)/prometheus/usr/bin/promtool: | $(STAMP)
	@command -v dpkg >/dev/null || { echo "Install Prometheus: its promtool is not on the PATH." >&2; exit 1; }
	rm -rf $(VENV)/prometheus && mkdir $(VENV)/prometheus
	cd $(VENV)/prometheus && { apt-get -qq download prometheus || { apt-get -qq update && apt-get -qq download prometheus; }; }
	cd $(VENV)/prometheus && dpkg --fsys-tarfile prometheus_*.deb | tar -x ./usr/bin/promtool && rm prometheus_*.deb

TEMPLATE := bots/text/locales/troubadour.pot
words: $(STAMP)  ## Write the sentences to translate into the template, and into the catalogue of each language
	$(BIN)/pybabel -q extract -k N_ -k ngettext:1,2 --no-location --omit-header --sort-output --no-wrap -o $(TEMPLATE) bots
	for po in $(wildcard bots/text/locales/*.po); do \
	  $(BIN)/pybabel -q update --no-fuzzy-matching --ignore-pot-creation-date -i $(TEMPLATE) -o $$po -l $$(basename $$po .po) || exit 1; \
	done

docs: $(STAMP)  ## Write what the documents take from the code
	$(BIN)/python -m contrib.docs

screens: $(STAMP)  ## Hold conversations on local chats and take pictures of them, all or SCENES="name ..." (needs Chromium)
	$(BIN)/python -m contrib.screens $(SCENES)

touches: $(STAMP)  ## Count on local chats what members tap and what others read, beside the aims
	$(BIN)/python -m contrib.touches

check: lint types test  ## Lint, format, types and tests

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

# The image's version or else the newest that works, along the PATH and among pyenv's: a shim fails while its version
# is not chosen.
IMAGE := $(shell sed -n 's/^ARG PYTHON=//p' Dockerfile)
PYTHON = $(shell IFS=:; root=$$(pyenv root 2>/dev/null); for v in $(IMAGE) 3.14 3.13 3.12 3.11 3; do \
  for bin in $$PATH $${root:+$$root/versions/$$v*/bin}; do \
    "$$bin/python$$v" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && \
      echo "$$bin/python$$v" && exit; \
  done; \
done)

INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
$(STAMP): requirements/dev.lock pyproject.toml
	@python='$(PYTHON)'; \
	[ -n "$$python" ] || { echo "Troubadour needs Python 3.11 or newer with venv, and none was found on the PATH." >&2; exit 1; }; \
	echo "Making $(VENV) with $$python"; \
	"$$python" -m venv --clear $(VENV)
	$(INSTALL) --require-hashes -r requirements/dev.lock
	$(INSTALL) --no-deps --no-build-isolation --no-index -e .
	@touch $@

$(PROOF): requirements/proof.lock $(STAMP)
	$(INSTALL) --require-hashes -r requirements/proof.lock
	@touch $@

mutants: $(PROOF)  ## Break the money rules one operator at a time: a test must go red for each
	$(BIN)/python -m tests.proofs.mutants.rules
	$(BIN)/python -m tests.proofs.mutants

$(BENCH): requirements/bench.lock $(STAMP)
	$(INSTALL) --require-hashes -r requirements/bench.lock
	@touch $@

bench: $(BENCH)  ## Measure the service beside its baselines, all or ROWS="name ...": a table, and JSON in benchmarks/results
	$(BIN)/python -m benchmarks $(ROWS)

audit: $(PROOF)  ## Look for known vulnerabilities in what a production install has; write sbom.json
	$(BIN)/pip-audit --disable-pip -r requirements/base.lock -f cyclonedx-json -o sbom.json

COMPILE := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml
lock:  ## Resolve the dependencies again into the hashed lock files of requirements/ (needs uv)
	$(COMPILE) --extra postgres -o requirements/base.lock
	$(COMPILE) --extra sandbox --extra postgres --extra s3 --group dev -c requirements/base.lock -o requirements/dev.lock
	$(COMPILE) --group proof -c requirements/dev.lock -o requirements/proof.lock
	$(COMPILE) --group bench -c requirements/dev.lock -o requirements/bench.lock

clean:  ## Remove what make made
	rm -rf $(VENV) demo-audio mutants sbom.json .mypy_cache .ruff_cache .pytest_cache .hypothesis
