"""What people write elsewhere and here: the published comparison, and what the page says of it."""

import json
import re
from pathlib import Path

import nbformat
import numpy as np
import peers
import pytest
from drop_in import NPDL
from moving_in import PAIRS, compare, evaluated, names, verdict

PUBLISHED = json.loads(peers.MOVING_IN.read_text(encoding="utf-8"))
BOOK = Path(__file__).parent.parent / "book"
OURS = [ours for _, pairs in PAIRS.values() for _, ours in pairs]


def kind(said):
    """What a verdict says, but for the count of ULP, which processors may not share."""
    return re.sub(r"the same|within \d+ ULP", "near", said)


def test_the_file_holds_the_lines_of_the_tool():
    assert list(PUBLISHED) == list(PAIRS)
    for library, (setup, pairs) in PAIRS.items():
        assert PUBLISHED[library]["setup"] == setup
        assert [(row["theirs"], row["ours"]) for row in PUBLISHED[library]["rows"]] == pairs
        assert re.match(r"\d+\.\d", PUBLISHED[library]["version"])
    assert f"npdl=={PUBLISHED['npdl']['version']}" == NPDL


@pytest.mark.parametrize("line", OURS)
def test_our_lines_run(line):
    assert isinstance(evaluated(line, names()), np.ndarray)


@pytest.mark.parametrize("library", ["scikit-learn", "scipy"])
def test_what_is_installed_here_answers_as_published(library):
    now = compare(library)
    assert [kind(row["verdict"]) for row in now] == [
        kind(row["verdict"]) for row in PUBLISHED[library]["rows"]
    ]


@pytest.mark.parametrize(
    ("library", "line", "said"),
    [
        ("npdl", "a = activations.Softmax(); a.forward(x)", "the same in float32; here float64"),
        ("torch", "torch.sigmoid(torch.tensor([1]))", "in float32; here 0.731 in float64"),
        ("torch", "F.softplus(torch.tensor([21.0]", "0 in float64; here 7.58e-10 in float64"),
        ("torch", "F.softplus(t, beta=2)", "ULP"),
        ("torch", "z = torch.zeros", "the same"),
        ("npdl", "activations.Softmax().forward(np.zeros(2))", "here 0.5, 0.5 in float64"),
        ("npdl", "activations.Sigmoid().forward(np.uint8", "0 in float16; here 0.731 in float64"),
        ("keras", "activations.sigmoid(x)", "ULP in float32; here float64"),
        ("keras", "activations.softmax(x)", "ULP"),
        ("jax", "jax.grad(jax.nn.relu)(0.0)", "the same"),
        ("scikit-learn", "d = np.ones(1)", "the same"),
        ("scipy", "special.softmax(x)", "ULP"),
    ],
)
def test_the_conventions_that_the_page_names(library, line, said):
    (row,) = [row for row in PUBLISHED[library]["rows"] if row["theirs"].startswith(line)]
    assert row["verdict"].endswith(said)


ONE = np.array([1.0])


@pytest.mark.parametrize(
    ("theirs", "ours", "said"),
    [
        (ONE, ONE, "the same"),
        (ONE + 2**-51, ONE, "within 2 ULP"),
        (ONE, ONE * 2, "1 in float64; here 2 in float64"),
        (ONE * np.nan, ONE, "nan in float64; here 1 in float64"),
        (ONE.astype(np.float32), ONE, "1 in float32; here 1 in float64"),
        (np.ones(5, np.float32), np.ones(5), "the same in float32; here float64"),
        (np.ones(5), ONE, "(5,) in float64; here 1 in float64"),
        ("ValueError", ONE, "ValueError; here 1 in float64"),
    ],
)
def test_a_verdict_tells_what_is_near_from_what_is_not(theirs, ours, said):
    assert verdict(theirs, ours) == said


def test_a_line_that_fails_answers_with_the_error():
    assert evaluated("1 / 0", {}) == "ZeroDivisionError"
    assert evaluated("y = 1", {}) == "TypeError"


def test_the_page_shows_every_library():
    notebook = nbformat.read(BOOK / "moving_in.ipynb", as_version=4)
    shown = re.findall(r'show\("([\w-]+)"', "\n".join(cell.source for cell in notebook.cells))
    assert shown == list(PAIRS)
