"""The kit for teachers: what students get, the questions, the figures, and the page that tells."""

import importlib.util
import io
import json
import re
import zipfile
from contextlib import redirect_stdout
from pathlib import Path
from xml.etree import ElementTree as ET

import kit_exercises as kit
import kit_figures
import kit_questions as questions
import nbformat
import pytest
import yaml

from npdl_activations.lab.exercise import NotYetError

ROOT = Path(__file__).parent.parent
BOOK = ROOT / "book"
PAGES = [path for path in sorted(BOOK.glob("*.ipynb")) if path.stem != "intro"]

spec = importlib.util.spec_from_file_location("teaching", BOOK / "_ext" / "teaching.py")
teaching = importlib.util.module_from_spec(spec)
spec.loader.exec_module(teaching)

md, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
EXERCISE = md("### Exercise 1: in code\n\nDouble, and root.", metadata={"answer": {}})
PAGE = [
    md("# Page"),
    code("nine = 9"),
    EXERCISE,
    md("#### Solution"),
    md("Because."),
    code("start = 4\nroot = nine - start - 2\n\n\ndef double(x):\n    return 2 * x"),
    code(
        "print(root)\nfor x in (start, 5):\n    print(x)\n    assert double(x) == x + x\n"
        "assert root**2 == nine\nassert nine == 9"
    ),
    md("## Quiz"),
]
ASKED = {"double": "Twice x.", "root": "the root of nine"}


def page(*cells, answer=None):
    cells = [nbformat.from_dict(cell) for cell in (cells or PAGE)]
    for cell in cells:
        if cell.source.startswith("### Exercise"):
            cell.metadata["answer"] = ASKED if answer is None else answer
    return nbformat.v4.new_notebook(cells=cells)


def cleared(cell):
    """A cell as nbgrader clears it."""
    return re.sub(rf"#* ?{kit.BEGIN}.*{kit.END}", "", cell.source, flags=re.DOTALL)


def run(notebook, prepare):
    space, told = {}, io.StringIO()
    with redirect_stdout(told):
        for cell in notebook.cells:
            if cell.cell_type == "code":
                exec(prepare(cell), space)
    return told.getvalue()


def test_a_solution_becomes_a_cell_that_is_cleared_and_a_check():
    made = kit.edition(page(), "page")
    graded = {
        c.metadata.nbgrader.grade_id: c.metadata.nbgrader
        for c in made.cells
        if "nbgrader" in c.metadata
    }
    assert list(graded) == ["page-1-text", "page-1-code", "page-1-check"]
    assert [g.get("points") for g in graded.values()] == [1, None, 1]
    assert [(g.grade, g.solution, g.locked) for g in graded.values()] == [
        (True, True, False),
        (False, True, False),
        (True, False, True),
    ]
    assert [c.source for c in made.cells[:2]] == ["# Page", "nine = 9"]
    assert made.cells[-1].source == "## Quiz"
    assert not any("outputs" in c and c.outputs for c in made.cells if "nbgrader" in c.metadata)
    (begun,) = [c for c in made.cells if c.id == "page-1-code"]
    assert cleared(begun).strip() == (
        '# Given:\nstart = 4\n\n\ndef double(x):\n    """Twice x."""\n    ...\n\n\n'
        "root = ...  # the root of nine"
    )


def test_the_check_passes_the_solution_and_not_the_cell_to_fill_in():
    made = kit.edition(page(), "page")
    assert run(made, lambda cell: cell.source) == "3\n4\n5\nRight.\n"
    with pytest.raises(NotYetError, match="root is missing"):
        run(made, cleared)
    with pytest.raises(
        NotYetError, match=r"double \(check 1 of 2\) stops with|double .* not right"
    ):
        run(made, lambda cell: cleared(cell) + "\nroot = 3")


def test_students_see_nothing_of_the_solution():
    made = kit.edition(page(), "page")
    text = "\n".join(map(cleared, made.cells))
    for told in ("Because", "2 * x", "nine - start", "root**2", "assert"):
        assert told not in text


def test_an_exercise_without_names_is_for_the_teacher():
    made = kit.edition(page(answer={}), "page")
    assert [c.id for c in made.cells if "nbgrader" in c.metadata] == ["page-1-text", "page-1-code"]


@pytest.mark.parametrize("name", ["start", "triple"])
def test_an_answer_that_nothing_asserts_is_refused(name):
    cells = [*PAGE[:6], code("assert double(1) == 2")]
    with pytest.raises(ValueError, match=f"exercise 1 asserts nothing of .*{name}"):
        kit.edition(page(*cells, answer={"double": "", name: ""}), "page")


def test_a_check_may_call_what_an_earlier_solution_defines():
    second = [
        md("### Exercise 2: an idea\n\nFour times."),
        md("#### Solution"),
        code("four = double(double(1))\nassert four == double(2)"),
    ]
    cells = [*page(answer={}).cells[:-1], *second]
    cells[-3].metadata["answer"] = {"four": "four"}
    made = kit.edition(nbformat.v4.new_notebook(cells=cells), "page")
    given = {"page-2-code": "four = 4", "page-1-code": ""}
    assert run(made, lambda cell: given.get(cell.id, cleared(cell))) == "Right.\n"


@pytest.mark.parametrize(
    ("statement", "read", "bound"),
    [
        ("x = a + b[c].d", {"a", "b", "c"}, {"x"}),
        ("x[i].y = a", {"x", "i", "a"}, {"x"}),
        ("net.fit(*train)", {"net", "train"}, {"net"}),
        (
            "for i, n in enumerate(ns):\n    n.w = i",
            {"enumerate", "ns"},
            {"i", "n", "ns", "enumerate"},
        ),
        ("[n for n in ns if n > low]", {"ns", "low"}, set()),
        ("def f(x):\n    y = x\n    return y + g(a)", {"g", "a"}, {"f"}),
        ("with np.errstate():\n    y = f(x)", {"np", "f", "x"}, {"y"}),
    ],
)
def test_what_a_statement_reads_and_what_it_binds(statement, read, bound):
    (node,) = kit.ast.parse(statement).body
    assert kit.reads(node) - kit.binds(node) == read - bound
    assert kit.binds(node) == bound


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_page_has_its_edition(path):
    source = nbformat.read(path, as_version=4)
    made = kit.edition(source, path.stem)
    nbformat.validate(made)
    asked = [cell.metadata.answer for cell in source.cells if "answer" in cell.metadata]
    checks = [cell for cell in made.cells if cell.id.endswith("-check")]
    assert len(checks) == len(asked)
    for cell in made.cells:
        text = cleared(cell) if "nbgrader" in cell.metadata else cell.source
        assert cell.cell_type == "markdown" or "%pip" in text or kit.ast.parse(text)


BANK = questions.bank(PAGES)
QTI = {"": questions.QTI, "m": questions.MATH}


def test_the_bank_has_sixty_questions_and_none_twice():
    assert len(BANK) >= 60
    assert len({question.text for question in BANK}) == len(BANK)
    assert len({question.name for question in BANK}) == len(BANK)
    numbers = [question for question in BANK if not question.options]
    assert len(numbers) == questions.VARIANTS * len(questions.TEMPLATES)


def test_the_same_seeds_ask_the_same(tmp_path):
    written = []
    for name in ("one", "two"):
        questions.write(tmp_path / name, questions.bank(PAGES[:1]))
        written.append([path.read_bytes() for path in sorted((tmp_path / name).iterdir())])
    assert written[0] == written[1]


def test_every_quiz_has_one_right_answer_and_reasons():
    for question in BANK:
        if question.options:
            assert sum(option.right for option in question.options) == 1, question.name
            assert all(option.text and option.reason for option in question.options)
            words = [question.text, *(option.reason for option in question.options)]
            assert "](" not in "".join(words), question.name


@pytest.mark.parametrize("question", BANK, ids=lambda question: question.name)
def test_a_question_is_an_item_of_qti(question):
    text = ET.tostring(questions.item(question), "unicode")
    root = ET.fromstring(text)
    order = [node.tag.rpartition("}")[2] for node in root]
    known = [
        "responseDeclaration",
        "outcomeDeclaration",
        "itemBody",
        "responseProcessing",
        "modalFeedback",
    ]
    assert order == sorted(order, key=known.index)
    assert re.fullmatch(r"[A-Za-z_][\w.-]*", root.get("identifier"))
    correct = root.findtext("responseDeclaration/correctResponse/value", namespaces=QTI)
    choices = [node.get("identifier") for node in root.iterfind(".//simpleChoice", QTI)]
    if question.options:
        right = [c for c, o in zip(choices, question.options, strict=True) if o.right]
        assert [correct] == right
        shown = [node.get("identifier") for node in root.iterfind("modalFeedback", QTI)]
        assert shown == choices
    else:
        assert float(correct) == pytest.approx(question.answer, rel=1e-6)
        assert float(root.find(".//equal", QTI).get("tolerance")) > 0
        assert root.find(".//textEntryInteraction", QTI) is not None
    declared = {node.get("identifier") for node in root.iterfind("*") if "Declaration" in node.tag}
    used = {
        value
        for node in root.iter()
        for key, value in node.attrib.items()
        if key in {"responseIdentifier", "outcomeIdentifier"}
        or (key == "identifier" and re.search("variable|correct$|setOutcomeValue", node.tag))
    }
    assert used <= declared
    assert question.text.count("$") == 2 * len(root.findall("itemBody/p//m:math", QTI))


def test_the_package_lists_every_item(tmp_path):
    bank = BANK[:3]
    questions.write(tmp_path / "bank", bank)
    with zipfile.ZipFile(tmp_path / "bank" / "questions-qti.zip") as archive:
        names = set(archive.namelist())
        manifest = ET.fromstring(archive.read("imsmanifest.xml"))
    listed = {node.get("href") for node in manifest.iter() if node.tag.endswith("resource")}
    assert names == listed | {"imsmanifest.xml"}
    assert listed == {f"{question.name}.xml" for question in bank}


def test_gift_marks_its_special_letters_and_writes_numbers_plainly():
    option = questions.Option("$a = \\{b\\}$", "Right: ~1 #2")
    asked = questions.Question("q", "Is $\\nu$ 1?", (option, questions.Option("no", "No.")))
    text = questions.gift([asked, questions.Question("tiny", "How small?", answer=1.5e-9)])
    assert r"\\(\\nu\\)" in text
    assert r"\\(a \= \\\{b\\\}\\)" in text
    assert r"Right\: \~1 \#2" in text
    assert "#0.0000000015:0.000000000015" in text
    # The exponent of a number is all that GIFT does not read.
    assert not re.search(r"^#.*e", questions.gift(BANK), re.MULTILINE)


def test_an_answer_is_that_of_paper():
    def numbers(question):
        return [float(n) for n in re.findall(r"\d+(?:\.\d+)?", question.text)]

    for question in BANK:
        if question.name.startswith("steepness-"):
            assert question.answer == pytest.approx(numbers(question)[0] / 2)
        elif question.name.startswith("parameters-"):
            inputs, hidden, outputs = numbers(question)
            assert question.answer == (inputs + 1) * hidden + (hidden + 1) * outputs


def test_a_function_without_its_equation_is_named(monkeypatch, tmp_path):
    from npdl_activations import Tanh

    nbformat.write(nbformat.v4.new_notebook(), tmp_path / "tanh.ipynb")
    monkeypatch.setattr(questions, "BOOK", tmp_path)
    with pytest.raises(ValueError, match=r"tanh.ipynb has no equation with the label eq-tanh"):
        questions.definition(Tanh)


def test_every_figure_gets_its_line_below_it():
    found = [figure for path in PAGES for figure in kit_figures.figures(path)]
    assert len(dict(found)) == len(found) > len(PAGES)
    for name, svg in found:
        root = ET.fromstring(kit_figures.licensed(svg))
        *_, line = root.iter("{http://www.w3.org/2000/svg}text")
        assert "CC BY 4.0" in line.text, name
        height = float(root.get("viewBox").split()[3])
        assert float(kit_figures.SIZE.search(svg)[1]) < float(line.get("y")) < height
        assert root.get("height") == f"{height}pt"
        assert "https://creativecommons.org/licenses/by/4.0/" in ET.tostring(root, "unicode")


def test_a_figure_of_another_program_is_refused():
    with pytest.raises(ValueError, match="no height and viewBox"):
        kit_figures.licensed("<svg/>")


LESSONS = teaching.lessons(PAGES)
SECONDS = json.loads((BOOK / "data" / "times.json").read_text("utf-8"))["seconds"]
TEACHERS = (BOOK / "for_teachers.md").read_text("utf-8")


def test_every_page_says_what_it_needs_and_how_long_it_takes():
    assert LESSONS.keys() == {path.stem for path in PAGES} == SECONDS.keys()
    assert teaching.lesson({"cells": []}) is None


def test_no_page_needs_itself_or_what_is_not_there():
    depth = teaching.levels({page: each.needs for page, each in LESSONS.items()})
    assert depth.keys() == LESSONS.keys()
    for page, each in LESSONS.items():
        assert all(depth[other] < depth[page] for other in each.needs)
    for needs in ({"a": ["b"], "b": ["a"]}, {"a": ["lost"]}):
        with pytest.raises(ValueError, match="need each other, or a page that is not there"):
            teaching.levels(needs)


def test_an_arrow_that_others_imply_is_left_out():
    needs = {"a": [], "b": ["a"], "c": ["a", "b"]}
    assert teaching.reduced(needs) == {"a": [], "b": ["a"], "c": ["b"]}


def test_the_graph_links_every_page_and_the_table_says_the_same():
    drawn = ET.fromstring(teaching.graph(LESSONS))
    links = [node.get("href") for node in drawn.iter("a")]
    assert sorted(links) == sorted(f"{page}.html" for page in LESSONS)
    assert drawn.get("aria-label")
    _, _, *rows = teaching.table(LESSONS, SECONDS).splitlines()
    for row, (page, each) in zip(rows, LESSONS.items(), strict=True):
        assert teaching.LINK.findall(row) == [page, *each.needs]
        assert f"| {each.minutes} | {SECONDS[page]:.0f} | {each.exercises} |" in row


def test_the_page_for_teachers_has_no_gap_left():
    text = teaching.filled(TEACHERS, LESSONS, SECONDS)
    assert "<!--" not in text
    row = next(line for line in text.splitlines() if line.startswith("| 3 | [Tanh]"))
    assert row.endswith(f"| {LESSONS['tanh'].minutes + LESSONS['relu'].minutes} min |")


def test_every_path_keeps_to_what_builds_on_what():
    paths = re.split(r"^\*\*", TEACHERS.partition("## Three paths")[2], flags=re.MULTILINE)[1:]
    paths = [path.partition("\n## ")[0] for path in paths]
    assert len(paths) == 3
    for path in paths:
        seen = [
            page
            for line in path.splitlines()
            if line[:1] == "|"
            for page in teaching.LINK.findall(line)
        ]
        assert len(set(seen)) == len(seen)
        for i, page in enumerate(seen):
            assert set(LESSONS[page].needs) <= set(seen[:i]), page
    assert set(seen) == LESSONS.keys()  # the semester reads all of it


def test_the_cover_and_the_contents_lead_to_the_page():
    toc = (ROOT / "_toc.yml").read_text("utf-8")
    assert "book/for_teachers" in [
        page["file"] for part in yaml.safe_load(toc)["parts"] for page in part["chapters"]
    ]
    assert "](for_teachers.md)" in (BOOK / "intro.ipynb").read_text("utf-8")
