"""An excess of loss layer on events: what it recovers, what its reinstatements cost, and its price.

Chosen: the reinsurer pays min(max(S - annual deductible, 0), annual cap) for the sum S of min(max(X - attachment, 0),
limit) of a year, event after event; what it has paid is reinstated at a share of the premium, pro rata as to amount,
and as to time where agreed. The expectation is exact on a grid, and pro rata as to time an integral over the year.
Left out: inuring between layers, and franchises.

Source: Sundt (1991), On excess of loss reinsurance with reinstatements, ASTIN Bulletin 21; Clark (2014), Basics of
Reinsurance Pricing, CAS.
"""

from dataclasses import dataclass

import numpy as np

from actuarial import layers

TIMES, TIME_WEIGHTS = np.polynomial.legendre.leggauss(8)


@dataclass(frozen=True)
class Treaty:
    """One layer.

    Attributes:
        row: attachment, limit, aad, reinstatements, annual_limit, rate and so on, as typed.
        rates: number of a reinstatement -> its rate in % of the premium, where it is not `rate`.
    """

    row: dict
    rates: dict

    @property
    def name(self):
        """Its name, or its limit and attachment."""
        given = (self.row.get("layer") or "").strip()
        return given or f"{self.limit:,.6g} xs {self.row['attachment']:,.6g}"

    @property
    def limit(self):
        """For one event."""
        return float(self.row["limit"])

    @property
    def share(self):
        """Share placed, 0 to 1."""
        return 1.0 if self.row.get("share") is None else self.row["share"] / 100

    @property
    def rate(self):
        """Of a reinstatement, as a share of the premium."""
        return (self.row.get("rate") or 0.0) / 100

    @property
    def by_time(self):
        """Whether a reinstatement costs less the later it is."""
        return self.row.get("pro_rata") == "amount_time"

    @property
    def cap(self):
        """The most it pays in a year."""
        return layers.annual_cap(self.row)

    @property
    def reinstatable(self):
        """The most that is reinstated in a year."""
        return layers.reinstatable(self.row)

    def cost(self, paid):
        """Return what reinstating `paid` costs, as a share of the premium, elementwise."""
        back = np.minimum(paid, self.reinstatable)
        found = self.rate * back / self.limit
        for number, rate in self.rates.items():
            start = (number - 1) * self.limit
            found = found + (rate / 100 - self.rate) * np.clip(back - start, 0, self.limit) / self.limit
        return found

    def applied(self, block):
        """Return what the layer recovers of each event, and what its reinstatement costs as a share of the premium.

        Args:
            block: years of events in order.

        Returns:
            Two arrays of shape (n,), for a share of 100 %.
        """
        attachment, limit, deductible, _ = layers.terms(self.row)
        claim = np.clip(block.loss - attachment, 0, limit)
        so_far = block.within_year(claim)
        # A sum that rounding leaves a little off must not make the reinsurer pay more than the claim.
        paid = np.clip(so_far - deductible, 0, self.cap)
        before = np.clip(so_far - claim - deductible, 0, self.cap)
        cost = self.cost(paid) - self.cost(before)
        return np.clip(paid - before, 0, claim), cost * (1 - block.when) if self.by_time else cost

    def expected_cost(self, paid_up_to):
        """Return E[cost] from E[min(paid, c)], `paid_up_to(c)`."""
        most = self.reinstatable
        found = self.rate * paid_up_to(most) / self.limit if self.rate and most else 0.0
        for number, rate in self.rates.items():
            low, high = (min(k * self.limit, most) for k in (number - 1, number))
            if high > low:
                extra = paid_up_to(high) - (paid_up_to(low) if low else 0.0)
                found += (rate / 100 - self.rate) * extra / self.limit
        return found

    def measured(self, counts, losses, season):
        """Return expected recovery, its standard deviation, the expected cost of reinstatements and probabilities.

        Pro rata as to time, the sum over events of the rise of cost(paid) times the share of the year left is the
        integral of cost(paid up to t) over the year, so that its expectation needs the distribution at each time alone.

        Args:
            counts: share of the events of a year -> their number; 1 is the whole year.
            losses: the loss of an event.
            season: first and last month in which events happen.

        Returns:
            (dictionary for a share of 100 %, how far the payment is known, as a share of it).
        """
        count = counts(1.0)
        layer = layers.measure(count, losses, self.row)
        paid = layer.paid(layer.cap)
        cost = self.expected_cost(layer.paid)
        if self.by_time and cost:
            start, end = season[0] / 12, season[1] / 12
            during = 0.0
            for node, weight in zip(TIMES, TIME_WEIGHTS, strict=True):
                part = layers.measure(counts((node + 1) / 2), losses, self.row)
                during += weight / 2 * self.expected_cost(part.paid)
            cost = (end - start) * during + (1 - end) * cost
        top = float(losses.at_least(np.array([self.row["attachment"] + self.limit]))[0])
        found = {
            "expected": paid,
            "deviation": layer.deviation,
            "cost": cost,
            "any_loss": layers.any_loss(count, layer.hit),
            "full_event": layers.any_loss(count, top),
            "exhausted": layer.exhausted,
        }
        return found, layer.change


def premium(expected, deviation, cost, limit, terms):
    """Return the premium before reinstatements at which income covers losses, loadings, brokerage and expenses.

    With income P (1 + cost): P (1 + cost) (1 - expenses) - brokerage P = expected (1 + loading) + loading_sd deviation,
    and no less than the least rate on line.

    Args:
        expected: recovery a year.
        deviation: its standard deviation.
        cost: expected cost of reinstatements, as a share of P.
        limit: for one event.
        terms: loading, loading_sd, expenses, brokerage and least_rate_on_line, in %.
    """
    e, b = terms["expenses"] / 100, terms["brokerage"] / 100
    needed = expected * (1 + terms["loading"] / 100) + (deviation or 0.0) * terms["loading_sd"] / 100
    return max(needed / ((1 + cost) * (1 - e) - b), limit * terms["least_rate_on_line"] / 100)
