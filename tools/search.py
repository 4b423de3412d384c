"""A search for worst cases: climb from what is bad to what is worse, in the time given."""

import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import cycle, groupby
from typing import Any

import numpy as np

from npdl_activations.activation import Activation
from npdl_activations.elementwise import Elementwise
from npdl_activations.lab.inputs import bends, by_exponent, exponents, named, near, others
from npdl_activations.lab.yardstick import (
    Array,
    answer,
    dtype_named,
    errors,
    exactly,
    judged,
    near_power_of_two,
)

CLIMBERS = 1 << 13
KEPT = 2  # cases a search keeps, of each length of a row
LENGTHS = (2, 3, 4, 8, 16, 32, 64, 128, 512, 2048)
SQUARES = (2, 3, 4, 8, 16)
REACH = 8.0  # logits are sought between -REACH and REACH
CLOSE = 64  # neighbouring logits in a row that may fall out of order
RUNS = 200  # of a row of more than so many runs of equal logits the error alone is kept


@dataclass
class Case:
    """A bad input: the operands of a verb, each a list of floats in hexadecimal and how often."""

    function: str
    parameters: dict[str, float]
    verb: str
    dtype: str
    level: str
    error: float
    operands: list[list[list[Any]]] = field(default_factory=list)

    def arrays(self) -> list[Array]:
        """Return the operands as arrays."""
        dtype = dtype_named(self.dtype)
        return [
            np.array([float.fromhex(x) for x, times in runs for _ in range(times)]).astype(dtype)
            for runs in self.operands
        ]

    def activation(self) -> Activation:
        """Return the activation that the case is of."""
        return named(self.function)(**self.parameters)

    def length(self) -> int:
        """Return how many numbers an operand has."""
        return sum(times for _, times in self.operands[0]) if self.operands else 0

    def key(self) -> tuple[Any, ...]:
        """Return what cases have in common of which one is kept."""
        return (
            self.function,
            bool(self.parameters),
            self.verb,
            self.dtype,
            self.level,
            self.length(),
        )

    def as_text(self) -> dict[str, Any]:
        """Return the case as JSON has it."""
        return asdict(self)


def runs(operand: Array) -> list[list[Any]]:
    """Return a row as runs of equal numbers, in hexadecimal."""
    return [[x.hex(), len([*same])] for x, same in groupby(operand.astype(float).tolist())]


def exact_error(case: Case) -> float:
    """Return how many ULP a case is off here, in high precision."""
    activation = case.activation()
    operands = case.arrays()
    if not isinstance(activation, Elementwise):
        operands = [row[np.newaxis] for row in operands]
    computed = answer(activation, case.verb, *operands)
    return float(exactly(activation, case.verb, computed, *operands).max())


def search(
    name: str, verb: str, dtype: str, level: str, seconds: float, seed: int, stored: list[Case]
) -> tuple[list[Case], int]:
    """Return the worst cases that can be found in so many seconds, and how many were tried."""
    rng = np.random.default_rng(seed)
    cls = named(name)
    mine = [c for c in stored if (c.function, c.verb, c.dtype) == (name, verb, dtype)]
    found: list[Case] = []
    tried = 0
    if issubclass(cls, Elementwise):
        acts: list[Any] = [cls(), *others(cls)]
        for i, act in enumerate(acts):
            share = (
                seconds if len(acts) == 1 else seconds * (0.5 if i == 0 else 0.5 / (len(acts) - 1))
            )
            starts = [c.arrays() for c in mine if c.activation() == act]
            cases, count = climb(act, verb, dtype, share, rng, starts)
            parameters = act.parameters if i else {}
            found += [Case(name, parameters, verb, dtype, level, *case) for case in cases]
            tried += count
    else:
        lengths = SQUARES if verb == "jacobian" else LENGTHS
        for k in lengths:
            starts = [c.arrays() for c in mine if c.length() == k]
            cases, count = climb_rows(cls(), verb, dtype, k, seconds / len(lengths), rng, starts)
            found += [Case(name, {}, verb, dtype, level, *case) for case in cases]
            tried += count
    return found, tried


def score(act: Activation, verb: str, *operands: Array) -> Array:
    """Return the errors by which climbers are chosen, elementwise."""
    _, true, off = judged(act, verb, *operands)
    off[near_power_of_two(true)] /= 2  # where the unit may be too fine
    return np.where(np.isfinite(off), off, -1)


@np.errstate(all="ignore")
def climb(
    act: Elementwise,
    verb: str,
    dtype: str,
    seconds: float,
    rng: np.random.Generator,
    starts: Iterable[list[Array]],
) -> tuple[list[tuple[float, list[list[list[Any]]]]], int]:
    """Return the worst inputs found from many starts at once, and how many were tried."""
    end = time.process_time() + seconds
    kind = dtype_named(dtype)
    several = verb == "backward"

    def fresh(count: int) -> list[Array]:
        info = np.finfo(kind)
        reach = float(np.log(info.max) - np.log(info.smallest_subnormal))
        x = np.concatenate(
            [
                rng.uniform(-reach, reach, count),
                rng.uniform(-40, 40, count),
                by_exponent(rng, np.dtype(float), rng.integers(-60, 12, count)),
                by_exponent(rng, np.dtype(float), rng.choice(exponents(kind), count)),
                rng.choice(near(bends(type(act)), 50), count),
            ]
        ).astype(kind)
        x = rng.choice(x[np.isfinite(x)], count)
        return [x, by_exponent(rng, kind, rng.choice(exponents(kind), count))][: 1 + several]

    # The worst of each binade, of a sample; and what is stored.
    sample = fresh(1 << 18)
    off = score(act, verb, *sample)
    _, binade = np.frexp(sample[0])
    binade = np.where(sample[0] < 0, 1, -1) * (binade.astype(int) + 5_000)
    order = np.lexsort((-off, binade))
    first = order[np.unique(binade[order], return_index=True)[1]]
    best = np.argsort(-off)[: CLIMBERS // 2]
    at = np.concatenate([best, rng.permutation(first)])[:CLIMBERS]
    people = [operand[at].copy() for operand in sample]
    for start in starts:
        for operand, number in zip(people, start, strict=True):
            operand[-1:] = number
            operand[:] = np.roll(operand, 1)
    scores = score(act, verb, *people)
    tried = sample[0].size + scores.size
    generation = 0
    hall: dict[tuple[float, ...], float] = {}
    while time.process_time() < end:
        generation += 1
        children = mutated(people, rng)
        new = score(act, verb, *children)
        tried += new.size
        better = new > scores
        for operand, child in zip(people, children, strict=True):
            operand[better] = child[better]
        scores[better] = new[better]
        if generation % 60 == 0:
            # The better half goes on; the others start from the best ones, or anew.
            order = np.argsort(-scores)
            remember(hall, people, scores, order[:4])
            half = len(order) // 2
            again = fresh(half)
            copies = order[rng.integers(0, max(1, half // 50), half)]
            clone = rng.random(half) < 0.5
            for operand, other in zip(people, again, strict=True):
                operand[order[half:]] = np.where(clone, operand[copies], other)[: len(order) - half]
            if generation % 600 == 0:
                # All anew, but for what is in the hall of fame.
                people = fresh(len(order))
            scores = score(act, verb, *people)
    remember(hall, people, scores, np.argsort(-scores)[:4])
    ranked = sorted(hall.items(), key=lambda pair: -pair[1])[:KEPT]
    cases = []
    for point, _ in ranked:
        operands = [np.array([number]).astype(kind) for number in point]
        computed = answer(act, verb, *operands)
        error = float(exactly(act, verb, computed, *operands)[0])
        cases.append((error, [runs(operand) for operand in operands]))
    return cases, tried


def remember(
    hall: dict[tuple[float, ...], float], people: list[Array], scores: Array, best: Array
) -> None:
    """Keep the best climbers."""
    for i in best:
        hall[tuple(float(operand[i]) for operand in people)] = float(scores[i])
    for point in sorted(hall, key=lambda point: -hall[point])[20:]:
        del hall[point]


def mutated(people: list[Array], rng: np.random.Generator) -> list[Array]:
    """Return neighbours: a few or many floats away, or with a bit flipped."""
    children = [operand.copy() for operand in people]
    count = len(people[0])
    which = rng.integers(0, len(people), count)
    for i, operand in enumerate(children):
        bits = operand.view(f"i{operand.itemsize}")
        digits = {4: 22, 8: 50}[operand.itemsize]
        step = np.floor(2 ** (digits * rng.random(count))).astype(bits.dtype)
        step *= rng.choice(np.array([-1, 1], bits.dtype), count)
        flip = np.left_shift(
            bits.dtype.type(1), rng.integers(0, digits + 1, count).astype(bits.dtype)
        )
        moved = np.where(rng.random(count) < 0.5, bits + step, bits ^ flip)
        new = moved.view(operand.dtype)
        ok = (which == i) & np.isfinite(new)
        operand[ok] = new[ok]
    return children


def bad_exponentials(rng: np.random.Generator) -> Array:
    """Return numbers whose float64 exponential is far off, to either side."""
    x = np.concatenate([rng.uniform(-REACH, 0, 1 << 19), rng.uniform(-1, 0, 1 << 19)])
    true = np.exp(x.astype(np.longdouble))
    off = ((np.exp(x) - true) / true).astype(float)
    order = np.argsort(off)
    return np.concatenate([x[order[:200]], x[order[-200:]]])


@np.errstate(all="ignore")
def climb_rows(
    act: Activation,
    verb: str,
    dtype: str,
    k: int,
    seconds: float,
    rng: np.random.Generator,
    starts: Iterable[list[Array]],
) -> tuple[list[tuple[float, list[list[list[Any]]]]], int]:
    """Return the worst rows of `k` logits found, and how many were tried.

    A row changes in one logit, or in all of equal value, and stays so if that raises the error of
    its worst entry.
    """
    end = time.process_time() + seconds
    kind = dtype_named(dtype)
    pool = bad_exponentials(rng)
    count = max(4, (1 << 15) // (k if verb != "jacobian" else k * k))

    def fresh() -> list[Array]:
        x = rng.uniform(-REACH, 0, (count, k)) * rng.uniform(0, 1, (count, 1))
        # Few different logits, of bad exponentials.
        some = rng.random(count) < 0.7
        few = rng.choice(pool, (count, 4))
        x[some] = np.take_along_axis(few, np.sort(rng.integers(0, 4, (count, k))), axis=1)[some]
        top = rng.integers(0, k, count)
        x[np.arange(count), top] = np.where(rng.random(count) < 0.7, 0, x[np.arange(count), top])
        operands = [x.astype(kind)]
        if verb == "backward":
            g = rng.standard_normal((count, k))
            sparse = rng.random(count) < 0.5
            g[sparse] = np.where(rng.random((count, k)) < 2 / k, g, 0)[sparse]
            operands.append(g.astype(kind))
        return operands

    hall: list[tuple[float, list[Array]]] = []
    tried = 0
    seeds = cycle([list(start) for start in starts]) if starts else None
    while time.process_time() < end:
        people = fresh()
        if seeds is not None:
            start = next(seeds)
            for operand, stored in zip(people, start, strict=True):
                operand[: count // 4 + 1] = stored
        rows = Rows(act, verb, people)
        stale = 0
        while time.process_time() < end and stale < 300 + 4 * k:
            best = rows.scores.max()
            rows.step(rng, pool)
            tried += count
            stale = 0 if rows.scores.max() > best else stale + 1
        i = int(rows.scores.argmax())
        hall.append((float(rows.scores[i]), [operand[i].copy() for operand in rows.operands]))
        hall = sorted(hall, key=lambda pair: -pair[0])[:KEPT]
    cases = []
    for _, operands in hall:
        texts = [runs(operand) for operand in operands]
        row = [operand[np.newaxis] for operand in operands]
        computed = answer(act, verb, *row)
        error = float(exactly(act, verb, computed, *row).max())
        cases.append((error, texts if max(map(len, texts)) <= RUNS else []))
    return cases, tried


def close_rows(dtype: str, count: int, seed: int) -> Array:
    """Return rows of a logit and of neighbouring floats far below it.

    The neighbours' distances from it are rounded, some of them to the same number.
    """
    rng = np.random.default_rng(seed)
    kind = dtype_named(dtype)
    bits = np.dtype(f"i{kind.itemsize}")
    top = rng.uniform(0.1, 5, (count, 1)) * 10 ** rng.uniform(-1, 1.5, (count, 1))
    first = rng.uniform(-1, 1, (count, 1)) * top * 2.0 ** -rng.integers(0, 8, (count, 1))
    step = rng.integers(1, 40, (count, 1), bits)
    near_by = (first.astype(kind).view(bits) + step * np.arange(CLOSE, dtype=bits)).view(kind)
    return np.concatenate([near_by, top.astype(kind)], axis=1)


class Rows:
    """Rows that climb, with what is known of them."""

    def __init__(self, act: Activation, verb: str, operands: list[Array]) -> None:
        self.act, self.verb, self.operands = act, verb, operands
        self._powers = np.exp(operands[0].astype(np.longdouble))
        self.scores = self._score(operands, self._powers)

    def _score(self, operands: list[Array], powers: Array) -> Array:
        if self.verb == "value" and operands[0].dtype == np.float64:
            p = answer(self.act, "value", *operands)
            true = powers / powers.sum(axis=-1, keepdims=True)
            off = errors(p, true, np.spacing(p).astype(np.longdouble))
        else:
            _, _, off = judged(self.act, self.verb, *operands)
        off = off.reshape(len(off), -1).max(axis=-1).astype(float)
        return np.where(np.isfinite(off), off, -1)

    def step(self, rng: np.random.Generator, pool: Array) -> None:
        """Change each row a little, and keep what is worse than before."""
        x = self.operands[0]
        count, k = x.shape
        line = np.arange(count)
        at = rng.integers(0, k, count)
        old = x[line, at]
        how = rng.integers(0, 6, count)
        step = np.floor(2 ** (45 * rng.random(count))) * rng.choice([-1, 1], count)
        near_by = (old.astype(float).view(np.int64) + step.astype(np.int64)).view(float)
        choices = [
            x[line, rng.integers(0, k, count)],
            rng.choice(pool, count),
            near_by,
            rng.uniform(-REACH, REACH / 8, count),
            rng.choice(pool, count),
            np.zeros(count),
        ]
        new = np.choose(how, choices).astype(x.dtype)
        new = np.where(np.isfinite(new) & (np.abs(new) < 700), new, old)
        changed = np.zeros(x.shape, bool)
        changed[line, at] = True
        whole = np.asarray(how == 4) | (rng.random(count) < 0.2)
        changed |= whole[:, np.newaxis] & (x == old[:, np.newaxis])
        # Or a stretch of the row at once.
        stretch = np.asarray(rng.random(count) < 0.15)
        begin, end = np.sort(rng.integers(0, k + 1, (2, count)), axis=0)
        column = np.arange(k)
        inside = (begin[:, np.newaxis] <= column) & (column < end[:, np.newaxis])
        changed |= stretch[:, np.newaxis] & inside
        operands = list(self.operands)
        powers = self._powers
        if self.verb == "backward":
            # Either a logit or a gradient.
            graded = np.asarray(rng.random(count) < 0.6)
            g = operands[1].copy()
            size = np.abs(g).max(axis=-1) * 2.0 ** rng.integers(-3, 2, count)
            drawn = np.choose(
                rng.integers(0, 4, count),
                [
                    size * rng.uniform(-1, 1, count),
                    g[line, rng.integers(0, k, count)],
                    np.zeros(count),
                    g[line, at] * (1 + 2.0 ** -rng.integers(1, 50, count).astype(float)),
                ],
            ).astype(g.dtype)
            g = np.where(changed & graded[:, np.newaxis], drawn[:, np.newaxis], g)
            operands[1] = g
            changed &= ~graded[:, np.newaxis]
        child = np.where(changed, new[:, np.newaxis], x)
        operands[0] = child
        powers = powers.copy()
        powers[changed] = np.exp(child[changed].astype(np.longdouble))
        scores = self._score(operands, powers)
        better = np.asarray(scores > self.scores)
        self.operands = [
            np.where(better[:, np.newaxis], new_, old_)
            for new_, old_ in zip(operands, self.operands, strict=True)
        ]
        self._powers = np.where(better[:, np.newaxis], powers, self._powers)
        self.scores = np.where(better, scores, self.scores)


def worst_of(cases: Iterable[Case]) -> list[Case]:
    """Return the worst cases of those that have a key in common, in order."""
    kept: dict[tuple[Any, ...], Case] = {}
    for case in cases:
        if case.operands and math.isfinite(case.error):
            other = kept.get(case.key())
            if other is None or case.error > other.error:
                kept[case.key()] = case
    return [kept[key] for key in sorted(kept)]


def read(entries: Iterable[dict[str, Any]]) -> Iterator[Case]:
    """Yield stored cases."""
    for entry in entries:
        yield Case(**entry)
