"""Equilibrium returns and views: Black and Litterman's model as He and Litterman (1999) set it out.

Chosen: the uncertainty of a view is tau times its variance unless stated, and the covariance that goes with the
posterior means contains their own uncertainty.
Left out: Idzorek's confidence levels.
"""

import numpy as np


def equilibrium(covariance, market, aversion):
    """Return the excess returns, shape (n,), that make `market` weights optimal: aversion × covariance × market.

    Source: He and Litterman (1999), The Intuition Behind Black-Litterman Model Portfolios, eq. (4).
    """
    return aversion * covariance @ market


def posterior(prior, covariance, tau, picks, returns, variances):
    """Return posterior means, shape (n,), and the covariance of returns around them, shape (n, n).

    M = ((tau C)^-1 + P' O^-1 P)^-1, mean = M ((tau C)^-1 prior + P' O^-1 Q), covariance C + M.

    Args:
        prior: equilibrium returns, shape (n,).
        covariance: C, shape (n, n).
        tau: share of C that is the uncertainty of the prior, above 0.
        picks: P, one row a view, shape (k, n); k may be 0.
        returns: Q, shape (k,).
        variances: diagonal of O, shape (k,), above 0.

    Source: He and Litterman (1999), eq. (8) to (10).
    """
    spread = tau * covariance
    if not len(picks):
        return prior, covariance + spread
    # The same by the matrix inversion lemma, which inverts only a k by k matrix.
    gain = np.linalg.solve(picks @ spread @ picks.T + np.diag(variances), picks @ spread).T
    return prior + gain @ (returns - picks @ prior), covariance + spread - gain @ picks @ spread


def optimal(means, covariance, aversion):
    """Return unconstrained weights, shape (n,): covariance^-1 means / aversion; the rest is riskless.

    Source: He and Litterman (1999), eq. (13).
    """
    return np.linalg.solve(covariance, means) / aversion
