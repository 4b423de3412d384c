"""A teacher can build the book without its solutions."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

EXTENSIONS = Path(__file__).parent.parent / "book" / "_ext"
CONFIGURATION = """
import sys
sys.path.insert(0, {path!r})
extensions = ["myst_nb", "sphinx_exercise", "plain_markdown"]
nb_execution_mode = "off"
hide_solutions = {hidden}
"""
CELLS = [
    ("markdown", "# Page"),
    ("markdown", "### Exercise 1: on paper\n\nHow many?"),
    ("markdown", "#### Solution"),
    ("markdown", "There are nine."),
    ("code", "print(6 + 3)"),
    ("markdown", "### Exercise 2: by machine\n\nHow few?"),
    ("markdown", "#### Solution"),
    ("markdown", "There is one."),
    ("markdown", "## Quiz"),
]


@pytest.mark.parametrize("hidden", [True, False])
def test_the_solutions_are_left_out_where_they_are_to_be_hidden(hidden, tmp_path):
    cells = [
        {"cell_type": kind, "id": f"c{number}", "metadata": {}, "source": text}
        | ({"outputs": [], "execution_count": 1} if kind == "code" else {})
        for number, (kind, text) in enumerate(CELLS)
    ]
    metadata = {"language_info": {"name": "python"}}
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "index.ipynb").write_text(json.dumps(notebook))
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "glossary.md").write_text("---\norphan: true\n---\n\n# Glossary\n")
    configuration = CONFIGURATION.format(path=str(EXTENSIONS), hidden=hidden)
    (tmp_path / "conf.py").write_text(configuration)
    subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", "-n", tmp_path, tmp_path / "html"],
        check=True,
        capture_output=True,
    )
    page = (tmp_path / "html" / "index.html").read_text(encoding="utf-8")
    for kept in ("How many?", "How few?", "Quiz"):
        assert kept in page
    for solution in ("There are nine.", '<span class="mi">6</span>', "There is one."):
        assert (solution in page) != hidden
