"""What `forward` remembers is its own, whatever array was handed in and whatever happens to it."""

import numpy as np
import pytest
from samples import ALL, ROWWISE, assert_same

from npdl_activations import get

X = np.array([[-1.5, 0.0, 2.0], [3.0, -4.0, 0.5]])
GRADIENT = np.cos(X)


class Clinging(np.ndarray):
    """An array that hands out itself wherever a copy is asked for."""

    def itself(self, *_args, **_options):
        return self

    copy = astype = view = reshape = ravel = flatten = __copy__ = __deepcopy__ = itself


KINDS = [Clinging, np.matrix, np.recarray, np.memmap]

each = pytest.mark.parametrize("act", ALL, ids=repr)
each_rowwise = pytest.mark.parametrize("act", ROWWISE, ids=repr)


def of_kind(kind, x, folder):
    """Return an array of another class with the elements of x, and the array whose memory it is."""
    if kind is np.memmap:
        return (mapped := np.memmap(folder / "x", x.dtype, "w+", shape=x.shape)), mapped
    base = np.empty_like(x)
    return np.ndarray.view(base, kind), base


def answers(act):
    return act.derivative(), act.backward(GRADIENT), act.jacobian()


def assert_answers(act, expected):
    for answer, wanted in zip(answers(act), expected, strict=True):
        assert type(answer) is np.ndarray
        assert_same(answer, wanted)


def expected(act, **options):
    fresh = get(act)
    fresh.forward(X.copy(), **options)
    return answers(fresh)


@each
@pytest.mark.parametrize("kind", KINDS)
def test_no_subclass_of_an_array_shares_its_memory(act, kind, tmp_path):
    x, base = of_kind(kind, X, tmp_path)
    base[...] = X
    fresh = get(act)
    y = fresh.forward(x)
    assert type(y) is np.ndarray
    assert not np.shares_memory(y, base)
    base[...], y[...] = 9, 9
    assert_answers(fresh, expected(act))


@each
def test_forward_into_its_own_input_remembers_what_stood_there(act):
    fresh, x = get(act), X.copy()
    assert fresh.forward(x, out=x) is x
    assert_same(x, act(X))
    assert_answers(fresh, expected(act))


@each
def test_an_answer_written_over_the_gradient_leaves_the_memory_alone(act):
    fresh, gradient = get(act), GRADIENT.copy()
    fresh.forward(X)
    assert fresh.backward(gradient, out=gradient) is gradient
    assert_same(gradient, expected(act)[1])
    assert_answers(fresh, expected(act))


@each_rowwise
@pytest.mark.parametrize("kind", [np.ndarray, Clinging])
def test_the_mask_is_remembered_too(act, kind):
    mask = np.array([[True, True, False], [True, False, True]])
    held = mask.copy()
    fresh = get(act)
    fresh.forward(X, where=np.ndarray.view(held, kind))
    held[...] = False
    assert_answers(fresh, expected(act, where=mask))
