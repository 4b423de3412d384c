"""The figures of the pages, as SVG and as PNG, with the line that their licence asks for."""

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import nbformat
import yaml
from measuring import ADDRESS, ROOT
from playwright.sync_api import Browser

CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
CREDIT = f"By {CONFIG['author']}, CC BY 4.0, {ADDRESS.removeprefix('https://').rstrip('/')}"
LICENCE = '<cc:license rdf:resource="https://creativecommons.org/licenses/by/4.0/"/>'
BAND = 14  # the height that the line needs, in points
SIZE = re.compile(r'height="([\d.]+)pt" viewBox="0 0 ([\d.]+) \1"')


def figures(page: Path) -> Iterator[tuple[str, str]]:
    """Yield the name and the SVG text of each figure of a page."""
    count = 0
    for cell in nbformat.read(page, as_version=4).cells:
        for output in cell.get("outputs", []):
            data: dict[str, Any] = output.get("data", {})
            if "image/svg+xml" in data:
                count += 1
                yield f"{page.stem}-{count}", data["image/svg+xml"]


def licensed(svg: str) -> str:
    """Return a figure with a line below it that says whose it is and under which licence."""
    if not (size := SIZE.search(svg)):
        msg = "the figure has no height and viewBox as matplotlib writes them"
        raise ValueError(msg)
    height, width = float(size[1]), float(size[2])
    taller = f'height="{height + BAND}pt" viewBox="0 0 {width} {height + BAND}"'
    line = (
        f'<rect y="{height}" width="{width}" height="{BAND}" style="fill: #ffffff"/>'
        f'<text x="7" y="{height + 8}" style="font: 6.5px \'DejaVu Sans\', sans-serif;'
        f' fill: #555555">{CREDIT}</text>'
    )
    svg = svg.replace(size[0], taller).replace("</cc:Work>", f"{LICENCE}</cc:Work>")
    return svg.replace("</svg>", f"{line}</svg>")


def write(folder: Path, browser: Browser, pages: list[Path]) -> None:
    """Write the figures of the pages into a folder, each as SVG and as PNG."""
    folder.mkdir(parents=True)
    font = Path(mpl.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf").read_bytes()
    data = f"data:font/ttf;base64,{base64.b64encode(font).decode()}"
    tab = browser.new_page(device_scale_factor=3)
    tab.set_content(f'<style>@font-face {{ font-family: "DejaVu Sans"; src: url({data}) }}</style>')
    tab.evaluate("document.body.append(document.createElement('div'))")
    for page in pages:
        for name, svg in figures(page):
            text = licensed(svg)
            (folder / f"{name}.svg").write_text(text, encoding="utf-8")
            drawn = text[text.index("<svg") :]
            tab.evaluate("svg => { document.querySelector('div').innerHTML = svg }", drawn)
            tab.evaluate("Promise.all([...document.fonts].map(font => font.load()))")
            tab.locator("svg").screenshot(path=folder / f"{name}.png")
    tab.close()
