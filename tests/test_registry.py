"""`get`, the public names, and what importing the package loads."""

import subprocess
import sys

import numpy as np
import pytest
from samples import ALL, CLASSES, PLAIN, module

import npdl_activations
from npdl_activations import Activation, Elliot, Sigmoid, Softmax, SymmetricElliot, get, registry

# Every name that npdl.activations.get answers to, by the class it stands for.
KNOWN = {
    "Sigmoid": ["sigmoid", "Sigmoid"],
    "Tanh": ["tan", "tanh", "Tanh"],
    "ReLU": ["relu", "ReLU", "RELU"],
    "Linear": ["linear", "Linear"],
    "Softmax": ["softmax", "Softmax"],
    "Elliot": ["elliot", "Elliot"],
    "SymmetricElliot": ["symmetric_elliot", "SymmetricElliot"],
    "SoftPlus": ["SoftPlus", "soft_plus", "softplus"],
    "SoftSign": ["SoftSign", "softsign", "soft_sign"],
}
PAIRS = [(name, cls) for cls, names in KNOWN.items() for name in names]


@pytest.mark.parametrize(("name", "cls"), PAIRS)
def test_every_name_gives_its_class(name, cls):
    act = get(name)
    assert type(act) is getattr(npdl_activations, cls)
    assert str(act) == cls
    assert act == getattr(npdl_activations, cls)()
    assert get(name) is not act


@pytest.mark.parametrize("cls", CLASSES, ids=module)
def test_a_class_is_known_by_the_names_that_it_states(cls):
    assert {cls.__name__, module(cls)} <= set(cls.names)
    for name in cls.names:
        assert registry.names()[name] is type(get(name)) is cls


def test_no_other_name_is_known_and_none_twice():
    stated = [name for cls in CLASSES for name in cls.names]
    assert sorted(registry.names()) == sorted(stated)


def test_the_registry_is_what_the_package_exports():
    exported = [getattr(npdl_activations, name) for name in npdl_activations.__all__]
    assert [value for value in exported if value not in {Activation, get}] == CLASSES
    assert {Activation, get} < set(exported)
    assert set(KNOWN) <= {cls.__name__ for cls in CLASSES}
    assert all(issubclass(cls, Activation) for cls in CLASSES)


def test_the_samples_have_every_class():
    assert {type(act) for act in PLAIN} == set(CLASSES)


def test_the_version_has_three_numbers():
    major, minor, patch = npdl_activations.__version__.split(".")
    assert int(major) >= 1
    assert (minor + patch).isdigit()


def test_parameters_go_to_the_class():
    assert get("elliot", steepness=2) == Elliot(2) != Elliot()
    assert get("SymmetricElliot", steepness=0.5) == SymmetricElliot(0.5)
    assert get("softmax", axis=0) == Softmax(axis=0) != Softmax()


@pytest.mark.parametrize("act", ALL, ids=repr)
def test_an_instance_gives_a_fresh_copy_without_memory(act):
    old = get(act)
    old.forward(np.ones((2, 3)))
    fresh = get(old)
    assert fresh is not old
    assert fresh == old
    with pytest.raises(RuntimeError, match="remembers no input"):
        fresh.derivative()
    fresh.forward(np.zeros((1, 1)))
    assert old.derivative().shape == (2, 3)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("sigmoids", "sigmoid"),
        ("SIGMOID", "sigmoid"),
        ("TanH", "tanh"),
        ("Relu", "relu"),
        ("sigmod", "sigmoid"),
        ("soft-max", "softmax"),
        ("eliot", "elliot"),
        ("symmetric-elliot", "symmetric_elliot"),
        ("soft plus", "SoftPlus"),
        ("soft_signs", "SoftSign"),
        (" softmax", "softmax"),
    ],
)
def test_of_an_unknown_name_it_says_which_was_probably_meant(name, meant):
    message = f"^unknown activation '{name}': did you mean '{meant}'\\?$"
    with pytest.raises(ValueError, match=message):
        get(name)


OTHERS = ["gelu", "elu", "relu6", "softmin", "mish"]  # near our names, and none of them


@pytest.mark.parametrize(
    "name", ["", "zebra", "42", "line", *(name for name in OTHERS if name not in registry.names())]
)
def test_of_a_name_like_no_other_it_says_what_is_known(name):
    with pytest.raises(ValueError, match=f"^unknown activation '{name}': known are ") as error:
        get(name)
    for known in registry.names():
        assert known in str(error.value)


@pytest.mark.parametrize("wrong", [None, 3, 1.5, Sigmoid, b"sigmoid", ["sigmoid"], len], ids=repr)
def test_what_is_neither_name_nor_instance_is_a_value_error(wrong):
    with pytest.raises(ValueError, match=r"^get takes a name or an Activation instance, not "):
        get(wrong)


def test_an_instance_takes_no_parameters():
    message = r"^parameters go with a name, .*: Elliot\(steepness=2.0\) has its own$"
    with pytest.raises(TypeError, match=message):
        get(Elliot(2), steepness=3)


def test_parameters_that_the_class_does_not_take_are_a_type_error():
    for name, parameters in [
        ("sigmoid", {"steepness": 2}),
        ("elliot", {"axis": 0}),
        ("softmax", {"steepness": 2}),
        ("elliot", {"steepness": "2"}),
    ]:
        with pytest.raises(TypeError):
            get(name, **parameters)
    with pytest.raises(ValueError, match="takes a positive steepness"):
        get("elliot", steepness=-1)


def test_the_base_class_leaves_the_function_open():
    assert str(Activation()) == "Activation"
    for verb in (Activation().forward, Activation().derivative, Activation()):
        with pytest.raises(NotImplementedError):
            verb(1.0)
    with pytest.raises(NotImplementedError):
        Activation().derivative()


def test_importing_the_package_loads_numpy_and_nothing_else():
    program = """if True:
        import sys
        import copy, math, numbers, operator, numpy, numpy.typing
        before = set(sys.modules)
        import npdl_activations
        npdl_activations.get("sigmoid").forward([1.0])
        print(*sorted(set(sys.modules) - before))
    """
    answer = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True
    )
    loaded = answer.stdout.split()
    assert "npdl_activations.softmax" in loaded
    assert {name.split(".")[0] for name in loaded} <= {"npdl_activations", "numpy"}
    assert "npdl_activations.lab" not in loaded
