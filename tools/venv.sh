#!/bin/sh
# Make .venv hold what requirements.txt locks, or say in one sentence what is missing.
#
# It is made anew where its folder was moved or copied, and for another PYTHON.
# `venv.sh pdf` adds what only printing needs.
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
pip() {
    .venv/bin/python -m pip install -qq --disable-pip-version-check \
        --constraint requirements.txt "$@"
}

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
    { pip uv && .venv/bin/uv pip install --quiet --python .venv/bin/python \
        --constraint requirements.txt --requirement pyproject.toml \
        --extra fast --extra lab --extra book --extra test; } 2>/dev/null || :
    pip --editable '.[fast,lab,book,test]'
    { echo "$home" && contents; } >.venv/stamp
fi
if [ "${1-}" = pdf ] && ! .venv/bin/python -c 'import pikepdf' 2>/dev/null; then
    pip --editable '.[pdf]'
fi
