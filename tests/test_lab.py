"""What the chapters share: checks, figures, digits and the network."""

import hashlib
import importlib
import io
import re
import subprocess
import sys
from fractions import Fraction
from importlib.resources import files
from types import SimpleNamespace

import matplotlib.pyplot as plt
import ml_dtypes
import nbformat
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from nbclient import NotebookClient
from traitlets.config import Configurable

from npdl_activations import Elliot, ReLU, Sigmoid, Softmax, Tanh, get
from npdl_activations.lab import (
    Network,
    finite_difference,
    load_digits,
    plot_activation,
    ulp_error,
    use_house_style,
)
from npdl_activations.lab.figures import _SHOWN as SHOWN

NAMES = [
    "sigmoid",
    "tanh",
    "relu",
    "linear",
    "softmax",
    "elliot",
    "symmetric_elliot",
    "softplus",
    "softsign",
]
ELEMENTWISE = [name for name in NAMES if name != "softmax"]
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


def test_ulp_error_says_what_it_takes():
    with pytest.raises(TypeError, match="floating-point results, not int64"):
        ulp_error(np.array([1], np.int64), "x", [1.0])
    with pytest.raises(TypeError, match="floating-point results, not complex128"):
        ulp_error([1j], "x", [1.0])
    with pytest.raises(ValueError, match=r"shape \(2,\) and x has shape \(3,\)"):
        ulp_error([1.0, 2.0], "x", [1.0, 2.0, 3.0])
    with pytest.raises(TypeError, match=r"'s\*x' needs a value for s"):
        ulp_error([1.0], "s*x", [1.0])
    with pytest.raises(ArithmeticError, match=r"'x\*log\(x\)' has no value at x = 0"):
        ulp_error([0.0], "x*log(x)", [0.0])


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_finite_differences_agree_with_the_derivatives(name):
    activation = get(name)
    x = np.concatenate([np.linspace(-30, 30, 41) + 0.01, [1e4, -1e4]]).reshape(1, -1)
    slope = finite_difference(activation, x)
    assert slope.shape == x.shape
    np.testing.assert_allclose(slope, activation.derivative(x), rtol=1e-9, atol=1e-10)
    assert not np.allclose(slope, 1.000001 * activation.derivative(x), rtol=1e-9, atol=1e-10)


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
    # From the numbers themselves, put back in the order of the source.
    order = np.argsort(np.arange(1797) % 50 < 10, kind="stable").argsort()
    t = np.concatenate([digits.t_train, digits.t_test])[order].astype(np.uint8)
    pixels = (x[order] * 16).astype(np.uint8)
    assert (
        hashlib.sha256(pixels.tobytes() + t.tobytes()).hexdigest()
        == "87ff0c9e40dc7e2c0e34e7257799c2e3f3aec1a016363bb11cad869ec428a826"
    )
    assert t[:10].tolist() == list(range(10))


def test_both_parts_hold_each_digit_about_as_often():
    digits = load_digits()
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
    digits = load_digits()
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


@pytest.mark.parametrize(("name", "gain"), [("tanh", 1), ("relu", 2), ("RELU", 2), ("elliot", 1)])
def test_the_first_weights_have_variance_gain_over_inputs(name, gain):
    network = Network([400, 300, 10], name)
    for layer, inputs in zip(network.layers, (400, 300), strict=True):
        assert layer.weights.var() * inputs == pytest.approx(gain, rel=0.05)
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


@pytest.mark.parametrize("widths", [[], [3], [3, 0], [3, -1, 2], [3, 2.5, 2], ["3", 2]])
def test_widths_are_positive_whole_numbers(widths):
    with pytest.raises(ValueError, match="two or more positive whole numbers, not"):
        Network(widths)


def test_widths_may_be_numpy_integers():
    assert Network(np.array([3, 5, 4])).predict(np.ones((2, 3))).shape == (2, 4)


def test_an_unknown_activation_is_refused_even_where_no_layer_is_hidden():
    with pytest.raises(ValueError, match=r"'sigmoids'.*'sigmoid'"):
        Network([3, 2], "sigmoids")


def test_the_network_says_what_examples_and_labels_it_takes():
    network = Network([3, 5, 4])
    x = np.zeros((2, 3))
    for verb in (network.gradients, network.loss, network.accuracy):
        with pytest.raises(ValueError, match=r"x must have shape \(n, 3\), not \(2, 4\)"):
            verb(np.zeros((2, 4)), [0, 1])
        with pytest.raises(ValueError, match=r"x must have shape \(n, 3\), not \(3,\)"):
            verb(np.zeros(3), [0])
        with pytest.raises(TypeError, match="labels must be integers, not float64"):
            verb(x, [0.0, 1.0])
        with pytest.raises(ValueError, match=r"shape \(2,\), one for each row of x, not \(3,\)"):
            verb(x, [0, 1, 2])
        with pytest.raises(ValueError, match="between 0 and 3, not 0 to 4"):
            verb(x, [0, 4])
        with pytest.raises(ValueError, match="between 0 and 3, not -1 to 3"):
            verb(x, [3, -1])


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
    with pytest.raises(ValueError, match=r"low must be below high, not 2 and -2"):
        plot_activation(Tanh(), 2, -2)
    with pytest.raises(ValueError, match=r"low must be below high, not nan and 6\.0"):
        plot_activation(Tanh(), np.nan)
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


def test_without_matplotlib_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "npdl_activations.lab.figures")
    with pytest.raises(ModuleNotFoundError, match=r"pip install npdl-activations\[lab\]"):
        importlib.import_module("npdl_activations.lab.figures")


def test_the_library_does_not_import_the_lab():
    code = "import sys, npdl_activations; assert not [m for m in sys.modules if '.lab' in m]"
    subprocess.run([sys.executable, "-c", code], check=True)
