"""The base of those that act on rows: what it leaves open, and what it has no answer to."""

import numpy as np
import pytest

from npdl_activations import get
from npdl_activations.rowwise import Rowwise


class Centred(Rowwise):
    """Each number less the row's mean: the least that a function of rows has to give."""

    def _forward(self, x, where):
        counts = np.ones_like(x) if where is None else where
        mean = np.sum(x * counts, axis=-1, keepdims=True) / np.sum(counts, axis=-1, keepdims=True)
        return (x - mean) * counts

    def _backward(self, gradient, x, where):  # noqa: ARG002 -- linear: the same at every x
        return self._forward(gradient, where)

    def _jacobian(self, x, where):  # noqa: ARG002 -- asked without a mask
        k = x.shape[-1]
        return np.broadcast_to(np.eye(k) - 1 / k, (len(x), k, k))


def test_three_kernels_make_an_activation_of_rows():
    x = np.array([[1.0, 2, 6], [0, -3, 3]])
    act = Centred()
    np.testing.assert_array_equal(act.forward(x), [[-2, -1, 3], [0, -3, 3]])
    np.testing.assert_array_equal(act.backward(x), act(x))
    np.testing.assert_allclose(act.jacobian()[0], np.eye(3) - 1 / 3)
    np.testing.assert_array_equal(Centred(0)(x.T).T, act(x))
    masked = act.forward(x, where=[True, True, False])
    np.testing.assert_array_equal(masked, [[-0.5, 0.5, 0], [1.5, -1.5, 0]])
    np.testing.assert_array_equal(act.backward(x), masked)
    assert get(act) == Centred() != Centred(0)


def test_a_function_of_rows_has_no_elementwise_derivative():
    message = "^Centred has no elementwise derivative: use jacobian or backward$"
    for arguments in ((), ([1.0, 2.0],)):
        with pytest.raises(TypeError, match=message):
            Centred().derivative(*arguments)


def test_without_kernels_there_is_none():
    act = Rowwise()
    act._last = np.ones(3)
    for verb in (act, act.jacobian, act.backward):
        with pytest.raises(NotImplementedError):
            verb(np.ones(3))
