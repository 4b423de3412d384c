"""Two chapters run to the end in a browser, and their outputs are the stored ones.

Pytest runs this file where it is named: ``make lite-run``, in the workflow that publishes. It needs
Pyodide's own network, where NumPy for WebAssembly comes from.
"""

import re

import nbformat
import pytest
from measuring import ROOT

TEXT = re.compile(r"<text\b.*?</text>", re.DOTALL)
TAG = re.compile(r"<[^>]*>|\s+")


def seen(cell):
    """What a cell prints and displays, of a figure its words.

    Pyodide has its own version of matplotlib, which sets a figure's parts a little elsewhere, and
    other numbers at an axis.
    """
    printed, shown = "", []
    for output in cell.get("outputs", []):
        if output.output_type == "stream":
            printed += output.text
        elif output.output_type == "error":
            printed += f"{output.ename}: {output.evalue}"
        else:
            data = output.data
            words = [TAG.sub("", text) for text in TEXT.findall(data.get("image/svg+xml", ""))]
            words = [word for word in words if re.search("[A-Za-z]", word)]
            shown.append((data.get("text/plain"), data.get("text/html"), words))
    return printed, shown


# One that reads the experiments' numbers, and one that does not.
@pytest.mark.parametrize("page", ["sigmoid", "relu"])
def test_a_chapter_runs_to_its_end_with_the_stored_outputs(page, open_page):
    stored = nbformat.read(ROOT / "book" / f"{page}.ipynb", as_version=4)
    lab = open_page(page)
    lab.start()
    lab.tab.evaluate("jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    lab.run_all()
    now = lab.notebook()
    assert len(now.cells) == len(stored.cells)
    for old, new in zip(stored.cells, now.cells, strict=True):
        assert seen(new) == seen(old), old.source
    last = [cell for cell in now.cells if cell.cell_type == "code"][-1]
    assert last.execution_count
    assert lab.failed == lab.errors == []
