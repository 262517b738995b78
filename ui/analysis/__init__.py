"""Sweeps and analyses on the page."""
