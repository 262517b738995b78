"""The design of a tariff: factors, levels, bases and interactions as columns of ones, zeros and numbers.

Chosen: treatment contrasts against a base level, as a tariff is read; terms named factor and level, as R does.
Left out: orthogonal polynomials and splines.
"""

from dataclasses import dataclass, field

import numpy as np

COLUMNS = tuple(f"f{i}" for i in range(1, 7))
SHOWN = 8  # problems named in one message


@dataclass
class Factor:
    """A factor: its levels in the order of the data, the base first moved out, and its columns."""

    name: str
    kind: str
    levels: list
    base: str | None
    codes: np.ndarray
    terms: list = field(default_factory=list)
    columns: list = field(default_factory=list)


@dataclass
class Design:
    """Matrix (n, p) with an intercept first; names of its columns; the columns of each effect.

    `every_term` names the columns before some of them were left out; it is None where none was.
    """

    matrix: np.ndarray
    terms: list
    effects: dict
    factors: list
    every_term: list | None = None

    def without(self, columns):
        """Return the design without these columns, whose numbers close up."""
        kept = [k for k in range(len(self.terms)) if k not in columns]
        number = {k: i for i, k in enumerate(kept)}
        return Design(
            self.matrix[:, kept],
            [self.terms[k] for k in kept],
            {name: [number[k] for k in old if k in number] for name, old in self.effects.items()},
            self.factors,
            self.terms,
        )


def read_factors(inputs, problems):
    """Return every factor named in the inputs that is in the model; faults are added to `problems`."""
    rows, factors, seen = inputs["experience"], [], set()
    for i, given in enumerate(inputs["factors"]):
        name, column = given["name"].strip(), COLUMNS[i]
        if name in seen:
            problems.append(f"inputs.factors[{i}].name: {name} is duplicated. Give each column its own name.")
        seen.add(name)
        if given.get("use") is False:
            continue
        cells = [row.get(column) for row in rows]
        empty = [k for k, cell in enumerate(cells) if cell is None or not str(cell).strip()]
        problems += [f"inputs.experience[{k}].{column}: the cell is empty. Give a level of {name}." for k in empty]
        if empty:
            continue
        factor = _numbers(name, cells, column, problems) if given.get("kind") == "number" else _levels(name, cells)
        if factor is None:
            continue
        if factor.kind == "levels":
            factor.base = str(given.get("base") or factor.levels[0]).strip()
            if factor.base not in factor.levels:
                offered = ", ".join(factor.levels[:10])
                problems.append(f"inputs.factors[{i}].base: {factor.base!r} is no level of {name}: {offered}.")
                continue
            _expand(factor)
        factors.append(factor)
    return factors


def build(factors, interactions, count, problems):
    """Return the design of `count` rows with `factors` and the pairs in the text `interactions`, such as "A:B, A:C".

    Without factors it is the intercept alone.
    """
    by_name = {f.name: f for f in factors}
    columns, terms, effects = [np.ones(count)], ["Intercept"], {}
    for factor in factors:
        effects[factor.name] = range(len(terms), len(terms) + len(factor.terms))
        columns += factor.columns
        terms += factor.terms
    for pair in filter(None, (part.strip() for part in interactions.replace(";", ",").split(","))):
        names = [part.strip() for part in pair.split(":")]
        if len(names) != 2 or any(n not in by_name for n in names) or names[0] == names[1]:
            offered = ", ".join(by_name)
            problems.append(f"inputs.interactions: {pair!r} is not a pair such as A:B of factors in use: {offered}.")
            continue
        a, b = (by_name[n] for n in names)
        if ":".join(names) in effects or ":".join(names[::-1]) in effects:
            problems.append(f"inputs.interactions: {pair!r} is duplicated. Give each pair once.")
            continue
        start = len(terms)
        # R's order: the first factor's level runs fastest.
        for right, y in zip(b.terms, b.columns, strict=True):
            for left, x in zip(a.terms, a.columns, strict=True):
                columns.append(x * y)
                terms.append(f"{left}:{right}")
        effects[f"{a.name}:{b.name}"] = range(start, len(terms))
    return Design(np.stack(columns, axis=1), terms, effects, factors)


def in_words(terms, found, matrix):
    """Return a sentence for each aliased column: what it is made of, or that no row has it.

    Args:
        terms: names of the columns.
        found: {column: {earlier column: coefficient}}, of `fitting.aliased`.
        matrix: the columns, shape (n, p).
    """
    sentences = []
    for k, parts in found.items():
        if not matrix[:, k].any():
            sentences.append(f"no row with any weight has {' and '.join(terms[k].split(':'))}")
            continue
        text = ""
        for j, v in parts.items():
            number = "" if abs(abs(v) - 1) < 1e-6 else f"{abs(v):.4g} x "
            name = "all rows" if j == 0 else terms[j]
            sign = (" - " if v < 0 else " + ") if text else ("-" if v < 0 else "")
            text += f"{sign}{number}{name}"
        sentences.append(f"{terms[k]} is {text}")
    return sentences


def _numbers(name, cells, column, problems):
    values = np.full(len(cells), np.nan)
    for k, cell in enumerate(cells):
        try:
            values[k] = float(cell)
        except ValueError:
            values[k] = np.nan
        if not np.isfinite(values[k]):
            problems.append(f"inputs.experience[{k}].{column}: {cell!r} is not a number. {name} is declared as one.")
    if not np.all(np.isfinite(values)):
        return None
    return Factor(name, "number", [], None, values, [name], [values])


def _levels(name, cells):
    texts = [str(cell).strip() for cell in cells]
    levels = list(dict.fromkeys(texts))
    index = {level: i for i, level in enumerate(levels)}
    return Factor(name, "levels", levels, None, np.array([index[t] for t in texts]))


def _expand(factor):
    for i, level in enumerate(factor.levels):
        if level != factor.base:
            factor.terms.append(f"{factor.name}{level}")
            factor.columns.append((factor.codes == i).astype(float))
