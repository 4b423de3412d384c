"""Make what a teacher needs for a term out of the notebooks: ``_build/kit`` and a zip of it.

Before it says where it is, the solutions have passed their own checks in nbgrader and the students'
edition has not, each slide has been seen to fit, and a parser has read the question bank.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import kit_figures
import kit_grading
import kit_questions
import kit_slides
from machine import cpu_model
from measuring import ADDRESS, ARGUMENTS, CHROMIUM, NO_CHROMIUM, ROOT
from pdf import CONFIG, contents, print_book, published
from pdf import write as write_pdf
from playwright.sync_api import sync_playwright

BOOK = ROOT / "book"
KIT = ROOT / "_build" / "kit"
COURSE = ROOT / "_build" / "kit-course"
NODE = ROOT / "_build" / "node"
TIMES = BOOK / "data" / "times.json"
# Slides for a browser, and a parser of GIFT that is kept. Both have the MIT licence.
PACKAGES = ["reveal.js@6.0.2", "gift-pegjs@1.0.2"]
NO_NPM = "The kit needs npm, for reveal.js and a parser of GIFT (apt-get install npm)."
README = """\
# The kit for teachers

Made from {title}, {address}

- `students/`: every page without its solutions. Open it in Jupyter; the cells that begin with
  `check` say "Right." or what is off.
- `answers.pdf`: the exercises with their solutions, and the quizzes.
- `slides/`: a deck for each chapter, to open in a browser.
- `questions/`: {questions} questions, as GIFT for Moodle and as QTI 2.1.
- `nbgrader/`: a course for nbgrader. `source` has the solutions and stays with you; `release` is
  what students get.
- `figures/`: the figures as SVG and PNG.

The page *For teachers* says how to use them: {address}book/for_teachers.html

Text and figures: CC BY 4.0. Code: BSD 3-Clause. reveal.js: MIT (`slides/reveal/LICENSE`).
"""


def chapters() -> list[Path]:
    """Return the notebooks with exercises, in the order of the book."""
    pages = [ROOT / f"{page}.ipynb" for _, group in contents()[1:] for page in group]
    return [page for page in pages if page.exists()]


def packages() -> Path:
    """Install the packages of npm, and return where they are."""
    command = ["npm", "install", "--silent", "--ignore-scripts", "--prefix", str(NODE), *PACKAGES]
    NODE.mkdir(parents=True, exist_ok=True)
    subprocess.run(command, check=True)
    return NODE / "node_modules"


def parsed(bank: Path, modules: Path) -> int:
    """Return how many questions a parser of GIFT finds in a file."""
    script = """
    const { parse } = require(process.argv[1]);
    console.log(parse(require("fs").readFileSync(process.argv[2], "utf8")).length);
    """
    command = ["node", "-e", script, str(modules / "gift-pegjs"), str(bank)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def students(course: Path, folder: Path) -> None:
    """Write the students' edition: what nbgrader releases, and the pages without exercises."""
    folder.mkdir()
    for path in sorted(BOOK.glob("*.ipynb")):
        released = course / "release" / path.stem / path.name
        shutil.copy(released if released.exists() else path, folder)
    for path in BOOK.glob("*.md"):
        shutil.copy(path, folder)
    shutil.copytree(BOOK / "data", folder / "data")


def printed(pages: list[Path], slides: Path) -> None:
    """Print the answers and write the slides and the figures, with a Chromium."""
    inside = {f"book/{page.stem}" for page in pages}
    parts = [(caption, [p for p in group if p in inside]) for caption, group in contents()]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        context = published(browser)
        book = print_book(
            context,
            [(caption, group) for caption, group in parts if group],
            "Exercises, solutions and quizzes",
            ("exercises", "quiz"),
        )
        write_pdf(book, "answers", KIT)
        context.close()
        kit_figures.write(KIT / "figures", browser, sorted(BOOK.glob("*.ipynb")))
        kit_slides.write(KIT / "slides", browser, sorted(inside), slides)
        browser.close()


def main() -> int:
    """Write the kit; return 1 where a program is missing."""
    needs = ((CHROMIUM, NO_CHROMIUM), (shutil.which("npm"), NO_NPM))
    if missing := [text for there, text in needs if not there]:
        print("\n".join(missing), file=sys.stderr)
        return 1
    for folder in (KIT, COURSE):
        shutil.rmtree(folder, ignore_errors=True)
    KIT.mkdir(parents=True)
    modules = packages()
    pages = chapters()

    printed(pages, modules / "reveal.js")
    questions = kit_questions.bank(pages)
    kit_questions.write(KIT / "questions", questions)
    if parsed(KIT / "questions" / "questions.gift", modules) != len(questions):
        msg = "the parser of GIFT finds another number of questions"
        raise RuntimeError(msg)

    kit_grading.release(COURSE, pages)
    students(COURSE, KIT / "students")
    for name in ("source", "release"):
        shutil.copytree(COURSE / name, KIT / "nbgrader" / name)
    shutil.copy(COURSE / "nbgrader_config.py", KIT / "nbgrader")
    times = {"cpu": cpu_model(), "seconds": kit_grading.grade(COURSE, pages)}
    TIMES.write_text(json.dumps(times, indent=1) + "\n", encoding="utf-8")

    readme = README.format(title=CONFIG["title"], address=ADDRESS, questions=len(questions))
    (KIT / "README.md").write_text(readme, encoding="utf-8")
    for name in ("LICENSE", "LICENSE-text"):
        shutil.copy(ROOT / name, KIT)
    archive = shutil.make_archive(str(ROOT / "_build" / "teachers-kit"), "zip", KIT)
    print(f"The kit for teachers: {archive}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
