"""Mend what docutils makes of the references in docstrings and in the bibliography."""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

INITIAL = re.compile(r"^(\s*)(?=[A-Z]\. )")


def keep_initials(
    app: Sphinx, what: str, name: str, thing: object, options: object, lines: list[str]
) -> None:
    """Keep a line that begins with "C. M. Bishop" from becoming item C of a list."""
    lines[:] = [INITIAL.sub(r"\1\\", line) for line in lines]


def mend_citations(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Give the list of citations items: docutils gives its entries a role no list may hold."""
    if "body" in context:
        context["body"] = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the mending to the reading of docstrings and the writing of pages."""
    app.connect("autodoc-process-docstring", keep_initials)
    app.connect("html-page-context", mend_citations)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
