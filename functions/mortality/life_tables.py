"""One-year probabilities of death by age, from Gompertz's law, a published life table or the analyst's own.

Chosen: published tables are read from the archive of the Society of Actuaries that the package pymort installs; an own
table may hold lives l(x) or probabilities q(x), whichever is at hand.
Left out: select periods (a table that has one is read as its ultimate part) and improvement over time.
"""

from itertools import pairwise

import numpy as np

from actuarial import soa_tables

NAMED = {
    "am92": 2513,
    "af92": 2514,
    "iam2012_male": 2581,
    "iam2012_female": 2582,
    "gam83_male": 826,
    "gam83_female": 825,
}
MOST_PROBLEMS = 20
LAW_CAP = 0.99  # the most the law gives, with or without shock: Gompertz's curve passes 1 at about age 102


def gompertz(ages, *, a, b):
    """Return q(x) = min(0.99, a exp(b x)) for `ages`, shape (n,).

    Args:
        ages: in years.
        a: level, per year, above 0.
        b: growth over one year of age, above 0.

    Source: Gompertz (1825), Phil. Trans. R. Soc. 115, p. 513, with the force of mortality read as a probability, as
    the MCLAVIER Marketplace documents it.
    """
    return np.minimum(a * np.exp(b * ages), LAW_CAP)


def archived(number):
    """Return name, first age and one-year probabilities, shape (n,), of table `number` of the archive.

    Raises:
        ValueError: the archive has no such table, or it holds no probabilities of death by age alone.
    """
    try:
        found = soa_tables.read(number)
    except soa_tables.NoTableError:
        raise ValueError(
            f"inputs.archive_number: the archive has no table {number}. Look it up at mort.soa.org."
        ) from None
    except soa_tables.NoRatesError:
        raise ValueError(
            f"inputs.archive_number: table {number} of the archive holds no one-year probabilities by age alone. "
            "Choose an aggregate or ultimate mortality table."
        ) from None
    return f"{found.name} (SOA {number})", found.start, found.q


def from_table(number, age, last):
    """Return the table's name and its probabilities for ages `age` to `last` - 1, 1 beyond its end.

    Raises:
        ValueError: the table is not there or starts above `age`.
    """
    name, start, rates = archived(number)
    end = start + len(rates) - 1
    if not start <= age <= end:
        raise ValueError(f"inputs.age: {name} covers ages {start} to {end}, not {age}. Choose an age it covers.")
    ages = np.arange(age, last)
    return name, np.where(ages <= end, rates[np.minimum(ages - start, len(rates) - 1)], 1.0)


def own_table(rows, kind):
    """Return first age and one-year probabilities of death, shape (n,), the last of them 1, of a table typed or pasted.

    q(x) = 1 - l(x + 1) / l(x), and nobody is alive beyond the ages of l(x). Those who outlive the last q(x) die within
    the year that follows it.

    Args:
        rows: {"age", "value"} each, by age.
        kind: "lx" (lives, of any radix) or "qx" (probabilities, as fractions).

    Raises:
        ValueError: with every row that does not fit, at most MOST_PROBLEMS of them.

    Source: Dickson, Hardy and Waters, Actuarial Mathematics for Life Contingent Risks, 3rd ed., section 3.2.
    """
    if len(rows) < 2:
        found = "it has one row" if rows else "it is empty"
        raise ValueError(f"inputs.own_table: {found}. Paste at least two ages with l(x) or q(x).")
    problems = []
    for i, (before, row) in enumerate(pairwise(rows), 1):
        where = f"inputs.own_table[{i}]"
        if row["age"] != before["age"] + 1:
            problems.append(f"{where}.age: {row['age']} follows {before['age']}. Give every age once, without gaps.")
        if kind == "lx" and row["value"] > before["value"]:
            problems.append(
                f"{where}.value: {row['value']:,g} lives at {row['age']} are more than the {before['value']:,g} a year "
                "before. Give lives that never rise with age."
            )
    if kind == "lx" and rows[0]["value"] <= 0:
        problems.append("inputs.own_table[0].value: nobody is alive at the first age. Give lives above 0.")
    if kind == "qx":
        problems += [
            f"inputs.own_table[{i}].value: {row['value']:g} is no probability. Give q(x) from 0 to 1, as a fraction."
            for i, row in enumerate(rows)
            if row["value"] > 1
        ]
    if problems:
        more = len(problems) - MOST_PROBLEMS
        raise ValueError("\n".join(problems[:MOST_PROBLEMS]) + (f"\nand {more} more." if more > 0 else ""))
    values = np.array([row["value"] for row in rows], dtype=float)
    if kind == "qx":
        return int(rows[0]["age"]), values if values[-1] == 1 else np.append(values, 1.0)
    alive = values > 0
    # Ages that nobody reaches have no probability of their own: whoever were there would die.
    following = np.append(values[1:], 0.0)
    return int(rows[0]["age"]), 1 - np.divide(following, values, out=np.zeros_like(values), where=alive)


def from_own(rows, kind, age, last):
    """Return the probabilities of an own table for ages `age` to `last` - 1, but not beyond its end.

    Raises:
        ValueError: the rows are no table, or it does not hold the age.
    """
    start, rates = own_table(rows, kind)
    end = start + len(rates) - 1
    if not start <= age <= end:
        raise ValueError(f"inputs.age: the own table covers ages {start} to {end}, not {age}. Give an age it covers.")
    return rates[age - start : last - start]
