"""Break every activation, one kernel at a time, and see that its tests and its chapter notice.

A kernel is a private function of the activation's module: ``_forward``, ``_derivative`` and so on.
For each: a sign, a factor, a constant and, where there is one, an operator. What survives is
reported, and the exit code is then 1. ``python tools/mutants.py tanh`` breaks one module.

mutmut and cosmic-ray ask one command whether a mutant lives; here two must fail, each by itself.
"""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pytest
from tqdm import tqdm

from npdl_activations.registry import classes

ROOT = Path(__file__).resolve().parent.parent
# What the tests and the chapter of one activation need to run.
PARTS = ("npdl_activations", "tests", "tools", "book")
# Tests that every activation has: those named after the class are run.
ALIKE = ("tests/test_formulas.py", "tests/test_contract.py")
CLASSES = {cls.__module__.rpartition(".")[2]: cls.__name__ for cls in classes()}
SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.GtE: ast.Lt,
    ast.Lt: ast.GtE,
    ast.Eq: ast.NotEq,
}
# A kernel that is given `out` has its result taken from there.
RESULTS = {"sign": "-({})", "factor": "2 * ({})", "constant": "({}) + 0.5"}
WRITTEN = {
    "sign": "np.negative({}, out=out)",
    "factor": "np.multiply({}, 2, out=out)",
    "constant": "np.add({}, 0.5, out=out)",
}
# A smaller change is no mutant: it may be the same function, rounded in another way.
MATERIAL = 1e-3


class Mutant(NamedTuple):
    """A module's source with one change, or with none where `kernel` is empty."""

    module: str
    kernel: str
    change: str
    source: str


class Verdict(NamedTuple):
    """The first test and the first cell that failed, empty where all passed."""

    unit: str
    chapter: str


@cache
def answers(module: str, source: str) -> list[Any]:
    """Return what the activation says when its module reads `source`."""
    namespace = ModuleType(f"npdl_activations.{module}").__dict__ | {
        "__package__": "npdl_activations"
    }
    said = []
    with np.errstate(all="ignore"):
        exec(compile(source, module, "exec"), namespace)  # noqa: S102
        for dtype in (np.float64, np.float32):
            rows = np.random.default_rng(0).normal(0, 2, (20, 5)).astype(dtype)
            act = namespace[CLASSES[module]]()
            said += [act.forward(rows), act.backward(rows[::-1]), act.jacobian()]
            said += act.parameter_gradients(rows[::-1]).values()
            try:
                said.append(act.derivative())
            except TypeError:  # not every function has an elementwise derivative
                said.append(0)
    return said


def shows(module: str, source: str, mutated: str) -> bool:
    """Return whether the two sources compute materially different numbers."""
    before = answers(module, source)
    try:
        after = answers(module, mutated)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return False  # a crash is too easy to notice
    pairs = zip(before, after, strict=True)
    return not all(np.allclose(a, b, rtol=0, atol=MATERIAL) for a, b in pairs)


def parts(kernel: ast.FunctionDef) -> list[Any]:
    """Return every node of a kernel's body."""
    return [part for statement in kernel.body for part in ast.walk(statement)]


def changed(kernel: ast.FunctionDef, i: int, **fields: Any) -> tuple[ast.FunctionDef, str]:
    """Return a kernel with other fields in its node `i`, and the line of that node."""
    copy = deepcopy(kernel)
    node = parts(copy)[i]
    for name, value in fields.items():
        setattr(node, name, value)
    statements = [part for part in parts(copy) if isinstance(part, ast.stmt)]
    inside = [part for part in statements if any(each is node for each in ast.walk(part))]
    return copy, ast.unparse(inside[-1]).partition("\n")[0]


def changes(kernel: ast.FunctionDef) -> Iterator[tuple[str, ast.FunctionDef, str]]:
    """Yield the changes of a kernel: the kind, the changed kernel, and its changed line."""
    writes = any(argument.arg == "out" for argument in kernel.args.args)
    for i, node in enumerate(parts(kernel)):
        if isinstance(node, ast.Return) and node.value:
            for kind, text in (WRITTEN if writes else RESULTS).items():
                result = ast.parse(text.format(ast.unparse(node.value)), mode="eval").body
                yield kind, *changed(kernel, i, value=result)
        elif isinstance(node, ast.Constant) and type(node.value) in {int, float}:
            value: Any = node.value
            yield "constant", *changed(kernel, i, value=value + 1)
        elif isinstance(node, ast.BinOp) and type(node.op) in SWAPS:
            yield "operator", *changed(kernel, i, op=SWAPS[type(node.op)]())
        elif isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
            yield "operator", *changed(kernel, i, ops=[SWAPS[type(node.ops[0])](), *node.ops[1:]])


def mutants(module: str) -> Iterator[Mutant]:
    """Yield the first change of each kind that shows, for each kernel of a module."""
    source = (ROOT / "npdl_activations" / f"{module}.py").read_text("utf-8")
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.FunctionDef) or not re.match("_[a-z]", node.name):
            continue
        first = min([node.lineno, *(part.lineno for part in node.decorator_list)])
        found = set()
        for kind, copy, line in changes(node):
            lines = source.splitlines()
            lines[first - 1 : node.end_lineno] = [
                " " * node.col_offset + text for text in ast.unparse(copy).splitlines()
            ]
            mutated = "\n".join(lines) + "\n"
            if kind not in found and shows(module, source, mutated):
                found.add(kind)
                yield Mutant(module, node.name[1:], f"{kind}: {line}", mutated)


def first_failure(tree: Path, *arguments: str) -> str:
    """Run pytest in `tree` and return the first test that fails, or an empty string."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=tree,
        env=os.environ | {"PYTHONPATH": str(tree), "TIERS": "numpy"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
        return ""
    failure = re.search(r"^FAILED \S*?::(.+?)(?: - .*)?$", done.stdout, re.MULTILINE)
    if done.returncode != pytest.ExitCode.TESTS_FAILED or not failure:
        msg = f"pytest did not run:\n{done.stdout}{done.stderr}"
        raise RuntimeError(msg)
    return failure[1]


def copy_parts(tree: Path) -> None:
    """Copy what the tests and the chapters need to run into `tree`."""
    for part in PARTS:
        shutil.copytree(ROOT / part, tree / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tree)


def verdict(mutant: Mutant) -> Verdict:
    """Return what the module's tests and chapter say of a mutant."""
    name = mutant.module
    with tempfile.TemporaryDirectory() as directory:
        tree = Path(directory)
        copy_parts(tree)
        (tree / "npdl_activations" / f"{name}.py").write_text(mutant.source, "utf-8")
        # A chapter prints the class's source, so any change at all would fail it there. Those
        # cells run too, but their output is not compared: the numbers and figures must tell.
        chapter = tree / "book" / f"{name}.ipynb"
        notebook = json.loads(chapter.read_text("utf-8"))
        for cell in notebook["cells"]:
            if "getsource" in "".join(cell["source"]):
                cell["metadata"].setdefault("tags", []).append("nbval-ignore-output")
        chapter.write_text(json.dumps(notebook), "utf-8")
        return Verdict(
            first_failure(
                tree,
                f"tests/test_{name}.py",
                *ALIKE,
                "-k",
                f"test_{name}.py or {CLASSES[name]}",
                "-p",
                "no:nbval",  # it takes a second to load
            ),
            first_failure(
                tree,
                "--nbval",
                "--nbval-current-env",
                "--nbval-cell-timeout=120",
                f"book/{name}.ipynb",
            ),
        )


def main(arguments: list[str]) -> int:
    """Break the modules named in `arguments`, or all; return 1 if a mutant survives."""
    names = arguments or list(CLASSES)
    shapes = ("npdl_activations/{}.py", "tests/test_{}.py", "book/{}.ipynb")
    wanted = [shape.format(name) for name in names for shape in shapes]
    if missing := [path for path in wanted if not (ROOT / path).exists()]:
        print(f"no {', '.join(missing)}", file=sys.stderr)
        return 1
    whole = [
        Mutant(name, "", "", (ROOT / "npdl_activations" / f"{name}.py").read_text("utf-8"))
        for name in names
    ]
    todo = whole + [mutant for name in names for mutant in mutants(name)]
    print(f"{'module':17}{'kernel':11}{'unit tests':12}{'chapter':12}change")
    survivors, broken = [], []
    with ThreadPoolExecutor(max_workers=2) as pool:
        verdicts = tqdm(pool.map(verdict, todo), total=len(todo), unit="mutant")
        for mutant, said in zip(todo, verdicts, strict=True):
            if mutant.kernel:
                unit, chapter = ("fail" if part else "SURVIVED" for part in said)
                row = f"{mutant.module:17}{mutant.kernel:11}{unit:12}{chapter:12}{mutant.change}"
                tqdm.write(row)
                if not all(said):
                    survivors.append(mutant)
            elif any(said):
                # Where the unbroken module fails too, its failures when broken say nothing.
                broken.append(f"{mutant.module} fails unbroken: {' and '.join(filter(None, said))}")
    print(f"{len(todo) - len(whole)} mutants, {len(survivors)} survivors")
    for mutant in survivors:
        print(f"survivor: {mutant.module} {mutant.kernel}, {mutant.change}")
    print("\n".join(broken), end="\n" if broken else "", file=sys.stderr)
    return 1 if survivors or broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
