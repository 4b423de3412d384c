"""The published matrix: its shape, this package's column as it is now, and the page's prose."""

import json
import re
from datetime import date
from pathlib import Path

import nbformat
import numpy as np
import peers
import pytest

import npdl_activations as package

BOOK = Path(__file__).parent.parent / "book"
TABLE = json.loads(peers.TARGET.read_text(encoding="utf-8"))
ROWS = {row["key"]: row for row in TABLE["rows"]}
LIBRARIES = {library["name"]: library for library in TABLE["libraries"]}
OTHERS = [library for library in peers.LIBRARIES if library.requirement]

each_row = pytest.mark.parametrize("asked", peers.ROWS, ids=lambda row: row.key)


@pytest.fixture(scope="module")
def page():
    notebook = nbformat.read(BOOK / "twenty_ways.ipynb", as_version=4)
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    return " ".join("\n".join(cells).split())


def test_there_are_twenty_rows_of_the_tool_in_the_file():
    assert len(ROWS) == len(TABLE["rows"]) == 20
    for asked in peers.ROWS:
        published = ROWS[asked.key]
        assert (published["group"], published["asked"], published["right"]) == (
            asked.group,
            asked.asked,
            asked.right,
        )


def test_every_library_has_its_version_or_the_reason_why_not():
    assert list(LIBRARIES) == [library.name for library in peers.LIBRARIES]
    for library in OTHERS:
        published = LIBRARIES[library.name]
        assert bool(re.match(r"\d+\.\d", published["version"])) != bool(published["missing"])
    assert LIBRARIES[peers.OURS]["version"] == package.__version__
    for name in ("python", "numpy", "mpmath"):
        assert re.match(r"\d+\.\d", TABLE[name])
    assert date.fromisoformat(TABLE["date"])
    assert TABLE["platform"]


def test_every_cell_has_a_verdict():
    measured = {name for name, library in LIBRARIES.items() if not library["missing"]}
    for row in TABLE["rows"]:
        assert set(row["cells"]) == measured
        for cell in row["cells"].values():
            assert cell["verdict"] in peers.VERDICTS
            assert cell["detail"] or cell["verdict"] in {"correct", "not offered"}


@each_row
def test_the_package_answers_as_published(asked):
    now = peers.cell(asked, peers.load_package())
    published = ROWS[asked.key]["cells"][peers.OURS]
    assert now.verdict == published["verdict"] == "correct"
    assert now.detail.startswith("refuses") == published["detail"].startswith("refuses")


@each_row
def test_the_textbook_fails_as_published(asked):
    """The rows tell a right answer from a wrong one."""
    now = peers.cell(asked, peers.load_literal())
    assert now.verdict == ROWS[asked.key]["cells"]["textbook"]["verdict"]


def test_the_largest_errors_are_within_the_published_bounds():
    for label, error in TABLE["largest"][peers.OURS].items():
        assert error <= getattr(package, label.removesuffix("′")).max_ulp["float32"]


@pytest.mark.parametrize(
    ("y", "verdict"),
    [
        ([0.5], "correct"),
        ([0.5000005], "inaccurate"),
        ([0.7], "wrong"),
        ([0.0], "wrong"),
        ([np.nan], "wrong"),
        ([[0.5]], "wrong"),
    ],
    ids=str,
)
def test_an_answer_is_judged_by_its_distance(y, verdict):
    x = np.array([0], np.float32)
    assert peers.judged(np.array(y, np.float32), package.Sigmoid.formula, x).verdict == verdict


def test_a_right_answer_with_a_warning_and_an_error_are_told_apart():
    def column(value):
        return peers.Column({"Sigmoid": value})

    def loud(x):
        np.exp(np.float32(1000))
        return package.Sigmoid()(x)

    def broken(x):
        raise KeyError(x)

    asked = next(row for row in peers.ROWS if row.key == "sigmoid_left")
    assert peers.cell(asked, column(loud)).verdict == "warning"
    assert peers.cell(asked, column(broken)).verdict == "error"
    assert peers.cell(asked, peers.Column({})).verdict == "not offered"


@pytest.mark.parametrize(
    ("library", "function"),
    [
        ("PyTorch", "Tanh"),
        (peers.OURS, "Tanh"),
        ("SciPy", "SoftPlus"),
        ("PyTorch", "SoftPlus"),
        (peers.OURS, "SoftPlus"),
        ("PyTorch", "SoftPlus′"),
        (peers.OURS, "SoftPlus′"),
        ("MyGrad", "SoftSign"),
        (peers.OURS, "SoftSign"),
    ],
)
def test_the_page_says_how_much_better_others_are(library, function, page):
    _, _, section = page.partition("## Where others do better")
    assert f"{TABLE['largest'][library][function]:.2f}" in section


def test_the_page_counts_what_the_file_counts(page):
    assert "Twenty inputs, put to seven libraries" in page
    assert len(OTHERS) == 7
    assert not [library for library in TABLE["libraries"] if library["missing"]]
    words = f"{TABLE['stride']:,}th float32"
    assert words in page


def test_the_page_has_a_section_for_each_group(page):
    for group in dict.fromkeys(row["group"] for row in TABLE["rows"]):
        assert f"## {group}" in page
