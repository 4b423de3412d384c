"""Fill the page for teachers with what the other pages say of themselves.

- ``<!-- pages -->`` becomes the graph of what each page builds on, and a table that says the same:
  the links after "You need", the time to read, the time to run and the exercises.
- ``<!-- minutes -->`` in a row of a table becomes the time to read the pages that the row links to.
"""

import json
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

PAGE = "book/for_teachers"
NEEDS = re.compile(r"^\*\*You need\*\*.*$", re.MULTILINE)
LINK = re.compile(r"\]\((\w+)\.ipynb[)#]")
MINUTES = re.compile(r"\*\*Time to read:\*\* about (\d+) minutes")
ROW = re.compile(r"^(\|.*)<!-- minutes -->(.*)$", re.MULTILINE)

# The graph, in pixels: a box, and how far apart boxes begin.
WIDTH, HEIGHT = 118, 26
ACROSS, DOWN = 158, 42


@dataclass
class Lesson:
    """What a page says of itself."""

    title: str
    needs: list[str]
    minutes: int
    exercises: int
    checked: int


def lesson(notebook: dict[str, Any]) -> Lesson | None:
    """Return what a notebook says of itself; the cover, which nothing builds on, says nothing."""
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    text = "\n\n".join("".join(cell["source"]) for cell in cells)
    minutes, needs = MINUTES.search(text), NEEDS.search(text)
    if not (minutes and needs):
        return None
    asked = [cell for cell in cells if "".join(cell["source"]).startswith("### Exercise ")]
    return Lesson(
        title=text.partition("\n")[0].removeprefix("# "),
        needs=list(dict.fromkeys(LINK.findall(needs[0]))),
        minutes=int(minutes[1]),
        exercises=len(asked),
        checked=sum("answer" in cell["metadata"] for cell in asked),
    )


def lessons(pages: list[Path]) -> dict[str, Lesson]:
    """Return what each page says of itself, by the names of their files."""
    found = {page.stem: lesson(json.loads(page.read_text(encoding="utf-8"))) for page in pages}
    return {stem: each for stem, each in found.items() if each}


def levels(needs: dict[str, list[str]]) -> dict[str, int]:
    """Return how many pages one behind the other each page builds on, the lowest first.

    Raises
    ------
    ValueError
        If a page needs one that is not there, or needs itself in the end.
    """
    depth: dict[str, int] = {}
    while len(depth) < len(needs):
        ready = {
            page: max((depth[other] + 1 for other in others), default=0)
            for page, others in needs.items()
            if page not in depth and all(other in depth for other in others)
        }
        if not ready:
            msg = (
                f"these pages need each other, or a page that is not there: {needs.keys() - depth}"
            )
            raise ValueError(msg)
        depth |= ready
    return depth


def reduced(needs: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return the needs without those that another need brings along."""

    def above(page: str) -> set[str]:
        return set(needs[page]).union(*map(above, needs[page]))

    return {
        page: [other for other in others if not any(other in above(o) for o in others)]
        for page, others in needs.items()
    }


def graph(found: dict[str, Lesson]) -> str:
    """Return the pages as boxes with links, and an arrow from each to those that build on it."""
    needs = {page: each.needs for page, each in found.items()}
    depth = levels(needs)
    columns = [[p for p in found if depth[p] == level] for level in range(max(depth.values()) + 1)]
    place: dict[str, tuple[int, float]] = {}
    for level, column in enumerate(columns):
        if level:
            column.sort(key=lambda p: sum(place[n][1] for n in needs[p]) / len(needs[p]))
        top = (max(map(len, columns)) - len(column)) * DOWN / 2
        place |= {page: (ACROSS * level, top + DOWN * row) for row, page in enumerate(column)}
    arrows, boxes = [], []
    for page, others in reduced(needs).items():
        (x, y), half = place[page], HEIGHT / 2
        for other in others:
            left, from_y = place[other][0] + WIDTH, place[other][1] + half
            bend = f"C{left + 25} {from_y} {x - 25} {y + half} {x - 5} {y + half}"
            arrows.append(f'<path d="M{left} {from_y}{bend}" marker-end="url(#needs)"/>')
        name = escape(page.replace("_", " "))
        boxes.append(
            f'<a href="{page}.html">'
            f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="4"/>'
            f'<text x="{x + WIDTH / 2}" y="{y + half + 4}">{name}</text></a>'
        )
    width = ACROSS * len(columns) - ACROSS + WIDTH
    height = max(map(len, columns)) * DOWN - DOWN + HEIGHT
    return (
        '<div class="prerequisites" tabindex="0" role="group" aria-label="What each page builds on,'
        ' as the table below says it too">'
        f'<svg viewBox="-2 -2 {width + 4} {height + 4}" width="{width + 4}" height="{height + 4}">'
        '<defs><marker id="needs" viewBox="0 0 6 6" refX="1" refY="3" markerWidth="7"'
        ' markerHeight="7" orient="auto"><path d="M0 0L6 3L0 6z"/></marker></defs>'
        f'<g class="arrows">{"".join(arrows)}</g>{"".join(boxes)}</svg></div>'
    )


def table(found: dict[str, Lesson], seconds: dict[str, float]) -> str:
    """Return the pages as a table in Markdown."""

    def link(page: str) -> str:
        return f"[{found[page].title}]({page}.ipynb)"

    head = "| Page | Builds on | Minutes to read | Seconds to run | Exercises | With a check |"
    rows = [
        f"| {link(page)} | {', '.join(map(link, each.needs)) or '–'} | {each.minutes}"
        f" | {seconds[page]:.0f} | {each.exercises} | {each.checked} |"
        for page, each in found.items()
    ]
    return "\n".join([head, "|---" * 6 + "|", *rows])


def filled(text: str, found: dict[str, Lesson], seconds: dict[str, float]) -> str:
    """Return the text of the page for teachers with what belongs in its gaps."""

    def minutes(row: re.Match[str]) -> str:
        total = sum(found[page].minutes for page in LINK.findall(row[1]))
        return f"{row[1]}{total} min{row[2]}"

    drawn = f"```{{raw}} html\n{graph(found)}\n```\n\n{table(found, seconds)}"
    return ROW.sub(minutes, text).replace("<!-- pages -->", drawn)


def fill(app: Sphinx, docname: str, source: list[str]) -> None:
    """Fill the page for teachers, which Sphinx has just read."""
    if docname != PAGE:
        return
    toc = [Path(app.env.doc2path(name)) for name in app.config.external_site_map]
    pages = [path for path in toc if path.suffix == ".ipynb"]
    times = json.loads(Path(app.srcdir, "book", "data", "times.json").read_text(encoding="utf-8"))
    source[0] = filled(source[0], lessons(pages), times["seconds"])


def setup(app: Sphinx) -> dict[str, bool]:
    """Have Sphinx fill the page for teachers."""
    app.connect("source-read", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
