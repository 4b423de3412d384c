"""The base class: what it leaves open, and what it settles for every activation."""

import numpy as np
import pytest

from npdl_activations import Activation, Sigmoid, Tanh


class Double(Activation):
    """Twice x: the least that an activation of one's own has to give."""

    def __call__(self, x):
        return 2 * np.asarray(x)

    def derivative(self, input=None):  # noqa: A002
        return np.full_like(self._recall(input), 2)

    def backward(self, gradient):
        gradient, x = self._recall_with(gradient)
        return gradient * self.derivative(x)


class Power(Double):
    def __init__(self, exponent, name=None):
        self.exponent, self.name = exponent, name

    @property
    def _parameters(self):
        return {"exponent": self.exponent, "name": self.name}


def test_the_base_class_computes_nothing():
    base = Activation()
    for verb in (base, base.forward, base.derivative, base.backward, base.jacobian):
        with pytest.raises(NotImplementedError):
            verb(np.ones(3))
    for verb in (base.derivative, base.jacobian):
        with pytest.raises(NotImplementedError):
            verb()
    assert base._last is None


def test_the_base_class_asks_for_real_numbers_first():
    with pytest.raises(TypeError, match=r"^Activation takes real numbers, not complex128$"):
        Activation().forward([1j])


def test_forward_answers_what_the_call_answers_and_remembers():
    double = Double()
    x = np.array([1.0, 2.0])
    np.testing.assert_array_equal(double.forward(x), [2, 4])
    np.testing.assert_array_equal(double.derivative(), [2, 2])
    np.testing.assert_array_equal(double.backward([3, 5]), [6, 10])
    x[:] = 9
    np.testing.assert_array_equal(double._last, [1, 2])


def test_a_forward_that_fails_forgets_nothing():
    class Picky(Double):
        def __call__(self, x):
            if np.any(np.asarray(x) < 0):
                raise ArithmeticError
            return super().__call__(x)

    picky = Picky()
    picky.forward([1.0, 2.0])
    with pytest.raises(ArithmeticError):
        picky.forward([-1.0])
    with pytest.raises(TypeError):
        picky.forward("a")
    np.testing.assert_array_equal(picky.derivative(), [2, 2])


def test_without_memory_the_error_says_what_to_do():
    message = r"^Double remembers no input: call forward\(x\) first, or pass x to derivative\(x\)$"
    with pytest.raises(RuntimeError, match=message):
        Double().derivative()
    with pytest.raises(RuntimeError, match=message):
        Double().backward(1.0)


def test_memory_belongs_to_the_instance():
    one, other = Double(), Double()
    one.forward(1.0)
    with pytest.raises(RuntimeError):
        other.derivative()


def test_a_gradient_is_checked():
    double = Double()
    double.forward([1.0, 2.0])
    with pytest.raises(ValueError, match=r"^Double.backward takes .* \(2,\), not \(3,\)$"):
        double.backward([1.0, 2.0, 3.0])
    with pytest.raises(TypeError, match=r"^Double.backward takes real numbers, not complex128$"):
        double.backward([1j, 2j])


def test_str_is_the_class_name_and_repr_the_call():
    assert str(Double()) == "Double"
    assert repr(Double()) == "Double()"
    assert repr(Power(2)) == "Power(exponent=2, name=None)"
    assert repr(Power(0.5, name="root")) == "Power(exponent=0.5, name='root')"


def test_equality_is_of_class_and_parameters():
    assert Power(2) == Power(2)
    assert Power(2) != Power(3)
    assert Power(2) != Power(2, name="square")
    assert Sigmoid() != Tanh()
    assert Double() != Activation()
    assert Double() != "Double"
    assert Activation().__eq__("Activation") is NotImplemented
    assert len({Power(2), Power(2), Power(3), Double(), Double()}) == 3
