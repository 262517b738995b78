"""Which models the catalogue shows, and in which order.

Chosen: one's favourites first, then what is used most, then by name; pure, so that it can be tested without a page.
Left out: reading stars and counts, which are the engine's.
"""

from collections.abc import Collection, Mapping, Sequence

from contract.app import App

OTHER = "Other"


def matches(app: App, words: Sequence[str], categories: Collection[str]) -> bool:
    """Return whether every word is found in the model's texts and its category is wanted; none means all."""
    text = " ".join([app.name, app.description, app.category or "", app.slug, *app.tags]).lower()
    return all(w in text for w in words) and (not categories or (app.category or OTHER) in categories)


def sort_models(apps: Sequence[App], favourites: Collection[int], uses: Mapping[int, int]) -> list[App]:
    """Return the models: favourites first, then by use, the most used first, then by name."""
    return sorted(apps, key=lambda a: (a.id not in favourites, -uses.get(a.id, 0), a.name.lower(), a.slug))
