"""The numbers of captions, alternative texts, cards and summaries: a changed one is noticed."""

from pathlib import Path

import nbformat
import pytest
from stated import founded, said_by_code, stated, statements, unfounded

BOOK = Path(__file__).parent.parent / "book"


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("513 from 10", [513, 10]),
        ("−8 to 8.5", [8, 8.5]),
        ("20,000 or 20{,}000", [20_000, 20_000]),
        ("60 million, 44 %, the 251st", [6e7, 44, 251]),
        ("1e-17 and 5e20", [1e-17, 5e20]),
        (r"$10^{-15}$, $6 \cdot 10^{-8}$, $2^{12}$", [1e-15, 6e-8, 4096]),
        (r"$\tfrac14$, $\frac{1}{12}$", [0.25, 1 / 12]),
        (r"$x = 8.4$, $\frac{s x}{1 + 3x}$, $(1 + 15x)^2$", [8.4]),
        ("twenty thousand, a million million", [20_000, 10**12]),
        ("one fiftieth, two hundredths, a ten-millionth", [0.02, 0.02, 1e-7]),
        ("two hundred-millionths, the nineteenth", [2e-8, 19]),
        ("Two hundred times as large, thirty-two layers", [200, 32]),
        ("0 to 2 in ten steps, one half, a third, 16 bits, float32, x86-64, `x[17]`", []),
        ("[Nobody 1900](bibliography.md#n) and [the next](x1.ipynb), Exercise 3", []),
    ],
)
def test_numbers_are_read(text, values):
    found = stated(text)
    assert len(found) == len(values)
    for value, (_, readings) in zip(values, found, strict=True):
        assert founded({value}, readings)


def test_what_code_says():
    said = said_by_code(
        "%pip install 7\n"
        "# 8 is in a comment\n"
        "assert f'{-x:.2f}' == '0.89' and n == 20_000 and y < 2.0**-25 and z > 1 / 12\n"
        "np.logspace(-2, 3, 201)\n"
    )
    for value in (0.89, 20_000, 2**-25, 25, 1 / 12, 12, 0.01, 1000, 201):
        assert founded({value}, said), value
    for value in (7, 8, 0.2):
        assert not founded({value}, said), value


def page(caption="It needs 513 steps.", summary="- About 500 steps.", drawing="plot(-8, 8)"):
    cells = [
        nbformat.v4.new_markdown_cell("## In a network"),
        nbformat.v4.new_code_cell(drawing),
        nbformat.v4.new_code_cell("assert steps == 513\nassert round(steps, -2) == 500"),
        nbformat.v4.new_markdown_cell("## Exercises"),
        nbformat.v4.new_code_cell("x = 50", execution_count=3),
        nbformat.v4.new_code_cell("assert 150 + 3"),
        nbformat.v4.new_markdown_cell(f"## Summary\n\n{summary}\n\n**Read next:** 777"),
    ]
    alt = "A curve from −8 to 8."
    cells[1].metadata["mystnb"] = {"figure": {"caption": caption}, "image": {"alt": alt}}
    cells[2].outputs = [nbformat.v4.new_output("stream", name="stdout", text="share: 0.75\n")]
    return nbformat.v4.new_notebook(cells=cells)


def test_what_the_page_asserts_prints_or_draws_is_founded():
    assert unfounded(page()) == []
    assert unfounded(page("A share of 0.75, 75 % of it.")) == []
    assert unfounded(page("To the left of −8.")) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"caption": "It needs 153 steps."},
        {"caption": "It needs 5130 steps."},
        {"caption": "It needs 150 steps."},  # another section's
        {"summary": "- About 50 steps."},
        {"summary": "- About eight hundred steps."},
        {"drawing": "plot(-6, 6)"},
    ],
)
def test_a_number_that_the_page_does_not_hold_is_noticed(wrong):
    assert unfounded(page(**wrong))


def test_few_changes_of_a_number_in_the_book_would_hit_another_one():
    changed = unnoticed = 0
    for path in BOOK.glob("*.ipynb"):
        for _, text, held in statements(nbformat.read(path, as_version=4)):
            for _, values in stated(text):
                for factor in (0.1, 1.5, 3, 10):
                    changed += 1
                    unnoticed += founded({factor * value for value in values}, held)
    assert changed > 500
    assert unnoticed < 0.15 * changed
