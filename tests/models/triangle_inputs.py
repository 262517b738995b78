"""Triangles of reference cases, as the reserving models take them."""


def triangle_of(measures, cumulative=True, premium=None, origins=None):
    """Return the triangle that a model takes.

    Args:
        measures: {name: rows of amounts}.
        cumulative: what the amounts are.
        premium: one for all origins, or a list with one for each; None for none.
        origins: labels; 1, 2, 3 without them.
    """
    height = max(map(len, measures.values()))
    width = max(len(line) for lines in measures.values() for line in lines)
    amounts = {name: [[*line, *[None] * (width - len(line))] for line in lines] for name, lines in measures.items()}
    if premium is not None:
        each = premium if isinstance(premium, list) else [premium] * height
        amounts["premium"] = [[one] for one in each]
    return {
        "origins": [str(name) for name in origins or range(1, height + 1)],
        "developments": list(range(1, width + 1)),
        "measures": amounts,
        "grain": {"origin": "year", "development": "year"},
        "cumulative": cumulative,
    }
