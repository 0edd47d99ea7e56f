# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Two commands are all that most people need, on Debian 12 or newer with Python 3.11 or newer and nothing of ours:
#
#   make demo   repairs a broken simulated organisation before your eyes
#   make test   checks everything; its parts: make lint types sanity integration unit
#
# Both set up .venv first. PY=/path/to/python3 chooses the Python that a new .venv gets.

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
COLLECTION := ansible_collections/mailops/exchange

.PHONY: help demo test lint types unit sanity integration lab-proof clean

help:
	@sed -n 's/^#   //p' Makefile

$(LAB_READY): tests/requirements-lab.txt tools/set-up
	@tools/set-up $<
	@touch $@

$(TEST_READY): tests/requirements.txt tests/requirements.debian $(LAB_READY)
	@tools/set-up $<
	@touch $@

demo: $(LAB_READY)
	@mkdir -p build/demo
	@$(LAB) run --scenario tests/lab/scenarios/kb4051498.yml --state build/demo/state.json -- \
	    ansible-playbook mailops.exchange.repair -e outbound_tls_repair_report_dir=$(CURDIR)/build/demo \
	    -e outbound_tls_repair_journal_dir=$(CURDIR)/build/demo/journal

# The unit tests come last, so that what is seen last is how many tests passed.
test: lint types sanity integration unit

lint: $(TEST_READY)
	ruff format --check .
	ruff check .
	yamllint --strict .
	ansible-lint
	antsibull-changelog lint
	antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs self .

types: $(TEST_READY)
	mypy plugins tests/lab tests/lab_proof

unit: $(TEST_READY)
	pytest

# ansible-test keeps its caches in HOME; it gets one of its own, with the user's settings of pip.
ANSIBLE_TEST_HOME := $(CURDIR)/.venv/ansible-test
ANSIBLE_TEST = HOME=$(ANSIBLE_TEST_HOME) ansible-test $(1) --local --color no \
    --python "$$(python -c 'import sys; print("%d.%d" % sys.version_info[:2])')"

$(ANSIBLE_TEST_HOME)/ready: tools/get_pip.py
	@mkdir -p $(ANSIBLE_TEST_HOME)/.ansible/test/cache
	@for version in 24_2 25_2; do cp $< $(ANSIBLE_TEST_HOME)/.ansible/test/cache/get_pip_$$version.py; done
	@for settings in .config .pip .netrc; do \
	    if [ -e "$$HOME/$$settings" ]; then ln -sfn "$$HOME/$$settings" $(ANSIBLE_TEST_HOME)/$$settings; fi; done
	@touch $@

sanity: $(TEST_READY) $(ANSIBLE_TEST_HOME)/ready
	@echo "sanity: all tests of ansible-test sanity; the first run installs their tools and takes two minutes"
	@tools/copy-tree build/sanity
	@cd build/sanity/$(COLLECTION) && $(call ANSIBLE_TEST,sanity)

# The targets call exchange-lab by its name; it needs the repository's .venv.
integration: $(TEST_READY) $(ANSIBLE_TEST_HOME)/ready
	@echo "integration: playbooks against the simulated organisation"
	@tools/copy-tree build/integration
	@ln -s $(CURDIR)/.venv build/integration/$(COLLECTION)/.venv
	@cd build/integration/$(COLLECTION) && PATH="$$PWD/tests/lab:$$PATH" $(call ANSIBLE_TEST,integration)

# Clients without a line of the collection, each of which must fail against the lab as it would against Exchange.
lab-proof: $(TEST_READY)
	pytest tests/lab_proof

clean:
	rm -rf .venv build .ansible .hypothesis .mypy_cache .pytest_cache .ruff_cache tests/output
