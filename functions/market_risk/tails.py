"""Value at risk and expected shortfall of a distribution or a sample; losses are positive.

Chosen: closed forms for the normal and Student's t scaled to the given standard deviation; for a sample, the
order statistic or the interpolated quantile, and the mean of the losses from it on.
Left out: extreme value theory, which is the model of large losses.
"""

import numpy as np
from scipy.special import gammaln, ndtri, stdtrit

ROOT_TWO_PI = np.sqrt(2 * np.pi)


def normal(confidence, mean, sd):
    """Return (VaR, ES) of a normal profit with `mean` and `sd`.

    VaR = sd z - mean, ES = sd φ(z)/(1 - confidence) - mean.

    Source: McNeil, Frey and Embrechts (2015), Quantitative Risk Management, examples 2.11 and 2.14.
    """
    z = ndtri(confidence)
    return sd * z - mean, sd * np.exp(-0.5 * z * z) / ROOT_TWO_PI / (1 - confidence) - mean


def student(confidence, mean, sd, dof):
    """Return (VaR, ES) of a profit with Student's t of `dof` above 2, scaled to `sd`.

    Source: McNeil, Frey and Embrechts (2015), examples 2.12 and 2.15.
    """
    q = stdtrit(dof, confidence)
    log_density = (
        gammaln((dof + 1) / 2) - gammaln(dof / 2) - 0.5 * np.log(dof * np.pi) - (dof + 1) / 2 * np.log1p(q * q / dof)
    )
    scale = sd * np.sqrt((dof - 2) / dof)
    tail = np.exp(log_density) / (1 - confidence) * (dof + q * q) / (dof - 1)
    return scale * q - mean, scale * tail - mean


def sample(losses, confidence, *, interpolated=False):
    """Return (VaR, ES) along the last axis of `losses`.

    By order: the k-th largest and the mean of the k largest, k = n (1 - confidence) rounded down, at least 1: with 500
    losses at 99 % the fifth largest. Interpolated: the quantile between the two losses around it, and the mean of the
    losses from it on.

    Source: Hull (2018), section 22.2, which takes the fifth worst of 500; Hyndman and Fan (1996), Sample Quantiles in
    Statistical Packages, The American Statistician 50(4), definition 7, for the interpolation.
    """
    n = losses.shape[-1]
    if interpolated:
        var = np.quantile(losses, confidence, axis=-1)
        beyond = losses >= np.expand_dims(var, -1)
        return var, np.where(beyond, losses, 0.0).sum(axis=-1) / beyond.sum(axis=-1)
    k = max(1, int(np.floor(n * (1 - confidence) + 1e-9)))
    worst = np.sort(np.partition(losses, n - k, axis=-1)[..., n - k :], axis=-1)
    return worst[..., 0], worst.mean(axis=-1)
