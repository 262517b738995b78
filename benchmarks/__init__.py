"""Figures measured on one machine in one run; comparisons are interleaved and printed as ratios."""
