"""Link the explorers' script and style sheet on the pages that have one of their figures."""

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

SCRIPT = Path(__file__).parents[1] / "_static" / "explorer.js"
FIGURES = re.findall(r'^ +"(fig-[\w-]+)":', SCRIPT.read_text(encoding="utf-8"), re.MULTILINE)


def link(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Link both on a page with such a figure."""
    if any(f'id="{name}"' in context.get("body", "") for name in FIGURES):
        app.add_css_file("explorer.css")
        app.add_js_file("explorer.js", loading_method="defer")


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the linking to the writing of pages."""
    app.connect("html-page-context", link)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
