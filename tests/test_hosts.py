"""Binder and Colab: what they read of the repository, and the cell that every page begins with."""

import re
import sys
from collections import Counter
from pathlib import Path

import hosts
import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "book").glob("*.ipynb"))
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
PYTHON = (ROOT / "binder" / "runtime.txt").read_text("utf-8").strip().removeprefix("python-")


def pins(name):
    lines = (ROOT / name).read_text("utf-8").splitlines()
    return {line.split(" ;")[0] for line in lines if line[:1].isalnum()}


def test_binder_installs_its_own_lock_on_its_python_and_then_this_package():
    python, dockerfile = hosts.repository(ROOT)
    assert python == PYTHON
    assert hosts.STEP.findall(dockerfile) == [
        '${KERNEL_PYTHON_PREFIX}/bin/pip install --no-cache-dir -r "binder/requirements.txt"',
        "chmod +x binder/postBuild",
        "./binder/postBuild",
    ]
    assert re.findall(r"^COPY .* src/(\S*) ", dockerfile, re.MULTILINE) == [
        "binder/requirements.txt",  # before the rest, so that it is kept from commit to commit
        "",
    ]
    assert "--no-deps ." in (ROOT / "binder" / "postBuild").read_text("utf-8")


def test_what_binder_has_before_is_found_in_its_lock():
    packages = hosts.base(PYTHON)
    assert {package.split("==")[0] for package in packages} == set(hosts.BASE)
    assert len(packages) == len(hosts.BASE)


def test_its_lock_is_of_what_pages_import_in_the_versions_of_the_other():
    (command,) = re.findall(r"--python-version (.*)\\\n.*binder/requirements.txt", MAKEFILE)
    assert command.startswith(f"{PYTHON} --extra fast --extra lab --extra scale pyproject.toml ")
    locked = pins("binder/requirements.txt")
    assert {"distributed", "matplotlib", "numba", "numpy", "sympy"} < {
        pin.split("==")[0] for pin in locked
    }
    assert locked <= pins("requirements.txt")


def test_another_python_is_told_so(monkeypatch, capsys):
    monkeypatch.setattr(hosts.shutil, "which", lambda _: None)
    assert hosts.interpreter("4.0") == sys.executable
    assert capsys.readouterr().out.startswith("Python 4.0, which this host has, is not on this")
    assert hosts.interpreter("%d.%d" % sys.version_info[:2]) == sys.executable  # noqa: UP031
    assert capsys.readouterr().out == ""


def test_a_host_that_fails_is_told_in_one_sentence(monkeypatch, capsys):
    def fail(_):
        msg = "It is not there."
        raise hosts.HostError(msg)

    monkeypatch.setattr(hosts, "colab", fail)
    assert hosts.main(["colab"]) == 1
    assert capsys.readouterr().err == "It is not there.\n"


def code(path):
    cells = nbformat.read(path, as_version=4).cells
    return [cell for cell in cells if cell.cell_type == "code"]


FIRST = code(NOTEBOOKS[0])[0].source
# What a page needs beside the lab.
EXTRAS = {"no_longer_fits": "[lab,scale]", "speed": "[lab,fast]"}


def test_every_page_begins_with_the_cell_that_installs_and_no_other_cell_fetches():
    for path in NOTEBOOKS:
        first, *others = code(path)
        extras = EXTRAS.get(path.stem, "[lab]")
        assert first.source == FIRST.replace("[lab]", extras), path.name
        assert first.metadata["tags"] == ["remove-cell"]
        for cell in others:
            assert not re.search(r"%pip|!pip|urlretrieve|urlopen|requests\.get", cell.source)


class Magic:
    """What a notebook is asked for by a line that begins with a percent sign."""

    def __init__(self):
        self.asked = []

    def run_line_magic(self, *words):
        self.asked.append(" ".join(words))


def begin(monkeypatch, *, platform, found):
    """Run the first cell where the package is found, or not, at each time it is looked for."""
    answers = iter(found)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: next(answers))
    monkeypatch.setattr(sys, "platform", platform)
    magic = Magic()
    program = TransformerManager().transform_cell(FIRST)
    try:
        exec(program, {"get_ipython": lambda: magic})
    finally:
        monkeypatch.undo()
    return magic.asked


def test_the_first_cell_does_nothing_where_the_package_is(monkeypatch):
    assert begin(monkeypatch, platform="linux", found=[True]) == []


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_the_first_cell_takes_the_package_from_its_repository(monkeypatch, platform):
    (asked,) = begin(monkeypatch, platform=platform, found=[None, True])
    assert asked == f'pip install --quiet "npdl-activations[lab] @ git+{hosts.REPOSITORY}"'


def test_the_first_cell_takes_it_from_the_site_in_the_browser(monkeypatch):
    (asked,) = begin(monkeypatch, platform="emscripten", found=[None, True])
    assert asked == "pip install --quiet npdl-activations[lab]"


def test_without_a_network_the_first_cell_says_in_one_sentence_what_to_do(monkeypatch):
    with pytest.raises(ModuleNotFoundError) as error:
        begin(monkeypatch, platform="linux", found=[None, None])
    sentence = str(error.value)
    assert "connect to the network and run this cell again" in sentence
    assert Counter(sentence)["."] == 1
