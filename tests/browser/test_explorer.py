"""The figures that a reader moves: their numbers, and that they obey mouse, touch and keyboard."""

import gzip
import math
import re
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest
from samples import CLASSES, curves, module

from npdl_activations import get

STATIC = Path(__file__).parents[2] / "book" / "_static"
PHONE = {"viewport": {"width": 320, "height": 640}, "has_touch": True, "is_mobile": True}
CLASS = {cls.__name__: cls for cls in CLASSES}
NAMES = curves((STATIC / "explorer.js").read_text(encoding="utf-8"))


def settings(cls):
    """Return what a curve's parameter is set to, where it has one."""
    names = cls().parameters
    return [{name: value} for name in names for value in (0.1, 1, 2, 3.7)] or [{}]


CURVES = {module(CLASS[name]): settings(CLASS[name]) for name in NAMES}

# 200 points: the picture, both tails, and where the textbook formulas overflow, cancel or round.
TAILS = 10.0 ** np.array([-300, -20, -8, 2, 3, 5, 8, 16, 20, 100, 160, 200, 300, 308])
MIDDLE = np.random.default_rng(0).uniform(-8, 8, 102)
EDGES = np.array([1, 17, 19.1, 36.8, 40, 88.8, 354.9, 700, 709.8, 745, 1.7e308])
POINTS = np.unique([*MIDDLE, *TAILS, *-TAILS, *EDGES, *-EDGES, *np.linspace(-40, 40, 51)])

TYPE = """([place, rows]) => {
  const box = document.querySelectorAll(".explorer")[place];
  return rows.map((row) => {
    for (const [name, value] of Object.entries(row)) {
      box.querySelector(`[name=${name}]`).value = value;
    }
    box.querySelector("[name]").dispatchEvent(new Event("input", { bubbles: true }));
    return [...box.querySelectorAll("data")].map((number) => Number(number.value));
  });
}"""


def shown(page, rows, place=0):
    """What an explorer of a page shows for each row of field values."""
    rows = [{key: str(value) for key, value in row.items()} for row in rows]
    return np.array(page.evaluate(TYPE, [place, rows]))


def same(actual, expected, last=5e-324):
    """Whether numbers are equal to 12 digits, and the smallest ones to the last bit."""
    return np.allclose(actual, expected, rtol=1e-12, atol=last)


FAULTS = """(width) => {
  const faults = [];
  for (const part of document.querySelectorAll(".explorer *:not(option, svg *)")) {
    const { left, right, width: across, height } = part.getBoundingClientRect();
    if (left < 0 || right > width) faults.push(`${part.outerHTML} sticks out`);
    if (part.matches("input, select") && Math.min(across, height) < 24) {
      faults.push(`${part.outerHTML} is small for a finger`);
    }
  }
  return faults;
}"""


@pytest.mark.parametrize("name", CURVES)
def test_a_curve_shows_the_numbers_of_the_package(visit, name):
    page = visit(f"book/{name}.html", **PHONE)
    for setting in CURVES[name]:
        act = get(name, **setting)
        result = shown(page, [{"x": x} | setting for x in POINTS])
        assert result.shape == (200, 2)
        assert same(result[:, 0], act(POINTS))
        assert same(result[:, 1], act.derivative(POINTS))
    assert page.evaluate(FAULTS, PHONE["viewport"]["width"]) == []


def test_softmax_shows_the_numbers_of_the_package(visit):
    page = visit("book/softmax.html", **PHONE)
    rng = np.random.default_rng(0)
    rows = rng.normal(0, 3, (200, 3))
    rows[:40, 0] += np.linspace(-750, 750, 40)
    rows[40:50] *= 1e300
    temperature = rng.choice([0.01, 0.5, 1, 3, 100], 200)
    temperature[40:50] = 1
    fields = [
        dict(zip(("x1", "x2", "x3", "T"), row, strict=True))
        for row in np.column_stack([rows, temperature])
    ]
    result = shown(page, fields).reshape(200, 3, 4)
    scaled = rows / temperature[:, None]
    jacobian = get("softmax").jacobian(scaled) / temperature[:, None, None]
    assert same(result[:, :, 0], get("softmax")(scaled))
    assert same(result[:, :, 1:], jacobian, last=1e-321)  # the division by 0.01 counts there
    assert page.evaluate(FAULTS, PHONE["viewport"]["width"]) == []


def test_any_two_functions_show_the_numbers_of_the_package(visit):
    page = visit("book/which_one.html", **PHONE)
    for x in (-700, -1.5, 0.3, 40):
        fields = [{"x": x, "f0": a, "f1": b} for a in NAMES for b in NAMES]
        numbers = [[get(name)(float(x)), get(name).derivative(float(x))] for name in CURVES]
        expected = [[*first, *second] for first in numbers for second in numbers]
        assert same(shown(page, fields), expected)
    assert (
        page.locator(".explorer svg").first.get_attribute("aria-label")
        == f"{NAMES[-1]} and {NAMES[-1]}"
    )
    assert page.evaluate(FAULTS, PHONE["viewport"]["width"]) == []


def left_after(layers, variance, count=400):
    """What is left of a gradient after some layers, by the page's sums, of `count` terms."""
    u = np.linspace(-1, 1, count)
    z = 10 * u**3
    bell = u**2 * np.exp(-(z**2) / 2)
    bell /= bell.sum()
    result = []
    for act in map(get, CURVES):
        scale = signal = np.sqrt(variance)
        product = 1.0
        for _ in range(layers):
            product *= scale * np.sqrt(bell @ act.derivative(signal * z) ** 2)
            signal = scale * np.sqrt(bell @ act(signal * z) ** 2)
        result.append(product)
    return result


def test_the_depth_sliders_show_the_integrals_of_the_page(visit):
    page = visit("book/vanishing.html", **PHONE)
    settings = [(n, v) for n in (1, 2, 7, 20, 50) for v in (0.01, 0.5, 1, 2, 3.7, 103)]
    result = shown(page, [{"L": n, "v": v} for n, v in settings])
    assert same(result, [left_after(n, v) for n, v in settings])
    assert np.allclose(result, [left_after(n, v, 4000) for n, v in settings], rtol=1e-4)
    assert page.evaluate(FAULTS, PHONE["viewport"]["width"]) == []


def factors_at_a_settled_signal(variance, count=400):
    """What a layer multiplies a gradient by, fifty layers on, by sums of `count` terms."""
    u = np.linspace(-1, 1, count)
    z = 10 * u**3
    bell = u**2 * np.exp(-(z**2) / 2)
    bell /= bell.sum()
    scale, result = np.sqrt(variance), []
    for act in map(get, CURVES):
        signal = 1.0
        for _ in range(50):
            signal = scale * np.sqrt(bell @ act(signal * z) ** 2)
        result.append(scale * np.sqrt(bell @ act.derivative(signal * z) ** 2))
    return result


def test_the_variance_slider_shows_the_averages_of_the_page(visit):
    page = visit("book/initialisation.html", **PHONE)
    settings = (0.01, 0.5, 1, 2, 2.78, 22, 91, 103, 120, 1000)
    result = shown(page, [{"v": v} for v in settings])
    assert same(result, [factors_at_a_settled_signal(v) for v in settings])
    fine = [factors_at_a_settled_signal(v, 4000) for v in settings]
    assert np.allclose(result, fine, rtol=1e-9)
    assert page.evaluate(FAULTS, PHONE["viewport"]["width"]) == []


def mean_slopes(b, s, step):
    """Each function's mean slope at sums of mean b and standard deviation s, as on the page."""
    t = np.arange(-3.5, 4.0 + step / 2, step)
    x = np.exp(t - np.exp(-t))
    width = step * x * (1 + np.exp(-t))
    sums, width = np.append(x, -x), np.append(width, width)
    density = np.exp(-(((sums - b) / s) ** 2) / 2) / (s * np.sqrt(2 * np.pi))
    return [np.sum(act.derivative(sums) * density * width) for act in map(get, CURVES)]


def test_the_bias_slider_shows_the_mean_slopes_of_the_page(visit):
    page = visit("book/dead_units.html", **PHONE)
    settings = [(b, s) for b in (-20, -10, -4, -0.3, 0, 2, 20) for s in (0.3, 0.5, 2, 4)]
    result = shown(page, [{"b": b, "s": s} for b, s in settings])
    for step, rtol in ((0.01, 1e-11), (0.001, 1e-10)):
        expected = [mean_slopes(b, s, step) for b, s in settings]
        assert np.allclose(result, expected, rtol=rtol, atol=1e-300)
    on = [math.erfc(-b / s / math.sqrt(2)) / 2 for b, s in settings]
    assert np.allclose(result[:, NAMES.index("ReLU")], on, rtol=1e-10, atol=1e-300)
    assert page.evaluate(FAULTS, PHONE["viewport"]["width"]) == []


def test_the_shortcuts_sliders_show_the_products_of_the_page(visit):
    page = visit("book/shortcuts.html", **PHONE)
    layers, passed = np.meshgrid(np.arange(1, 51), [0.01, 0.24, 0.5, 1, 1.21, 2])
    fields = [{"n": n, "r": r} for n, r in zip(layers.flat, passed.flat, strict=True)]
    squares = passed**2
    normalised = np.cumprod(1 + squares / layers, axis=1)
    expected = [passed**layers, np.sqrt(1 + squares) ** layers, np.sqrt(normalised)]
    assert same(shown(page, fields), np.stack(expected, axis=-1).reshape(-1, 3))
    assert page.evaluate(FAULTS, PHONE["viewport"]["width"]) == []


def beyond(x):
    """Return the chance that a standard normal number lies beyond `x`."""
    return math.erfc(x / math.sqrt(2)) / 2


def test_the_seed_sliders_show_the_chances_of_the_page(visit):
    page = visit("book/fastest.html", **PHONE)
    settings = [(d, n) for d in (0, 0.05, 0.3, 0.84, 1.5, 3, 9) for n in (1, 2, 5, 10, 50, 999)]
    line = NormalDist().inv_cdf(0.975)
    ahead = [d * math.sqrt(n) for d, n in settings]
    expected = [[beyond(line - a) + beyond(line + a), beyond(a)] for a in ahead]
    assert same(shown(page, [{"d": d, "n": n} for d, n in settings]), expected)
    assert page.evaluate(FAULTS, PHONE["viewport"]["width"]) == []


def test_bars_move_only_where_motion_is_welcome(visit):
    for motion, moving in (("no-preference", True), ("reduce", False)):
        page = visit("book/softmax.html", reduced_motion=motion)
        # Whether the bars are to move is asked of their style: an animation may be over by now.
        shown(page, [{"x1": 0}])
        durations = page.evaluate(
            """[...document.querySelectorAll(".explorer *")]
            .flatMap((part) => getComputedStyle(part).transitionDuration.split(", "))"""
        )
        assert any(float(d.removesuffix("s")) > 0 for d in durations) == moving


READ = """() => {
  const numbers = document.querySelectorAll(".explorer data");
  return [document.querySelector(".explorer [name=x]"), ...numbers].map(({ value }) => value);
}"""


def read(page):
    """Return the x of the sigmoid's explorer, which must go with the numbers beside it."""
    x, value, slope = map(float, page.evaluate(READ))
    assert same(value, get("sigmoid")(x))
    assert same(slope, get("sigmoid").derivative(x))
    return x


def test_the_point_follows_the_mouse(visit):
    page = visit("book/sigmoid.html")
    point = page.locator(".explorer .point")
    point.scroll_into_view_if_needed()
    box = point.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    assert read(page) == 1
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 80, y + 50, steps=4)
    dragged = read(page)
    assert -2 < dragged < 0
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert point.bounding_box()["x"] == pytest.approx(box["x"] - 80, abs=0.5)
    assert float(page.locator(".explorer [type=range]").input_value()) == round(dragged, 1)
    page.mouse.move(0, y)
    assert read(page) == -8
    page.mouse.up()
    page.mouse.move(x, y)
    assert read(page) == -8


def test_the_point_follows_a_finger_and_the_page_still_scrolls(visit):
    page = visit("book/sigmoid.html", **PHONE)
    plot = page.locator(".explorer > svg")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    touch = page.context.new_cdp_session(page)

    def send(kind, *points):
        points = [{"x": box["x"] + x, "y": box["y"] + y} for x, y in points]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    send("touchStart", (150, 60))
    first = read(page)
    for x in range(160, 240, 10):
        send("touchMove", (x, 60))
    send("touchEnd")
    assert read(page) > first + 2
    assert plot.evaluate("plot => getComputedStyle(plot).touchAction") == "pan-y"


def test_the_point_follows_the_keyboard(visit):
    page = visit("book/sigmoid.html")
    page.locator(".explorer [type=range]").focus()
    page.keyboard.press("ArrowRight")
    assert read(page) == 1.1
    page.keyboard.press("Home")
    assert read(page) == -8
    page.keyboard.press("Tab")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("-40")
    assert read(page) == -40
    page.locator(".explorer .beyond").wait_for()  # the picture ends at -8
    box = page.locator(".explorer")
    assert "4.24835 × 10−18" in box.locator("output").inner_text()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.press("Backspace")  # an empty field changes nothing
    assert box.locator("data").first.get_attribute("value").endswith("e-18")


WAYS = {
    "keyboard": lambda slider: slider.press("ArrowRight"),
    "mouse": lambda slider: slider.click(position={"x": 10, "y": 10}),
    "touch": lambda slider: slider.tap(
        position={"x": slider.bounding_box()["width"] - 10, "y": 10}
    ),
}
NUMBERS = "() => [...document.querySelectorAll('.explorer data')].map(({ value }) => value)"


@pytest.mark.parametrize(("name", "count"), [("elliot", 2), ("softmax", 4), ("vanishing", 2)])
def test_every_slider_obeys_keyboard_mouse_and_touch(visit, name, count):
    page = visit(f"book/{name}.html", **PHONE)
    sliders = page.locator(".explorer [type=range]").all()
    assert len(sliders) == count
    for slider in sliders:
        for way in WAYS.values():
            before = page.evaluate(NUMBERS)
            way(slider)
            assert page.evaluate(NUMBERS) != before


def test_the_functions_to_compare_are_chosen_by_keyboard(visit):
    page = visit("book/which_one.html")
    for place in (0, 1):
        box = page.locator(".explorer select").nth(place)
        before = page.evaluate(NUMBERS)
        box.press("R")
        assert box.input_value() == "ReLU"
        assert page.evaluate(NUMBERS) != before


def test_the_fields_have_names_and_the_numbers_are_announced(visit):
    box = visit("book/elliot.html").locator(".explorer")
    assert box.get_by_role("slider", name="x", exact=True).count() == 1
    assert box.get_by_role("slider", name="steepness s", exact=True).count() == 1
    assert box.get_by_role("spinbutton").count() == 2
    assert box.locator("[aria-live=polite]").inner_text()
    assert box.get_by_role("img", name="Two curves over x from −8 to 8.").count() == 1


COLOURS = """() => ["path.f0", "path.d0", ".explorer text", ".grid", ".axis"].map((part) => {
  const style = getComputedStyle(document.querySelector(part));
  return part.endsWith("text") ? style.fill : style.stroke;
})"""


def test_the_colours_follow_the_theme(visit):
    page = visit("book/sigmoid.html", color_scheme="light")
    light = page.evaluate(COLOURS)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    dark = page.evaluate(COLOURS)
    assert all(a != b for a, b in zip(light, dark, strict=True))


def test_print_and_a_page_without_javascript_show_the_static_figure(visit):
    page = visit("book/sigmoid.html")
    assert not page.locator("#fig-sigmoid > img").is_visible()
    page.emulate_media(media="print")
    assert page.locator("#fig-sigmoid > img").is_visible()
    assert not page.locator(".explorer").is_visible()
    page = visit("book/sigmoid.html", java_script_enabled=False)
    assert page.locator("#fig-sigmoid > img").is_visible()
    assert page.locator(".explorer").count() == 0


def test_the_explorers_are_small_and_load_where_they_are_needed():
    files = [STATIC / "explorer.js", STATIC / "explorer.css"]
    assert sum(len(gzip.compress(file.read_bytes())) for file in files) < 10_000
    figures = re.findall(r'"(fig-[\w-]+)":', files[0].read_text(encoding="utf-8"))
    site = STATIC.parents[1] / "_build" / "html" / "book"
    pages = [page.read_text(encoding="utf-8") for page in site.glob("*.html")]
    for name in figures:
        assert sum(f'id="{name}"' in page for page in pages) == 1
    for page in pages:
        assert ("explorer.js" in page) == any(f'id="{name}"' in page for name in figures)
        assert ("explorer.css" in page) == ("explorer.js" in page)
