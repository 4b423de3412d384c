#!/bin/sh
# Make .venv hold what requirements.txt locks, or say in one sentence what is missing.
#
# It is made anew where its folder was moved or copied, and for another PYTHON.
# `venv.sh pdf` adds what only printing needs, `venv.sh pdf kit` what only the kit needs, too.
set -eu
export PIP_USER=0 # whatever a pip.conf says

give_up() {
    echo "$1" >&2
    exit 1
}
place() {
    pwd -P
    "$1" -c 'import sys; print(sys.base_prefix, *sys.version.split())' 2>/dev/null || echo none
}
contents() { cat requirements.txt pyproject.toml tools/venv.sh | cksum; }
pip() { .venv/bin/python -m pip install -qq --disable-pip-version-check "$@"; }

home=$(place "${PYTHON:-.venv/bin/python}")
if [ "$home" != "$(sed 2q .venv/stamp 2>/dev/null)" ]; then
    python=${PYTHON:-python3}
    command -v "$python" >/dev/null 2>&1 ||
        give_up "Python 3.11 or newer is needed: install it, or name it with make PYTHON=/path/to/python3."
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
        give_up "Python 3.11 or newer is needed, and $python is $("$python" --version 2>&1): install a newer one, or name it with make PYTHON=/path/to/python3."
    "$python" -c 'import venv, ensurepip' 2>/dev/null ||
        give_up "The venv module of $python is missing: install it (Debian and Ubuntu: apt install python3-venv)."
    echo "Setting up .venv (a minute or two, once)."
    "$python" -m venv --clear .venv
    home=$(place "$python")
fi
if [ "$(contents)" != "$(sed -n 3p .venv/stamp 2>/dev/null)" ]; then
    # uv takes a tenth of pip's time. Pip knows the indexes of pip.conf, where uv does not get through.
    awk '/^uv==/ { found = 1 } found; found && !/\\$/ { exit }' requirements.txt >.venv/uv.txt
    { pip --requirement .venv/uv.txt && .venv/bin/uv pip install --quiet --python .venv/bin/python \
        --require-hashes --requirement requirements.txt; } 2>/dev/null ||
        pip --requirement requirements.txt
    # A folder has no hash. What builds it is locked too.
    pip --no-deps --no-build-isolation --editable .
    { echo "$home" && contents; } >.venv/stamp
fi
for extra; do
    case $extra in pdf) module=pikepdf ;; kit) module=nbgrader ;; esac
    .venv/bin/python -c "import $module" 2>/dev/null || pip --requirement "requirements-$extra.txt"
done
