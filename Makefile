# Every target sets up what it needs in .venv, from Python 3.11 or newer alone.
# PYTHON=/path/to/python3.12 chooses another interpreter.
PORT ?= 8000
BIN = .venv/bin
# A script begins with the folder's name, which a shell may misread, so Python gets it as a file.
RUN = $(BIN)/python
PYTEST = $(RUN) $(BIN)/pytest -q
NBVAL = $(PYTEST) -n 2 --dist loadfile --nbval --nbval-current-env --nbval-cell-timeout=120 book
BUILD_BOOK = $(RUN) $(BIN)/jupyter-book build . --quiet -W -n --keep-going
CLEAN_BOOK = rm -rf _build/html _build/.doctrees
LOCK = uv pip compile --universal --python-version 3.11 --fork-strategy fewest --all-extras pyproject.toml

.PHONY: help .venv/stamp book pdf serve notebooks test lint unit nbval book-check browser verify experiments claims \
  bench peers mutants drop-in elsewhere arm audit kit lock clean

help:
	@echo 'make book         build the book and print the address of its first page'
	@echo 'make pdf          build the book, print it as PDFs and link them'
	@echo 'make serve        build the book and serve it on this machine (PORT=8000)'
	@echo 'make test         run every check'
	@echo 'make notebooks    run the chapters again and store their outputs'
	@echo 'make verify       measure the accuracy of every function (long)'
	@echo 'make experiments  run the experiments that the pages read (long)'
	@echo 'make claims       run the experiments, and what every page asserts of them'
	@echo 'make bench        measure the speed of every function beside its target'
	@echo 'make peers        measure other libraries on the same inputs'
	@echo 'make mutants      break every function and see that the tests notice'
	@echo 'make drop-in      train the classic library with our functions and with its own'
	@echo 'make elsewhere    run the tests and the chapters as on older x86 processors'
	@echo 'make arm          run the tests of the functions and the chapters on an emulated 64-bit ARM'
	@echo 'make audit        measure the built pages in a browser'
	@echo 'make kit          make a term of teaching out of the pages: notebooks, slides, questions, grading'
	@echo 'make lock         make requirements.txt from pyproject.toml'
	@echo 'make clean        remove everything that these targets made'

.venv/stamp: # the script sees whether there is anything to do
	@sh tools/venv.sh

book: .venv/stamp
	@$(CLEAN_BOOK)
	@$(BUILD_BOOK) >/dev/null
	@$(RUN) -c 'from pathlib import Path; print("The book:", Path("_build/html/index.html").absolute().as_uri())'

pdf: book
	@sh tools/venv.sh pdf
	@$(RUN) tools/pdf.py

serve: book
	@echo "Serving it at http://localhost:$(PORT)/ (stop with Ctrl-C)"
	@$(RUN) -m http.server --bind 127.0.0.1 --directory _build/html $(PORT) >/dev/null 2>&1 || \
	  { echo 'Port $(PORT) is taken: choose another with make serve PORT=8001.' >&2; exit 1; }

notebooks: .venv/stamp
	@$(RUN) tools/notebooks.py

test: lint unit nbval book-check browser

lint: .venv/stamp
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --quiet --check
	@$(RUN) $(BIN)/mypy --no-error-summary

unit: .venv/stamp
	@$(PYTEST) -n 2 --cov

nbval: .venv/stamp
	@$(NBVAL)

book-check: .venv/stamp
	@$(CLEAN_BOOK)
	@$(BUILD_BOOK) >/dev/null

browser: book-check
	@$(PYTEST) -n 2 --dist worksteal tests/browser

verify: .venv/stamp
	@$(RUN) tools/verify.py

experiments: .venv/stamp
	@$(RUN) tools/experiments.py

# --nbval-lax runs the assertions and lets the printed numbers be those of this machine.
claims: experiments
	@$(NBVAL:--nbval=--nbval-lax)

bench: .venv/stamp
	@$(RUN) tools/bench.py

peers: .venv/stamp
	@$(RUN) tools/peers.py

mutants: .venv/stamp
	@$(RUN) tools/mutants.py

drop-in: .venv/stamp
	@$(RUN) tools/drop_in.py

elsewhere: .venv/stamp
	@$(RUN) tools/elsewhere.py

arm: .venv/stamp
	@sh tools/arm.sh

audit: pdf
	@$(RUN) tools/audit.py

kit: book
	@sh tools/venv.sh pdf kit
	@$(RUN) tools/kit.py

lock: .venv/stamp
	@{ echo '# $(LOCK)' && $(BIN)/$(LOCK) --quiet --no-header; } >requirements.new
	@mv requirements.new requirements.txt

clean:
	@rm -rf .venv .peers _build _verify _experiments dist build .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache \
	  .ruff_cache
	@find . -name __pycache__ -prune -exec rm -rf {} +
