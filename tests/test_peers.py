"""The published matrix: its shape, this package's column as it is now, and the page's prose."""

import json
import re
from datetime import date
from pathlib import Path

import literal
import nbformat
import numpy as np
import peers
import peers_questions
import pytest
from peers_libraries import LIBRARIES as KNOWN
from peers_libraries import OURS, Column, load_literal, load_package
from peers_questions import (
    OTHERWISE,
    VERDICTS,
    by_convention,
    cell,
    judged,
    largest_errors,
    masked_whole,
    that_round,
)
from peers_questions import ROWS as ASKED

import npdl_activations as package

BOOK = Path(__file__).parent.parent / "book"
TABLE = json.loads(peers.TARGET.read_text(encoding="utf-8"))
ROWS = {row["key"]: row for row in TABLE["rows"]}
LIBRARIES = {library["name"]: library for library in TABLE["libraries"]}
OTHERS = [library for library in KNOWN if library.requirement]

each_row = pytest.mark.parametrize("asked", ASKED, ids=lambda row: row.key)


@pytest.fixture(scope="module")
def page():
    notebook = nbformat.read(BOOK / "twenty_ways.ipynb", as_version=4)
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    return " ".join("\n".join(cells).split())


def test_there_are_twenty_rows_of_the_tool_in_the_file():
    assert len(ROWS) == len(TABLE["rows"]) == 20
    for asked in ASKED:
        published = ROWS[asked.key]
        assert (published["group"], published["asked"], published["right"]) == (
            asked.group,
            asked.asked,
            asked.right,
        )


def test_every_library_has_its_version_or_the_reason_why_not():
    assert list(LIBRARIES) == [library.name for library in KNOWN]
    for library in OTHERS:
        published = LIBRARIES[library.name]
        assert bool(re.match(r"\d+\.\d", published["version"])) != bool(published["missing"])
    assert LIBRARIES[OURS]["version"] == package.__version__
    for name in ("python", "numpy", "mpmath"):
        assert re.match(r"\d+\.\d", TABLE[name])
    assert date.fromisoformat(TABLE["date"])
    assert TABLE["platform"]


def test_every_cell_has_a_verdict():
    measured = {name for name, library in LIBRARIES.items() if not library["missing"]}
    for row in TABLE["rows"]:
        assert set(row["cells"]) == measured
        for one in row["cells"].values():
            assert one["verdict"] in VERDICTS
            assert one["detail"] or one["verdict"] in {"correct", "not offered"}


@each_row
def test_the_package_answers_as_published(asked):
    now = cell(asked, load_package())
    published = ROWS[asked.key]["cells"][OURS]
    # What one instance's `forward` remembers is for one thread.
    verdict = "wrong" if asked.key == "threads" else "correct"
    assert now.verdict == published["verdict"] == verdict
    assert now.detail.startswith("refuses") == published["detail"].startswith("refuses")


@each_row
def test_the_textbook_fails_as_published(asked):
    """The rows tell a right answer from a wrong one."""
    now = cell(asked, load_literal())
    assert now.verdict == ROWS[asked.key]["cells"]["textbook"]["verdict"]


def test_the_largest_errors_are_within_the_published_bounds():
    for label, error in TABLE["largest"][OURS].items():
        verb = "derivative" if label.endswith("′") else "value"
        assert error <= getattr(package, label.removesuffix("′")).max_ulp["float32"][verb]


def test_a_row_that_is_masked_whole_gets_zeros():
    _, call = load_package().masked
    assert masked_whole(call) == "0, 0"
    assert {one["library"]: one["answer"] for one in TABLE["masked_whole"]}[OURS] == "0, 0"


@pytest.mark.parametrize(
    ("y", "verdict"),
    [([0.5, 0.5], "correct"), ([np.nan] * 2, OTHERWISE), ([0, 0], OTHERWISE), ([0, 1], "wrong")],
    ids=str,
)
def test_another_convention_is_not_wrong(y, verdict):
    assert by_convention(np.array([y], np.float32), 0.5, 0, np.nan).verdict == verdict


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
    assert judged(np.array(y, np.float32), package.Sigmoid.formula, x).verdict == verdict


def test_a_right_answer_with_a_warning_and_an_error_are_told_apart():
    def column(value):
        return Column({"Sigmoid": value})

    def loud(x):
        np.exp(np.float32(1000))
        return package.Sigmoid()(x)

    def broken(x):
        raise KeyError(x)

    asked = next(row for row in ASKED if row.key == "sigmoid_left")
    assert cell(asked, column(loud)).verdict == "warning"
    assert cell(asked, column(broken)).verdict == "error"
    assert cell(asked, Column({})).verdict == "not offered"


def test_what_is_remembered_apart_is_no_matter_of_threads():
    def apart(x, between):
        sigmoid = package.Sigmoid()
        between(x, sigmoid.forward(x))
        return sigmoid.derivative()

    slopes = {"Sigmoid": package.Sigmoid().derivative}
    [asked] = [row for row in ASKED if row.key == "threads"]
    assert cell(asked, Column({}, slopes, apart)).verdict == "correct"


def test_the_largest_error_of_a_sample_is_found(monkeypatch):
    monkeypatch.setattr(peers_questions, "STRIDE", 1_000_003)
    classes = [package.Sigmoid, package.SoftPlus]

    def largest(value):
        return largest_errors(Column({"SoftPlus": value}), classes)

    def once_wrong(x):
        y = package.SoftPlus()(x)
        y[x == x[x > 1][7]] *= np.float32(1 + 99 * 2**-23)
        return y

    assert largest(package.SoftPlus())["SoftPlus"] < 4
    assert 49 < largest(once_wrong)["SoftPlus"] < 103
    assert largest(literal.value(package.SoftPlus)) == {"SoftPlus": None}
    assert largest(lambda x: np.where(x > 1, np.nan, package.SoftPlus()(x))) == {"SoftPlus": None}
    assert package.Linear not in that_round({"Linear", "Tanh"})


@pytest.mark.parametrize(
    ("library", "function"),
    [
        ("PyTorch", "Tanh"),
        (OURS, "Tanh"),
        ("SciPy", "SoftPlus"),
        ("PyTorch", "SoftPlus"),
        (OURS, "SoftPlus"),
        ("PyTorch", "SoftPlus′"),
        (OURS, "SoftPlus′"),
        ("MyGrad", "SoftSign"),
        (OURS, "SoftSign"),
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
