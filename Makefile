# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Two commands are all that most people need, on Debian 12 or newer with Python 3.11 or newer and nothing of ours:
#
#   make demo   repairs a broken simulated organisation before your eyes
#   make test   checks everything; its parts: make lint types sanity integration page unit
#
#   make page-pictures takes pictures of the page that the audit and the repair leave, for whoever changes its looks
#   make test-matrix   plays the integration targets on every ansible-core that is supported
#   make roads         repairs over every connection, authentication and kind of server, and fails where it must
#   make readings      repairs under every answer to what is not known about Exchange
#   make findings      holds what the diagnosis finds against the facts of many organisations
#   make slow-truth    repairs at the pace of a slow Exchange in real time; a quarter of an hour. SCALE=20 hurries
#   make unit-oldest   the unit tests of the sessions, with the oldest pypsrp and pywinrm that are supported
#   make fidelity      writes docs/fidelity.md: the facts about Exchange and the tests that rest on them
#   make fleet         every way to run the role over several servers of one connector
#   make awx           what AWX is given, and jobs as it runs them; loads 55 MB once
#   make eda           the shipped rulebook while mail gets stuck; installs ansible-rulebook and Java
#   make ledger        flips each reading of the lab that stands for a fact: exactly the tests named there turn red
#   make mutation      puts one fault after another into what decides: each turns a test red; a quarter of an hour
#
# All set up .venv first. PY=/path/to/python3 chooses the Python that a new .venv gets.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.NOTPARALLEL:
.DEFAULT_GOAL := help

# Nothing of the caller's shell decides: no pyenv shim, no locale that Ansible refuses, no Ansible settings.
export PATH := $(CURDIR)/.venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL := C.UTF-8
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.venv/collections
export PY

LAB := tests/lab/exchange-lab
LAB_READY := .venv/.lab-ready
TEST_READY := .venv/.test-ready
EDA_READY := .venv/.eda-ready

.PHONY: help demo test lint types unit sanity unit-oldest page page-pictures integration test-matrix roads readings \
    findings slow-truth lab-proof fidelity ledger mutation fleet awx eda clean

help:
	@sed -n 's/^#   //p' Makefile

$(LAB_READY): tests/requirements-lab.txt tests/requirements-libraries.txt tools/set-up
	@tools/set-up $<
	@touch $@

$(TEST_READY): tests/requirements.txt tests/requirements.debian $(LAB_READY)
	@tools/set-up $<
	@touch $@

$(EDA_READY): tests/requirements-eda.txt tests/requirements-eda.debian $(TEST_READY)
	@tools/set-up $<
	@touch $@

demo: $(LAB_READY)
	@mkdir -p build/demo
	@$(LAB) run --scenario tests/lab/scenarios/kb4051498.yml --state build/demo/state.json -- \
	    ansible-playbook mailops.exchange.repair -e outbound_tls_repair_report_dir=$(CURDIR)/build/demo \
	    -e outbound_tls_repair_journal_dir=$(CURDIR)/build/demo/journal
	@echo "What was found and done stands on the page build/demo/outbound_tls_repair.html"

# The unit tests come last, so that what is seen last is how many tests passed.
test: lint types sanity integration page unit

lint: $(TEST_READY)
	ruff format --check .
	ruff check .
	yamllint --strict .
	ansible-lint
	antsibull-changelog lint
	antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs self .
	@PYTHONPATH=tests/lab python -m tests.ledger check

types: $(TEST_READY)
	mypy plugins tests/lab tests/lab_proof tests/roads tests/readings tests/findings tests/ledger tests/mutation tests/awx tests/eda tests/fleet tests/page/browser.py tools

# The report in a headless Chromium: read at two widths, in light and dark, by keyboard, on paper, and under attack.
page: $(TEST_READY)
	pytest tests/page

# What the page looks like, as pictures in build/page, for whoever changes its style.
page-pictures: $(TEST_READY)
	python -m tests.page build/page

unit: $(TEST_READY)
	pytest -n auto

unit-oldest: $(TEST_READY)
	@python -m pip install --quiet --disable-pip-version-check --no-deps --upgrade --target build/oldest \
	    --requirement tests/requirements-oldest.txt
	PYTHONPATH=$(CURDIR)/build/oldest pytest tests/unit/plugins/remoting

sanity: $(TEST_READY)
	@echo "sanity: all tests of ansible-test sanity; the first run installs their tools and takes two minutes"
	@tools/ansible-test .venv build/sanity sanity

# TARGETS="failures traps" runs only those.
integration: $(TEST_READY)
	@echo "integration: playbooks against the simulated organisation"
	@tools/integration $(TARGETS)

# The same on every ansible-core that is supported, each in an environment of its own; more than half an hour.
test-matrix: $(TEST_READY)
	@python tools/test_matrix.py $(TARGETS)

# KB 4051498 on every road to a server, as the lab saw it, and what must fail on each. ROADS="winrm kerberos" chooses.
roads: $(TEST_READY)
	@python -m tests.roads $(ROADS)

# What the playbook makes of every reading of Exchange, as the lab saw it. READINGS="prompt_order" chooses.
readings: $(TEST_READY)
	@python -m tests.readings $(READINGS)

# What the diagnosis finds in many organisations, by the facts of each. FINDINGS="ipv6" chooses.
findings: $(TEST_READY)
	@python -m tests.findings $(FINDINGS)

# KB 4051498 with the role's defaults, where all that Exchange may delay comes late. SCALE=20 lets time run faster.
slow-truth: $(TEST_READY)
	@python -m tests.roads.slow_truth $(SCALE)

# Clients without a line of the collection, each of which must fail against the lab as it would against Exchange.
lab-proof: $(TEST_READY)
	pytest tests/lab_proof

# The page of what rests on what; `make lint` fails where it is not up to date.
fidelity: $(TEST_READY)
	@PYTHONPATH=tests/lab python -m tests.ledger page

# READINGS="queue_error log_names" flips only those.
ledger: $(TEST_READY)
	@PYTHONPATH=tests/lab python -m tests.ledger flip $(READINGS)

# MUTATION="_exchange/services prompts" measures those files alone, --sample=9 no more than nine faults of each.
mutation: $(TEST_READY)
	@python -m pip install --quiet --disable-pip-version-check --no-deps --upgrade --target build/mutation \
	    --requirement tests/requirements-mutation.txt
	@PYTHONHASHSEED=0 PYTHONPATH=$(CURDIR)/build/mutation python -m tests.mutation $(MUTATION)

# Every way to run the role over a fleet: strategies, batches, hosts that are away, runs at once, runs that are killed.
fleet: $(TEST_READY)
	@python -m tests.fleet $(FLEET)

# The configuration, the execution environment and the jobs of AWX, as far as they can be seen without it.
awx: $(TEST_READY)
	@python -m tests.awx

# The shipped rulebook, run by ansible-rulebook while mail gets stuck in the lab.
eda: $(EDA_READY)
	@python -m tests.eda

clean:
	rm -rf .venv build .ansible .hypothesis .mypy_cache .pytest_cache .ruff_cache tests/output
