"""Shared parts of the pages that use the AI gateway."""
