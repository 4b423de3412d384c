"""What a student is told of an answer: right, or what is off, and never what is right."""

import pytest

from npdl_activations.lab.exercise import NotYetError, check, seal

TEST = """\
half = 0.5
for x in (1.0, 2.0):
    assert double(x) == x / half
assert (
    root**2
    == 9
)
"""


def told(test=TEST, answers="double root", **space):
    with pytest.raises(NotYetError) as caught:
        check(space, answers, seal(test))
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    # A notebook shows this line alone.
    assert caught.value._render_traceback_() == [str(caught.value)]
    return str(caught.value)


def double(x):
    return 2 * x


def test_a_right_answer_is_right_and_nothing_is_left_behind(capsys):
    space = {"double": double, "root": 3.0}
    check(space, "double root", seal(TEST))
    assert capsys.readouterr().out == "Right.\n"
    assert space == {"double": double, "root": 3.0}


@pytest.mark.parametrize("space", [{"double": double}, {"double": double, "root": ...}])
def test_a_missing_answer_is_named(space):
    assert told(**space) == "Not yet: root is missing."


def test_a_wrong_answer_is_named_with_the_place_where_it_fails():
    assert told(double=abs, root=3.0) == "Not yet: double (check 1 of 2) is not right."
    assert told(double=double, root=4.0) == "Not yet: root (check 2 of 2) is not right."


def test_of_what_was_made_of_the_answers_all_are_named():
    test = "y = double(root)\nassert y == 6"
    assert told(test, double=double, root=1) == "Not yet: double, root (check 1 of 1) is not right."


def test_an_answer_that_stops_is_told_how():
    def fails(_):
        return int("two")

    fault = "stops with ValueError: invalid literal for int() with base 10: 'two'"
    assert told(double=fails, root=3.0) == f"Not yet: double (check 1 of 2) {fault}"
    prepared = "y = double(1)\nassert y == 2"
    assert told(prepared, "double", double=fails) == f"Not yet: double {fault}"


def test_the_test_cannot_be_read_at_a_glance():
    assert "root" not in seal(TEST)
