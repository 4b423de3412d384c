"""Set the equations when the book is built, as MathML, which browsers draw without a script.

An equation that cannot be set, or that browsers would not draw as written, is a warning, and so an
error of the build. Each keeps its TeX in an annotation. The font is STIX Two Math, cut down to what
the book's equations use. It stands inside a style sheet, so that no equation is seen without it and
then moves.
"""

import base64
import hashlib
import html
import io
import re
import unicodedata
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from docutils import nodes
from fontTools import subset
from math_core import LatexError, LatexToMathML
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

CONVERTER = LatexToMathML(annotation=True, fancy_error=False)

# What converts but would not show as TeX has it.
MISREAD = {
    r"\\begin\{(?:align|alignat|equation|gather|multline)\}": "the book numbers equations itself",
    r"^(?!.*\\begin).*\\\\": r"\\ needs an environment, such as aligned",
    r"\\\\\s*\[": r"TeX takes [ after \\ for a distance: write {[}",
    r"\\vec\b": r"browsers misplace the arrow of \vec",
    r"\\x(?:left|right)arrow\b": "the font has no long arrow for browsers to stretch",
    r"\\(?:boxed|[bx]?cancel)\b": "browsers draw no box or stroke",
}

# Rows stand as far apart as the style sheet has them; the converter would print the distance.
DISTANCE = re.compile(r"(\\\\)\*?\s*\[\s*-?[\d.]+\s*[a-z]{2}\s*\]")

# A prime is drawn at full size after its letter, or its function's name: as a superscript browsers
# shrink it to a speck.
NAMED = r"<mi[^>]*>[^<]*</mi>|<mrow><mspace></mspace><mi>[^<]*</mi></mrow>"
PRIMED = re.compile(rf"<msup>({NAMED})<mo>([′″‴])</mo></msup>")

SHEET = re.compile(r'_static/math\.css[^"]*')
MATH = re.compile(r"<math\b.*?</math>", re.DOTALL)
NOT_DRAWN = re.compile(r"<annotation.*?</annotation>|<[^>]*>", re.DOTALL)
# A browser draws a letter that stands alone in <mi> with the italic letter of mathematics.
ITALICS = {
    chr(int(unicodedata.decomposition(italic).removeprefix("<font> "), 16)): italic
    for italic in map(chr, [0x210E, *range(0x1D434, 0x1D468), *range(0x1D6E2, 0x1D71C)])
    if unicodedata.decomposition(italic)
}


def mathml(tex: str, *, display: bool) -> str:
    """Return the MathML of an equation.

    Raises
    ------
    ValueError
        If the equation cannot be set, or would not show as it is written.
    """
    tex = DISTANCE.sub(r"\1", tex)
    for pattern, reason in MISREAD.items():
        if re.search(pattern, tex, re.DOTALL):
            raise ValueError(reason)
    try:
        result = CONVERTER.convert_with_local_state(tex, displaystyle=display)
    except LatexError as error:
        raise ValueError(error) from error
    return PRIMED.sub(r'<mrow>\1<mo lspace="0" rspace="0">\2</mo></mrow>', result)


def markup(node: nodes.Element, *, display: bool) -> str:
    """Return the MathML of a node, warning of what cannot be set."""
    tex = " ".join(node.astext().split())
    try:
        return mathml(tex, display=display)
    except ValueError as error:
        logger = logging.getLogger(__name__)
        logger.warning("cannot set the equation %s: %s", tex, error, location=node)
        return f"<code>{html.escape(tex)}</code>"


def visit_inline(self: HTML5Translator, node: nodes.math) -> None:
    """Write an equation within a line."""
    self.body.append(markup(node, display=False))
    raise nodes.SkipNode


def visit_display(self: HTML5Translator, node: nodes.math_block) -> None:
    """Write an equation on a line of its own, with its number, a link to itself."""
    self.body.append(self.starttag(node, "div", CLASS="equation"))
    # A wide equation scrolls, by keyboard too. math.js takes the others out of the tab order.
    self.body.append(f'<div tabindex="0">{markup(node, display=True)}</div>')
    if node["number"]:
        number = get_node_equation_number(self, node)
        self.body.append(f'<a class="eqno" href="#{node["ids"][0]}">({number})</a>')
    self.body.append("</div>\n")
    raise nodes.SkipNode


def characters(page: str) -> set[str]:
    """Return the characters that the equations of a page are drawn with."""
    text = "".join(NOT_DRAWN.sub("", equation) for equation in MATH.findall(page))
    # U+FE00 asks for another shape of a letter, which this font does not have.
    used = set(html.unescape(text)) - {"\n", "\ufe00"}
    return used | {ITALICS[letter] for letter in used & ITALICS.keys()}


def font(letters: set[str]) -> bytes:
    """Return STIX Two Math with these characters alone, as WOFF2."""
    options = subset.Options(flavor="woff2", layout_features=[], hinting=False)
    options.drop_tables += ["FFTM"]
    options.name_IDs += [13, 14]  # its licence, which asks to be named in each copy
    options.ignore_missing_unicodes = False
    source = distribution("ziamath").locate_file("ziamath/fonts/STIXTwoMath-Regular.ttf")
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=" √" + "".join(letters))  # no equation spells its root signs
    result = io.BytesIO()
    with subset.load_font(str(source), options) as stix:
        subsetter.subset(stix)
        subset.save_font(stix, result, options)
    return result.getvalue()


def link(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Link the font and the script on the pages that have equations."""
    if MATH.search(context.get("body", "")):
        app.add_css_file("math.css")
        # A browser asks for a font when it first meets a letter of it, and draws on without it.
        app.add_js_file(None, body="document.fonts.load(\"1em 'Book Math'\")")
        app.add_js_file("math.js", loading_method="defer")


def write_font(app: Sphinx, error: Exception | None) -> None:
    """Write the style sheet with the font for all equations of the book."""
    if error or app.builder.format != "html":
        return
    pages = {page: page.read_text(encoding="utf-8") for page in Path(app.outdir).rglob("*.html")}
    letters = set().union(*map(characters, pages.values()))
    data = base64.b64encode(font(letters)).decode()
    rule = f'@font-face{{font-family:"Book Math";src:url(data:font/woff2;base64,{data})}}\n'
    Path(app.outdir, "_static", "math.css").write_text(rule, encoding="utf-8")
    # Sphinx adds a digest to the files that are there before the pages.
    digest = hashlib.sha256(rule.encode()).hexdigest()[:8]
    for path, page in pages.items():
        named = SHEET.sub(f"_static/math.css?v={digest}", page)
        if named != page:
            path.write_text(named, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer; ``html_math_renderer`` chooses it."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_display, None))
    app.connect("html-page-context", link)
    app.connect("build-finished", write_font)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
