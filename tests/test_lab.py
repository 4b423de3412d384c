"""What the chapters share: checks, figures, digits and the network."""

import hashlib
import io
import os
import platform
import re
import subprocess
import sys
from fractions import Fraction
from importlib import import_module
from importlib.resources import files
from types import SimpleNamespace
from typing import ClassVar

import matplotlib.pyplot as plt
import ml_dtypes
import mpmath
import nbformat
import numpy as np
import pytest
import sympy
from matplotlib.colors import to_rgb
from nbclient import NotebookClient
from traitlets.config import Configurable

from npdl_activations import Elliot, Linear, ReLU, Sigmoid, Softmax, Tanh, get
from npdl_activations.elementwise import Elementwise
from npdl_activations.lab import (
    Network,
    finite_difference,
    load_digits,
    plot_activation,
    ulp_error,
    use_house_style,
)
from npdl_activations.lab import formula as formulas
from npdl_activations.lab.extra import extra
from npdl_activations.lab.figures import _SHOWN as SHOWN
from npdl_activations.registry import classes

NAMES = [cls.__name__ for cls in classes()]
ELEMENTWISE = [cls.__name__ for cls in classes() if issubclass(cls, Elementwise)]
FLOATS = [np.float16, np.float32, np.float64, np.longdouble, ml_dtypes.bfloat16]


@pytest.mark.parametrize("dtype", FLOATS)
def test_ulp_error_agrees_with_exact_fractions(dtype):
    x = np.linspace(-3, 5, 57).astype(dtype)
    x = np.concatenate([x, np.asarray([2e-6, 300, 5e4], dtype)])
    computed = x / (1 + abs(x))
    precision = -int(np.log2(np.spacing(dtype(1)).astype(np.float64)))
    tiny = Fraction(*np.longdouble(np.spacing(dtype(0))).as_integer_ratio())

    def expected(value, at):
        value, at = (Fraction(*np.longdouble(v).as_integer_ratio()) for v in (value, at))
        truth = at / (1 + abs(at))
        ulp = Fraction(1, 2**precision)  # that of [1, 2)
        while truth and abs(truth) < ulp * 2**precision and ulp > tiny:
            ulp /= 2
        return float(abs(value - truth) / ulp)

    error = ulp_error(computed, "x / (1 + Abs(x))", x)
    assert error.dtype == np.float64
    assert 0 < error.max() < 2
    np.testing.assert_allclose(
        error, [expected(c, v) for c, v in zip(computed, x, strict=True)], rtol=1e-12
    )


@pytest.mark.parametrize("dtype", FLOATS)
def test_infinity_is_read_in_every_dtype(dtype):
    ends = np.asarray([-np.inf, np.inf, 1], dtype)
    assert ulp_error(ends, "x", ends).tolist() == [0, 0, 0]
    assert ulp_error(ends, "-x", ends).tolist()[:2] == [np.inf, np.inf]


@pytest.mark.parametrize("dtype", FLOATS)
def test_the_next_float_is_one_ulp_away(dtype):
    x = np.asarray([1, -1, 1.5, 0.75, 100, 6e-8], dtype)
    away = np.nextafter(x, np.asarray(np.inf, dtype) * x)
    assert ulp_error(x, "x", x).tolist() == [0] * 6
    assert ulp_error(away, "x", x).tolist() == [1] * 6


def test_just_below_a_power_of_two_the_ulp_is_the_smaller_one():
    x = np.array([2.0**-60])
    assert ulp_error([1.0], "1 - x", x) == 2.0**-60 / 2.0**-53
    assert ulp_error([1.0], "1 + x", x) == 2.0**-60 / 2.0**-52


def test_below_the_normal_numbers_the_ulp_is_the_smallest_float():
    tiny = np.nextafter(0.0, 1.0)
    assert ulp_error([0.0], "x / 4", [tiny]) == 0.25
    assert ulp_error([tiny], "x / 4", [tiny]) == 0.75
    assert ulp_error([tiny], "0 * x", [1.0]) == 1


def test_an_infinite_result_is_right_where_the_truth_rounds_to_it():
    largest = np.float16(65504)  # and 65520 is half way to the next power of two
    inf = np.float16(np.inf)

    def error(value, formula):
        return ulp_error(np.array([value]), formula, np.array([largest]))[0]

    assert error(inf, "2*x") == error(-inf, "-2*x") == error(inf, "x + 16") == 0
    assert error(inf, "x + 15") == error(-inf, "2*x") == error(inf, "0*x") == np.inf
    assert error(largest, "x + 16") == 0.5
    assert error(largest, "x + 64") == 2


def test_nan_is_right_only_for_nan():
    error = ulp_error([np.nan, np.nan, 0.0], "x", [np.nan, 0.0, np.nan])
    assert error.tolist() == [0, np.inf, np.inf]


def test_an_infinite_input_stands_for_the_limit():
    ends = np.array([-np.inf, np.inf])
    assert ulp_error([0.0, 1.0], "1 / (1 + exp(-x))", ends).max() < 1e-9
    assert ulp_error([-1.0, 1.0], "x / (1 + Abs(x))", ends).max() < 1e-9
    assert ulp_error([0.0, np.inf], "log(1 + exp(x))", ends).max() < 1e-9
    assert ulp_error([0.0, 0.0], "1 - tanh(x)**2", ends).max() < 1e-9
    assert ulp_error([0.0, 1.0], "Heaviside(x, 0)", ends).max() == 0
    assert ulp_error([-1.0, 1.0], "s*x / (1 + Abs(s*x))", ends, s=1e-300).max() < 1e-9
    assert ulp_error([1.0, 0.0], "1 / (1 + exp(-x))", ends).min() > 1e15


def test_cancellation_in_the_formula_does_no_harm():
    x = np.array([-300.0, -40.0, -1e-5, 0.0, 20.0, 350.0])
    z = np.exp(-2 * abs(x))
    assert ulp_error(4 * z / (1 + z) ** 2, "1 - tanh(x)**2", x).max() < 4
    assert ulp_error(0 * x, "1 - tanh(x)**2", x).min() > 1e15
    x = np.array([-700.0, -40.0, 1e-300])
    assert ulp_error(np.log1p(np.exp(x)), "log(1 + exp(x))", x).max() < 2
    assert ulp_error([0.0], "1 - tanh(x)**2", [1e300]) == 0


def test_symbols_have_the_values_they_are_given():
    x = np.array([0.3, -2.0])
    assert ulp_error(0.1 * x, "s*x", x, s=0.1).max() <= 0.5
    assert ulp_error(0.1 * x, "s*x / t", x, t=2.0, s=0.2).max() <= 0.5
    assert ulp_error(0.1 * x, "s*x", x, s=0.1000001).min() > 1e6


def test_the_shape_is_kept():
    for shape in [(), (0,), (2, 3), (2, 0)]:
        assert ulp_error(np.ones(shape), "x", np.ones(shape)).shape == shape


@pytest.mark.parametrize("cls", [cls for cls in classes() if issubclass(cls, Elementwise)])
def test_an_activations_formulas_are_read_with_its_parameters(cls):
    act = cls()
    x = np.array([-3.0, 0.25, 7.0])
    for computed, formula in [
        (act(x), cls.formula),
        (act.derivative(x), cls.derivative_formula),
    ]:
        assert ulp_error(computed, formula, x, **act.parameters).max() < 6
        assert ulp_error(computed + 1, formula, x, **act.parameters).min() > 1e13
        # SymPy reads the same in it, and is believed to 40 digits.
        known = {name: sympy.Rational(value) for name, value in act.parameters.items()}
        for at in (sympy.Rational(-3), sympy.Rational(1, 4), sympy.Rational(7)):
            truth = sympy.sympify(formula, locals=known | {"x": at}).evalf(40)
            function = formulas.read(formula, frozenset({"x", *known}))
            with mpmath.workdps(50):
                given = {name: mpmath.mpf(int(v.p)) / int(v.q) for name, v in known.items()}
                got = function(given | {"x": mpmath.mpf(int(at.p)) / int(at.q)})
                assert abs(got - mpmath.mpf(str(truth))) <= mpmath.mpf(10) ** -38 * abs(got)


@pytest.mark.parametrize(
    "formula",
    [
        "Max(0, Min(1, x/6 + 1/2)) - Max(x, 2, 3)",
        "Piecewise((0.3*(exp(x) - 1), x < 0), (x, x >= 0))",
        "Piecewise((x, x > 100), (-x**3, x <= -100), (+x, True))",
        "Heaviside(x) + Heaviside(x, 0) * sign(x) - Heaviside(0)",
        "x*(1 + erf(x/sqrt(2)))/2 + erfc(x)",
        "ln(x**2 + 1) - log(E) + log(8, 2) + sin(pi/3)*cos(x) + tan(1)",
        "acos(x/9) - asin(x/9) + atan(x) - acosh(9) + asinh(x) - atanh(x/9)",
        "sinh(x) + cosh(x)*tanh(x) + abs(x) - Abs(-x - 1) + 2**-x**2",
        "gamma(x + 9)*loggamma(x + 9) + floor(x) - ceiling(x)",
        "-2.5e-3**x / -1_000 + 0x10 + .5",
    ],
)
@pytest.mark.parametrize("x", [-2.75, -2.0, 0.0, 0.5])
def test_a_formula_means_what_sympy_reads_in_it(formula, x):
    truth = sympy.sympify(formula, locals={"x": sympy.Rational(x)}, rational=True).evalf(60)
    computed = np.array([float(truth)])
    assert ulp_error(computed, formula, [x]).max() <= 0.5
    with mpmath.workdps(50):
        got = formulas.read(formula, frozenset({"x"}))({"x": mpmath.mpf(x)})
        assert abs(got - mpmath.mpf(str(truth))) <= mpmath.mpf(10) ** -44


def test_a_decimal_in_a_formula_is_exact():
    tenth = Fraction(0.1)  # this float is 5.6e-18 from one tenth
    (error,) = ulp_error([0.1], "0.1*x", [1.0])
    assert error == pytest.approx(float(abs(tenth - Fraction(1, 10)) * 2**56), rel=1e-15)
    assert error > 0.3
    # What is left where all that a float can hold of it cancels, and of a third too.
    (error,) = ulp_error([0.0], "0.1*x - s", [1.0], s=0.1)
    assert error == pytest.approx(
        float(abs(tenth - Fraction(1, 10)) / Fraction(2) ** -110), rel=1e-9
    )
    assert ulp_error([2.0], "x**(1/3)", [8.0]) == 0
    assert ulp_error([1.0], "1e-400*x*1e400", [1.0]) == 0


@pytest.mark.parametrize(
    ("formula", "x"),
    [
        ("log(x)", -1.0),
        ("log(x)", 0.0),
        ("x*log(x)", 0.0),
        ("sqrt(x)", -1.0),
        ("sqrt(x)**2", -1.0),
        ("exp(log(x))", -1.0),
        ("Abs(log(x))", -1.0),
        ("x**(1/3)", -8.0),
        ("1/x", 0.0),
        ("acos(x)", 1.5),
        ("gamma(x)", -1.0),
        ("Piecewise((1, x > 0), (2, x < 0))", 0.0),
        ("exp(exp(x))", np.inf),
    ],
)
def test_where_a_formula_has_no_real_value_one_sentence_says_so(formula, x):
    with pytest.raises(ArithmeticError) as error:
        ulp_error([1.0, 1.0], formula, [0.5, x])
    assert str(error.value) == f"the formula {formula!r} has no real value at x = {x}"


def test_a_step_that_fails_with_few_digits_alone_is_taken_with_more():
    assert ulp_error([0.0], "1 / (1 - tanh(x)**2)", [300.0]) > 1e15
    assert ulp_error([-599.3068528194401], "log(1 - tanh(x))", [300.0]) <= 0.5
    assert ulp_error([0.0, 1.0], "exp(-exp(x))", [np.inf, -np.inf]).max() == 0


@pytest.mark.parametrize(
    "name", ["beta", "gamma", "zeta", "exp", "S", "N", "E", "I", "lamda", "pi"]
)
def test_a_symbol_may_have_a_name_that_sympy_knows(name):
    x = np.array([0.5, -3.0])
    assert ulp_error(2.5 * x, f"{name}*x", x, **{name: 2.5}).max() == 0
    assert ulp_error([1.0], "gamma(gamma)", [0.0], gamma=2.0) == 0


def test_values_of_symbols_are_real_numbers():
    for two in (2, 2.0, np.float32(2), ml_dtypes.bfloat16(2), np.longdouble(2), np.uint8(2)):
        assert ulp_error([2.0], "s*x", [1.0], s=two) == 0
    with pytest.raises(TypeError, match="ulp_error's s takes real numbers, not <U1"):
        ulp_error([2.0], "s*x", [1.0], s="2")
    with pytest.raises(TypeError, match=r"s must be one number, not an array of shape \(2,\)"):
        ulp_error([2.0], "s*x", [1.0], s=[1.0, 2.0])
    for number in (np.nan, np.inf):
        with pytest.raises(ArithmeticError, match=r"no real value at x = 0\.0"):
            ulp_error([2.0], "s*x", [0.0], s=number)


@pytest.mark.parametrize(
    ("formula", "sentence"),
    [
        ("s*x", r"the formula 's\*x' needs a value for s"),
        ("beta*x + a", r"the formula 'beta\*x \+ a' needs a value for a, beta"),
        ("x*exp", r"the formula 'x\*exp' needs a value for exp"),
        ("foo(x)", r"the formula 'foo\(x\)' calls foo, and only Abs, .*, tanh are known"),
        ("__import__('os')", r"calls __import__, and only Abs, .*, tanh are known"),
        (None, "ulp_error takes a formula as text, not None"),
    ],
)
def test_names_that_mean_nothing_are_a_type_error(formula, sentence):
    with pytest.raises(TypeError, match=f"{sentence}$"):
        ulp_error([1.0], formula, [1.0])


@pytest.mark.parametrize(
    "formula",
    [
        *("", "x +", "x)", "2x", "x\0", "x > 0", "x, 2", "x^2", "[x]", "x.real", "'a'", "1j", "~x"),
        *(
            "True",
            "tanh()",
            "exp(x, 2)",
            "Max()",
            "exp(x=1)",
            "exp(*x)",
            "lambda: x",
            "x if x else x",
        ),
        *("Piecewise(x)", "Piecewise((x, x))", "Piecewise((x, x > 0 > x))", "Piecewise()"),
        *("exp(x)(2)", "x + (x > 0)", "Piecewise((x, Abs(x)), (0, True))"),
    ],
)
def test_what_is_no_formula_is_a_value_error(formula):
    with pytest.raises(ValueError, match=r"^the formula .* cannot be read") as error:
        ulp_error([1.0], formula, [1.0])
    assert repr(formula) in str(error.value)
    assert "\n" not in str(error.value)


def test_ulp_error_says_what_it_takes():
    with pytest.raises(TypeError, match="floating-point results, not int64"):
        ulp_error(np.array([1], np.int64), "x", [1.0])
    with pytest.raises(TypeError, match="takes real numbers, not complex128"):
        ulp_error([1j], "x", [1.0])
    with pytest.raises(TypeError, match="takes real numbers, not complex128"):
        ulp_error([1.0], "x", [1j])
    with pytest.raises(ValueError, match=r"shape \(2,\) and x has shape \(3,\)"):
        ulp_error([1.0, 2.0], "x", [1.0, 2.0, 3.0])


def test_inputs_may_be_integers_and_of_any_byte_order():
    x = np.array([1, -2, 3])
    assert ulp_error(x.astype(">f4"), "x", x.astype(np.int8)).max() == 0
    assert ulp_error(x.astype(">f8"), "x", x.astype(">f2")).max() == 0
    assert ulp_error(np.array([1.0]), "x - 2**64 + 2", np.array([2**64 - 1], np.uint64)) == 0
    assert ulp_error([0.0, 1.0], "x", np.array([False, True])).max() == 0


# Has the processor take subnormals for 0, as a library does that was compiled with -ffast-math.
FLUSH = r"""
import ctypes, mmap
page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(b"\x0f\xae\x17\xc3")  # ldmxcsr [rdi]; ret
load = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
load(ctypes.byref(ctypes.c_uint32(0x1F80 | 0x8040)))
import sys
assert sys.float_info.min / 2 == 0
"""


@pytest.mark.skipif(
    platform.machine() not in {"x86_64", "AMD64"} or os.name == "nt",
    reason="the machine code is for x86-64",
)
def test_ulp_error_holds_where_subnormals_are_flushed_to_zero():
    code = """
import ml_dtypes
import numpy as np
from npdl_activations.lab import ulp_error
kinds = [("u2", np.float16), ("u2", ml_dtypes.bfloat16), ("u4", np.float32), ("u8", np.float64)]
for bits, dtype in kinds:
    x, near = (np.array(n, bits).view(dtype) for n in ([1, 3, 5], [1, 4, 7]))
    assert ulp_error(near, "x", x).tolist() == [0, 1, 2], dtype
    assert ulp_error(near, "x*s", [1, 1, 1], s=x[1]).tolist() == [2, 1, 4], dtype
    assert ulp_error(np.array([1], dtype), "1 - x / 2", x[:1]) < 1e-3, dtype
    assert ulp_error(np.array([np.inf], dtype), "x", np.array([np.inf], dtype)) == 0, dtype
"""
    command = [sys.executable, "-W", "error", "-c", FLUSH + code]
    subprocess.run(command, check=True)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_finite_differences_agree_with_the_derivatives(name):
    activation = get(name)
    x = np.concatenate([np.linspace(-30, 30, 41) + 0.01, [1e4, -1e4]]).reshape(1, -1)
    slope = finite_difference(activation, x)
    assert slope.shape == x.shape
    np.testing.assert_allclose(slope, activation.derivative(x), rtol=1e-9, atol=1e-10)
    assert not np.allclose(slope, 1.000001 * activation.derivative(x), rtol=1e-9, atol=1e-10)


def test_the_step_is_the_one_really_made():
    x = np.array([np.pi, -np.pi, 0.1, 1e-300, 1e10, 12345.678, -7e200])
    assert finite_difference(Linear(), x).tolist() == [1.0] * 7
    assert finite_difference(lambda x: -4 * x, x).tolist() == [-4.0] * 7


ONE = np.ma.array([1.0, 2.0], mask=[False, True])
LABELS = np.ma.array([1, 0], mask=[False, True])


@pytest.mark.parametrize(
    ("masked", "labels"),
    [(ONE, LABELS), ([ONE, ONE], [LABELS, LABELS]), ([[1.0, ONE[1]]], [1, LABELS[1]])],
    ids=["array", "arrays in a list", "number in a list"],
)
def test_a_mask_is_not_lost(masked, labels):
    network = Network([2, 2])
    x, t = [[1.0, 2.0], [3.0, 4.0]], [0, 1]
    for call in (
        lambda: ulp_error(masked, "x", t),
        lambda: ulp_error(x, "x", masked),
        lambda: ulp_error([0.0], "s*x", [0.0], s=masked),
        lambda: finite_difference(np.exp, masked),
        lambda: network.predict(masked),
        lambda: network.loss(masked, t),
        lambda: network.accuracy(masked, t),
        lambda: network.gradients(masked, t),
        lambda: network.fit(masked, t, epochs=1),
        lambda: network.loss(x, labels),
        lambda: network.accuracy(x, labels),
        lambda: network.gradients(x, labels),
        lambda: network.fit(x, labels, epochs=1),
    ):
        with pytest.raises(TypeError, match="mask would be lost"):
            call()


def test_finite_differences_take_real_numbers():
    for x in (1j, "1", None):
        with pytest.raises(TypeError, match=r"finite_difference takes .*numbers.*, not"):
            finite_difference(np.exp, x)


def test_finite_differences_take_a_scalar():
    assert finite_difference(np.exp, 0).shape == ()
    assert abs(finite_difference(np.exp, 0) - 1) < 1e-10


def test_the_digits_are_the_1797_images_of_the_collection():
    digits = load_digits()
    assert digits.x_train.shape == (1437, 64)
    assert digits.x_test.shape == (360, 64)
    assert digits.t_train.shape == (1437,)
    assert digits.t_test.shape == (360,)
    x = np.concatenate([digits.x_train, digits.x_test])
    assert x.dtype == np.float64
    assert (x.min(), x.max()) == (0, 1)
    assert digits.t_train.dtype == np.int64
    # From the numbers themselves, in the order of the source.
    t = np.concatenate([digits.t_train, digits.t_test]).astype(np.uint8)
    pixels = (x * 16).astype(np.uint8)
    assert (
        hashlib.sha256(pixels.tobytes() + t.tobytes()).hexdigest()
        == "87ff0c9e40dc7e2c0e34e7257799c2e3f3aec1a016363bb11cad869ec428a826"
    )
    assert t[:10].tolist() == list(range(10))


def test_the_digits_are_kept_for_a_test_in_three_ways():
    whole = load_digits()
    x = np.concatenate([whole.x_train, whole.x_test])
    t = np.concatenate([whole.t_train, whole.t_test])
    first = np.arange(1797) % 50 < 10
    for kept, parts in {
        "writers": (x[:1437], t[:1437], x[1437:], t[1437:]),
        "mixed": (x[~first], t[~first], x[first], t[first]),
        "training": (x[:1150], t[:1150], x[1150:1437], t[1150:1437]),
    }.items():
        for part, expected in zip(load_digits(kept), parts, strict=True):
            np.testing.assert_array_equal(part, expected)
    with pytest.raises(ValueError, match="'writers', 'mixed' or 'training', not 'all'"):
        load_digits("all")


@pytest.mark.parametrize("kept", ["writers", "mixed"])
def test_both_parts_hold_each_digit_about_as_often(kept):
    digits = load_digits(kept)
    for labels in (digits.t_train, digits.t_test):
        share = np.bincount(labels) / len(labels)
        assert share.shape == (10,)
        assert abs(share - 0.1).max() < 0.02


def test_the_digits_are_new_arrays_at_each_call():
    load_digits().x_train[:] = 7
    assert load_digits().x_train.max() == 1


def test_the_data_names_its_authors_and_licence():
    text = files("npdl_activations.lab").joinpath("digits-LICENSE.txt").read_text("utf-8")
    for words in ("Alpaydin", "Kaynak", "10.24432/C50P49", "CC BY 4.0", "What was changed"):
        assert words in text


def small_problem():
    rng = np.random.default_rng(5)
    return rng.normal(size=(7, 3)), rng.integers(0, 4, size=7)


@pytest.mark.parametrize("activation", [*NAMES, Elliot(steepness=3), Softmax(axis=0)], ids=str)
@pytest.mark.parametrize("widths", [(3, 4), (3, 5, 4), (3, 5, 6, 4)])
def test_gradients_agree_with_finite_differences(activation, widths):
    x, labels = small_problem()
    network = Network(widths, activation, seed=2)
    for layer in network.layers:
        layer.bias[:] = np.linspace(-0.5, 0.4, layer.bias.size)
    gradients = network.gradients(x, labels)
    assert len(gradients) == len(network.layers)
    for layer, gradient in zip(network.layers, gradients, strict=True):
        for values, computed in zip(layer, gradient, strict=True):
            assert computed.shape == values.shape
            for at in np.ndindex(values.shape):
                here = values[at]

                def loss(value, values=values, at=at):
                    values[at] = value
                    return network.loss(x, labels)

                slope = finite_difference(loss, here)
                values[at] = here
                assert abs(slope - computed[at]) < 1e-9


def test_the_same_seed_gives_the_same_network():
    x, labels = small_problem()

    def losses(seed):
        return Network([3, 5, 4], "softsign", seed).fit(x, labels, epochs=3, batch=2)

    assert losses(1) == losses(1)
    assert losses(1) != losses(2)


def test_batches_go_through_all_examples_in_a_new_order():
    x, labels = small_problem()
    network = Network([3, 5, 4])
    seen = []
    gradients = network.gradients

    def watched(rows, t):
        seen.append((rows.shape, rows[:, 0].tolist()))
        return gradients(rows, t)

    network.gradients = watched
    network.fit(x, labels, epochs=2, batch=3)
    assert [shape for shape, _ in seen] == [(3, 3), (3, 3), (1, 3)] * 2
    epochs = [[row for _, rows in seen[i : i + 3] for row in rows] for i in (0, 3)]
    assert sorted(epochs[0]) == sorted(epochs[1]) == sorted(x[:, 0])
    assert epochs[0] != epochs[1]


def test_a_step_is_the_rate_times_the_gradient():
    x, labels = small_problem()
    network, twin = Network([3, 5, 4]), Network([3, 5, 4])
    losses = network.fit(x, labels, epochs=1, batch=7, rate=0.25)
    for before, gradient, after in zip(
        twin.layers, twin.gradients(x, labels), network.layers, strict=True
    ):
        np.testing.assert_allclose(after.weights, before.weights - 0.25 * gradient.weights)
        np.testing.assert_allclose(after.bias, before.bias - 0.25 * gradient.bias)
    assert losses == [network.loss(x, labels)]


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_one_hidden_layer_learns_the_digits(name):
    digits = load_digits("mixed")
    network = Network([64, 32, 10], name)
    losses = network.fit(digits.x_train, digits.t_train, epochs=30)
    assert len(losses) == 30
    assert losses[-1] < 0.2 < losses[0]
    assert network.accuracy(digits.x_test, digits.t_test) > 0.95


def test_a_hidden_softmax_learns_too():
    digits = load_digits()
    network = Network([64, 32, 10], "softmax")
    losses = network.fit(digits.x_train, digits.t_train, epochs=30, rate=2)
    assert losses[-1] < losses[0] / 3


@pytest.mark.parametrize("name", ["tanh", "relu", "elliot"])
@pytest.mark.parametrize("variance", [1, 2, 0.25])
def test_the_first_weights_have_the_variance_that_is_asked_for(name, variance):
    network = Network([400, 300, 10], name, variance=variance)
    for layer, inputs in zip(network.layers, (400, 300), strict=True):
        assert layer.weights.var() * inputs == pytest.approx(variance, rel=0.05)
        assert abs(layer.weights.mean()) < 0.01
        assert not layer.bias.any()


def test_each_hidden_layer_has_its_own_activation():
    shape = Elliot(steepness=2)
    network = Network([3, 4, 4, 2], shape)
    first, second = network.activations
    assert first == second == shape
    assert len({id(shape), id(first), id(second)}) == 3


def test_predictions_are_probabilities_and_the_loss_is_their_cross_entropy():
    x, labels = small_problem()
    network = Network([3, 5, 4], "sigmoid")
    p = network.predict(x)
    assert p.shape == (7, 4)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    assert network.loss(x, labels) == pytest.approx(-np.log(p[np.arange(7), labels]).mean())
    assert network.accuracy(x, labels) == (p.argmax(axis=1) == labels).mean()


def test_the_loss_is_finite_where_a_probability_is_zero():
    network = Network([1, 2])
    network.layers[0].weights[:] = [[1000.0, -1000.0]]
    assert network.predict([[1.0]])[0, 1] == 0
    assert network.loss([[1.0]], [1]) == 2000


def test_examples_and_labels_are_left_alone():
    x, labels = small_problem()
    before = x.copy(), labels.copy()
    network = Network([3, 5, 4])
    network.fit(x, labels, epochs=1)
    network.predict(x)
    assert np.array_equal(x, before[0])
    assert np.array_equal(labels, before[1])


@pytest.mark.parametrize(
    "widths", [[], [3], [3, 0], [3, -1, 2], [3, 2.5, 2], ["3", 2], [3, True], np.eye(2, dtype=int)]
)
def test_widths_are_positive_whole_numbers(widths):
    with pytest.raises(ValueError, match="two or more positive whole numbers, not"):
        Network(widths)


@pytest.mark.parametrize(
    "widths", ["34", 3, None, {3: 4}, {3, 4}, iter([3, 4])], ids=lambda x: type(x).__name__
)
def test_widths_are_a_sequence(widths):
    with pytest.raises(TypeError, match="widths must be a sequence of whole numbers, not"):
        Network(widths)


def test_widths_may_be_numpy_integers():
    assert Network(np.array([3, 5, 4])).predict(np.ones((2, 3))).shape == (2, 4)


def test_an_unknown_activation_is_refused_even_where_no_layer_is_hidden():
    with pytest.raises(ValueError, match=r"'sigmoids'.*'sigmoid'"):
        Network([3, 2], "sigmoids")


def test_a_seed_is_a_whole_number():
    with pytest.raises(ValueError, match="seed must be 0 or more, not -1"):
        Network([3, 2], seed=-1)
    for seed in (None, 1.5, "1", True, [1]):
        with pytest.raises(TypeError, match="seed must be a whole number, not"):
            Network([3, 2], seed=seed)
    one, two = (Network([3, 2], seed=seed).layers[0].weights for seed in (7, np.uint8(7)))
    assert np.array_equal(one, two)


def test_the_network_says_what_examples_and_labels_it_takes():
    network = Network([3, 5, 4])
    x = np.zeros((2, 3))

    def fit(x, labels):
        return network.fit(x, labels, epochs=1)

    for verb in (network.gradients, network.loss, network.accuracy, fit):
        with pytest.raises(ValueError, match=r"x must have shape \(n, 3\), not \(2, 4\)"):
            verb(np.zeros((2, 4)), [0, 1])
        with pytest.raises(ValueError, match=r"x must have shape \(n, 3\), not \(3,\)"):
            verb(np.zeros(3), [0])
        with pytest.raises(ValueError, match="x must have one row or more"):
            verb(np.zeros((0, 3)), np.zeros(0, int))
        with pytest.raises(TypeError, match="labels must be integers, not float64"):
            verb(x, [0.0, 1.0])
        with pytest.raises(TypeError, match="labels must be integers, not bool"):
            verb(x, [False, True])
        with pytest.raises(TypeError, match="Network takes real numbers, not <U1"):
            verb(x, ["0", "1"])
        with pytest.raises(ValueError, match=r"shape \(2,\), one for each row of x, not \(3,\)"):
            verb(x, [0, 1, 2])
        with pytest.raises(ValueError, match="between 0 and 3, not 0 to 4"):
            verb(x, [0, 4])
        with pytest.raises(ValueError, match="between 0 and 3, not -1 to 3"):
            verb(x, [3, -1])


def test_the_network_says_what_it_predicts_from():
    network = Network([3, 5, 4])
    for shape in [(2, 4), (3,), (), (1, 2, 3), (3, 1)]:
        with pytest.raises(ValueError, match=r"x must have shape \(n, 3\), not"):
            network.predict(np.zeros(shape))
    for x in ([["1", "2", "3"]], np.zeros((2, 3), complex), [[None, 1, 2]]):
        with pytest.raises(TypeError, match=r"Network takes .*numbers.*, not"):
            network.predict(x)
    assert network.predict(np.zeros((0, 3))).shape == (0, 4)
    p = network.predict(np.ones((2, 3)))
    assert np.array_equal(p, network.predict(np.ones((2, 3), bool)))
    assert np.array_equal(p, network.predict([[1, 1, 1]] * 2))


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        ({"batch": -1}, ValueError, "batch must be 1 or more, not -1"),
        ({"batch": 0}, ValueError, "batch must be 1 or more, not 0"),
        ({"batch": 2.5}, TypeError, "batch must be a whole number, not 2.5"),
        ({"batch": True}, TypeError, "batch must be a whole number, not True"),
        ({"epochs": -1}, ValueError, "epochs must be 0 or more, not -1"),
        ({"epochs": 1.0}, TypeError, "epochs must be a whole number, not 1.0"),
        ({"epochs": "1"}, TypeError, "epochs must be a whole number, not '1'"),
        ({"rate": np.nan}, ValueError, "rate must be positive and finite, not nan"),
        ({"rate": np.inf}, ValueError, "rate must be positive and finite, not inf"),
        ({"rate": -0.1}, ValueError, "rate must be positive and finite, not -0.1"),
        ({"rate": 0}, ValueError, "rate must be positive and finite, not 0"),
        ({"rate": "0.1"}, TypeError, "rate must be a real number, not '0.1'"),
        ({"rate": 1j}, TypeError, "rate must be a real number, not 1j"),
        ({"rate": True}, TypeError, "rate must be a real number, not True"),
        ({"rate": None}, TypeError, "rate must be a real number, not None"),
    ],
)
def test_what_fit_does_not_take_leaves_the_network_alone(arguments, error, sentence):
    x, labels = small_problem()
    network = Network([3, 5, 4])
    before = network.predict(x)
    with pytest.raises(error) as raised:
        network.fit(x, labels, **{"epochs": 1} | arguments)
    assert str(raised.value) == sentence
    assert np.array_equal(network.predict(x), before)


def test_fit_takes_numpy_numbers_and_no_epochs():
    x, labels = small_problem()
    losses = [
        Network([3, 5, 4]).fit(x, labels, *arguments)
        for arguments in [(2, 3, 0.5), (np.int8(2), np.uint16(3), np.float32(0.5))]
    ]
    assert losses[0] == losses[1]
    assert Network([3, 5, 4]).fit(x, labels, epochs=0) == []


def test_a_row_of_nan_is_wrong_whatever_its_label():
    network = Network([3, 5, 4])
    x = np.full((4, 3), np.nan)
    assert np.isnan(network.predict(x)).all()
    assert network.accuracy(x, [0, 1, 2, 3]) == network.accuracy(x, [0] * 4) == 0
    x[0] = 1
    assert network.accuracy(x, [network.predict(x)[0].argmax(), 0, 0, 0]) == 0.25
    network.layers[-1].weights[:] = np.nan
    assert network.accuracy(np.ones((2, 3)), [0, 0]) == 0


@pytest.fixture
def house_style():
    plt.switch_backend("svg")
    with plt.rc_context():
        use_house_style()
        yield
    plt.close("all")


@pytest.fixture
def no_figures():
    plt.switch_backend("svg")
    yield
    plt.close("all")


def svg(**changes):
    """Return the current figure as the notebook shows it."""
    file = io.BytesIO()
    plt.savefig(file, format="svg", **SHOWN | changes)
    return file.getvalue().decode()


def lines(ax):
    """Return the labelled curves."""
    return {line.get_label(): line for line in ax.lines if not line.get_label().startswith("_")}


@pytest.mark.usefixtures("house_style")
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_the_figure_shows_the_function_and_its_derivative(name):
    activation = get(name)
    assert plot_activation(activation, -4, 3) is None
    value, slope = lines(plt.gca()).values()
    assert value.get_label().startswith(str(activation))
    assert slope.get_label() == "its derivative"
    for line, function in [(value, activation), (slope, activation.derivative)]:
        x, y = line.get_data()
        assert (x[0], x[-1]) == (-4, 3)
        drawn = ~np.isnan(y) & (x != 0)
        assert np.array_equal(y[drawn], function(x[drawn]))
        assert np.diff(x).max() <= 0.03
    assert plt.gca().get_xlabel() == "x"
    assert plt.gca().get_ylabel() == "f(x) and f'(x)"
    assert value.get_color() != slope.get_color()
    assert value.get_linestyle() != slope.get_linestyle()


@pytest.mark.usefixtures("house_style")
def test_a_jump_of_the_derivative_is_a_gap():
    plot_activation(ReLU())
    x, y = lines(plt.gca())["its derivative"].get_data()
    (gap,) = np.flatnonzero(np.isnan(y))
    assert x[gap - 1 : gap + 2].tolist() == [0, 0, 0]
    assert (y[gap - 1], y[gap + 1]) == (0, 1)
    assert not y[:gap].any()
    assert np.all(y[gap + 1 :] == 1)


class Ramp(Elementwise):
    """Not a ReLU, and its derivative jumps away from 0, twice."""

    formula = "Max(0, Min(1, alpha*(x - 1)))"
    derivative_formula = "alpha * Heaviside(x - 1, 0) * Heaviside(3 - x, 0)"
    kinks = (1.0, 3.0)
    parameters: ClassVar = {"alpha": 0.5, "steepness": 2.0}

    def __call__(self, x):
        return np.clip((np.asarray(x) - 1) / 2, 0, 1)

    def derivative(self, x):
        return np.where((np.asarray(x) > 1) & (np.asarray(x) < 3), 0.5, 0.0)


@pytest.mark.usefixtures("house_style")
def test_jumps_and_parameters_are_read_from_the_class():
    plot_activation(Ramp(), -1, 6)
    (name, _), (label, slope) = lines(plt.gca()).items()
    assert (name, label) == ("Ramp (alpha = 0.5, s = 2)", "its derivative")
    x, y = slope.get_data()
    first, second = np.flatnonzero(np.isnan(y))
    assert x[first - 1 : first + 2].tolist() == [1, 1, 1]
    assert x[second - 1 : second + 2].tolist() == [3, 3, 3]
    assert (y[first - 1], y[first + 1], y[second - 1], y[second + 1]) == (0, 0.5, 0.5, 0)
    assert np.all(np.diff(x) >= 0)


@pytest.mark.usefixtures("house_style")
@pytest.mark.parametrize(("activation", "low"), [(ReLU(), 1), (Elliot(50), -6)], ids=str)
def test_there_is_no_gap_without_a_jump(activation, low):
    plot_activation(activation, low, 6)
    x, y = lines(plt.gca())["its derivative"].get_data()
    assert x[0] == low
    assert not np.isnan(y).any()


@pytest.mark.usefixtures("house_style")
def test_curves_share_an_axes_and_name_their_steepness():
    _, ax = plt.subplots()
    for steepness in (0.5, 1, 2):
        plot_activation(Elliot(steepness), derivative=False, ax=ax)
    assert list(lines(ax)) == ["Elliot (s = 0.5)", "Elliot (s = 1)", "Elliot (s = 2)"]
    assert ax.get_ylabel() == "f(x)"
    assert len({line.get_color() for line in lines(ax).values()}) == 3


HUE_ROTATED = np.array([[-0.574, 1.43, 0.144], [0.426, 0.43, 0.144], [0.426, 1.43, -0.856]])


def luminance(colour):
    """The relative luminance of WCAG 2, of red, green and blue from 0 to 1."""
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


def on_a_dark_page(colour):
    """What custom.css makes of a figure's colour: invert(0.92) hue-rotate(180deg)."""
    return np.clip(HUE_ROTATED @ (0.92 - 0.84 * colour), 0, 1)


def test_every_line_stands_out_from_a_white_and_from_a_dark_page():
    use_house_style()
    white, dark = np.ones(3), np.full(3, 0x12 / 255)
    for line in plt.rcParams["axes.prop_cycle"]:
        colour = np.array(to_rgb(line["color"]))
        assert contrast(colour, white) > 3
        assert contrast(on_a_dark_page(colour), dark) > 3


@pytest.mark.usefixtures("no_figures")
def test_plot_activation_says_what_it_draws():
    with pytest.raises(TypeError, match=r"elementwise activations, not Softmax\(.*\)"):
        plot_activation(Softmax())
    with pytest.raises(TypeError, match="elementwise activations, not 'tanh'"):
        plot_activation("tanh")
    for low, high in [(2, -2), (1, 1), (np.nan, 6.0), (0, np.inf), (-np.inf, 0)]:
        with pytest.raises(ValueError, match="low must be below high and both finite") as error:
            plot_activation(Tanh(), low, high)
        assert str(error.value).endswith(f", not {low} and {high}")
    assert not plt.get_fignums()


@pytest.mark.usefixtures("house_style")
def test_the_last_bits_of_a_value_do_not_show(monkeypatch):
    plot_activation(Sigmoid())
    before = svg()
    plt.close()
    exact = Sigmoid.__call__
    monkeypatch.setattr(Sigmoid, "__call__", lambda self, x: np.nextafter(exact(self, x), 2))
    plot_activation(Sigmoid())
    assert svg() == before
    plt.close()
    monkeypatch.setattr(Sigmoid, "__call__", lambda self, x: exact(self, x) + 1e-5)
    plot_activation(Sigmoid())
    assert svg() != before


@pytest.mark.usefixtures("house_style")
@pytest.mark.parametrize("name", ["sigmoid", "linear"])
def test_the_last_bits_of_the_layout_do_not_show(name):
    def drawn(margin):
        # Clip paths are named after their exact place, and the corner at 0 may lie at -0.
        return re.sub(r"\bp[0-9a-f]{10}\b", "", svg(pad_inches=margin)).replace(" -0 ", " 0 ")

    plot_activation(get(name))
    margin = SHOWN["pad_inches"]
    assert drawn(margin * (1 + 1e-13)) == drawn(margin * (1 - 1e-13)) == drawn(margin)
    assert drawn(margin * (1 + 1e-5)) != drawn(margin)


@pytest.mark.usefixtures("house_style")
def test_the_style_does_not_depend_on_the_readers_settings():
    plot_activation(Tanh())
    before = svg()
    plt.close()
    plt.rcParams.update({"lines.linewidth": 9, "xtick.labelsize": 3})
    use_house_style()
    plot_activation(Tanh())
    assert svg() == before


@pytest.mark.usefixtures("house_style")
def test_text_stays_text_on_a_white_ground():
    plot_activation(Tanh())
    picture = svg()
    assert ">its derivative</text>" in picture
    assert "'DejaVu Sans', 'Verdana', sans-serif" in picture
    assert "fill: #ffffff" in picture


@pytest.mark.usefixtures("house_style")
def test_a_notebook_shows_the_svg_that_every_process_draws(monkeypatch):
    monkeypatch.delenv("MPLBACKEND", raising=False)
    cells = [
        "from npdl_activations import *\nfrom npdl_activations.lab import *\nuse_house_style()",
        "plot_activation(ReLU())",
        "plot_activation(Tanh())",
    ]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(book, timeout=120, kernel_name="python3").execute()
    start, *figures = [cell.outputs for cell in book.cells]
    assert start == []
    # Here in the other order, in another process.
    for activation, outputs in zip((Tanh(), ReLU()), reversed(figures), strict=True):
        (shown,) = outputs
        assert shown.output_type == "display_data"
        assert set(shown.data) == {"image/svg+xml", "text/plain"}
        assert shown.data["text/plain"] == "<Figure size 640x360 with 1 Axes>"
        plot_activation(activation)
        drawn = svg()
        plt.close()
        assert "<dc:date>" not in drawn
        assert drawn == shown.data["image/svg+xml"]


@pytest.mark.filterwarnings("ignore:InlineBackend:DeprecationWarning")
def test_in_a_notebook_figures_become_svg_without_a_date(monkeypatch):
    from matplotlib_inline.config import InlineBackend

    shell = Configurable()
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    try:
        with plt.rc_context():
            use_house_style()
        assert InlineBackend.instance().figure_formats == {"svg"}
        assert InlineBackend.instance().print_figure_kwargs == SHOWN
    finally:
        InlineBackend.clear_instance()


@pytest.mark.parametrize("IPython", [SimpleNamespace(get_ipython=lambda: None), None])
def test_outside_a_notebook_only_matplotlib_is_set(monkeypatch, IPython):
    if IPython is None:
        monkeypatch.delitem(sys.modules, "IPython", raising=False)
    else:
        monkeypatch.setitem(sys.modules, "IPython", IPython)
    with plt.rc_context():
        use_house_style()
        assert plt.rcParams["svg.hashsalt"] == "npdl_activations"


@pytest.mark.parametrize(
    ("package", "use"),
    [
        ("matplotlib", "import npdl_activations.lab"),
        ("mpmath", "npdl_activations.lab.ulp_error([1.0], 'x', [1.0])"),
    ],
)
def test_without_a_package_one_sentence_says_what_to_install(package, use):
    code = f"""
import sys
sys.modules[{package!r}] = None
try:
    import npdl_activations.lab
    {use}
except ModuleNotFoundError as error:
    assert error.name == {package!r}
    print(error)
"""
    ran = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, encoding="utf-8"
    )
    assert ran.stdout == (
        f'npdl_activations.lab needs {package} here: type pip install "npdl-activations[lab]"\n'
    )


def test_ulp_error_does_without_sympy():
    code = """
import sys
sys.modules["sympy"] = None
from npdl_activations.lab import ulp_error
assert ulp_error([0.5], "1 / (1 + exp(-x))", [0.0]) == 0
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_library_does_not_import_the_lab():
    code = "import sys, npdl_activations; assert not [m for m in sys.modules if '.lab' in m]"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_package_that_is_missing_is_named_with_what_to_type():
    message = (
        r'^npdl_activations.lab needs nowhere here: type pip install "npdl-activations\[lab\]"$'
    )
    with pytest.raises(ModuleNotFoundError, match=message) as error, extra():
        import_module("nowhere")
    assert error.value.name == "nowhere"
