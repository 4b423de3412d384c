"""Have a page found and cited: what it is about, the names its subject goes by, its version.

- A page's description is its first paragraph.
- The row "Also called" of a chapter's card holds the names that the function has elsewhere. They
  go into the index and the search, as the chapter's title does.
- The version and its date, at the foot of every page, are those of CITATION.cff.
"""

import datetime as dt
import html
from os import PathLike
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.transforms import SphinxTransform

from cards import write_card, write_icon

CARDS = "_static/cards"
ICON = "_static/apple-touch-icon.png"

REDIRECT = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<meta http-equiv="refresh" content="0; url={cover}">
<link rel="canonical" href="{site}{cover}">
<link rel="icon" href="_static/favicon.svg">
</head>
<body><main><h1><a href="{cover}">{title}</a></h1></main></body>
</html>
"""


class Names(SphinxTransform):
    """Put a chapter's title and the other names of its function into the index."""

    default_priority = 800  # before Sphinx collects the index

    def apply(self, **_: Any) -> None:
        """Read the card."""
        for row in self.document.findall(nodes.row):
            label, *values = (entry.astext() for entry in row.findall(nodes.entry))
            if label == "Also called":
                section = next(self.document.findall(nodes.section))
                names = {section[0].astext(), *values[0].split(", ")}
                # Who looks for the logistic function asks for "logistic".
                names |= {name.removesuffix(" function") for name in names}
                anchor = section["ids"][0]
                entries = [("single", name, anchor, "main", None) for name in sorted(names)]
                section.insert(1, addnodes.index(entries=entries))
                return


def version(root: str | PathLike[str]) -> str:
    """Return the version of the book, and its date."""
    citation = yaml.safe_load(Path(root, "CITATION.cff").read_text(encoding="utf-8"))
    date = dt.date.fromisoformat(citation["date-released"])
    return f"Version {citation['version']}, {date.day} {date:%B %Y}"


def set_footer(app: Sphinx, config: Config) -> None:
    """Put the version at the foot of every page."""
    config.html_theme_options["extra_footer"] = f"<p>{version(app.srcdir)}</p>"


def describe(app: Sphinx, document: nodes.document) -> None:
    """Say what a page is about, for who finds it or links to it."""
    section = next(document.findall(nodes.section))
    title = section[0].astext()
    text = next(section.findall(nodes.paragraph)).astext().replace("\n", " ")
    card = f"{CARDS}/{Path(app.env.docname).name}.png"
    app.env.metadata[app.env.docname] |= {
        "description": text,
        "og:title": title,
        "og:description": text,
        "og:image": f"{app.config.html_baseurl}{card}",
        "og:image:alt": f"The title, {title}, and a drawing of what the page is about.",
    }
    document.insert(0, nodes.meta(name="description", content=text))
    if app.env.docname == app.config.root_doc:
        section["classes"].append("cover")


def link_icon(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Link the icon that a phone shows for the site."""
    icon = f'<link rel="apple-touch-icon" href="{context["pathto"](ICON, 1)}">\n'
    context["metatags"] = context.get("metatags", "") + icon


def write(app: Sphinx, error: Exception | None) -> None:
    """Write the cards, the icon, the list of all pages, and the way from the root to the cover."""
    if error or app.builder.format != "html":
        return
    out, config = Path(app.outdir), app.config
    mark = Path(app.srcdir, config.html_favicon).read_text(encoding="utf-8")
    out.joinpath(CARDS).mkdir(exist_ok=True)
    write_icon(out / ICON, mark)
    addresses = []
    for page in sorted(app.env.found_docs):
        about = app.env.metadata[page]
        name = Path(page).name
        card = out / CARDS / f"{name}.png"
        write_card(card, mark, name, about["og:title"], about["description"], config.project)
        addresses.append(config.html_baseurl + app.builder.get_target_uri(page))
    urls = "".join(f"<url><loc>{html.escape(address)}</loc></url>\n" for address in addresses)
    out.joinpath("sitemap.xml").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{urls}</urlset>\n',
        encoding="utf-8",
    )
    title, cover = html.escape(config.project), app.builder.get_target_uri(config.root_doc)
    redirect = REDIRECT.format(title=title, cover=cover, site=config.html_baseurl)
    out.joinpath("index.html").write_text(redirect, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect each step to its moment of the build."""
    app.add_transform(Names)
    app.connect("config-inited", set_footer)
    app.connect("doctree-read", describe)
    app.connect("html-page-context", link_icon)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
