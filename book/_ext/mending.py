"""Mend the accessibility of what docutils and the theme write."""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx


def mend_citations(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Give the list of citations items: docutils gives its entries a role no list may hold."""
    if "body" in context:
        context["body"] = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the mending to the writing of each page."""
    app.connect("html-page-context", mend_citations)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
