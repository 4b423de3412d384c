"""Measure the accuracy of every activation at every SIMD level, and search for worst cases.

The table goes to ``book/data``, the worst cases to ``tests/worst.json``. Interrupted, it goes on
where it stopped. One activation is searched alone, for as long as you like::

    python tools/verify.py --search Softmax --minutes 60
"""

import json
import math
import os
import platform
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import literal
import ml_dtypes
import mpmath
import numpy as np
from journal import Journal, fingerprint
from machine import cpu_model, simd_levels
from search import Case, close_rows, exact_error, read, search, worst_of
from tqdm import tqdm

from npdl_activations import registry
from npdl_activations.activation import Activation
from npdl_activations.elementwise import Elementwise
from npdl_activations.lab.accuracy import (
    AGREEMENT,
    Parser,
    Result,
    exact_largest,
    one_of,
    positive,
    upwards,
    work,
    workers,
)
from npdl_activations.lab.inputs import (
    BINADE,
    BINADES,
    COMPILED,
    EVERY,
    OTHER,
    PEOPLE,
    SAMPLE,
    SQUARE,
    SUM_OFF,
    Unit,
    bit_patterns,
    by_exponent,
    every_name,
    exponents,
    logits,
    named,
    others,
    row_gradients,
    units,
)
from npdl_activations.lab.yardstick import (
    DTYPES,
    WIDER,
    Array,
    Tally,
    answer,
    dtype_named,
    errors,
    exactly,
    judge_rows,
    judged,
    truth,
    verbs,
)

ROOT = Path(__file__).parents[1]
DATA = ROOT / "book" / "data"
JOURNAL = ROOT / "_verify"
WORST = ROOT / "tests" / "worst.json"

LITERAL_STRIDE = 251
# How many seconds of one core a search takes at a level, in the dtypes that are not exhausted.
SECONDS = {
    ("float64", "value"): 15,
    ("float64", "derivative"): 15,
    ("float64", "backward"): 20,
    ("float32", "backward"): 8,
}
ROW_SECONDS = {"value": 100, "backward": 60, "jacobian": 40}
# How many rows of close logits are asked whether they keep their order, and by how many ULP
# they may not.
CLOSE_ROWS = 100_000
OUT_OF_ORDER = {"float64": 3}


def compiles(name: str, disabled: str) -> bool:
    """Return whether an activation is measured without these features of the processor.

    Of the compiled ones that is not asked below AVX2, from 2013: who computes a lot has it.
    """
    return not (name.startswith(COMPILED) and "X86_V3" in disabled.split())


def key(level: str, unit: Unit) -> str:
    """Return what a unit's result is known by."""
    where = f"{unit.name} {unit.verb} {unit.dtype} {unit.kind} {unit.part}"
    return f"{level} {where} {fingerprint(unit.name)}"


def stored_result(unit: Unit, entry: Any) -> Result:
    """Return a result as the journal has it."""
    return unit, Tally(**entry["tally"]), entry["digest"]


def measure_all(journal: Journal, levels: dict[str, str], everything: list[Unit]) -> None:
    """Measure every unit at every level, but for what is in the journal."""
    first = next(iter(levels))
    for level, disabled in levels.items():
        # What people use is asked at the machine's own level alone.
        here = [
            unit
            for unit in everything
            if (level == first or unit.kind != PEOPLE) and compiles(unit.name, disabled)
        ]
        todo = [unit for unit in here if key(level, unit) not in journal]
        if not todo:
            continue
        jobs = [
            (unit, None if level == first else stored_result(unit, journal[key(first, unit)]))
            for unit in todo
        ]
        with (
            workers(disabled) as pool,
            tqdm(total=len(here), initial=len(here) - len(todo), desc=level, unit="unit") as bar,
        ):
            for unit, tally, digest in pool.imap_unordered(work, jobs):
                journal[key(level, unit)] = {"tally": asdict(tally), "digest": digest}
                bar.update()


def anchor(job: tuple[str, str, str]) -> float:
    """Return by how many ULP at most the yardstick and high precision differ on a sample.

    The sample has numbers from every binade. For Softmax it is of rows.
    """
    name, verb, dtype = job
    cls = named(name)
    kind = dtype_named(dtype)
    rng = np.random.default_rng(7)
    largest = 0.0
    if not issubclass(cls, Elementwise):
        lengths = {unit.part for unit in units([name], [dtype]) if unit.kind == SAMPLE}
        for k in sorted(k for k in lengths if k <= SQUARE):
            rows = next(logits(kind, k))[:24]
            rows = rows[np.isfinite(rows).all(axis=-1)]
            operands = [rows, row_gradients(rows)][: 1 + (verb == "backward")]
            largest = max(largest, difference(cls(), verb, operands))
        return largest
    every = exponents(kind)
    for act in (cls(), *others(cls)):
        mine = every if act == cls() else every[::8]
        x = by_exponent(rng, kind, mine)
        x = np.concatenate([x, -x, rng.uniform(-40, 40, 100).astype(kind)])
        gradient = by_exponent(rng, kind, rng.choice(every, x.size))
        operands = [x, gradient] if verb == "backward" else [x]
        largest = max(largest, difference(act, verb, operands))
    return largest


def difference(act: Activation, verb: str, operands: list[Array]) -> float:
    """Return by how many ULP the yardstick and high precision differ at most."""
    computed, _, off = judged(act, verb, *operands)
    exact = exactly(act, verb, computed, *operands)
    with np.errstate(all="ignore"):
        # Where the binade is a guess, the yardstick may count twice as much.
        apart = np.where(
            off > 0.25, np.minimum(abs(off - exact), abs(off / 2 - exact)), off - exact
        )
        apart = abs(apart)
    return float(np.nanmax(np.where((off == exact) | np.isnan(off), 0, apart)))


def anchor_all(journal: Journal) -> None:
    """Hold the yardstick to high precision, for every activation, verb and dtype.

    Raises
    ------
    ArithmeticError
        If the two do not agree.
    """
    jobs = [
        (name, verb, dtype)
        for name in every_name()
        for verb in verbs(named(name))
        for dtype in DTYPES
        if dtype != "float64" or WIDER
    ]
    keys = {job: f"anchor {' '.join(job)} {fingerprint(job[0])}" for job in jobs}
    todo = [job for job in jobs if keys[job] not in journal]
    if todo:
        with workers() as pool:
            found = pool.imap(anchor, todo)
            for job, largest in zip(todo, tqdm(found, total=len(todo), desc="anchor"), strict=True):
                journal[keys[job]] = largest
    for job in jobs:
        if not journal[keys[job]] <= AGREEMENT[job[2]]:
            msg = f"{' '.join(job)}: the yardstick is {journal[keys[job]]} ULP from high precision"
            raise ArithmeticError(msg)


def stored_cases() -> list[Case]:
    """Return the worst cases that are stored."""
    return [*read(json.loads(WORST.read_text(encoding="utf-8")))] if WORST.exists() else []


def store(cases: Iterable[Case]) -> None:
    """Store the worst of these cases."""
    lines = ",\n".join(json.dumps(case.as_text()) for case in worst_of(cases))
    WORST.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def asked_again(level: str) -> list[Case]:
    """Return the stored cases of a SIMD level, which must be this one, as far off as now."""
    return [
        replace(case, error=exact_error(case)) for case in stored_cases() if case.level == level
    ]


def one_search(job: tuple[str, str, str, str, float, int]) -> tuple[list[dict[str, Any]], int]:
    """Return what one search finds, and how many inputs it tried."""
    cases, tried = search(*job, stored_cases())
    return [case.as_text() for case in cases], tried


def search_all(
    journal: Journal, levels: dict[str, str], everything: list[Unit]
) -> tuple[list[Case], dict[tuple[str, ...], int]]:
    """Search at every level; return what was found, and how many inputs were tried."""
    first = next(iter(levels))
    found: list[Case] = []
    tried: dict[tuple[str, ...], int] = {}
    for level, disabled in levels.items():
        jobs = [
            (name, verb, dtype, level, float(seconds), len(level))
            for name in every_name()
            for verb in verbs(named(name))
            for dtype in DTYPES
            if (seconds := budget(name, verb, dtype))
            and (dtype != "float64" or WIDER)
            and compiles(name, disabled)
            # The same bits everywhere: what was found at the first level stands for all.
            if level == first or differs(journal, level, first, everything, (name, verb, dtype))
        ]
        keys = {job: f"search {' '.join(job[:4])} {fingerprint(job[0])}" for job in jobs}
        todo = [job for job in jobs if keys[job] not in journal]
        if todo:
            with workers(disabled) as pool:
                results = pool.imap(one_search, todo)
                bar = tqdm(results, total=len(todo), desc=f"search {level}")
                for job, (cases, count) in zip(todo, bar, strict=True):
                    journal[keys[job]] = {"cases": cases, "tried": count}
        for job in jobs:
            entry = journal[keys[job]]
            found += read(entry["cases"])
            tried[job[:4]] = entry["tried"]
    return found, tried


def order(job: tuple[str, str]) -> float:
    """Return by how many ULP rows of close logits are out of order at most."""
    name, dtype = job
    total = Tally()
    for seed in range(CLOSE_ROWS // 500):
        x = close_rows(dtype, 500, seed)
        tally = Tally()
        judge_rows(tally, x, answer(named(name)(), "value", x))
        total.add(tally)
    return total.out_of_order


def order_all(journal: Journal, levels: dict[str, str]) -> dict[tuple[str, str], float]:
    """Return by how many ULP rows of close logits are out of order at most, at any level."""
    found: dict[tuple[str, str], float] = {}
    rowwise = [name for name in every_name() if not issubclass(named(name), Elementwise)]
    for level, disabled in levels.items():
        jobs = [(name, dtype) for name in rowwise for dtype in DTYPES if compiles(name, disabled)]
        keys = {job: f"order {level} {' '.join(job)} {fingerprint(job[0])}" for job in jobs}
        todo = [job for job in jobs if keys[job] not in journal]
        if todo:
            with workers(disabled) as pool:
                bar = tqdm(pool.imap(order, todo), total=len(todo), desc=f"order {level}")
                for job, largest in zip(todo, bar, strict=True):
                    journal[keys[job]] = largest
        for job in jobs:
            found[job] = max(found.get(job, 0), journal[keys[job]])
    return found


def budget(name: str, verb: str, dtype: str) -> float:
    """Return how many seconds a search takes, or 0 where none is needed."""
    cls = named(name)
    if cls.max_ulp[dtype][verb] == 0:
        return 0
    if issubclass(cls, Elementwise):
        return SECONDS.get((dtype, verb), 0)
    return ROW_SECONDS[verb] if dtype == "float64" else 0


def differs(
    journal: Journal, level: str, first: str, everything: list[Unit], what: tuple[str, str, str]
) -> bool:
    """Return whether any answer of a verb is another at a level than at the first."""
    return any(
        journal[key(level, unit)]["digest"] != journal[key(first, unit)]["digest"]
        for unit in everything
        if (unit.name, unit.verb, unit.dtype) == what and unit.kind != PEOPLE
    )


def row(
    what: tuple[str, str, str],
    other: bool,
    at_level: dict[str, Tally],
    people: Tally | None,
    found: list[Case],
    tried: int,
) -> dict[str, Any]:
    """Return a row of the table: the default parameters', or that of the other ones.

    It has the largest error that was measured or found at each SIMD level, and the input of the
    worst.
    """
    name, verb, dtype = what
    cls = named(name)
    exhausted = not other and verb != "backward" and dtype != "float64"
    exhausted &= issubclass(cls, Elementwise)
    levels = {level: tally.largest for level, tally in at_level.items()}
    worst = max(at_level.values(), key=lambda tally: tally.largest)
    largest = worst.largest
    at = [[number.hex() for number in numbers] for numbers in worst.at]
    for case in found:
        levels[case.level] = max(levels[case.level], case.error)
        if case.error > largest:
            largest = case.error
            at = [[x for x, times in runs for _ in range(times)] for runs in case.operands]
    native = next(iter(at_level.values()))
    result = {
        "function": name,
        "other_parameters": other,
        "verb": verb,
        "dtype": dtype,
        "bound": cls.max_ulp[dtype][verb],
        "largest": upwards(largest),
        "sign": "=" if exhausted else "≥",
        "proved": verb in cls.proved,
        "at": at if all(len(operand) <= 16 for operand in at) else [],
        "row_length": len(at[0]) if at and not issubclass(cls, Elementwise) else worst.row_length,
        "simd": {level: upwards(error) for level, error in levels.items()},
        "correctly_rounded": math.floor(native.correct / native.inputs * 1e6) / 1e6,
        "inputs": native.inputs,
        "searched": tried,
        "wrong_nans": max(tally.wrong_nans for tally in at_level.values()),
    }
    if people is not None:
        result["people"] = math.floor(people.correct / people.inputs * 1e6) / 1e6
    if native.rows:
        result["rows"] = native.rows
    if native.rows and verb == "value":
        result |= {
            "sum_off": upwards(max(tally.sum_off for tally in at_level.values())),
            "out_of_order": upwards(max(tally.out_of_order for tally in at_level.values())),
        }
    return result


def confirmed(job: tuple[tuple[str, str, str], Tally]) -> float:
    """Return the largest error of a verb, worked out in high precision where that can be had."""
    (name, verb, dtype), tally = job
    return exact_largest(named(name)(), verb, dtype, tally)


def confirm_all(
    levels: dict[str, str], totals: dict[tuple[str, str, str], dict[str, Tally]]
) -> None:
    """Put the exact error for the largest one of each verb, at the level that it was measured at.

    Raises
    ------
    ArithmeticError
        If the yardstick and high precision do not agree.
    """
    for level, disabled in levels.items():
        jobs = [
            (what, at_level[level])
            for what, at_level in totals.items()
            if level == max(at_level, key=lambda name: at_level[name].largest)
        ]
        if jobs:
            with workers(disabled) as pool:
                for (_, tally), exact in zip(jobs, pool.imap(confirmed, jobs), strict=True):
                    tally.largest = exact


def broken(row: dict[str, Any]) -> list[str]:
    """Return what a row of the table promises and does not keep."""
    what = f"{row['function']} {row['verb']} {row['dtype']}"
    what += " with other parameters" * row["other_parameters"]
    limits = {"largest": row["bound"], "wrong_nans": 0}
    if "sum_off" in row:
        limits |= {"sum_off": SUM_OFF, "out_of_order": OUT_OF_ORDER.get(row["dtype"], 0)}
    return [
        f"{what}: {name} is {row[name]}, and at most {limit} is promised"
        for name, limit in limits.items()
        if row[name] > limit
    ]


def rows(
    journal: Journal,
    levels: dict[str, str],
    everything: list[Unit],
    found: list[Case],
    tried: dict[tuple[str, ...], int],
) -> Iterator[dict[str, Any]]:
    """Yield the rows of the table."""
    totals: dict[tuple[Any, ...], dict[str, Tally]] = {}
    for unit in everything:
        what = (unit.name, unit.verb, unit.dtype, unit.kind if unit.kind in {OTHER, PEOPLE} else "")
        for level, disabled in levels.items():
            if compiles(unit.name, disabled) and key(level, unit) in journal:
                _, tally, _ = stored_result(unit, journal[key(level, unit)])
                totals.setdefault(what, {}).setdefault(level, Tally()).add(tally)
    confirm_all(
        levels, {(*what,): at_level for (*what, kind), at_level in totals.items() if not kind}
    )
    for (name, verb, dtype, kind), at_level in totals.items():
        if kind != PEOPLE:
            other = kind == OTHER
            people = None if other else totals.get((name, verb, dtype, PEOPLE))
            mine = [
                case
                for case in found
                if (case.function, case.verb, case.dtype) == (name, verb, dtype)
                and bool(case.parameters) == other
            ]
            count = sum(tried.get((name, verb, dtype, level), 0) for level in levels)
            usual = next(iter(people.values())) if people else None
            yield row((name, verb, dtype), other, at_level, usual, mine, count)


def cases_of(table: Iterable[dict[str, Any]], levels: Iterable[str]) -> Iterator[Case]:
    """Yield the worst inputs of the rows of the table as cases, where they are short."""
    first = next(iter(levels))
    for line in table:
        if line["at"] and line["largest"] > 0 and not line["other_parameters"]:
            level = max(line["simd"], key=lambda level: (line["simd"][level], level == first))
            yield Case(
                function=line["function"],
                parameters={},
                verb=line["verb"],
                dtype=line["dtype"],
                level=level,
                error=line["largest"],
                operands=[[[number, 1] for number in operand] for operand in line["at"]],
            )


def verify() -> int:
    """Measure the whole table and write it; return 0 if it holds, 1 if a bound is broken."""
    journal = Journal(JOURNAL)
    levels = simd_levels()
    everything = units(every_name(), DTYPES)
    try:
        anchor_all(journal)
        measure_all(journal, levels, everything)
        found, tried = search_all(journal, levels, everything)
        fall = order_all(journal, levels)
        found += asked_again(next(iter(levels)))
    except KeyboardInterrupt:
        print("interrupted: what was done is kept, and the next run goes on from there")
        return 130
    table = [*rows(journal, levels, everything, found, tried)]
    for line in table:
        if "out_of_order" in line:
            largest = fall[line["function"], line["dtype"]]
            line["out_of_order"] = max(line["out_of_order"], upwards(largest))
            line["close_rows"] = CLOSE_ROWS
    store([*found, *cases_of(table, levels)])
    written = {
        "fingerprints": {name: fingerprint(name) for name in every_name()},
        "date": datetime.now(UTC).date().isoformat(),
        "cpu": cpu_model(),
        "platform": platform.platform(),
        "simd": list(levels),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "ml_dtypes": ml_dtypes.__version__,
        "mpmath": mpmath.__version__,
        "numba": metadata.version("numba"),
        "rows": [line for line in table if not line["function"].startswith(COMPILED)],
        "compiled": [
            line | {"function": line["function"].removeprefix(COMPILED)}
            for line in table
            if line["function"].startswith(COMPILED)
        ],
    }
    text = json.dumps(written, indent=1, ensure_ascii=False)
    (DATA / "accuracy.json").write_text(text + "\n", encoding="utf-8")
    along = json.dumps(axis(journal, next(iter(levels)))).replace("], ", "],\n")
    (DATA / "accuracy_axis.json").write_text(along + "\n", encoding="utf-8")
    failures = [failure for line in table for failure in broken(line)]
    print(*failures, sep="\n", file=sys.stderr, end="\n" * bool(failures))
    return 1 if failures else 0


@np.errstate(all="ignore")
def literal_errors(cls: type[Elementwise], verb: str, binade: int) -> float:
    """Return the largest error of the textbook's formula on a sample of a binade of float32."""
    formula = literal.value(cls) if verb == "value" else literal.derivative(cls)
    first = binade * BINADE
    largest = 0.0
    for x in bit_patterns(np.dtype(np.float32), first, first + BINADE, LITERAL_STRIDE):
        y = np.asarray(formula(x))
        off = errors(y, truth(cls(), verb, x))
        off[np.isnan(off)] = np.inf
        largest = max(largest, float(off.max()))
    return largest


def axis(journal: Journal, level: str) -> dict[str, Any]:
    """Return the largest error in each binade of float32, in order from -max to max.

    Of the package, as it was measured; and of the textbook's formulas, on a sample. Where an
    answer is infinite or NaN and should not be, the error is None.
    """
    binades = [*range(BINADES - 2, BINADES // 2 - 1, -1), *range(BINADES // 2 - 1)]
    classes = [cls for cls in registry.classes() if issubclass(cls, Elementwise)]

    def along(largest: Callable[[type[Elementwise], str, int], float]) -> dict[str, Any]:
        return {
            cls.__name__: {
                verb: [
                    float(f"{error:.3g}") if math.isfinite(error) else None
                    for error in (largest(cls, verb, binade) for binade in binades)
                ]
                for verb in ("value", "derivative")
            }
            for cls in classes
        }

    def measured(cls: type[Elementwise], verb: str, binade: int) -> float:
        unit = Unit(cls.__name__, verb, "float32", EVERY, binade)
        return float(journal[key(level, unit)]["tally"]["largest"])

    smallest = (np.array(binades, np.uint32) * BINADE).astype(np.uint32).view(np.float32)
    return {
        "smallest": smallest.tolist(),
        "package": along(measured),
        "literal": along(literal_errors),
        "literal_stride": LITERAL_STRIDE,
    }


def search_alone(name: str, minutes: int) -> int:
    """Search for an activation's worst cases in float64; return 1 if they break a bound."""
    cores = os.cpu_count() or 1
    kinds = verbs(named(name))
    seconds = minutes * 60 / len(kinds)
    level = next(iter(simd_levels()))
    found: list[Case] = []
    with workers() as pool:
        jobs = [
            (name, verb, "float64", level, seconds, int.from_bytes(os.urandom(4)))
            for verb in kinds
            for _ in range(cores)
        ]
        for job, (cases, tried) in zip(jobs, pool.imap(one_search, jobs), strict=True):
            new = [*read(cases)]
            found += new
            largest = max((case.error for case in new), default=0.0)
            bound = named(name).max_ulp["float64"][job[1]]
            print(
                f"{name} {job[1]}, float64: {largest:.4f} ULP (the bound is {bound}), "
                f"the worst of {tried:,}",
                flush=True,
            )
    store([*stored_cases(), *found])
    return int(any(case.error > named(name).max_ulp["float64"][case.verb] for case in found))


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = Parser(prog="python tools/verify.py", description=__doc__)
    parser.add_argument("--search", type=one_of("activation", every_name()), metavar="ACTIVATION")
    parser.add_argument("--minutes", type=positive, help="how long to search")
    options = parser.parse_args(arguments)
    if bool(options.search) != bool(options.minutes):
        parser.error("--search takes an activation, and --minutes how long to search")
    if not DATA.is_dir():
        parser.error(f"the table belongs in {DATA}, and there is no such folder")
    if options.search:
        return search_alone(options.search, options.minutes)
    return verify()


if __name__ == "__main__":
    sys.exit(main())
