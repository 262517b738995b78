"""Clark's growth curves: reserves by maximum likelihood, with a Cape Cod level or one of each origin year.

Chosen: levels are eliminated from the likelihood, which leaves two parameters to search; errors come from the observed
information with all parameters.
Left out: origin years that are only partly earned.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

SEARCH = {"xatol": 1e-10, "fatol": 1e-15, "maxiter": 2_000, "maxfev": 4_000}
FARTHEST = 7  # logarithms of shape and of scale over a period, beyond which a search has run away
NOTHING = 1e-6  # share of a year's claims: a development year fitted by less has no variance to speak of
ROUND = 1e-10  # smallest over largest eigenvalue of the information, below which its inverse is rounding


@dataclass(frozen=True)
class Fit:
    """A fitted growth curve and its reserves.

    Attributes:
        omega: shape of the curve.
        theta: its scale in months.
        levels: expected ultimate loss of each origin year, shape (m,).
        ratio: expected loss ratio, None where every year has its own level.
        sigma2: variance over mean of an increment.
        reserves: by origin year, and last the total, shape (m + 1,).
        process: process standard errors, shape (m + 1,).
        parameter: standard errors from the parameters, shape (m + 1,).
        reached: share developed at the latest age, shape (m,).
        limit: share developed at the last age.
        loss_age: months from the start of an origin year to its average loss, from which ages count.
        ratio_error: standard error of the loss ratio, None without one or without a covariance.
        shape_errors: standard errors of ω and θ, None where the covariance is not determined.
        mean: fitted increments, shape (m, n), NaN in the future.
        likelihood: Σ (X ln m - m), the kernel of the log-likelihood.
        doubt: why errors are missing, None where they are there.
    """

    omega: float
    theta: float
    levels: np.ndarray
    ratio: float | None
    sigma2: float
    reserves: np.ndarray
    process: np.ndarray | None
    parameter: np.ndarray | None
    reached: np.ndarray
    limit: float
    loss_age: float
    ratio_error: float | None
    shape_errors: tuple | None
    mean: np.ndarray
    likelihood: float
    doubt: str | None


def growth(age, omega, theta, curve):
    """Return G, its gradient and its second derivatives in (ω, ln θ), shapes (...,), (..., 2) and (..., 2, 2).

    Loglogistic: x^ω / (x^ω + θ^ω). Weibull: 1 - exp(-(x/θ)^ω). An age of infinity gives 1, one of 0 gives 0.

    Source: Clark (2003), CAS Forum, Fall, p. 48.
    """
    age = np.asarray(age, float)
    inside = np.isfinite(age) & (age > 0)
    along = np.log(np.where(inside, age, theta)) - np.log(theta)
    u = np.clip(omega * along, -500, 500)  # beyond, the curve is flat in double precision
    if curve == "loglogistic":
        g = 1 / (1 + np.exp(-u))
        first = g * (1 - g)
        second = first * (1 - 2 * g)
    else:
        power = np.exp(u)
        g = -np.expm1(-power)
        first = power * np.exp(-power)
        second = first * (1 - power)
    du = np.stack([along, np.full_like(along, -omega)], axis=-1)
    cross = np.array([[0.0, -1.0], [-1.0, 0.0]])
    slope = first[..., None] * du
    bend = second[..., None, None] * du[..., :, None] * du[..., None, :] + first[..., None, None] * cross
    edge = np.where(age > 0, 1.0, 0.0)
    return np.where(inside, g, edge), slope * inside[..., None], bend * inside[..., None, None]


def fit(triangle, *, curve, premium, months, last_age, loss_age):
    """Fit the curve to the increments of `triangle`.

    Args:
        triangle: cumulative amounts, m x n.
        curve: "loglogistic" or "weibull".
        premium: of each origin year, shape (m,), for Cape Cod; None for a level of each year (the LDF method).
        months: length of an origin and of a development period.
        last_age: months at which development ends, from the start of the origin year; infinity for never.
        loss_age: months from the start of the origin year to its average loss, below `months`.

    Raises:
        ValueError: the likelihood has no maximum, or the last age lies within the triangle.

    Source: Clark (2003), LDF Curve-Fitting and Stochastic Reserving, CAS Forum, Fall, sections 2 and 3.
    """
    m, n = triangle.values.shape
    # Ages count from the average date of loss, usually the middle of the origin year.
    ages = months * np.arange(1, n + 1) - loss_age
    end = last_age - loss_age
    if end < ages[-1]:
        raise ValueError(
            f"inputs.last_age: {last_age:g} months lie within the triangle. Give at least {months * n:g}, or 0."
        )
    row, column = np.nonzero(triangle.known)
    paid = triangle.increments[row, column]
    start, stop = np.concatenate(([0.0], ages))[column], ages[column]
    scale = np.eye(m) if premium is None else np.asarray(premium, float)[:, None]
    design = scale[row]
    if len(paid) <= design.shape[1] + 2:
        raise ValueError(
            "inputs.triangle: it has no more cells than the curve has parameters. Give more, or use Cape Cod."
        )

    def shares(point):
        one, two = growth(stop, *_unfold(point), curve), growth(start, *_unfold(point), curve)
        return tuple(a - b for a, b in zip(one, two, strict=True))

    def amounts(share):
        # Both sides of the likelihood equation of a level: paid amounts over its exposed shares.
        return (design > 0).T @ paid / (design.T @ share)

    def loss(point):
        if np.any(np.abs(point - [0, np.log(months)]) > FARTHEST + 1):
            return np.inf
        share = shares(point)[0]
        if not np.all(share > 0):
            return np.inf
        mean = design @ amounts(share) * share
        return -float(paid @ np.log(mean) - mean.sum()) / paid.sum()

    guesses = ([0.3, np.log(2.0 * months)], [0.0, np.log(0.7 * months)])
    best = min((minimize(loss, g, method="Nelder-Mead", options=SEARCH) for g in guesses), key=lambda found: found.fun)
    if not np.isfinite(best.fun) or np.any(np.abs(best.x - [0, np.log(months)]) > FARTHEST):
        raise ValueError("inputs.triangle: no growth curve fits these amounts. Use another curve or method.")
    omega, theta = _unfold(best.x)
    share, slope, bend = shares(best.x)
    amount = amounts(share)
    sigma2, covariance, doubt = _covariance(paid, design, amount, share, slope, bend, column)
    limit, limit_slope, _ = growth(end, omega, theta, curve)
    now, now_slope, _ = growth(ages[triangle.latest], omega, theta, curve)
    levels, ahead = scale @ amount, limit - now
    reserves = _with_total(levels * ahead)
    gradient = _with_total(
        np.concatenate([scale * ahead[:, None], levels[:, None] * (limit_slope - now_slope)], axis=1)
    )
    mean = np.full((m, n), np.nan)
    mean[row, column] = design @ amount * share
    process = parameter = errors = None
    if covariance is not None:
        process = np.sqrt(sigma2 * np.maximum(reserves, 0))
        parameter = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", gradient, covariance, gradient), 0))
        errors = np.sqrt(np.diag(covariance))
    return Fit(
        omega=omega,
        theta=theta,
        levels=levels,
        ratio=None if premium is None else float(amount[0]),
        sigma2=sigma2,
        reserves=reserves,
        process=process,
        parameter=parameter,
        reached=now,
        limit=float(limit),
        loss_age=loss_age,
        ratio_error=None if premium is None or errors is None else float(errors[0]),
        shape_errors=None if errors is None else (float(errors[-2]), float(errors[-1]) * theta),
        mean=mean,
        likelihood=float(paid @ np.log(mean[row, column]) - mean[row, column].sum()),
        doubt=doubt,
    )


def _covariance(paid, design, amount, share, slope, bend, column):
    """Return σ², the covariance of levels, ω and ln θ, and why there is none where it is None.

    The covariance is σ² times the inverse of the observed information. It has no meaning where the curve runs flat over
    a development year that holds amounts, because their variance is then as good as 0, or where the likelihood has no
    single maximum.

    Source: Clark (2003), p. 53 and 54; σ² from the chi-square of increments, p. 52.
    """
    level, k = design @ amount, design.shape[1]
    mean = level * share
    flat = np.unique(column[(share < NOTHING) & (np.abs(paid) > NOTHING * level)])
    sigma2 = float(np.sum(np.square(paid - mean) / mean) / (len(paid) - k - 2))
    if len(flat):
        named = ", ".join(map(str, flat + 1))
        return sigma2, None, f"the curve leaves next to nothing to development period {named}, which holds amounts"
    tangent = np.concatenate([design * share[:, None], level[:, None] * slope], axis=1)
    curvature = np.zeros((len(paid), k + 2, k + 2))
    mixed = design[:, :, None] * slope[:, None, :]
    curvature[:, :k, k:], curvature[:, k:, :k] = mixed, mixed.transpose(0, 2, 1)
    curvature[:, k:, k:] = level[:, None, None] * bend
    information = (tangent * (paid / np.square(mean))[:, None]).T @ tangent
    information -= np.einsum("c,cij->ij", paid / mean - 1, curvature)
    # Levels are far larger than shapes: scaled to a unit diagonal, the matrix inverts without loss.
    size = np.sqrt(np.abs(np.diag(information)))
    if np.all(size > 0):
        scaled = information / np.outer(size, size)
        eigenvalues = np.linalg.eigvalsh(scaled)
        if eigenvalues[0] > ROUND * eigenvalues[-1]:
            return sigma2, sigma2 * np.linalg.inv(scaled) / np.outer(size, size), None
    return sigma2, None, "the amounts do not determine the curve: its likelihood is flat around the fit"


def _unfold(point):
    """Return ω and θ from their logarithms."""
    return float(np.exp(point[0])), float(np.exp(point[1]))


def _with_total(values):
    """Return `values` with their sum over rows appended."""
    return np.concatenate([values, values.sum(axis=0, keepdims=True)])
