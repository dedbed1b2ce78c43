# The verbs. `make` alone prints them.
.DEFAULT_GOAL := help
.PHONY: help .installed up check test lint status demo reset bench profile docs texts pictures hooks lock
MAKEFLAGS += --no-print-directory
PY := .venv/bin/python
COMPILE := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-header
PEER := benchmarks/allauth_site/requirements
INSTALL := @python3 -m operations.install.bootstrap

help:
	@echo "IMPEXWEB: accounts for people who import or export medicines"
	@echo
	@echo "  make up      start everything on this machine; Ctrl-C stops it"
	@echo "  make status  services, addresses and the depth of every queue"
	@echo "  make demo    fill the newest account's home page; ADDRESS=… chooses another account"
	@echo "  make check   check the code, run the tests that need no server; within a minute"
	@echo "  make test    install what the tests need, check the code, run every test"
	@echo "  make lint    check the code only (ruff, mypy, generated documents)"
	@echo "  make reset   delete all data of this machine, after asking"
	@echo "  make bench   measure speed, next to baselines of this machine"
	@echo "  make profile where the time and the statements of one user's journey go"
	@echo "  make docs    write the generated documents again"
	@echo "  make texts   collect the texts to translate in shared/i18n/translations"
	@echo "  make pictures  take the screenshots of the help pages again"
	@echo "  make hooks   check code and documents before every commit (pre-commit)"
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

check:
	$(INSTALL)
	@exec .venv/bin/impex check

test:
	$(INSTALL) --test
	@exec .venv/bin/impex test

lint:
	$(INSTALL)
	@exec .venv/bin/impex test --only-lint

bench:
	$(INSTALL)
	@exec $(PY) -m benchmarks

profile:
	$(INSTALL)
	@exec $(PY) -m benchmarks.profile

docs:
	$(INSTALL)
	@exec .venv/bin/impex docs

texts:
	$(INSTALL)
	@exec .venv/bin/impex texts

pictures:
	$(INSTALL) --test
	@exec $(PY) -m pytest -q tests/journeys/help_screenshots.py tests/journeys/guide_screenshots.py

hooks:
	$(INSTALL)
	@exec .venv/bin/pre-commit install

lock:
	$(INSTALL)
	@$(COMPILE) pyproject.toml --upgrade --extra dev -o requirements-dev.lock
	@$(COMPILE) pyproject.toml --constraint requirements-dev.lock -o requirements.lock
	@$(COMPILE) $(PEER).in --upgrade -o $(PEER).lock
