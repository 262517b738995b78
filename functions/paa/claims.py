"""The liability for incurred claims: estimates by period of loss, payments, present values and what moves them.

Chosen: claims are paid at the ends of periods by a pattern from the end of the period in which they were incurred;
payments that were made replace the pattern's, and what is then left is paid by the rest of the pattern.
Left out: payments within a period, and a risk adjustment other than a share of the present value.

Source: IFRS 17 Insurance Contracts (IASB, as amended 2020), paragraphs 37, 40(b), 59(b), 87, 103 and B133.
"""

import numpy as np

TINY = 1e-9
RESIDUE = 1e-12  # of the amounts in a difference: no larger, it is what rounding left of 0


class Incurred:
    """Claims incurred in one period, from its end on.

    Args:
        period: in which they were incurred, from 1.
        estimate: of all their payments, at that period's end.
        pattern: shares paid 0, 1, 2, ... periods later, shape (d,).
        rate: yearly discount rate at that period's end: the locked one.
    """

    def __init__(self, period, estimate, pattern, rate):
        self.period, self.estimate, self.pattern, self.rate = period, estimate, pattern, rate
        self.paid = 0.0

    def outstanding(self, after):
        """Return expected payments at the ends of the periods after `after`, which is the period's own or a later one.

        Returns:
            Amounts by number of periods after `after`, from 1, shape (d,).
        """
        left = self.pattern[after - self.period + 1 :]
        amount = self.estimate - self.paid
        if left.sum() > 0:
            return amount * left / left.sum()
        return np.array([amount]) if abs(amount) > TINY else np.zeros(0)

    def due(self, at):
        """Return what the pattern pays at the end of period `at`, before that payment."""
        left = self.pattern[at - self.period :]
        amount = self.estimate - self.paid
        return float(amount * left[0] / left.sum()) if left.sum() > 0 else float(amount)


def value(amounts, years, rate):
    """Return the present value of amounts `years` away, shape (n,) each, at a yearly `rate`."""
    return float((amounts / (1 + rate) ** years[: len(amounts)]).sum()) if len(amounts) else 0.0


def times(lengths, after, number):
    """Return how many years the ends of the periods after `after` are away, shape (number,).

    Args:
        lengths: of each period in years, shape (n,); later periods are as long as the last.
        after: a period, 0 for initial recognition.
        number: of periods.
    """
    known = lengths[after : after + number]
    return np.cumsum(np.concatenate((known, np.full(number - len(known), lengths[-1]))))


def roll(plan, terms):
    """Return the movement of the liability for incurred claims, a dictionary for each period.

    Args:
        plan: a function of (period) -> (claims incurred in it, {earlier period: new estimate}, {period of loss: paid}).
        terms: lengths (years, (n,)), rates (yearly at each period's end, (n,)), pattern, margin (share of the present
            value), discounted and split (finance at locked rates in profit or loss, the rest in OCI).

    Returns:
        (rows, the Incurred of every period, where more is paid than estimated: {period of loss: (first end of period,
        paid, estimate)}). A row has present values and risk adjustments at start and end, and the
        steps between: incurred, past (changes of earlier estimates), finance, oci and paid; margin_current and
        margin_past for the risk adjustment.
    """
    rows, losses, overpaid = [], [], {}
    rates = terms["rates"] if terms["discounted"] else np.zeros(len(terms["rates"]))
    opening = adjustment = hidden = 0.0
    for t in range(1, len(terms["lengths"]) + 1):
        rate, before = rates[t - 1], rates[t - 2] if t > 1 else rates[0]
        claims, revised, payments = plan(t)
        length = terms["lengths"][t - 1]
        finance = past = rate_change = paid = 0.0
        hidden_before = hidden
        old_margin = adjustment
        for loss in losses:
            basis = loss.rate if terms["split"] else before
            away = times(terms["lengths"], t, len(terms["pattern"]) + 1)
            expected = loss.outstanding(t - 1)
            # A period earlier, then the same payments now: the first of them is due today.
            start = value(expected, times(terms["lengths"], t - 1, len(expected)), basis)
            rolled = start * (1 + basis) ** length
            finance += rolled - start
            loss.estimate = revised.get(loss.period, loss.estimate)
            amount = payments.get(loss.period, loss.due(t))
            loss.paid += amount
            paid += amount
            later = loss.outstanding(t)
            past += _cleared(amount + value(later, away, basis) - rolled, abs(amount) + abs(rolled))
            rate_change += value(later, away, rate) - value(later, away, basis)
        new = Incurred(t, claims, terms["pattern"], rate)
        amount = payments.get(t, new.due(t)) if claims or t in payments else 0.0
        new.paid = amount
        paid += amount
        current = amount + value(new.outstanding(t), times(terms["lengths"], t, len(terms["pattern"]) + 1), rate)
        losses.append(new)
        for loss in losses:
            if loss.paid > loss.estimate * (1 + RESIDUE) + TINY:
                overpaid.setdefault(loss.period, (t, loss.paid, loss.estimate))
        closing = sum(_value_of(loss, t, terms, rate) for loss in losses)
        margin_past = terms["margin"] * sum(_value_of(loss, t, terms, rate) for loss in losses[:-1]) - old_margin
        margin_current = terms["margin"] * _value_of(new, t, terms, rate)
        # With finance at locked rates the difference of current and locked values is what OCI holds.
        hidden = rate_change if terms["split"] else 0.0
        adjustment = terms["margin"] * closing
        row = {
            "opening": opening,
            "incurred": current,
            "past": past,
            "finance": finance + (0.0 if terms["split"] else rate_change),
            "oci": hidden - hidden_before,
            "paid": paid,
            "closing": closing,
            "margin_opening": old_margin,
            "margin_current": margin_current,
            "margin_past": margin_past,
            "margin_closing": adjustment,
        }
        rows.append(row)
        opening = closing
    return rows, losses, overpaid


def _cleared(change, size):
    return 0.0 if abs(change) <= RESIDUE * size else change


def _value_of(loss, at, terms, rate):
    return value(loss.outstanding(at), times(terms["lengths"], at, len(terms["pattern"]) + 1), rate)
