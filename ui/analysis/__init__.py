"""Screens over several runs."""
