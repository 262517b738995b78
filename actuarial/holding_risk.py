"""What one holding brings to a portfolio: growth, volatility, drawdown, beta, tail losses and its share of the risk.

Chosen: plain functions of returns and prices, one period a row; a deviation that is rounding alone is 0, so that no
ratio is taken over it.
Left out: reading prices, and what to say where a figure is missing.

Source: Sharpe (1964), Capital Asset Prices, J. Finance 19(3); Tasche (2008), Capital Allocation to Business Units and
Sub-Portfolios: the Euler Principle; McNeil, Frey and Embrechts (2015), Quantitative Risk Management, section 2.3.
"""

import numpy as np

NOISE = 1e-8  # share of the largest return below which a deviation is rounding and no risk


def deviation(returns):
    """Return the sample standard deviation of `returns`, shape (n,), 0 where it is rounding alone.

    Prices that grow by the same share every period have returns that differ in their last digits only.
    """
    if len(returns) < 2:
        return 0.0
    sd = float(np.std(returns, ddof=1))
    return sd if sd > NOISE * float(np.max(np.abs(returns))) else 0.0


def compound(ratio, years):
    """Return the yearly rate that makes 1 into `ratio`, above 0, over `years`; kept finite for absurd prices."""
    return float(np.expm1(np.clip(np.log(ratio) / years, -700, 700)))


def drawdowns(prices):
    """Return how far each price, shape (n,), lies below the highest so far, as shares from -1 to 0."""
    return prices / np.maximum.accumulate(prices) - 1


def beta(returns, benchmark):
    """Return (beta, intercept a period, correlation) of `returns` against `benchmark`, both of shape (n,).

    beta = cov(r, b)/var(b), intercept = mean(r) - beta mean(b). None for each that is not defined: all of them where
    the benchmark does not move, the correlation where the returns do not.

    Source: Sharpe (1964), p. 438.
    """
    if not deviation(benchmark) > 0:
        return None, None, None
    (var_r, cov), (_, var_b) = np.cov(returns, benchmark)
    slope = float(cov / var_b)
    correlation = float(cov / np.sqrt(var_r * var_b)) if deviation(returns) > 0 else None
    return slope, float(np.mean(returns) - slope * np.mean(benchmark)), correlation


def historical_tail(returns, confidence):
    """Return (VaR, ES) of one period by historical simulation, as shares lost; a gain is below 0.

    VaR is minus the quantile of the returns at 1 - confidence, interpolated; ES minus the mean of the returns up to it.

    Source: McNeil, Frey and Embrechts (2015), sections 2.3.1 and 9.2.3; Hyndman and Fan (1996), definition 7.
    """
    quantile = np.quantile(returns, 1 - confidence)
    return float(-quantile), float(-returns[returns <= quantile].mean())


def euler_contributions(returns, weights):
    """Return (each holding's contribution to the portfolio's volatility a period, that volatility).

    weight_i cov(r_i, p)/sd(p) with p = returns @ weights: Euler's allocation of a measure of degree one, which adds up
    to sd(p). Zeros where the portfolio does not move.

    Args:
        returns: shape (n, k), n of 2 or more.
        weights: shape (k,).

    Source: Tasche (2008), section 2.2.
    """
    portfolio = returns @ weights
    sd = deviation(portfolio)
    if not sd > 0:
        return np.zeros(len(weights)), 0.0
    covariances = (returns - returns.mean(axis=0)).T @ (portfolio - portfolio.mean()) / (len(portfolio) - 1)
    return weights * covariances / sd, sd
