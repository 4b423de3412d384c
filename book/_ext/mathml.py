"""Set the equations when the book is built, as MathML, which browsers draw without a script.

An equation that cannot be set is an error of the build. The TeX stays in each one's annotation,
so that it can be copied.
"""

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

CONVERTER = LatexToMathML(annotation=True, fancy_error=False)


def markup(node: nodes.Element, *, display: bool) -> str:
    """Return the MathML of a math node, warning of what cannot be set."""
    try:
        return CONVERTER.convert_with_local_state(node.astext(), displaystyle=display)
    except LatexError as error:
        logging.getLogger(__name__).warning("%s in %r", error, node.astext(), location=node)
        return ""


def visit_inline(self: HTML5Translator, node: nodes.math) -> None:
    """Write an equation within a line."""
    self.body.append(markup(node, display=False))
    raise nodes.SkipNode


def visit_display(self: HTML5Translator, node: nodes.math_block) -> None:
    """Write an equation on a line of its own, with its number, a link to itself."""
    self.body.append(self.starttag(node, "div", CLASS="equation"))
    # A wide equation scrolls, by keyboard too.
    self.body.append(f'<div class="math" tabindex="0">{markup(node, display=True)}</div>')
    if node["number"]:
        number = get_node_equation_number(self, node)
        self.body.append(f'<a class="eqno" href="#{node["ids"][0]}">({number})</a>')
    self.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer; ``html_math_renderer`` chooses it."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
