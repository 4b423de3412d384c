"""The base of those that act number by number, and the steepness that the Elliots have."""

import os
import platform
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import sympy
from ml_dtypes import bfloat16
from samples import LOUD, assert_same, random_bits

from npdl_activations import Elliot, Sigmoid, SoftPlus, SoftSign, SymmetricElliot, Tanh
from npdl_activations.elementwise import Elementwise, Steep
from npdl_activations.lab import ulp_error

each_steep = pytest.mark.parametrize("cls", [Elliot, SymmetricElliot])


class Square(Elementwise):
    formula = "x**2"
    derivative_formula = "2*x"

    def _forward(self, x):
        return x * x

    def _derivative(self, x):
        return 2 * x


def test_two_formulas_make_an_activation():
    square = Square()
    x = np.array([[-1, 2, 3], [0, 4, -5]], np.float32)
    assert_same(square.forward(x), x * x)
    assert_same(square.derivative(), 2 * x)
    assert_same(square.derivative([3]), np.array([6.0]))
    assert_same(square.backward(x), 2 * x * x)
    assert_same(square.jacobian(), np.stack([np.diag(2 * row) for row in x]))
    assert_same(square.jacobian([1.0, 2.0]), np.diag([2.0, 4.0]))
    assert_same(square.jacobian(np.zeros((3, 0))), np.zeros((3, 0, 0)))


def test_without_formulas_there_is_none():
    for verb in (
        Elementwise(),
        Elementwise().derivative,
        Elementwise().forward,
        Steep().derivative,
    ):
        with pytest.raises(NotImplementedError):
            verb(1.0)


def test_a_derivative_too_small_for_the_dtype_still_meets_its_gradient():
    # The derivative of sigmoid at -20 is 2.06e-9, where the smallest float16 is 6e-8.
    sigmoid = Sigmoid()
    sigmoid.forward(np.float16(-20))
    assert sigmoid.derivative() == 0
    assert sigmoid.backward(np.float16(30000)) == np.float16(30000 * 2.0611536e-9) > 0


@pytest.mark.parametrize(
    ("act", "x", "gradient", "right"),
    [
        (Sigmoid(), np.float32(107.99), np.float32(6.8e28), 8.5713371e-19),
        (Sigmoid(), np.float32(-150), np.float32(3e38), 3e38 * np.exp(-150.0)),
        (Tanh(), np.float32(60), np.float32(1e30), 1e30 * 4 * np.exp(-120.0)),
        (SoftPlus(), np.float32(-120), np.float32(-1e20), -1e20 * np.exp(-120.0)),
        (SoftSign(), np.float32(1e20), np.float32(1e30), 1e-10),
        (Elliot(), np.float32(1e20), np.float32(1e30), 0.5e-10),
        (Elliot(2), np.float32(1e20), np.float32(1e30), 0.25e-10),
        (Sigmoid(), bfloat16(107.5), bfloat16(6.8e28), 1.399e-18),
    ],
)
def test_a_slope_too_small_for_the_dtype_meets_its_gradient_whole(act, x, gradient, right):
    act.forward(x)
    answer = act.backward(gradient)
    assert answer.dtype == x.dtype
    tolerance = 0.01 if x.dtype == bfloat16 else 1e-6
    np.testing.assert_allclose(float(answer), right, rtol=tolerance)
    # No slope of a finite number is 0, though float64 itself says so from 746 on.
    act.forward(np.copysign(x.dtype.type(800), x))
    for infinity in (np.inf, -np.inf):
        assert act.backward(x.dtype.type(infinity)) == infinity


@pytest.mark.skipif(
    np.finfo(np.longdouble).maxexp == np.finfo(np.float64).maxexp,
    reason="longdouble is no wider than float64 here, and the bound says that it ends",
)
def test_so_does_a_slope_too_small_for_float64():
    for act, x, right in [
        (Sigmoid(), 800.0, -800),
        (Tanh(), 400.0, np.log(4) - 800),
        (SoftPlus(), -800.0, -800),
    ]:
        act.forward(x)
        np.testing.assert_allclose(
            np.log(act.backward(1e300)), 300 * np.log(10) + right, rtol=1e-12
        )


@each_steep
@pytest.mark.parametrize("steepness", [1, 0.3, 7, 1e-5, 2.0**60])
def test_the_gradient_of_the_steepness_is_that_of_the_formula(cls, steepness):
    act = cls(steepness)
    x, s = sympy.symbols("x steepness", real=True)
    slope = sympy.sympify(act.formula, locals={"x": x, "steepness": s}).diff(s).doit()
    points = np.array([-3.0, -0.5, 1.25, 40.0]) / steepness
    gradient = np.array([1.0, -2.0, 3.0, 0.25])
    wanted = sum(
        sympy.Rational(float(g))
        * slope.subs({x: sympy.Rational(float(p)), s: sympy.Rational(float(steepness))})
        for g, p in zip(gradient, points, strict=True)
    )
    act.forward(points)
    np.testing.assert_allclose(
        act.parameter_gradients(gradient)["steepness"], float(wanted), rtol=1e-14
    )


@each_steep
def test_the_gradient_of_the_steepness_at_the_ends_is_0(cls):
    act = cls(3)
    act.forward([-np.inf, 0.0, np.inf])
    assert act.parameter_gradients([1.0, 1.0, 1.0]) == {"steepness": 0}


def test_without_parameters_there_are_no_gradients_but_the_gradient_is_checked():
    act = Sigmoid()
    with pytest.raises(RuntimeError, match="remembers no input"):
        act.parameter_gradients([1.0])
    act.forward([1.0])
    assert act.parameter_gradients([1.0]) == {}
    with pytest.raises(ValueError, match="takes a gradient of forward's shape"):
        act.parameter_gradients([1.0, 2.0])
    with pytest.raises(TypeError, match="real numbers"):
        act.parameter_gradients([1j])


FLUSHING = """
import ctypes, mmap
import numpy as np
from npdl_activations import Elliot, SymmetricElliot
# ldmxcsr [rdi]; ret -- what a library compiled with -ffast-math does where it is loaded.
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(bytes([0x0F, 0xAE, 0x17, 0xC3]))
control = ctypes.c_uint32(0x1F80 | 0x8040)
address = ctypes.addressof(ctypes.c_char.from_buffer(code))
ctypes.CFUNCTYPE(None, ctypes.c_void_p)(address)(ctypes.byref(control))
assert np.float64(5e-324) * 1.0 == 0, "not flushing"
for s in (2.0**127, 2.0**1019, 1e300):
    assert Elliot(s)(0) == Elliot(s)(np.float32(0)) == 0.5
    assert SymmetricElliot(s).derivative(0) == s
"""


@pytest.mark.skipif(
    platform.machine() not in {"x86_64", "AMD64"} or os.name != "posix",
    reason="machine code of x86-64",
)
def test_steep_functions_hold_where_another_library_flushes_subnormals_to_zero():
    subprocess.run([sys.executable, "-c", FLUSHING], check=True)


def test_backward_works_in_the_wider_dtype():
    tanh = Tanh()
    tanh.forward(np.float32(0.1))
    gradient = np.float64(1) / 3
    wanted = gradient * tanh.derivative(np.float64(np.float32(0.1)))
    assert_same(tanh.backward(gradient), wanted)


@each_steep
@pytest.mark.parametrize("steepness", [True, "2", None, 1j, [2], Decimal(2), np.True_, b"2"])
def test_a_steepness_that_is_no_real_number_is_a_type_error(cls, steepness):
    kind = type(steepness).__name__
    with pytest.raises(TypeError, match=f"^{cls.__name__} takes a real number as .* not {kind}$"):
        cls(steepness)


@each_steep
@pytest.mark.parametrize(
    "steepness",
    [
        0,
        -0.0,
        -1,
        -1e-320,
        np.nan,
        np.inf,
        -np.inf,
        10**400,
        -(10**5000),
        Fraction(1, 10**400),
        2**1020,
    ],
    ids=lambda s: str(float(s)) if abs(s) < 1e300 or s != s else "huge",
)
def test_a_steepness_that_is_not_positive_or_too_large_is_a_value_error(cls, steepness):
    with pytest.raises(
        ValueError, match=f"^{cls.__name__} takes a positive steepness that is below"
    ):
        cls(steepness)


@each_steep
@pytest.mark.parametrize(
    "steepness", [2, 2.0, Fraction(2), np.int8(2), np.float16(2), np.float64(2), np.longdouble(2)]
)
def test_any_real_number_will_do_for_a_steepness(cls, steepness):
    act = cls(steepness=steepness)
    assert act == cls(2)
    assert type(act.steepness) is float
    assert repr(act) == f"{cls.__name__}(steepness=2.0)"
    assert_same(act([0.5]), cls(2.0)([0.5]))


@each_steep
def test_a_steepness_is_1_by_default_and_stays_as_it_is(cls):
    assert cls() == cls(1) == cls(steepness=1.0)
    assert isinstance(cls(), Steep)
    with pytest.raises(AttributeError):
        cls().steepness = 2.0


EXTREMES = [5e-324, 1e-310, 1e-300, 1e-40, 1e-10, 0.1, 0.5, 3, 10, 1e10, 2.0**120, 1e39, 1e300]


@each_steep
@pytest.mark.parametrize("steepness", [*EXTREMES, 2.0**127, 1.1e307])
@pytest.mark.parametrize("dtype", [np.float16, bfloat16, np.float32, np.float64])
def test_any_steepness_is_computed_to_the_last_bits(cls, steepness, dtype):
    act = cls(steepness)
    x = random_bits(dtype, 200)
    with np.errstate(all="ignore"):
        # Where s x is about 1, and where it is about the largest float.
        turns = [scale / np.longdouble(steepness) for scale in (0.3, 1, 30, 1e37, 1e307, 1e309)]
        x = np.concatenate([x, np.array([*turns, *np.negative(turns)], dtype)])
        x = x[np.isfinite(x)]
    with np.errstate(**LOUD):
        value, slope = act(x), act.derivative(x)
    bound = act.max_ulp[np.dtype(dtype).name]
    assert ulp_error(value, act.formula, x, **act.parameters).max() <= bound["value"]
    slopes = ulp_error(slope, act.derivative_formula, x, **act.parameters)
    assert slopes.max() <= bound["derivative"]
