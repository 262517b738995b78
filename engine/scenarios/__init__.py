"""Scenarios: sets of inputs of a model under a name, saved, shared, opened on any version, swept as a group."""
