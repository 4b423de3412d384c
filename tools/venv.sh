#!/bin/sh
# Make .venv from requirements.txt with the Python given, or say in one sentence what is missing.
set -eu
python=$1

give_up() {
    echo "$1" >&2
    exit 1
}

command -v "$python" >/dev/null 2>&1 ||
    give_up "Python 3.11 or newer is needed: install it, or name it with make PYTHON=/path/to/python3."
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    give_up "Python 3.11 or newer is needed, and $python is $("$python" --version 2>&1): install a newer one, or name it with make PYTHON=/path/to/python3."
"$python" -c 'import venv, ensurepip' 2>/dev/null ||
    give_up "The venv module of $python is missing: install it (Debian and Ubuntu: apt install python3-venv)."

echo "Setting up .venv (a minute or two, once)."
"$python" -m venv .venv
pip() { .venv/bin/python -m pip install -qq --disable-pip-version-check "$@"; }
# uv takes a tenth of pip's time. Pip knows the indexes of pip.conf, where uv does not get through.
uv() { .venv/bin/uv pip install --quiet --python .venv/bin/python "$@" 2>/dev/null; }
pip --constraint requirements.txt uv && uv --requirement requirements.txt ||
    pip --requirement requirements.txt
pip --no-deps --editable .
touch .venv/stamp
