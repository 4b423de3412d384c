"""Solutions and answers to a quiz are folded, and open by keyboard, by mouse and by touch."""

from itertools import cycle

import pytest
from measuring import SETTLED, chapters

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
WAYS = {
    "keyboard": (lambda title: title.press("Enter"), lambda title: title.press("Space")),
    "mouse": (lambda title: title.click(), lambda title: title.click()),
    "touch": (lambda title: title.tap(), lambda title: title.tap()),
}


def solutions(page):
    """Each solution's button, and what it hides."""
    folded = page.locator(".solution.dropdown")
    return [(box.locator(".toggle-button"), box.locator("section").first) for box in folded.all()]


def answers(page):
    """Each answer of the quiz, and the reason that it hides."""
    folded = page.locator("#quiz details")
    return [(box.locator("summary"), box.locator("p").first) for box in folded.all()]


# The cover and the page for people who move in set no exercises.
EXERCISES = [page for page in chapters() if not page.endswith(("intro.html", "moving_in.html"))]


@pytest.mark.parametrize("chapter", EXERCISES)
def test_every_solution_and_every_answer_opens_and_closes(chapter, visit):
    page = visit(chapter, **PHONE, reduced_motion="reduce")
    page.wait_for_function(SETTLED)
    folds = solutions(page) + answers(page)
    assert len(solutions(page)) == page.locator(".exercise:not(.solution)").count() >= 3
    assert len(answers(page)) == 6
    for (title, hidden), (unfold, fold) in zip(folds, cycle(WAYS.values()), strict=False):
        assert not hidden.is_visible()
        unfold(title)
        assert hidden.is_visible()
        fold(title)
        assert not hidden.is_visible()


def test_an_answer_shows_that_it_is_right_or_wrong(visit):
    page = visit("book/sigmoid.html", **PHONE)
    looks = {"Right": set(), "No": set()}
    for title, hidden in answers(page):
        folded = title.evaluate("title => getComputedStyle(title, '::before').maskImage")
        title.tap()
        sign = title.evaluate("title => getComputedStyle(title, '::before').maskImage")
        assert folded == "none" != sign
        looks["Right" if hidden.inner_text().startswith("Right") else "No"].add(sign)
    assert len(looks["Right"]) == len(looks["No"]) == 1
    assert looks["Right"] != looks["No"]
