"""Solutions and answers to a quiz are folded, and open by keyboard, by mouse and by touch."""

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def solutions(page):
    """Each solution's button, and what it hides."""
    folded = page.locator(".solution.dropdown")
    return [(box.locator(".toggle-button"), box.locator("section").first) for box in folded.all()]


def answers(page):
    """Each answer of the quiz, and the reason that it hides."""
    folded = page.locator("details:has(> summary):not(.hide)")
    return [(box.locator("summary"), box.locator("p").first) for box in folded.all()]


def test_every_solution_and_every_answer_opens_and_closes_by_keyboard(visit):
    page = visit("book/sigmoid.html")
    assert len(solutions(page)) >= 3
    assert len(answers(page)) >= 4
    for title, hidden in solutions(page) + answers(page):
        assert not hidden.is_visible()
        title.focus()
        page.keyboard.press("Enter")
        assert hidden.is_visible()
        page.keyboard.press("Space")
        assert not hidden.is_visible()


def test_every_solution_and_every_answer_opens_and_closes_at_a_click(visit):
    page = visit("book/sigmoid.html")
    for title, hidden in solutions(page) + answers(page):
        title.click()
        assert hidden.is_visible()
        title.click()
        assert not hidden.is_visible()


def test_every_solution_and_every_answer_opens_at_a_tap(visit):
    page = visit("book/sigmoid.html", **PHONE)
    for title, hidden in solutions(page) + answers(page):
        title.tap()
        assert hidden.is_visible()
