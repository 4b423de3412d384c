"""Serve a page with one style sheet and one script that hold what the book uses of its theme.

As the theme and the extensions have it, a page asks for 1 MB of style sheets, scripts and icons,
compressed, and shows nothing before most of it is there. Left out are:

- Font Awesome's script, 540 KB, which draws icons that the theme's style sheet draws as well;
- of its three fonts, 300 KB, all but the icons that the style sheet still names;
- the script that makes tabs: the book has none;
- from the style sheets, each rule whose classes, ids and elements stand in no page and no script;
- from the theme's script, the part that measures everything that may scroll as soon as a page is
  there, and so has all of it laid out at once. scroll.js measures what comes into view.

Scripts run when the page is there, in the order they had. Bootstrap, as large as all the others, is
asked for after them, by late.js.
"""

import base64
import hashlib
import io
import logging
import re
from pathlib import Path

import tinycss2
from fontTools import subset
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from tinycss2.ast import AtRule, Node, QualifiedRule

STYLES = [
    "basic.css",
    "styles/pydata-sphinx-theme.css",
    "pygments.css",
    "styles/sphinx-book-theme.css",
    "togglebutton.css",
    "copybutton.css",
    "mystnb.*.css",
    "exercise.css",
    "sphinx-design.min.css",
    "custom.css",
]
SCRIPTS = [
    "documentation_options.js",
    "doctools.js",
    "sphinx_highlight.js",
    "clipboard.min.js",
    "copybutton.js",
    "scripts/sphinx-book-theme.js",
    "scripts/pydata-sphinx-theme.js",
    "togglebutton.js",
    "scroll.js",
    "late.js",
]
BOOTSTRAP = "scripts/bootstrap.js"
# Written into the two files, asked for later, or left out for the reasons above.
GONE = [
    *STYLES,
    *SCRIPTS,
    BOOTSTRAP,
    "styles/theme.css",
    "scripts/fontawesome.js",
    "design-tabs.js",
]
HEAD = "<!-- Loaded before other Sphinx assets -->\n"

MEASURING = '"complete"===document.readyState?O():window.addEventListener("load",O)'

LINK = re.compile(
    r'[ ]*<(?:link|script)\b[^>]*?\b(?:href|src)="[^"]*?_static/([^"?]+)[^"]*"[^>]*>'
    r"(?:</script>)?\n?"
)
SCRIPT = re.compile(r"<script (?![^>]*\b(?:defer|async|type)\b)(?=[^>]*\bsrc=)")
# Only the theme's choice of versions, which the book does not have, asks for the page's name.
PAGE_NAME = re.compile(r"[ ]*<script>DOCUMENTATION_OPTIONS\.pagename = [^<]*</script>\n?")
ROOT = re.compile(r'data-content_root="([^"]*)"')

STRING = re.compile(r"""(["'`])((?:\\.|(?!\1).)*)\1""", re.DOTALL)
WORD = re.compile(r"[A-Za-z][\w-]*")
ICON = re.compile("[\ue000-\uf8ff]")
FONT = re.compile(r"src:url\(\.\./(vendor/fontawesome/[^)]+\.woff2)\)[^;}]*")


def is_gone(path: str) -> bool:
    """Tell whether a file under _static is no longer asked for."""
    return any(Path(path).match(pattern) for pattern in GONE)


def names(markup: str, script: str) -> set[str]:
    """Return the elements, classes and ids that stand in markup or that a script may make."""
    found = {tag.lower() for tag in re.findall(r"<([A-Za-z][\w-]*)", markup)}
    for value in re.findall(r'\b(?:class|id)="([^"]*)"', markup):
        found.update(value.split())
    for _, text in STRING.findall(script):
        found.update(WORD.findall(text))
    return found


def asked(selector: list[Node]) -> set[str]:
    """Return the elements, classes and ids that a selector asks for, outside of brackets."""
    found, before = set(), ""
    for token in selector:
        if token.type == "hash":
            found.add(token.value)
        elif token.type == "ident" and before != ":":
            found.add(token.value if before == "." else token.lower_value)
        before = token.value if token.type == "literal" else ""
    return found


def selectors(prelude: list[Node]) -> list[list[Node]]:
    """Return the selectors of a rule, which commas part."""
    parts: list[list[Node]] = [[]]
    for piece in prelude:
        if piece == ",":
            parts.append([])
        else:
            parts[-1].append(piece)
    return parts


def purge(rules: list[Node], used: set[str]) -> str:
    """Return the rules as text, without the selectors that ask for a name not in `used`."""
    result = []
    for rule in rules:
        if isinstance(rule, QualifiedRule):
            kept = [part for part in selectors(rule.prelude) if asked(part) <= used]
            if kept:
                prelude = ",".join(tinycss2.serialize(part).strip() for part in kept)
                result.append(f"{prelude}{{{tinycss2.serialize(rule.content).strip()}}}")
        elif isinstance(rule, AtRule) and rule.lower_at_keyword in {"media", "supports"}:
            content = tinycss2.parse_rule_list(
                rule.content, skip_comments=True, skip_whitespace=True
            )
            if inner := purge(content, used):
                prelude = tinycss2.serialize(rule.prelude)
                result.append(f"@{rule.at_keyword}{prelude}{{{inner}}}")
        elif not (isinstance(rule, AtRule) and rule.lower_at_keyword in {"charset", "import"}):
            result.append(rule.serialize())
    return "\n".join(result)


def icons(path: Path, css: str) -> str:
    """Return a font of the icons that a style sheet names, as WOFF2 in base64."""
    options = subset.Options(flavor="woff2", layout_features=[], hinting=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text="".join(ICON.findall(css)))
    result = io.BytesIO()
    with subset.load_font(str(path), options) as font:
        subsetter.subset(font)
        subset.save_font(font, result, options)
    return base64.b64encode(result.getvalue()).decode()


def style(static: Path, used: set[str]) -> str:
    """Return what the book uses of the style sheets."""
    sheets = [next(static.glob(pattern)).read_text(encoding="utf-8") for pattern in STYLES]
    parsed = (tinycss2.parse_stylesheet(sheet, True, True) for sheet in sheets)
    css = "\n".join(purge(rules, used) for rules in parsed)

    def embed(source: re.Match[str]) -> str:
        font = icons(static / source[1], css)
        return f"src:url(data:font/woff2;base64,{font})"

    return FONT.sub(embed, css)


def bundle(static: Path) -> str:
    """Return the scripts as one."""
    script = ";\n".join((static / name).read_text(encoding="utf-8") for name in SCRIPTS)
    if MEASURING not in script:
        msg = f"{SCRIPTS} no longer have {MEASURING}"
        raise ExtensionError(msg)
    return script.replace(MEASURING, "0")


def slim(page: str, style: str, script: str) -> str:
    """Return a page that asks for the two files in place of what they hold."""
    root = ROOT.search(page)
    if script in page or not root:  # index.html only sends on to the cover
        return page
    page = LINK.sub(lambda link: "" if is_gone(link[1]) else link[0], PAGE_NAME.sub("", page))
    files = (
        f'<link rel="stylesheet" href="{root[1]}_static/{style}" />\n'
        f'<script defer src="{root[1]}_static/{script}"></script>\n'
    )
    return SCRIPT.sub("<script defer ", page).replace(HEAD, files)


def version(text: str) -> str:
    """Return a name for a text, so that a browser does not keep an old one."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def rewrite(app: Sphinx, error: Exception | None) -> None:
    """Write the style sheet and the script, and have all pages ask for them."""
    if error or app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    pages = {
        path: path.read_text(encoding="utf-8")
        for path in Path(app.outdir).rglob("*.html")
        if static not in path.parents
    }
    script = bundle(static)
    scripts = [script, *(path.read_text(encoding="utf-8") for path in static.glob("*.js"))]
    scripts.append((static / BOOTSTRAP).read_text(encoding="utf-8"))
    css = style(static, names("".join(pages.values()), "\n".join(scripts)))
    (static / "book.js").write_text(script, encoding="utf-8")
    (static / "book.css").write_text(css, encoding="utf-8")
    for path, page in pages.items():
        slimmed = slim(page, f"book.css?v={version(css)}", f"book.js?v={version(script)}")
        path.write_text(slimmed, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Rewrite the pages when the other extensions have written theirs."""
    logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells every step
    app.connect("build-finished", rewrite, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
