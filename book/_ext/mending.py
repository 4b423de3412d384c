"""Mend what the theme and the extensions write: faults that readers and validators find."""

import re
from functools import partial
from pathlib import Path
from typing import Any

import imagesize
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

INITIAL = re.compile(r"^(\s*)(?=[A-Z]\. )")

MENDINGS = {
    # Without a script the page is light. With one it is, from its first moment, what the reader
    # chose or the system asks for; the theme would find out only when all is loaded.
    r'data-theme="auto"': 'data-theme="light"',
    r'localStorage\.getItem\("theme"\) \|\| "auto"': (
        '{light: "light", dark: "dark"}[localStorage.getItem("mode")] ||\n'
        '      (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")'
    ),
    # Docutils, Sphinx and the theme each write one.
    r'(<meta name="viewport"[^>]*>)\s*<meta name="viewport"[^>]*>': r"\1",
    r'<meta name="viewport"[^>]*>\s*(?=<meta name="docsearch:language")': "",
    # An icon says nothing. Its tooltip, where it has one, is its button's.
    r'<(i|span) class="([^"]*\bfa-[^"]*)"( data-mode="\w+")?[^>]*>': (
        r'<\1 class="\2"\3 aria-hidden="true">'
    ),
    # A button's name holds what it shows, so that it can be called by it: "Search Ctrl+K".
    r'(<button class="btn search-button-field[^>]*?) aria-label="Search"': r"\1",
    # Ids that every exercise and solution would have.
    r' id="(?:exercise|solution)-content"': "",
    # No paragraph may stand in a summary.
    r'<p (class="(?:collapsed|expanded) admonition-title")>(.*?)</p>': r"<span \1>\2</span>",
    # The title of a printed page, where a page has none.
    r"<h1></h1>": "",
    # Hidden in a menu, and loaded all the same.
    r'<img (alt="(?:Binder|Colab) logo")': r'<img loading="lazy" \1',
}
# What the search shows of a page.
SEARCH = {
    # Without its equations: in one line of text, 1/4 would be 14.
    '[".headerlink", "script", "style"]': '[".headerlink", "script", "style", "math"]',
    # With a space between the cells of a table.
    "const docContent = ": (
        'for (const part of htmlElement.querySelectorAll("th, td, dt, dd, p")) part.append(" ");\n'
        "    const docContent = "
    ),
    # Once, although it is found by its text and by a name in the index.
    "result.slice(0, 4)": "result.slice(0, 2)",
}
FIGURE = re.compile(r'(<img\b[^>]*?\bsrc="([^"]*_images/[^"]+)")(?![^>]*\bwidth=)')
STYLE = re.compile(r"<style\b.*?</style>", re.DOTALL)

# A line could end between an equation and the bracket before it or the full stop after it.
BESIDE = re.compile(r"(\(?)(<math>(?:(?!</math>).)*</math>)([.,;:!?)]*)", re.DOTALL)

# Who looks for the text of a header, and does not read MathML, finds its formula in its title.
HEADER = re.compile(r"(<th\b[^>]*>)<p>(<math\b(?:(?!</p>).)*</math>)</p>(?=</th>)", re.DOTALL)
NOT_SHOWN = re.compile(r"<annotation.*?</annotation>|<[^>]*>", re.DOTALL)


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


def measure(folder: Path, figure: re.Match[str]) -> str:
    """Say how large a figure is, so that nothing moves when it arrives."""
    width, height = imagesize.get(folder / figure[2])
    return f'{figure[1]} width="{round(width)}" height="{round(height)}"'


def entitle(header: re.Match[str]) -> str:
    """Title the formula that is all there is in the header of a table."""
    return f'{header[1]}<p title="{NOT_SHOWN.sub("", header[2])}">{header[2]}</p>'


def keep_together(equation: re.Match[str]) -> str:
    """Keep an equation and the punctuation that touches it on one line."""
    touched = equation[1] or equation[3]
    return f'<span class="together">{equation[0]}</span>' if touched else equation[0]


def raise_styles(page: str) -> str:
    """Move the style sheets that outputs bring with them into the head, each once."""
    head, mark, body = page.partition("</head>")
    styles = "\n".join(dict.fromkeys(STYLE.findall(body)))
    return f"{head}{styles}{mark}{STYLE.sub('', body)}"


def mend(page: str, folder: Path) -> str:
    """Return a page of `folder` without the faults above."""
    for fault, better in MENDINGS.items():
        page = re.sub(fault, better, page)
    page = BESIDE.sub(keep_together, raise_styles(page))
    return HEADER.sub(entitle, FIGURE.sub(partial(measure, folder), page))


def mend_pages(app: Sphinx, error: Exception | None) -> None:
    """Mend the pages as they were written."""
    if error or app.builder.format != "html":
        return
    for path in Path(app.outdir).rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        path.write_text(mend(page, path.parent), encoding="utf-8")
    search = Path(app.outdir, "_static", "searchtools.js")
    script = search.read_text(encoding="utf-8")
    for fault, better in SEARCH.items():
        if better not in script:
            if script.count(fault) != 1:
                msg = f"{search.name} no longer has {fault}"
                raise ExtensionError(msg)
            script = script.replace(fault, better)
    search.write_text(script, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the mending to the reading of docstrings and the writing of pages."""
    app.connect("autodoc-process-docstring", keep_initials)
    app.connect("html-page-context", mend_citations)
    app.connect("build-finished", mend_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
