# The verbs. `make` alone prints them.
.DEFAULT_GOAL := help
.PHONY: help .installed up test lint status demo reset bench docs texts pictures lock
MAKEFLAGS += --no-print-directory
PY := .venv/bin/python
INSTALL := @python3 -m operations.install.bootstrap

help:
	@echo "IMPEXWEB: accounts for people who import or export medicines"
	@echo
	@echo "  make up      start everything on this machine; Ctrl-C stops it"
	@echo "  make status  what runs, where, and what waits in the queues"
	@echo "  make demo    fill the newest account's home page; ADDRESS=… chooses another account"
	@echo "  make test    install what the tests need, check the code, run every test"
	@echo "  make lint    check the code only (ruff, mypy)"
	@echo "  make reset   forget all data of this machine, after asking"
	@echo "  make bench   measure, beside what the parts alone reach"
	@echo "  make docs    write the tables of settings and events again"
	@echo "  make texts   collect the texts to translate in shared/i18n/translations"
	@echo "  make pictures  take the help page's pictures of our screens again"
	@echo "  make lock    choose newer versions of the Python packages"

up:
	$(INSTALL)
	@exec .venv/bin/impex up

.installed:
	@test -x .venv/bin/impex || { echo "Nothing is installed here yet; make up does it."; exit 1; }

status: .installed
	@exec .venv/bin/impex status

demo: .installed
	@exec .venv/bin/impex demo $(if $(ADDRESS),'$(ADDRESS)')

reset: .installed
	@exec .venv/bin/impex reset

test:
	$(INSTALL) --test
	@exec .venv/bin/impex test

lint:
	$(INSTALL)
	@exec .venv/bin/impex test --only-lint

bench:
	$(INSTALL)
	@exec $(PY) -m benchmarks

docs:
	$(INSTALL)
	@exec .venv/bin/impex docs

texts:
	$(INSTALL)
	@exec .venv/bin/impex texts

pictures:
	$(INSTALL) --test
	@exec $(PY) -m pytest -q tests/journeys/help_pictures.py

lock:
	$(INSTALL)
	@exec .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --extra dev \
	  --generate-hashes --no-header --upgrade pyproject.toml -o requirements.lock
