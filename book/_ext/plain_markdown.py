"""Give the notebooks' plain Markdown the roles and directives of the book.

A reader on Binder or Colab sees Markdown that any notebook shows well: links and headings. The
book needs more, and gets it here, before MyST reads the page.

- ``[Verhulst 1838](bibliography.md#verhulst1838)`` becomes a citation.
- ``[logit](glossary.md#term-logit)`` becomes a link to the glossary's entry.
- ``<!-- eq-sigmoid -->`` below an equation becomes its label, and so the equation gets a number.
- A fold whose text begins with "Right" is a quiz's right answer, the others are wrong ones.
- A cell that begins with ``### Exercise 1: …`` becomes an exercise. What follows a cell
  ``#### Solution``, up to the next heading, is folded into its solution. ``hide_solutions: true``
  in ``_config.yml`` leaves the solutions out.

On the page of the API ``.. autoclass:: npdl_activations.*`` stands for every activation.
"""

import json
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from npdl_activations.registry import classes
from sphinx.application import Sphinx
from sphinx_exercise.nodes import exercise_title

CITATION = re.compile(r"\[[^\]]+\]\(bibliography\.md#([\w-]+)\)")
TERM = re.compile(r"\[([^\]]+)\]\(glossary\.md#(term-[\w-]+)\)")
LABEL = re.compile(r"^\$\$\n<!-- (eq-[\w-]+) -->$", re.MULTILINE)
ANSWER = re.compile(r"<details>(?=<summary>[^\n]*</summary>\n\n(Right\b)?)")
EXERCISE = re.compile(r"### Exercise (\d+): (.+)\n")
SOLUTION = "#### Solution"
EVERY = re.compile(r"^\.\. autoclass:: npdl_activations\.\*$", re.MULTILINE)

Cell = dict[str, Any]


def terms(glossary: str) -> dict[str, str]:
    """Return the glossary's terms by the anchor that Sphinx gives each."""
    names = re.findall(r"^([^\s:`({][^\n]*)\n(?: {2,4}|: )", glossary, flags=re.MULTILINE)
    return {"term-" + re.sub(r"\W+", "-", name).strip("-"): name for name in names}


def with_roles(text: str, names: dict[str, str]) -> str:
    """Return `text` with its links, its equations' labels and its answers as the book's own."""
    text = ANSWER.sub(lambda fold: f'<details class="{"right" if fold[1] else "wrong"}">', text)
    text = LABEL.sub(r"$$ (\1)", text)
    text = CITATION.sub(r"{cite:t}`\1`", text)
    return TERM.sub(lambda link: f"{{term}}`{link[1]} <{names.get(link[2], link[2])}>`", text)


def with_exercises(cells: list[Cell], stem: str) -> list[Cell]:
    """Return `cells` with exercises and solutions inside their directives."""
    result, label, solving = [], None, False
    for cell in cells:
        text = "".join(cell["source"])
        markdown = cell["cell_type"] == "markdown"
        if solving and markdown and text.startswith("#"):
            end = {"id": f"{label}-end", "cell_type": "markdown", "metadata": {}}
            result.append(end | {"source": "```{solution-end}\n```"})
            solving = False
        if markdown and (exercise := EXERCISE.match(text)):
            number, title = exercise.groups()
            label = f"{stem}-exercise-{number}"
            body = text[exercise.end() :]
            options = f":label: {label}\n:nonumber:"
            text = f"````{{exercise}} {number}: {title}\n{options}\n\n{body}\n````"
        elif markdown and text == SOLUTION:
            text = f"```{{solution-start}} {label}\n:class: dropdown\n```"
            solving = True
        result.append({**cell, "source": text})
    return result


def without_solutions(cells: list[Cell]) -> list[Cell]:
    """Return `cells` without the solutions: sphinx-exercise fails at a solution it is to hide."""
    result, solving = [], False
    for cell in cells:
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown" and text.startswith("#"):
            solving = text == SOLUTION
        if not solving:
            result.append(cell)
    return result


def hide(app: Sphinx, docname: str, source: list[str]) -> None:
    """Leave the solutions out of a notebook, where the book is to hide them."""
    if app.config.hide_solutions and app.env.doc2path(docname).endswith(".ipynb"):
        notebook = json.loads(source[0])
        source[0] = json.dumps(notebook | {"cells": without_solutions(notebook["cells"])})


def with_classes(text: str) -> str:
    """Return the API page's `text` with a line for each activation."""
    lines = (f".. autoclass:: npdl_activations.{cls.__name__}" for cls in classes())
    return EVERY.sub("\n".join(lines), text)


def rewrite(app: Sphinx, docname: str, source: list[str]) -> None:
    """Rewrite the Markdown of a page that Sphinx has just read."""
    if not app.env.doc2path(docname).endswith(".ipynb"):
        source[0] = with_classes(source[0])
        return
    notebook = json.loads(source[0])
    names = terms(Path(app.srcdir, "book", "glossary.md").read_text(encoding="utf-8"))
    cells = with_exercises(notebook["cells"], Path(docname).name.replace("_", "-"))
    for cell in cells:
        if cell["cell_type"] == "markdown":
            cell["source"] = with_roles(cell["source"], names)
    source[0] = json.dumps(notebook | {"cells": cells})


def retitle(app: Sphinx, doctree: nodes.document) -> None:
    """Title an exercise "Exercise 1: on paper", as its notebook does, not "(1: on paper)"."""
    for title in doctree.findall(exercise_title):
        title.children = [nodes.Text(f"Exercise {title.children[1].astext()}")]


def setup(app: Sphinx) -> dict[str, bool]:
    """Have Sphinx call `rewrite` before it reads a page, and `retitle` after."""
    app.connect("source-read", hide, priority=400)  # before rewrite
    app.connect("source-read", rewrite)
    app.connect("doctree-read", retitle)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
