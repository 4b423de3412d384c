"""The formulas that the activations carry: each derivative proved, each kernel held to them."""

import numpy as np
import pytest
import sympy
from samples import ELEMENTWISE, FLOATS, LOUD, edges, every, random_bits, symbols

from npdl_activations.lab import ulp_error

FUNCTIONS = [act for act in ELEMENTWISE if getattr(act, "steepness", 1) == 1]
each_function = pytest.mark.parametrize("act", FUNCTIONS, ids=str)
each = pytest.mark.parametrize("act", ELEMENTWISE, ids=repr)

X = sympy.Symbol("x", real=True)
S = sympy.Symbol("s", positive=True)

# Half an ULP is the rounding itself. float16 and bfloat16 are computed in float32 and rounded.
BOUNDS = {"float16": 0.51, "bfloat16": 0.51}


def parse(formula):
    expression = sympy.sympify(formula, locals={"x": X, "s": S})
    assert expression.free_symbols <= {X, S}
    return expression


@each_function
@pytest.mark.parametrize("side", [1, -1], ids=["right", "left"])
def test_the_derivative_formula_is_the_derivative_of_the_formula(act, side):
    # On one side of 0 no absolute value or maximum is left to differentiate.
    t = sympy.Symbol("t", positive=True)
    value, slope = (parse(f).subs(X, side * t) for f in (act.formula, act.derivative_formula))
    assert not (value.atoms(sympy.Abs, sympy.Max) | slope.atoms(sympy.Abs, sympy.Heaviside))
    assert sympy.simplify((side * value.diff(t) - slope).rewrite(sympy.exp)) == 0


@each_function
def test_the_derivative_formula_holds_at_zero(act):
    slope = parse(act.derivative_formula)
    left, right = (sympy.limit(slope, X, 0, side) for side in "-+")
    at_zero = slope.subs(X, 0)
    if str(act) == "ReLU":  # has none at 0; the convention is 0
        assert (left, right, at_zero) == (0, 1, 0)
    else:
        assert left == right == at_zero
    assert parse(act.formula).subs(X, 0) == sympy.limit(parse(act.formula), X, 0)


def grid(dtype):
    """Return finite floats where a kernel may go wrong: tails, bends, edges, logs of extremes."""
    wide = np.longdouble
    with np.errstate(all="ignore"):
        finite = np.unique(edges(dtype)[np.isfinite(edges(dtype))]).astype(wide)
        low, high = np.abs(finite[finite != 0]).min(), finite.max()
        # e^-|x| turns subnormal, then 0, at these; e^x overflows; e^-2|x| in the middle.
        logs = np.log(np.abs(finite[np.abs(finite) > 0]))
        logs = np.concatenate([logs + d for d in (-1, -0.3, -1e-3, 0, 1e-3, 0.3, 1)])
        powers = wide(2) ** np.linspace(np.log2(low), np.log2(high), 80)
        points = [finite, logs, logs / 2, powers, np.linspace(0, 20, 81, dtype=wide)]
        x = np.concatenate(points).astype(dtype)
    x = x[np.isfinite(x)]
    return np.concatenate([x, -x])


@each
@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_the_code_is_held_to_both_formulas_in_high_precision(act, dtype):
    x = grid(dtype)
    if dtype == np.longdouble and dtype.itemsize > 8:
        # Further out log(1 + exp(x)) takes thousands of digits and minutes.
        x = x[np.abs(x) < 100]
    bound = BOUNDS.get(dtype.name, 4)
    assert ulp_error(act(x), act.formula, x, **symbols(act)).max() <= bound
    slope = act.derivative(x)
    assert ulp_error(slope, act.derivative_formula, x, **symbols(act)).max() <= bound


def truth(act, x):
    """Return value and derivative at x, computed in x's own wide dtype.

    Nothing in these expressions cancels or overflows, so the result is off by a few units in the
    last place of the wide dtype: 10^-8 of a float32's for float64. They are rewritten formulas
    all the same, so wherever they decide, `ulp_error` confirms the worst cases from the text.
    """
    z = np.exp(-np.abs(x))
    s = symbols(act).get("s", 1)
    d = 1 + np.abs(s * x)
    sigmoid = np.where(x >= 0, 1, z) / (1 + z)
    match str(act):
        case "Sigmoid":
            answer = sigmoid, z / (1 + z) ** 2
        case "Tanh":
            answer = np.tanh(x), 4 * z**2 / (1 + z**2) ** 2
        case "ReLU":
            answer = np.where(x > 0, x, 0), np.where(x > 0, 1, 0)
        case "Linear":
            answer = x, np.ones_like(x)
        case "SoftPlus":
            answer = np.where(x > 0, x, 0) + np.log1p(z), sigmoid
        case "SoftSign":
            answer = x / d, d**-2
        case "SymmetricElliot":
            answer = s * x / d, s * d**-2
        case "Elliot":
            answer = np.where(x >= 0, d - 0.5, 0.5) / d, 0.5 * s * d**-2
    return [part.astype(x.dtype) for part in answer]


def errors(computed, true):
    """Return how far off `computed` is, in units in the last place of its dtype."""
    info = np.finfo(np.float32) if computed.dtype.name == "bfloat16" else np.finfo(computed.dtype)
    nmant = 7 if computed.dtype.name == "bfloat16" else info.nmant
    binade = np.where(true == 0, info.minexp, np.maximum(np.frexp(true)[1] - 1, info.minexp))
    off = np.abs(computed.astype(true.dtype) - true) / np.ldexp(true.dtype.type(1), binade - nmant)
    return np.where(np.isnan(off), np.inf, off)


def assert_accurate(act, x, wide, bound):
    """Assert that no value and no derivative at x is further off than `bound` ULP."""
    with np.errstate(**LOUD):
        computed = act(x), act.derivative(x)
    with np.errstate(all="ignore"):
        true = truth(act, x.astype(wide))
    for got, want, formula in zip(
        computed, true, (act.formula, act.derivative_formula), strict=True
    ):
        off = errors(got, want)
        worst = np.argpartition(off, -3)[-3:]
        assert off.max() <= bound, f"{off.max():.2f} ULP at x = {x[off.argmax()]!r}"
        exact = ulp_error(got[worst], formula, x[worst], **symbols(act))
        np.testing.assert_allclose(off[worst], exact, rtol=1e-2, atol=1e-6)


@each
def test_every_4099th_float32(act):
    patterns = np.arange(0, 2**32, 4099, dtype=np.uint32).view(np.float32)
    with np.errstate(**LOUD):
        assert np.isnan(act(patterns[np.isnan(patterns)])).all()
        assert np.isnan(act.derivative(patterns[np.isnan(patterns)])).all()
    assert_accurate(act, patterns[np.isfinite(patterns)], np.float64, 4)


@each
@pytest.mark.parametrize("dtype", [d for d in FLOATS if d.itemsize == 2], ids=str)
def test_every_float_of_16_bits(act, dtype):
    x = every(dtype)
    with np.errstate(all="ignore"):  # ml_dtypes asks of a signalling NaN whether it is finite
        x = x[np.isfinite(x)]
    assert_accurate(act, x, np.float64, BOUNDS[dtype.name])


@each
@pytest.mark.skipif(
    np.finfo(np.longdouble).nmant < 63, reason="needs a longdouble wider than float64"
)
def test_a_sample_of_float64(act):
    rng = np.random.default_rng(0)
    x = random_bits(np.float64, 20_000)
    near = [rng.uniform(-r, r, 10_000) for r in (1e-3, 1, 40, 800)]
    # e^-|x| and e^-2|x| are subnormal here.
    low = [sign * rng.uniform(a, b, 5_000) for sign in (1, -1) for a, b in [(353, 374), (706, 746)]]
    x = np.concatenate([x[np.isfinite(x)], *near, *low])
    assert_accurate(act, x, np.longdouble, 4)
