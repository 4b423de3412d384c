"""Make the edition of a page that nbgrader releases to students and grades.

A solution becomes a cell that nbgrader clears, and its assertions become a check. Which names a
student is to give stands in the metadata of the exercise's cell, as ``answer``, with what each is:
of the solution's code, what defines them is the student's, and what the assertions read besides is
given. An exercise without such names is graded by the teacher alone.
"""

import ast
import dis
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from types import CodeType

import nbformat
from nbformat import NotebookNode

from npdl_activations.lab.exercise import seal

EXERCISE = re.compile(r"### Exercise (\d+): ")
SOLUTION = "#### Solution"
YOURS = "#### Your answer"

BEGIN, END = "BEGIN SOLUTION", "END SOLUTION"


@dataclass
class Exercise:
    """An exercise of a page: its number, the names asked for, and its solution's cells."""

    number: int
    answer: dict[str, str]
    solution: list[NotebookNode] = field(default_factory=list)

    @property
    def code(self) -> str:
        """The code of the solution."""
        return "\n\n\n".join(c.source for c in self.solution if c.cell_type == "code")

    @property
    def text(self) -> str:
        """The text of the solution."""
        return "\n\n".join(c.source for c in self.solution if c.cell_type == "markdown")


def heading(cell: NotebookNode) -> bool:
    """Tell whether a cell begins with a heading, which ends a solution."""
    return bool(cell.cell_type == "markdown" and cell.source.startswith("#"))


def exercises(cells: list[NotebookNode]) -> Iterator[tuple[int, Exercise]]:
    """Yield each exercise with the place of its solution's heading among the cells."""
    exercise = None
    for i, cell in enumerate(cells):
        if heading(cell) and (found := EXERCISE.match(cell.source)):
            exercise = Exercise(int(found[1]), dict(cell.metadata.get("answer", {})))
        elif exercise and heading(cell) and cell.source == SOLUTION:
            exercise.solution = [*takewhile(lambda cell: not heading(cell), cells[i + 1 :])]
            yield i, exercise


def names_in(code: CodeType, *operations: str) -> set[str]:
    """Return the names that these operations of compiled code are about."""
    return {step.argval for step in dis.get_instructions(code) if step.opname in operations}


def compiled(statement: ast.stmt) -> CodeType:
    """Return a statement as the code that Python runs."""
    return compile(ast.Module([statement], []), "<solution>", "exec")


def reads(statement: ast.stmt) -> set[str]:
    """Return the names that a statement reads from the page, in the functions it defines too."""

    def inner(code: CodeType) -> set[str]:
        codes = [part for part in code.co_consts if isinstance(part, CodeType)]
        return names_in(code, "LOAD_NAME", "LOAD_GLOBAL").union(*map(inner, codes))

    own = statement.target if isinstance(statement, ast.For) else ast.Pass()
    return inner(compiled(statement)) - {n.id for n in ast.walk(own) if isinstance(n, ast.Name)}


def base(node: ast.expr) -> str:
    """Return the name in ``name.attribute[index]``, or nothing."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def binds(statement: ast.stmt) -> set[str]:
    """Return the names that a statement defines, or whose objects it may change."""
    names = names_in(compiled(statement), "STORE_NAME")
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return names
    for node in ast.walk(statement):
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store):
            names.add(base(node))
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            names.add(base(node.value.func))
        elif isinstance(node, ast.For):
            names |= {base(part) for part in ast.walk(node.iter) if isinstance(part, ast.expr)}
    return names - {""}


def asserts(statement: ast.stmt) -> bool:
    """Tell whether a statement asserts something, itself and not in a function it defines."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return False
    return any(isinstance(node, ast.Assert) for node in ast.walk(statement))


class Silent(ast.NodeTransformer):
    """Takes out what prints: it would tell the answer."""

    def visit_Expr(self, node: ast.Expr) -> ast.stmt:
        """Put nothing in the place of a print."""
        call = node.value
        if isinstance(call, ast.Call) and base(call.func) == "print":
            return ast.copy_location(ast.Pass(), node)
        return node


def statements(code: str) -> list[ast.stmt]:
    """Return the statements of a solution that do more than print."""
    body = Silent().visit(ast.parse(code)).body
    return [statement for statement in body if not isinstance(statement, ast.Pass)]


def needed(
    steps: list[ast.stmt], wanted: list[ast.stmt], names: Iterable[str], answers: Iterable[str]
) -> list[ast.stmt]:
    """Return the steps that are wanted or define `names`, and what these read.

    What defines or changes an answer is not among it.
    """
    open_names = set(names)
    kept = []
    for step in reversed(steps):
        bound = binds(step)
        if step in wanted or (bound & open_names and not bound & set(answers)):
            kept.append(step)
            if isinstance(step, ast.Assign | ast.FunctionDef | ast.ClassDef):
                open_names -= names_in(compiled(step), "STORE_NAME")
            open_names |= reads(step)
    return kept[::-1]


def test(exercise: Exercise, before: list[ast.stmt]) -> tuple[list[ast.stmt], list[ast.stmt]]:
    """Return the test of an exercise, and what of it a solution builds on, which is given.

    The test may call what solutions before it define.
    """
    own = statements(exercise.code)
    answers = set(exercise.answer)
    tainted = set(answers)
    judging = []
    for step in needed([*before, *own], [step for step in own if asserts(step)], (), answers):
        if reads(step) & tainted:
            tainted |= binds(step)
            judging += [step] * asserts(step)
    result = needed([*before, *own], judging, (), answers)
    if unread := answers.difference(*map(reads, result)):
        msg = f"the solution of exercise {exercise.number} asserts nothing of {sorted(unread)}"
        raise ValueError(msg)
    students = set().union(*(reads(step) for step in own if step not in result))
    free = [step for step in result if step in own and not reads(step) & tainted]
    return result, needed(free, [], students, ())


def stub(node: ast.FunctionDef | ast.ClassDef, text: str) -> str:
    """Return a function, or a class with its methods, without what they do."""

    def empty(
        node: ast.FunctionDef | ast.ClassDef, body: list[ast.stmt]
    ) -> ast.FunctionDef | ast.ClassDef:
        if isinstance(node, ast.ClassDef):
            body += [
                empty(part, []) if isinstance(part, ast.FunctionDef) else part for part in node.body
            ]
        else:
            body.append(ast.Expr(ast.Constant(...)))
        fields = {name: value for name, value in ast.iter_fields(node) if name != "body"}
        return type(node)(**fields, body=body)

    whole = empty(node, [ast.Expr(ast.Constant(text))])
    return ast.unparse(ast.fix_missing_locations(whole))


def prompt(exercise: Exercise, given: list[ast.stmt]) -> str:
    """Return what a student begins with: what is given, and the names that are asked for."""
    defined = {
        node.name: node
        for node in ast.parse(exercise.code).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }
    lines = [ast.get_source_segment(exercise.code, step) or "" for step in given]
    parts = ["\n".join(["# Given:", *lines])] if given else []
    values = []
    for name, text in exercise.answer.items():
        if name in defined:
            parts.append(stub(defined[name], text))
        else:
            values.append(f"{name} = ...  # {text}")
    return "\n\n\n".join([*parts, *(["\n".join(values)] if values else [])])


def cell(kind: str, source: str, grade_id: str, *, solution: bool, points: int = 0) -> NotebookNode:
    """Return a cell that nbgrader knows: a solution, a check, or a text for the teacher."""
    make = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell}[kind]
    graded = {
        "schema_version": 3,
        "grade_id": grade_id,
        "grade": points > 0,
        "solution": solution,
        "locked": not solution,
        "task": False,
    }
    metadata = {"nbgrader": graded | ({"points": points} if points else {})}
    result: NotebookNode = make(source, id=grade_id, metadata=metadata)
    return result


def check_cell(exercise: Exercise, tested: list[ast.stmt]) -> str:
    """Return the code that checks an exercise."""
    sealed = seal(ast.unparse(ast.Module(tested, [])))
    lines = "\n".join(f'    "{part}"' for part in re.findall(".{1,70}", sealed))
    names = " ".join(exercise.answer)
    begin = "from npdl_activations.lab.exercise import check\n\n"
    return f'{begin}check(\n    globals(),\n    "{names}",\n{lines},\n)'


def edition(page: NotebookNode, stem: str) -> NotebookNode:
    """Return a page with its solutions as cells that nbgrader clears, and checks behind them.

    Raises
    ------
    ValueError
        If a name that an exercise asks for is in none of its solution's assertions.
    """
    result: NotebookNode = nbformat.v4.new_notebook(metadata=page.metadata)
    before: list[ast.stmt] = []
    start = 0
    for i, exercise in exercises(page.cells):
        result.cells += page.cells[start:i]
        start = i + 1 + len(exercise.solution)
        name = f"{stem}-{exercise.number}"
        text = f"{BEGIN}\n{exercise.text or 'The code says it.'}\n{END}"
        result.cells.append(nbformat.v4.new_markdown_cell(YOURS, id=f"{name}-yours"))
        result.cells.append(cell("markdown", text, f"{name}-text", solution=True, points=1))
        if exercise.code:
            tested, given = test(exercise, before) if exercise.answer else ([], [])
            region = f"### {BEGIN}\n{exercise.code}\n### {END}"
            source = "\n\n".join(filter(None, [prompt(exercise, given), region]))
            result.cells.append(cell("code", source, f"{name}-code", solution=True))
            if exercise.answer:
                source = check_cell(exercise, tested)
                result.cells.append(cell("code", source, f"{name}-check", solution=False, points=1))
            before += [
                step
                for step in statements(exercise.code)
                if isinstance(step, ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom)
            ]
    result.cells += page.cells[start:]
    return result
