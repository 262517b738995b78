"""Published life tables of the archive of the Society of Actuaries, and what they make of a life.

Left out: select periods; a table that has one is read as its ultimate part.
"""

import numpy as np

from actuarial import soa_tables

NAMED = {
    "am92": 2513,
    "af92": 2514,
    "iam2012_male": 2581,
    "iam2012_female": 2582,
    "iam2012_period_male": 2585,
    "iam2012_period_female": 2586,
    "gam83_male": 826,
    "gam83_female": 825,
}


def read(number):
    """Return table `number` of the archive.

    Raises:
        ValueError: the archive has no such table, or it holds no probabilities of death by age alone.
    """
    try:
        return soa_tables.read(number)
    except soa_tables.NoTableError:
        raise ValueError(f"the archive has no table {number}. Look it up at mort.soa.org.") from None
    except soa_tables.NoRatesError:
        raise ValueError(
            f"table {number} of the archive holds no one-year probabilities by age alone. Choose an aggregate or "
            "ultimate mortality table."
        ) from None


def values(table, age, interest):
    """Return annuity-due, whole life insurance and curtate expectation of a life aged `age`; 1 beyond the table's end.

    ä = Σ v^k kp, A = 1 - d ä with d = i / (1 + i), e = Σ kp from 1.

    Args:
        table: a table that covers `age`.
        age: in years.
        interest: i, per year.

    Source: Dickson, Hardy and Waters, Actuarial Mathematics for Life Contingent Risks, 3rd ed., sections 2.6.2, 4.4.3
    and 5.4.1.
    """
    lives = np.concatenate(([1.0], np.cumprod(1 - table.q[age - table.start :])))
    lives[-1] = 0.0  # nobody outlives the table
    annuity = float(lives @ (1 + interest) ** -np.arange(len(lives)))
    return annuity, 1 - interest / (1 + interest) * annuity, float(lives[1:].sum())
