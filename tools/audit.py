"""Measure every page of the built book and print the table; all but Lighthouse fails."""

import json
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import Any

from measuring import (
    ARGUMENTS,
    CHAPTERS,
    CHROMIUM,
    NO_CHROMIUM,
    ROOT,
    ROWS,
    SITE,
    Finding,
    Row,
    chapters,
    invalid,
    links,
    measure,
    over,
    pages,
    serve,
    to_visit,
)
from playwright.sync_api import sync_playwright

# The last Lighthouse for Node 18 and 20; the Nu Html Checker is what validator.w3.org runs.
PACKAGES = ["lighthouse@12.8.2", "vnu-jar@26.9.27"]
NODE = ROOT / "_build" / "node"
LEFT_OUT = (
    "Lighthouse needs npm, and the Nu Html Checker needs npm and Java: what is missing was not run"
    " (apt-get install npm default-jre-headless)."
)

# The lowest score of a category, and how large a metric may be.
SCORES = {"performance": 95, "accessibility": 100, "best-practices": 100, "seo": 100}
METRICS = {
    "largest-contentful-paint": Row("largest contentful paint", CHAPTERS, 2000, "ms"),
    "total-blocking-time": Row("total blocking time", CHAPTERS, 150, "ms"),
    "cumulative-layout-shift": Row("layout shift", CHAPTERS, 0.02),
}
LIGHTHOUSE = {
    **{
        # A score is printed as what it lacks of 100, so that in every row the largest is the worst.
        name: Row(f"Lighthouse, mobile: {name}, points short of 100", CHAPTERS, 100 - least)
        for name, least in SCORES.items()
    },
    **METRICS,
}

# How fast a page comes hangs on what else the machine does, and what a score counts on Lighthouse's
# version: its rows inform. What axe, the browser and the Nu Html Checker find fails.
INFORM = set(LIGHTHOUSE)

# MathML Core has these attributes on every element; the checker holds MathML to its version 3.
NEWER = ("“displaystyle” not allowed", "“scriptlevel” not allowed")


def install(npm: str) -> None:
    """Install the programs."""
    command = [npm, "install", "--silent", "--ignore-scripts", "--prefix", str(NODE), *PACKAGES]
    NODE.mkdir(parents=True, exist_ok=True)
    subprocess.run(command, check=True)


def lighthouse(address: str, page: str) -> list[Finding]:
    """Return the scores and the metrics of a page on a slow phone."""
    program = NODE / "node_modules" / ".bin" / "lighthouse"
    flags = " ".join(["--headless=new", *ARGUMENTS])
    result = subprocess.run(
        [program, address + page, "--quiet", "--output=json", f"--chrome-flags={flags}"],
        env={**os.environ, "CHROME_PATH": str(CHROMIUM)},
        capture_output=True,
        text=True,
        check=True,
    )
    report: dict[str, Any] = json.loads(result.stdout)
    audits = report["audits"]
    found = []
    for name in SCORES:
        category = report["categories"][name]
        short = ", ".join(
            part["id"]
            for part in category["auditRefs"]
            if part["weight"] and (audits[part["id"]]["score"] or 0) < 1
        )
        found.append(Finding(name, page, round(100 - 100 * category["score"]), short))
    return found + [Finding(name, page, audits[name]["numericValue"]) for name in METRICS]


def median(address: str, page: str) -> list[Finding]:
    """Return what Lighthouse says of a page: once where it keeps to the limits, else of three.

    Whatever else the machine does at that moment slows a page down.
    """
    runs = [lighthouse(address, page)]
    if over(runs[0], LIGHTHOUSE):
        runs += [lighthouse(address, page) for _ in range(2)]
    rows = zip(*runs, strict=True)
    return [sorted(row, key=attrgetter("value"))[len(row) // 2] for row in rows]


def checked(java: str) -> list[Finding]:
    """Return what the Nu Html Checker finds, which element stands in which included."""
    program = str(NODE / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar")
    command = [
        java,
        "-Xss8m",
        "-jar",
        program,
        "--format",
        "json",
        "--exit-zero-always",
        "--stdout",
    ]
    result = subprocess.run(
        [*command, *pages()], cwd=SITE, capture_output=True, text=True, check=True
    )
    return [
        Finding(
            "html",
            Path(message["url"].removeprefix("file:")).relative_to(SITE).as_posix(),
            1,
            f"line {message.get('lastLine')}: {message['message']}",
        )
        for message in json.loads(result.stdout)["messages"]
        if message["type"] == "error" and not any(newer in message["message"] for newer in NEWER)
    ]


def table(findings: list[Finding], rows: dict[str, Row]) -> str:
    """Return the worst value of each row, its page, and whether it keeps to the limit."""
    lines = [("", "what", "on", "at most", "worst", "page")]
    for name, row in rows.items():
        totals: dict[str, float] = defaultdict(float)
        for finding in findings:
            totals[finding.page] += finding.value if finding.row == name else 0
        page, worst = max(totals.items(), key=itemgetter(1))
        lines.append(
            (
                "ok" if worst <= row.limit else "over" if name in INFORM else "FAILS",
                row.what,
                row.pages,
                f"{row.limit:g} {row.unit}",
                f"{worst:.3g} {row.unit}" if worst < 1 else f"{worst:.0f} {row.unit}",
                page if worst else "",
            )
        )
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def main() -> int:
    """Measure, print what is over a limit, then the table."""
    if CHROMIUM is None:
        print(NO_CHROMIUM, file=sys.stderr)
        return 1
    rows = dict(ROWS)
    findings = links() + invalid()
    with serve() as server:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            for page in to_visit():
                print(f"{page} in the browser", flush=True)
                findings += measure(browser, server, page, every_letter=True)
            browser.close()
        npm, java = shutil.which("npm"), shutil.which("java")
        if npm:
            install(npm)
            rows |= LIGHTHOUSE
            for page in chapters():
                print(f"{page} in Lighthouse", flush=True)
                findings += median(server.address, page)
        if npm and java:
            findings += checked(java)
    missed = over(findings, rows)
    print()
    for found in missed:
        print(f"{found.page}: {rows[found.row].what}: {found.value:g}: {found.detail}")
    print(table(findings, rows))
    if not (npm and java):
        print(LEFT_OUT, file=sys.stderr)
    failed = any(found.row not in INFORM for found in missed)
    return bool(failed or (not (npm and java) and os.environ.get("CI")))


if __name__ == "__main__":
    sys.exit(main())
