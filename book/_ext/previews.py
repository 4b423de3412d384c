"""Say what a term means where the pointer rests on its link, as a citation says what it cites."""

import html
from functools import cache
from typing import cast

from docutils import nodes
from sphinx.application import Sphinx

from mathml import NOT_DRAWN, mathml

GLOSSARY = "book/glossary"
APPLIED = "\u2061"  # stands between ln and its argument, and is not seen


def plain(definition: nodes.Element) -> str:
    """Return a definition's text in one line, or nothing where that would lose an exponent."""
    definition = definition.deepcopy()
    for math in list(definition.findall(nodes.math)):
        markup = mathml(math.astext(), display=False)
        if "<msu" in markup:
            return ""
        drawn = html.unescape(NOT_DRAWN.sub("", markup)).replace(APPLIED, "")
        math.replace_self(nodes.Text(drawn))
    return " ".join(definition.astext().split())


@cache
def meanings(app: Sphinx) -> dict[str, str]:
    """Return what each term of the glossary means, by the name of its place there."""
    glossary = app.env.get_doctree(GLOSSARY)
    return {
        place: plain(cast("nodes.Element", item[-1]))
        for item in glossary.findall(nodes.definition_list_item)
        for term in item.findall(nodes.term)
        for place in term["ids"]
    }


def annotate(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Give each link to a term its meaning as title."""
    if app.builder.format != "html" or docname == GLOSSARY:
        return
    page = app.builder.get_relative_uri(docname, GLOSSARY)
    known = {f"{page}#{place}": meaning for place, meaning in meanings(app).items()}
    for link in doctree.findall(nodes.reference):
        if meaning := known.get(link.get("refuri", "")):
            link["reftitle"] = meaning


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the annotation to the pages, when their links are known."""
    app.connect("doctree-resolved", annotate)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
