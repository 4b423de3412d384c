"""Make a course for nbgrader of the pages, and see that it grades what it should.

The solutions get every point that nbgrader gives by itself, and the students' edition none.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
from kit_exercises import edition
from nbgrader.api import Gradebook

BOOK = Path(__file__).resolve().parents[1] / "book"
CONFIG = """\
from nbgrader.converters.generate_assignment import GenerateAssignment
from nbgrader.preprocessors import ClearOutput

c = get_config()
c.CourseDirectory.course_id = "activations"
c.ClearSolutions.code_stub = {"python": "# Your code here"}
c.ClearSolutions.text_stub = "*Write here.*"
# The figures of a page stay: they are what it is about.
c.GenerateAssignment.preprocessors = [
    step for step in GenerateAssignment().preprocessors if step is not ClearOutput
]
c.ExecutePreprocessor.timeout = 600
"""
# nbgrader calls alembic, which stands beside Python.
os.environ["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"


def nbgrader(course: Path, *arguments: str) -> None:
    """Run a command of nbgrader in a course."""
    command = [sys.executable, "-m", "nbgrader", *arguments]
    # One core, for the times; the settings of whoever runs it stay out.
    alone = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "JUPYTER_NO_CONFIG": "1"}
    done = subprocess.run(
        command, cwd=course, capture_output=True, text=True, check=False, env=os.environ | alone
    )
    if done.returncode:
        msg = f"nbgrader {' '.join(arguments)} stopped:\n{done.stderr[-3000:]}"
        raise RuntimeError(msg)


def release(course: Path, pages: list[Path]) -> None:
    """Write a course with an assignment for each page: its source, and what students get."""
    course.mkdir(parents=True)
    (course / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    for path in pages:
        page = nbformat.read(path, as_version=4)
        home = course / "source" / path.stem
        home.mkdir(parents=True)
        nbformat.write(edition(page, path.stem), home / path.name)
        if any("data/" in cell.source for cell in page.cells):
            shutil.copytree(BOOK / "data", home / "data")
        nbgrader(course, "generate_assignment", path.stem)


CLOCK = "import time\n\nprint(time.process_time())"


def clocked(notebook: Path) -> None:
    """Let a notebook tell at its end how long it took a core: other programs do not count."""
    page = nbformat.read(notebook, as_version=4)
    page.cells.append(nbformat.v4.new_code_cell(CLOCK, id="clock"))
    nbformat.write(page, notebook)


def seconds(notebook: Path) -> float:
    """Return what a notebook told that was run."""
    *_, clock = nbformat.read(notebook, as_version=4).cells
    return round(float(clock.outputs[0].text), 1)


def grade(course: Path, pages: list[Path]) -> dict[str, float]:
    """Grade the solutions and the students' edition; return the seconds of each page on a core.

    Raises
    ------
    RuntimeError
        If a solution misses a point, or a student gets one for nothing.
    """
    took = {}
    faults = []
    for stem in [path.stem for path in pages]:
        for student, given in (("solved", "source"), ("empty", "release")):
            shutil.copytree(course / given / stem, course / "submitted" / student / stem)
        clocked(course / "submitted" / "solved" / stem / f"{stem}.ipynb")
        nbgrader(course, "autograde", stem)
        took[stem] = seconds(course / "autograded" / "solved" / stem / f"{stem}.ipynb")
        with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "activations") as book:
            for student, points in (("solved", 1), ("empty", 0)):
                grades = book.find_submission_notebook(stem, stem, student).grades
                faults += [
                    f"{student}: {grade.name} gets {grade.auto_score}"
                    for grade in grades
                    if grade.cell.cell_type == "code" and grade.auto_score != points
                ]
    if faults:
        raise RuntimeError("\n".join(faults))
    return took
