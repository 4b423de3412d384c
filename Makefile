# Every target sets up what it needs in .venv, from Python 3.11 or newer alone.
# PYTHON=/path/to/python3.12 chooses another interpreter.
PYTHON ?= python3
PORT ?= 8000
BIN = .venv/bin
BUILD_BOOK = $(BIN)/jupyter-book build . --quiet -W -n --keep-going
CLEAN_BOOK = rm -rf _build/html _build/.doctrees
LOCK = uv pip compile --universal --python-version 3.11 --fork-strategy fewest --all-extras pyproject.toml

.PHONY: help book pdf serve notebooks test lint unit nbval book-check browser verify bench peers mutants drop-in audit lock clean

help:
	@echo 'make book       build the book and print the address of its first page'
	@echo 'make pdf        build the book, print it as PDFs and link them'
	@echo 'make serve      build the book and serve it on this machine (PORT=8000)'
	@echo 'make test       run every check'
	@echo 'make notebooks  run the chapters again and store their outputs'
	@echo 'make verify     measure the accuracy of every function (long)'
	@echo 'make bench      measure the speed of every function'
	@echo 'make peers      measure other libraries on the same inputs'
	@echo 'make mutants    break every function and see that the tests notice'
	@echo 'make drop-in    train the classic library with our functions and with its own'
	@echo 'make audit      measure the built pages in a browser'
	@echo 'make lock       make requirements.txt from pyproject.toml'
	@echo 'make clean      remove everything that these targets made'

.venv/stamp: requirements.txt pyproject.toml tools/venv.sh
	@sh tools/venv.sh '$(PYTHON)'

book: .venv/stamp
	@$(CLEAN_BOOK)
	@$(BUILD_BOOK) >/dev/null
	@echo "The book: file://$(CURDIR)/_build/html/index.html"

pdf: book
	@$(BIN)/python tools/pdf.py

serve: book
	@echo "Serving it at http://localhost:$(PORT)/ (stop with Ctrl-C)"
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html $(PORT) >/dev/null 2>&1 || \
	  { echo 'Port $(PORT) is taken: choose another with make serve PORT=8001.' >&2; exit 1; }

notebooks: .venv/stamp
	@$(BIN)/python tools/notebooks.py

test: lint unit nbval book-check browser

lint: .venv/stamp
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --quiet --check
	@$(BIN)/mypy --no-error-summary

unit: .venv/stamp
	@$(BIN)/pytest -q -n 2 --cov

nbval: .venv/stamp
	@$(BIN)/pytest -q -n 2 --dist loadfile --nbval --nbval-current-env --nbval-cell-timeout=120 book

book-check: .venv/stamp
	@$(CLEAN_BOOK)
	@$(BUILD_BOOK) >/dev/null

browser: book-check
	@$(BIN)/pytest -q -n 2 --dist worksteal tests/browser

verify: .venv/stamp
	@$(BIN)/python -m npdl_activations.lab.accuracy --all

bench: .venv/stamp
	@$(BIN)/pytest -q --benchmark-enable --benchmark-only benchmarks

peers: .venv/stamp
	@$(BIN)/python tools/peers.py

mutants: .venv/stamp
	@$(BIN)/python tools/mutants.py

drop-in: .venv/stamp
	@$(BIN)/python tools/drop_in.py

audit: pdf
	@$(BIN)/python tools/audit.py

lock: .venv/stamp
	@{ echo '# $(LOCK)' && $(BIN)/$(LOCK) --quiet --no-header; } >requirements.new
	@mv requirements.new requirements.txt

clean:
	@rm -rf .venv .peers _build _verify dist build .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache \
	  .ruff_cache .benchmarks
	@find . -name __pycache__ -prune -exec rm -rf {} +
