"""Registering a model: where it comes from, its checks as they are found, and its form as it will be."""
