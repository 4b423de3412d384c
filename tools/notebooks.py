"""Run the book's notebooks in clean kernels and store them in one normal form.

``python tools/notebooks.py`` runs every chapter; give paths to run only those.
"""

import hashlib
import importlib
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

BOOK = Path(__file__).resolve().parent.parent / "book"
# The README shows the cover's figure of all nine.
PICTURE = "fig-gallery"
NOTEBOOK_METADATA = ("myst", "mystnb")
CELL_METADATA = ("answer", "mystnb", "tags")
# JupyterLab, and so Binder, folds what stands below such a heading, as the book does, and the code
# that the book folds or leaves out.
FOLDED = "#### Solution"
NOT_SHOWN = {"hide-input", "hide-cell", "remove-input", "remove-cell"}
KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def normal_form(notebook: nbformat.NotebookNode, stem: str) -> str:
    """Return the text of `notebook` with nothing in it that differs by run or machine.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        A notebook of format 4; it is not changed.
    stem : str
        The name of its file without the suffix, which begins every cell's id.

    Returns
    -------
    str
        The JSON text to store. The normal form of a normal form is itself.
    """
    metadata = {
        key: notebook.metadata[key] for key in NOTEBOOK_METADATA if key in notebook.metadata
    }
    result = nbformat.v4.new_notebook(metadata=metadata | KERNEL)
    seen: Counter[str] = Counter()
    count = 0
    for old in notebook.cells:
        cell = nbformat.from_dict(old)
        cell.source = cell.source.rstrip()
        cell.metadata = {key: old.metadata[key] for key in CELL_METADATA if key in old.metadata}
        if cell.cell_type == "markdown" and cell.source == FOLDED:
            cell.metadata["jp-MarkdownHeadingCollapsed"] = True
        digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:8]
        seen[digest] += 1
        cell.id = f"{stem}-{digest}" + (f"-{seen[digest]}" if seen[digest] > 1 else "")
        if cell.cell_type == "code":
            if NOT_SHOWN.intersection(cell.metadata.get("tags", ())):
                cell.metadata["jupyter"] = {"source_hidden": True}
            count += 1
            cell.execution_count = count
            for output in cell.outputs:
                if output.output_type == "execute_result":
                    output.execution_count = count
        result.cells.append(cell)
    text: str = nbformat.writes(result)
    return text + "\n"


def pictures(notebook: nbformat.NotebookNode) -> Iterator[str]:
    """Yield the SVG text of each figure that is named `PICTURE`."""
    for cell in notebook.cells:
        if cell.metadata.get("mystnb", {}).get("figure", {}).get("name") == PICTURE:
            yield from (o.data["image/svg+xml"] for o in cell.outputs if "data" in o)


def run(path: Path) -> str:
    """Execute the notebook at `path` and store it, or return what went wrong.

    Parameters
    ----------
    path : Path
        The notebook, which runs in its own folder.

    Returns
    -------
    str
        A message for the author, empty if all is well; then the file holds the new outputs.
    """
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as home:
        # A reader's own IPython settings have no say in the outputs, as in `main` matplotlib's.
        os.environ["IPYTHONDIR"] = home
        client = NotebookClient(
            notebook,
            timeout=300,
            kernel_name="python3",
            coalesce_streams=True,
            record_timing=False,
            extra_arguments=["--IPKernelApp.log_level=ERROR"],
            resources={"metadata": {"path": str(path.parent)}},
        )
        try:
            client.execute()
        except CellExecutionError as error:
            return f"{path.name}: a cell fails.\n{error}"
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr" or output.output_type == "error":
                text = output.get("text") or output.get("evalue")
                return f"{path.name}: a cell writes to stderr.\n{cell.source}\n---\n{text}"
    path.write_text(normal_form(notebook, path.stem), encoding="utf-8")
    for svg in pictures(notebook):
        (BOOK / "_static" / "gallery.svg").write_text(svg, encoding="utf-8")
    return ""


def main(arguments: list[str]) -> int:
    """Run the notebooks named in `arguments`, or all; return the number that failed."""
    paths = [Path(argument).resolve() for argument in arguments] or sorted(BOOK.glob("*.ipynb"))
    failures = 0
    with tempfile.TemporaryDirectory() as home, ProcessPoolExecutor(max_workers=2) as pool:
        os.environ["MPLCONFIGDIR"] = home
        # Looking for the fonts takes a slow machine seconds, of which a chapter would complain.
        importlib.import_module("matplotlib.font_manager")
        for path, fault in zip(paths, pool.map(run, paths), strict=True):
            failures += bool(fault)
            print(fault or f"{path.name}: stored", file=sys.stderr if fault else sys.stdout)
    return failures


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
