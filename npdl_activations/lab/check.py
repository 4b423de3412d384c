"""Two ways to check a function: against its formula in high precision, and by differences."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from npdl_activations.arrays import real
from npdl_activations.lab.extra import extra
from npdl_activations.lab.formula import NoRealValueError, read

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
        A formula in x in SymPy's words, such as ``"x / (1 + Abs(x))"``: numbers, ``pi`` and
        ``E``, the signs ``+ - * / **``, ``Max``, ``Min``, ``Heaviside``, ``Piecewise``, and
        the elementary functions, ``erf``, ``erfc``, ``gamma`` and ``loggamma``. It is worked out
        as it stands, and 0.1 is one tenth.
    x : array_like of real numbers, the shape of `computed`
        The inputs. An infinity stands for the limit there.
    **symbols : float
        The values of the other symbols in the formula, such as ``steepness=2.0``.

    Returns
    -------
    ndarray of float64, the shape of `computed`
        The errors. An infinite result is right where the true value rounds to it, NaN is
        right where x is NaN. Where either is wrong the error is infinite.

    Raises
    ------
    TypeError
        If `computed` is not floating, x or a symbol's value is not real, a symbol of the formula
        has no value, or the formula calls a function that is none of these.
    ValueError
        If the shapes differ, or the formula cannot be read.
    ArithmeticError
        If the formula, or a part of it, has no real value at some x.

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
    with extra():
        import mpmath

    computed, x = real(computed, "ulp_error"), real(x, "ulp_error")
    dtype = computed.dtype
    if dtype.kind in "biu":
        msg = f"ulp_error judges floating-point results, not {dtype}"
        raise TypeError(msg)
    if not isinstance(formula, str):
        msg = f"ulp_error takes a formula as text, not {formula!r}"
        raise TypeError(msg)
    if computed.shape != x.shape:
        msg = f"computed has shape {computed.shape} and x has shape {x.shape}: they must match"
        raise ValueError(msg)

    # Not from np.spacing: where a library has switched subnormals off, that answers 0.
    bits, lowest = _format(dtype)
    smallest = mpmath.ldexp(1, lowest - bits)
    largest = mpmath.ldexp(2 ** (bits + 1) - 1, 1 - lowest - bits)

    def ulp(truth: Any) -> Any:
        _, exponent = mpmath.frexp(max(smallest, min(abs(truth), largest)))
        return max(smallest, mpmath.ldexp(1, exponent - 1 - bits))

    def error(value: Any, truth: Any) -> float:
        if mpmath.isinf(value):
            overflows = value * truth > 0 and abs(truth) >= largest + ulp(largest) / 2
            return 0.0 if overflows else np.inf
        return float(abs(value - truth) / ulp(truth))

    errors = np.where(np.isnan(computed) & np.isnan(x), 0.0, np.inf)
    judged = ~np.isnan(computed) & ~np.isnan(x)
    with mpmath.workdps(_FIRST_DIGITS):
        parameters = {name: _parameter(name, value) for name, value in symbols.items()}
        function = read(formula.strip(), frozenset({"x", *parameters}))
        # Far enough out for the limit, however small a float64 steepness is.
        infinity = mpmath.ldexp(_beyond_floats(smallest), 1500)
        values, points = _exact(computed[judged]), _exact(x[judged])
        truths = []
        for number, point in zip(x[judged], points, strict=True):
            given = parameters | {"x": max(-infinity, min(point, infinity))}
            truths.append(_true_value(function, given, smallest))
            if truths[-1] is None:
                msg = f"the formula {formula!r} has no real value at x = {number}"
                raise ArithmeticError(msg)
        errors[judged] = [error(v, t) for v, t in zip(values, truths, strict=True)]
    return errors


def finite_difference(function: Callable[[Any], Any], x: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Differentiate an elementwise function by central differences.

    The quotient `(f(x + h) - f(x - h)) / 2h` strays from `f'(x)` by about `h² f'''(x) / 6`, and
    rounding adds about `1e-16 f(x) / h`. The step `h = max(1, abs(x)) / 2**17`, near the cube
    root of the spacing of floats, keeps both small: where f is smooth, about ten digits are right.
    The divisor is the distance of the two floats that x + h and x - h are rounded to, and so
    the slope of f(x) = x is exactly 1.

    Parameters
    ----------
    function : callable
        Takes an array of float64 and returns one of the same shape.
    x : array_like of finite numbers
        Where to differentiate.

    Returns
    -------
    ndarray of float64, the shape of `x`

    Raises
    ------
    TypeError
        If `x` does not hold real numbers.

    References
    ----------
    W. H. Press et al., *Numerical Recipes*, 3rd ed., Cambridge, 2007, section 5.7.

    Examples
    --------
    >>> slope = finite_difference(np.sin, [0.0, 1.0])
    >>> bool(np.allclose(slope, np.cos([0.0, 1.0]), rtol=1e-9))
    True
    """
    x = real(x, "finite_difference").astype(np.float64)
    step = np.maximum(1.0, abs(x)) / 2**17
    left, right = x - step, x + step
    return np.asarray((function(right) - function(left)) / (right - left))


def _format(dtype: np.dtype[Any]) -> tuple[int, int]:
    """Return how many bits follow the leading one, and the smallest normal number's exponent."""
    if dtype.name == "bfloat16":
        return 7, -126
    info = np.finfo(dtype)
    return info.nmant, int(info.minexp)


def _exact(numbers: npt.NDArray[Any]) -> list[Any]:
    """Return the mpmath numbers that equal NumPy numbers, none of which is NaN.

    They are read from the bits, because arithmetic may take a subnormal for 0: a library that was
    compiled with -ffast-math tells the processor to.
    """
    import mpmath

    if numbers.dtype.kind in "biu":
        return [mpmath.mpf(int(number)) for number in numbers]
    if numbers.dtype.itemsize > 8:  # longdouble, which is not computed in those registers
        significands, exponents = np.frexp(numbers)
        return [
            mpmath.ldexp(int(np.ldexp(significand, 113)), int(exponent) - 113)
            if np.isfinite(significand)
            else mpmath.mpf(float(significand))
            for significand, exponent in zip(significands, exponents, strict=True)
        ]
    bits, lowest = _format(numbers.dtype)
    size = 8 * numbers.dtype.itemsize
    top = 2 ** (size - 1 - bits) - 1
    exact = []
    for pattern in numbers.view(f"{numbers.dtype.byteorder}u{size // 8}").tolist():
        sign = -1 if pattern >> (size - 1) else 1
        exponent = pattern >> bits & top
        fraction = pattern & (2**bits - 1)
        if exponent == top:
            exact.append(mpmath.mpf(sign * np.inf))
        else:
            significand = fraction + 2**bits if exponent else fraction
            exact.append(mpmath.ldexp(sign * significand, max(exponent, 1) - 1 + lowest - bits))
    return exact


def _parameter(name: str, value: float) -> Any:
    """Return the value of a symbol as an mpmath number."""
    import mpmath

    number = real(value, f"ulp_error's {name}")
    if number.ndim:
        msg = f"ulp_error's {name} must be one number, not an array of shape {number.shape}"
        raise TypeError(msg)
    return mpmath.nan if np.isnan(number) else _exact(number.reshape(1))[0]


def _beyond_floats(smallest: Any) -> Any:
    """Return a number at which a function is at its limit, to the last bit of any float."""
    return 1 / smallest**2


def _true_value(function: Callable[..., Any], given: dict[str, Any], smallest: Any) -> Any:
    """Evaluate a formula: right to 40 digits, or far below the smallest float; else None."""
    import mpmath

    # Zero may be a tiny number that cancelled. It is believed where that would be visible.
    visible = 200 - 2 * int(mpmath.log10(smallest))
    beyond_floats = _beyond_floats(smallest)
    tolerance = mpmath.mpf(10) ** -_AGREED_DIGITS

    digits, before = _FIRST_DIGITS, mpmath.nan
    while digits <= 8 * visible:
        with mpmath.workdps(digits):
            try:
                value = function(given)
            except NoRealValueError:
                value = mpmath.nan
            settled = abs(value - before) <= tolerance * abs(value)
        if settled and (value != 0 or digits >= visible or abs(given["x"]) >= beyond_floats):
            return value
        digits, before = 2 * digits, value
    return None
