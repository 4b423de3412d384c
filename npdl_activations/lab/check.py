"""Two ways to check a function: against its formula in high precision, and by differences."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["finite_difference", "ulp_error"]

_FIRST_DIGITS = 50
_AGREED_DIGITS = 40


def ulp_error(
    computed: npt.ArrayLike, formula: str, x: npt.ArrayLike, **symbols: float
) -> npt.NDArray[np.float64]:
    """Measure how far computed values lie from a formula, in units in the last place.

    One ULP is the distance between neighbouring numbers of the dtype of `computed` in the
    binade of the true value; below the smallest normal number it is the smallest subnormal.
    A correctly rounded result is at most 0.5 ULP off.

    The formula is evaluated at exactly the numbers in `x`, with 50 digits and then with twice
    as many until two evaluations agree, so cancellation in the formula does no harm.

    Parameters
    ----------
    computed : array_like of floats
        The values to judge, of any floating dtype, bfloat16 included.
    formula : str
        A formula in x that SymPy can parse, such as ``"x / (1 + Abs(x))"``.
    x : array_like of real numbers, the shape of `computed`
        The inputs. An infinity stands for the limit there.
    **symbols : float
        The values of the other symbols in the formula, such as ``s=2.0``.

    Returns
    -------
    ndarray of float64, the shape of `computed`
        The errors. An infinite result is right where the true value rounds to it, NaN is
        right where x is NaN. Where either is wrong the error is infinite.

    Raises
    ------
    TypeError
        If `computed` is not floating, or a symbol of the formula has no value.
    ValueError
        If the shapes differ.
    ArithmeticError
        If the formula has no value at some x.

    References
    ----------
    J.-M. Muller et al., *Handbook of Floating-Point Arithmetic*, 2nd ed., Birkhäuser, 2018,
    section 2.3.2: Goldberg's ulp, extended to the real numbers.

    Examples
    --------
    One third is rounded correctly; 1 - tanh² has lost everything at 40, where it is 7.2e-35:

    >>> print(ulp_error([1 / 3], "1 / x", [3.0]).round(2))
    [0.33]
    >>> print(f"{ulp_error([1 - np.tanh(40.0) ** 2], '1 - tanh(x)**2', [40.0])[0]:.1e}")
    6.8e+15
    """
    import mpmath

    computed = np.asarray(computed)
    x = np.asarray(x)
    dtype = computed.dtype
    if not np.issubdtype(dtype, np.floating) and dtype.name != "bfloat16":
        msg = f"ulp_error judges floating-point results, not {dtype}"
        raise TypeError(msg)
    if computed.shape != x.shape:
        msg = f"computed has shape {computed.shape} and x has shape {x.shape}: they must match"
        raise ValueError(msg)

    epsilon = _exact(np.spacing(dtype.type(1)))
    smallest = _exact(np.spacing(dtype.type(0)))
    largest = _exact(np.nextafter(dtype.type(np.inf), dtype.type(0)))

    def ulp(truth: Any) -> Any:
        _, exponent = mpmath.frexp(max(smallest, min(abs(truth), largest)))
        return max(smallest, mpmath.ldexp(epsilon, exponent - 1))

    def error(value: Any, truth: Any) -> float:
        if mpmath.isinf(value):
            overflows = value * truth > 0 and abs(truth) >= largest + ulp(largest) / 2
            return 0.0 if overflows else np.inf
        return float(abs(value - truth) / ulp(truth))

    errors = np.where(np.isnan(computed) & np.isnan(x), 0.0, np.inf)
    judged = ~np.isnan(computed) & ~np.isnan(x)
    with mpmath.workdps(_FIRST_DIGITS):
        # Far enough out for the limit, however small a float64 steepness is.
        infinity = mpmath.ldexp(largest, 1500)
        points = [max(-infinity, min(_exact(number), infinity)) for number in x[judged]]
        truths = _true_values(formula, points, symbols, smallest)
        values = map(_exact, computed[judged])
        errors[judged] = [error(v, t) for v, t in zip(values, truths, strict=True)]
    return errors


def finite_difference(function: Callable[[Any], Any], x: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Differentiate an elementwise function by central differences.

    The quotient `(f(x + h) - f(x - h)) / 2h` strays from `f'(x)` by about `h² f'''(x) / 6`, and
    rounding adds about `1e-16 f(x) / h`. The step `h = max(1, abs(x)) / 2**17`, near the cube
    root of the spacing of floats, keeps both small: where f is smooth, about ten digits are right.

    Parameters
    ----------
    function : callable
        Takes an array of float64 and returns one of the same shape.
    x : array_like of finite numbers
        Where to differentiate.

    Returns
    -------
    ndarray of float64, the shape of `x`

    References
    ----------
    W. H. Press et al., *Numerical Recipes*, 3rd ed., Cambridge, 2007, section 5.7.

    Examples
    --------
    >>> slope = finite_difference(np.sin, [0.0, 1.0])
    >>> bool(np.allclose(slope, np.cos([0.0, 1.0]), rtol=1e-9))
    True
    """
    x = np.asarray(x, dtype=np.float64)
    step = np.maximum(1.0, abs(x)) / 2**17
    return np.asarray((function(x + step) - function(x - step)) / (2 * step))


def _exact(number: Any) -> Any:
    """Return the mpmath number that equals a NumPy number."""
    import mpmath

    return mpmath.mp.convert(np.longdouble(number))


def _true_values(
    formula: str, points: list[Any], symbols: dict[str, float], smallest: Any
) -> list[Any]:
    """Evaluate the formula: right to 40 digits, or far below the smallest float."""
    import mpmath

    function = _parse(formula, tuple(symbols))
    parameters = [_exact(value) for value in symbols.values()]
    # Zero may be a tiny number that cancelled. It is believed where that would be visible.
    visible = 200 - 2 * int(mpmath.log10(smallest))
    beyond_floats = 1 / smallest**2
    tolerance = mpmath.mpf(10) ** -_AGREED_DIGITS

    digits = _FIRST_DIGITS
    values = [function(point, *parameters) for point in points]
    unsettled = list(range(len(points)))
    while unsettled:
        digits *= 2
        if digits > 8 * visible:
            msg = f"the formula {formula!r} has no value at x = {points[unsettled[0]]}"
            raise ArithmeticError(msg)
        before = [values[i] for i in unsettled]
        with mpmath.workdps(digits):
            for i in unsettled:
                values[i] = function(points[i], *parameters)
        unsettled = [
            i
            for i, earlier in zip(unsettled, before, strict=True)
            if not abs(values[i] - earlier) <= tolerance * abs(values[i])
            or (values[i] == 0 and digits < visible and abs(points[i]) < beyond_floats)
        ]
    return values


@lru_cache
def _parse(formula: str, names: tuple[str, ...]) -> Callable[..., Any]:
    """Return the formula as a function of mpmath numbers: x, then the named symbols."""
    import sympy  # type: ignore[import-untyped]

    symbols = {name: sympy.Symbol(name, real=True) for name in ("x", *names)}
    expression = sympy.sympify(formula, locals=symbols)
    if missing := expression.free_symbols - set(symbols.values()):
        wanted = ", ".join(sorted(map(str, missing)))
        msg = f"the formula {formula!r} needs a value for {wanted}"
        raise TypeError(msg)
    function: Callable[..., Any] = sympy.lambdify(
        list(symbols.values()), expression, modules="mpmath"
    )
    return function
