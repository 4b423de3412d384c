"""Settings that every test shares."""

from hypothesis import settings

# The same examples every time: a run that fails fails again.
settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.load_profile("repeatable")
