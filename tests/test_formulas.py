"""The formulas that the activations carry: each derivative proved, each kernel held to them."""

import numpy as np
import pytest
import sympy
from samples import ELEMENTWISE, FLOATS, LOUD, edges, every, random_bits

from npdl_activations.lab import ulp_error
from npdl_activations.lab.accuracy import exact_largest
from npdl_activations.lab.inputs import by_exponent, exponents
from npdl_activations.lab.yardstick import WIDER, answer, measure, verbs

FUNCTIONS = [act for act in ELEMENTWISE if act == type(act)()]
each_function = pytest.mark.parametrize("act", FUNCTIONS, ids=str)
each = pytest.mark.parametrize("act", ELEMENTWISE, ids=repr)
X = sympy.Symbol("x", real=True)


def parse(act, formula):
    """Return a formula of an activation with its parameters as positive symbols."""
    symbols = {name: sympy.Symbol(name, positive=True) for name in act.parameters}
    expression = sympy.sympify(formula, locals={"x": X, **symbols})
    assert expression.free_symbols <= {X, *symbols.values()}
    return expression


@each_function
@pytest.mark.parametrize("side", [1, -1], ids=["right", "left"])
def test_the_derivative_formula_is_the_derivative_of_the_formula(act, side):
    # On one side of 0 no absolute value or maximum is left to differentiate.
    t = sympy.Symbol("t", positive=True)
    value, slope = (parse(act, f).subs(X, side * t) for f in (act.formula, act.derivative_formula))
    assert not (value.atoms(sympy.Abs, sympy.Max) | slope.atoms(sympy.Abs, sympy.Heaviside))
    assert sympy.simplify((side * value.diff(t) - slope).rewrite(sympy.exp)) == 0


@each_function
def test_the_derivative_formula_holds_at_zero(act):
    slope = parse(act, act.derivative_formula)
    left, right = (sympy.limit(slope, X, 0, side) for side in "-+")
    at_zero = slope.subs(X, 0)
    if 0 in act.kinks:  # has none at 0; the convention is that of the left
        assert left == at_zero != right
    else:
        assert left == right == at_zero
    value = parse(act, act.formula)
    assert value.subs(X, 0) == sympy.limit(value, X, 0)


def grid(dtype):
    """Return finite floats where a kernel may go wrong: tails, bends, edges, logs of extremes."""
    wide = np.longdouble
    with np.errstate(all="ignore"):
        finite = np.unique(edges(dtype)[np.isfinite(edges(dtype))]).astype(wide)
        low, high = np.abs(finite[finite != 0]).min(), finite.max()
        # e^-|x| turns subnormal, then 0, at these; e^x overflows; e^-2|x| in the middle.
        logs = np.log(np.abs(finite[np.abs(finite) > 0]))
        logs = np.concatenate([logs + d for d in (-1, -0.3, -1e-3, 0, 1e-3, 0.3, 1)])
        powers = wide(2) ** np.linspace(np.log2(low), np.log2(high), 40)
        points = [finite, logs, logs / 2, powers, np.linspace(0, 20, 41, dtype=wide)]
        x = np.concatenate(points).astype(dtype)
    x = x[np.isfinite(x)]
    return np.concatenate([x, -x])


@each
@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_the_code_is_held_to_its_formulas_in_high_precision(act, dtype):
    x = grid(dtype)
    if dtype == np.longdouble and dtype.itemsize > 8:
        # Further out log(1 + exp(x)) takes thousands of digits and minutes.
        x = x[np.abs(x) < 100]
    # What is promised of float64 holds one format wider too.
    bounds = act.max_ulp.get(dtype.name, act.max_ulp["float64"])
    gradient = np.full_like(x, 0.7)
    product = f"gradient * ({act.derivative_formula})"
    for verb, formula, operands in [
        ("value", act.formula, [x]),
        ("derivative", act.derivative_formula, [x]),
        ("backward", product, [x, gradient]),
    ]:
        y = answer(act, verb, *operands)
        off = ulp_error(y, formula, x, **act.parameters, gradient=float(gradient[0]))
        assert off.max() <= bounds[verb], verb


def assert_accurate(act, x):
    """Assert that every verb keeps to its bound at x, and that the yardstick is right there.

    In `backward` x meets gradients of every size.
    """
    rng = np.random.default_rng(1)
    gradient = by_exponent(rng, x.dtype, rng.choice(exponents(x.dtype), x.size))
    assert [*verbs(act)] == ["value", "derivative", "backward"]
    for verb, bound in act.max_ulp[x.dtype.name].items():
        tally, _ = measure(act, verb, *[x, gradient][: 1 + (verb == "backward")])
        assert tally.largest <= bound, (verb, tally)
        assert tally.wrong_nans == 0, (verb, tally)
        exact_largest(act, verb, x.dtype.name, tally)


@each
def test_every_4099th_float32(act):
    x = np.arange(0, 2**32, 4099, dtype=np.uint32).view(np.float32)
    with np.errstate(**LOUD):
        act(x)
        act.derivative(x)
    assert_accurate(act, x)


@each
@pytest.mark.parametrize("dtype", [d for d in FLOATS if d.itemsize == 2], ids=str)
def test_every_float_of_16_bits(act, dtype):
    assert_accurate(act, every(dtype))


@each
@pytest.mark.skipif(not WIDER, reason="needs a longdouble wider than float64")
def test_a_sample_of_float64(act):
    rng = np.random.default_rng(0)
    near = [rng.uniform(-r, r, 10_000) for r in (1e-3, 1, 40, 800)]
    # e^-|x| and e^-2|x| are subnormal here.
    low = [sign * rng.uniform(a, b, 5_000) for sign in (1, -1) for a, b in [(353, 374), (706, 746)]]
    assert_accurate(act, np.concatenate([random_bits(np.float64, 20_000), *near, *low]))
