"""Screens over several runs: comparisons, sweeps and other analyses."""
