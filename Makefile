# Every target sets up what it needs in .venv, from Python 3.11 or newer alone.
# PYTHON=/path/to/python3.12 chooses another interpreter.
PORT ?= 8000
BIN = .venv/bin
# A script begins with the folder's name, which a shell may misread, so Python gets it as a file.
RUN = $(BIN)/python
PYTEST = $(RUN) $(BIN)/pytest -q
NBVAL = $(PYTEST) -n 2 --dist loadfile --nbval --nbval-current-env --nbval-cell-timeout=120 book
BUILD_BOOK = $(RUN) $(BIN)/jupyter-book build . --quiet -W -n --keep-going
CHECK = $(RUN) $(BIN)/check-jsonschema --builtin-schema
CLEAN_BOOK = rm -rf _build/html _build/.doctrees
LOCK = uv pip compile --generate-hashes --universal --fork-strategy fewest --quiet --no-header --upgrade

.PHONY: help .venv/stamp book pdf lite site serve notebooks test lint unit nbval book-check browser lite-check lite-run \
  verify proofs experiments claims bench peers mutants drop-in scale elsewhere arm binder colab audit links dist kit lock clean

help:
	@echo 'make book         build the book and print the address of its first page'
	@echo 'make pdf          build the book, print it as PDFs and link them'
	@echo 'make lite         build the book, with notebooks that run in the browser alone'
	@echo 'make site         build all that is published: the book, its PDFs, its notebooks in the browser'
	@echo 'make serve        build the book and serve it on this machine (PORT=8000)'
	@echo 'make test         run every check'
	@echo 'make notebooks    run the chapters again and store their outputs'
	@echo 'make verify       measure the accuracy of every function (long)'
	@echo 'make proofs       prove how wrong the compiled exponential and logarithm can be'
	@echo 'make experiments  run the experiments that the pages read (long)'
	@echo 'make claims       run the experiments, and what every page asserts of them'
	@echo 'make bench        measure the speed of every function beside its target'
	@echo 'make peers        measure other libraries on the same inputs'
	@echo 'make mutants      break every function and see that the tests notice'
	@echo 'make drop-in      train the classic library with our functions and with its own'
	@echo 'make scale        kill a worker in the middle of a computation, ten times'
	@echo 'make elsewhere    run the tests and the chapters as on older x86 processors'
	@echo 'make arm          run the tests of the functions and the chapters on an emulated 64-bit ARM'
	@echo 'make binder       run the chapters as Binder installs them'
	@echo 'make colab        run the chapters as Colab opens them'
	@echo 'make lite-run     run two chapters of the built site in a browser (fetches Pyodide)'
	@echo 'make audit        measure the built pages in a browser'
	@echo 'make links        follow every link out of the book'
	@echo 'make kit          make a term of teaching out of the pages: notebooks, slides, questions, grading'
	@echo 'make dist         build what a release publishes, and try it on every Python here'
	@echo 'make lock         lock the newest of everything that pyproject.toml names'
	@echo 'make clean        remove everything that these targets made'

.venv/stamp: # the script sees whether there is anything to do
	@sh tools/venv.sh

book: book-check
	@$(RUN) -c 'from pathlib import Path; print("The book:", Path("_build/html/index.html").absolute().as_uri())'

pdf: book
	@sh tools/venv.sh pdf
	@$(RUN) tools/pdf.py

lite: book-check
	@$(RUN) tools/lite.py

site: pdf lite

serve: book
	@echo "Serving it at http://localhost:$(PORT)/ (stop with Ctrl-C)"
	@$(RUN) -m http.server --bind 127.0.0.1 --directory _build/html $(PORT) >/dev/null 2>&1 || \
	  { echo 'Port $(PORT) is taken: choose another with make serve PORT=8001.' >&2; exit 1; }

notebooks: .venv/stamp
	@$(RUN) tools/notebooks.py

test: lint unit nbval book-check browser lite-check

lint: .venv/stamp
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --quiet --check
	@$(RUN) $(BIN)/mypy --no-error-summary
	@$(CHECK) vendor.github-workflows .github/workflows/*.yml
	@$(CHECK) vendor.dependabot .github/dependabot.yml
	@$(CHECK) vendor.citation-file-format CITATION.cff
	@$(BIN)/zizmor --quiet --offline --pedantic .github
	@$(BIN)/actionlint -shellcheck= -pyflakes=

unit: .venv/stamp
	@$(PYTEST) -n 2 --cov

nbval: .venv/stamp
	@$(NBVAL)

book-check: .venv/stamp
	@$(CLEAN_BOOK)
	@$(BUILD_BOOK) >/dev/null

browser: book-check
	@$(PYTEST) -n 2 --dist worksteal tests/browser

lite-check: lite
	@$(PYTEST) tests/lite

# Once `make site` has built it.
lite-run:
	@$(PYTEST) --to-the-end tests/lite

verify: .venv/stamp
	@$(RUN) tools/verify.py

proofs: .venv/stamp
	@$(RUN) tools/proofs.py

experiments: .venv/stamp
	@$(RUN) tools/experiments.py

# --nbval-lax runs the assertions and lets the printed numbers be those of this machine.
claims: experiments
	@$(NBVAL:--nbval=--nbval-lax)

bench: .venv/stamp
	@$(RUN) tools/bench.py; bench=$$?; $(RUN) tools/speed.py && exit $$bench

peers: .venv/stamp
	@$(RUN) tools/peers.py

mutants: .venv/stamp
	@$(RUN) tools/mutants.py

drop-in: .venv/stamp
	@$(RUN) tools/drop_in.py

scale: .venv/stamp
	@for run in 1 2 3 4 5 6 7 8 9 10; do $(NBVAL)/no_longer_fits.ipynb || exit 1; done

elsewhere: .venv/stamp
	@$(RUN) tools/elsewhere.py

arm: .venv/stamp
	@sh tools/arm.sh

binder: .venv/stamp
	@$(RUN) tools/hosts.py binder

colab: .venv/stamp
	@$(RUN) tools/hosts.py colab

audit: pdf
	@$(RUN) tools/audit.py

links: .venv/stamp
	@$(BUILD_BOOK) --builder linkcheck --path-output _build/links >/dev/null

dist: .venv/stamp
	@rm -rf dist
	@$(BIN)/uv build --quiet --no-build-isolation --python $(RUN) --out-dir dist --no-create-gitignore
	@$(RUN) $(BIN)/twine check --strict dist/*
	@$(RUN) $(BIN)/check-wheel-contents dist
	@$(RUN) tools/installed.py

kit: book
	@sh tools/venv.sh pdf kit
	@$(RUN) tools/kit.py

lock: .venv/stamp
	@$(BIN)/$(LOCK) --python-version 3.11 --extra book --extra fast --extra lab --extra lite --extra scale --extra test pyproject.toml \
	  --output-file requirements.txt
	@for extra in pdf kit; do $(BIN)/$(LOCK) --python-version 3.11 --extra $$extra pyproject.toml \
	  --constraint requirements.txt --output-file requirements-$$extra.txt || exit 1; done
	@$(BIN)/$(LOCK) --python-version 3.12 --extra fast --extra lab --extra scale pyproject.toml --constraint requirements.txt \
	  --output-file binder/requirements.txt

clean:
	@rm -rf .venv .peers .hosts _build _verify _experiments dist build .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache \
	  .ruff_cache
	@find . -name __pycache__ -prune -exec rm -rf {} +
