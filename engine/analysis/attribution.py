"""What each change contributes to a difference: along an order of the changes, or on average over all orders.

Chosen: figures are given by the set of changes made, a whole number with a bit for each, so that orders share them. On
average over all orders is the Shapley value (Shapley, 1953, A value for n-person games): exact where every set is
known, and otherwise the mean over a sample of orders with its standard error.
Left out: running anything.
"""

import itertools
import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

EXACT = 8  # changes whose sets, 2 to the power of them, are all run
ORDERS = 64  # that are drawn where there are more changes


@dataclass(frozen=True, slots=True)
class Share:
    """What a change contributes; `error` is the standard error of a sampled mean, 0 where it is exact."""

    amount: float
    error: float = 0.0


def sets_along(order: Sequence[int]) -> list[int]:
    """Return the sets of changes made along an order, from none to all."""
    return [0, *itertools.accumulate((1 << change for change in order), lambda made, bit: made | bit)]


def all_sets(changes: int) -> list[int]:
    """Return every set of so many changes."""
    return list(range(1 << changes))


def draw_orders(changes: int, count: int, seed: int) -> list[tuple[int, ...]]:
    """Return orders of the changes drawn at random, each beside its reverse, which lowers the error of the mean."""
    source = random.Random(seed)  # noqa: S311 - a sample, not a secret
    orders: list[tuple[int, ...]] = []
    while len(orders) < count:
        order = list(range(changes))
        source.shuffle(order)
        orders += [tuple(order), tuple(reversed(order))]
    return orders[:count]


def sets_of(orders: Iterable[Sequence[int]]) -> list[int]:
    """Return the sets along these orders, each once."""
    return list(dict.fromkeys(made for order in orders for made in sets_along(order)))


def along(order: Sequence[int], figure: Callable[[int], float]) -> list[float]:
    """Return what each change of an order adds when it is made, in the order; they add up to the whole difference."""
    return [figure(b) - figure(a) for a, b in itertools.pairwise(sets_along(order))]


def shapley(changes: int, figure: Callable[[int], float]) -> list[Share]:
    """Return what each change contributes on average over all orders; they add up to the whole difference."""
    weights = [
        math.factorial(size) * math.factorial(changes - size - 1) / math.factorial(changes) for size in range(changes)
    ]
    shares = []
    for change in range(changes):
        bit = 1 << change
        parts = (
            weights[made.bit_count()] * (figure(made | bit) - figure(made))
            for made in all_sets(changes)
            if not made & bit
        )
        shares.append(Share(math.fsum(parts)))
    return shares


def sampled(changes: int, orders: Sequence[Sequence[int]], figure: Callable[[int], float]) -> list[Share]:
    """Return the mean of what each change adds over a sample of orders, with its standard error.

    An order and its reverse, which `draw_orders` gives beside each other, are one draw.
    """
    found: list[list[float]] = [[] for _ in range(changes)]
    for order in orders:
        for change, amount in zip(order, along(order, figure), strict=True):
            found[change].append(amount)
    shares = []
    for amounts in found:
        pairs = [math.fsum(amounts[i : i + 2]) / len(amounts[i : i + 2]) for i in range(0, len(amounts), 2)]
        mean = math.fsum(amounts) / len(amounts)
        spread = math.fsum((p - mean) ** 2 for p in pairs) / max(1, len(pairs) - 1)
        shares.append(Share(mean, math.sqrt(spread / len(pairs))))
    return shares
