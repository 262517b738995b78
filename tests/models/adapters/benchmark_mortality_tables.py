"""Cases of benchmark_mortality_tables.json as runs of `benchmark_comparator`: values at ages, or rates of several tables.

A table comes by its number in the archive, or by a name that the model's form offers. There is a run for each age whose
values are wanted, so any set of ages, tables and keys will do.
"""

import re

MODELS = ("benchmark_comparator",)
DIGITS = 8
NAMES = {
    "am92": ("am92", "am92 ultimate", "am92 ult"),
    "af92": ("af92", "af92 ultimate", "af92 ult"),
    "iam2012_male": ("2012 iam basic male", "2012 iam basic, men", "iam 2012 basic male"),
    "iam2012_female": ("2012 iam basic female", "2012 iam basic, women", "iam 2012 basic female"),
    "iam2012_period_male": ("2012 iam period male", "2012 iam period, men", "iam 2012 period male"),
    "iam2012_period_female": ("2012 iam period female", "2012 iam period, women", "iam 2012 period female"),
    "gam83_male": ("1983 gam male", "1983 gam, men", "gam 1983 male"),
    "gam83_female": ("1983 gam female", "1983 gam, women", "gam 1983 female"),
}
COLUMNS = {
    **dict.fromkeys(("adue", "a_due", "annuity_due", "ax_due"), "annuity_due"),
    **dict.fromkeys(("A", "Ax", "whole_life", "insurance"), "whole_life"),
    **dict.fromkeys(("qx", "q", "q_x"), "q"),
    **dict.fromkeys(("e", "ex", "expectation", "life_expectancy", "curtate_expectation"), "expectation"),
    **dict.fromkeys(("ratio", "ratios"), "ratio"),
    **dict.fromkeys(("flag", "flags"), "flag"),
    **dict.fromkeys(("difference", "differences"), "difference"),
}
ONE = "the table"


def runs(case, folder):
    """Return a run for each age of the case, with all of its tables."""
    del folder
    given = case["inputs"]
    shared = {"internal_rates": [], **_tables(given)}
    interest = _first(given, ("i", "interest", "rate"), None)
    if interest is not None:
        shared["interest"] = round(100 * interest, DIGITS)
    if "tolerance" in given:
        shared["tolerance"] = round(100 * given["tolerance"], 6)
    internal = _first(given, ("internal_q", "own_q", "internal"), None)
    ages = _ages(given)
    own = internal if isinstance(internal, list) else [internal] * len(ages)
    return [
        (
            "benchmark_comparator",
            {**shared, "age": age} | ({} if q is None else {"internal_q": round(1000 * q, DIGITS)}),
        )
        for age, q in zip(ages, own, strict=True)
    ]


def measured(case, results):
    """Return what the case expects, by table, by age or by key, in whatever order it names them."""
    given = case["inputs"]
    found = {}
    for age, result in zip(_ages(given), results, strict=True):
        for row in result["table"]:
            found[row["table"], age] = row
    return {key: _or_reason(_read, key, wanted, given, found) for key, wanted in case["expect"].items()}


def _read(key, wanted, given, rows):
    ages, names = _ages(given), list(dict.fromkeys(name for name, _ in rows))
    if key in names:
        return _by_age(wanted, ages, {age: row for (name, age), row in rows.items() if name == key})
    if key not in COLUMNS:
        raise LookupError(f"expected value {key}")
    column = COLUMNS[key]
    if isinstance(wanted, dict):
        if set(wanted) <= set(names):
            return {name: _by_age(wanted[name], ages, _ages_of(rows, name), column) for name in wanted}
        return {age: rows[names[0], int(age)][column] for age in wanted}
    if isinstance(wanted, list):
        pairs = [(name, age) for name in names for age in ages]
        return [rows[pair][column] for pair in pairs]
    return rows[names[0], ages[0]][column]


def _ages_of(rows, name):
    return {age: row for (table, age), row in rows.items() if table == name}


def _by_age(wanted, ages, rows, column="q"):
    """Return figures of one table: by age or by key where the case has a mapping, else in the order of its ages."""
    if not isinstance(wanted, dict):
        found = [rows[age][column] for age in ages]
        return found if isinstance(wanted, list) else found[0]
    return {
        key: _by_age(inner, ages, rows, COLUMNS[key]) if key in COLUMNS else _at(rows[int(key)], inner, column)
        for key, inner in wanted.items()
    }


def _at(row, wanted, column):
    return {key: row[COLUMNS[key]] for key in wanted} if isinstance(wanted, dict) else row[column]


def _tables(given):
    """Return the archive's numbers with the names that the case gives its tables."""
    tables = given.raw("tables") if "tables" in given else {ONE: given["table"]}
    if isinstance(tables, list):
        tables = {str(value): value for value in tables}
    found = [{"number": _number(value), "label": name} for name, value in tables.items()]
    return {"tables": [], "archive": found}


def _number(table):
    """Return the archive's number of a table given as a number, with one such as "(pymort id 2513)", or by name."""
    if isinstance(table, int):
        return table
    text = str(table)
    named = re.search(r"(?:\bid|\bnumber|\bSOA|\btable|\bpymort|\bt|^)\s*#?:?\s*(\d{1,4})\b\)?$", text, re.IGNORECASE)
    if named:
        return int(named[1])
    plain = " ".join(text.lower().replace("(", "").replace(")", "").split())
    for key, names in NAMES.items():
        if plain in (key, *names):
            return NUMBERS[key]
    raise LookupError(f"table: {table}")


NUMBERS = {
    "am92": 2513,
    "af92": 2514,
    "iam2012_male": 2581,
    "iam2012_female": 2582,
    "iam2012_period_male": 2585,
    "iam2012_period_female": 2586,
    "gam83_male": 826,
    "gam83_female": 825,
}


def _ages(given):
    ages = _first(given, ("ages", "age", "x"), None)
    if ages is None:
        raise LookupError("there is no age")
    return [int(age) for age in (ages if isinstance(ages, list) else [ages])]


def _first(given, names, default):
    """Return the first of the named inputs that is given."""
    return next((given[name] for name in names if name in given), default)


def _or_reason(read, *arguments):
    """Return a figure, or why it is not there: what the adapter does not know is a miss of that figure alone."""
    try:
        return read(*arguments)
    except LookupError as error:
        return f"{type(error).__name__}: {error}"
