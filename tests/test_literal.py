"""The textbook's formulas, made from the classes' text: where they are right, they are right."""

import literal
import numpy as np
import pytest

from npdl_activations import Elliot, Linear, ReLU, Softmax
from npdl_activations.registry import classes

each_class = pytest.mark.parametrize("cls", classes(), ids=lambda cls: cls.__name__)
PLACES = {np.float16: 2e-2, np.float32: 1e-5, np.float64: 1e-13}


@each_class
@pytest.mark.parametrize("dtype", PLACES)
def test_formulas_are_right_on_ordinary_inputs_and_keep_the_dtype(cls, dtype):
    x = np.random.default_rng(0).normal(scale=2, size=(20, 30)).astype(dtype)
    textbook = literal.activation(cls)()
    for literally, ours in [
        (literal.value(cls)(x), cls()(x)),
        (literal.derivative(cls)(x), cls().derivative(x)),
        (textbook.forward(x), cls()(x)),
    ]:
        assert literally.dtype == dtype
        np.testing.assert_allclose(literally, ours, rtol=PLACES[dtype], atol=PLACES[dtype] / 10)
    np.testing.assert_array_equal(textbook.derivative(), literal.derivative(cls)(x))


def test_parameters_are_the_classes_own_or_those_given():
    x = np.linspace(-3, 3, 7)
    for parameters in ({}, {"steepness": 2.0}):
        act = Elliot(**parameters)
        np.testing.assert_allclose(literal.value(Elliot, **parameters)(x), act(x))
        np.testing.assert_allclose(literal.derivative(Elliot, **parameters)(x), act.derivative(x))


def test_a_slope_without_arithmetic_has_the_inputs_shape():
    for cls in (Linear, ReLU, Softmax):
        assert literal.derivative(cls)(np.ones((2, 3))).shape == (2, 3)
