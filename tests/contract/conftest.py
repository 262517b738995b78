"""Hypothesis asserts no time: a loaded machine is no fault of what is tested."""

from hypothesis import settings

settings.register_profile("contract", deadline=None)
settings.load_profile("contract")
