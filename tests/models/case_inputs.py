"""The inputs of a reference case, which remember what an adapter has read of them.

An adapter that passes over an input it does not know would compare two different calculations, and might even agree.
So reading is recorded: what is left unread at the end makes the whole case a miss.

Chosen: `[]`, `get` and `pop` read one input; going over all of them (`items`, `values`, `dict(...)`, `**`) reads none,
so that a loop with a filter inside does not count as knowledge. `in` and `keys()` read none either. `raw()` gives the
plain value and counts as read, with everything below it.
"""

from collections.abc import Mapping


class CaseInputs(Mapping):
    """A mapping that knows which of its keys have been read. Mappings inside it are wrapped in the same way."""

    def __init__(self, values):
        self._values = dict(values)
        self._read = set()
        self._inner = {}

    def __getitem__(self, key):
        wrapped = self._wrapped(key)
        self._read.add(key)
        return wrapped

    def get(self, key, default=None):
        """Return one input, or `default`; reads it where it is given."""
        return self[key] if key in self._values else default

    def items(self):
        """Return (key, value) of all inputs without reading any."""
        return [(key, self._wrapped(key)) for key in self._values]

    def values(self):
        """Return all values without reading any."""
        return [self._wrapped(key) for key in self._values]

    def __contains__(self, key):
        return key in self._values

    def __iter__(self):
        return iter(self._values)

    def __len__(self):
        return len(self._values)

    def __repr__(self):
        return repr(self._values)

    def _wrapped(self, key):
        value = self._values[key]
        if not isinstance(value, Mapping):
            return value
        if key not in self._inner:
            self._inner[key] = CaseInputs(value)
        return self._inner[key]

    def raw(self, key):
        """Return one input as it stands in the file; everything below it counts as read."""
        found = self[key]
        if isinstance(found, CaseInputs):
            found.read_all()
        return self._values[key]

    def read_all(self):
        """Count every input as read: for a mapping whose keys are data, such as one value for each age."""
        for key in self._values:
            self.raw(key)

    def unread(self):
        """Return the paths of the inputs that nothing has read, such as `makeham.A`."""
        found = []
        for key, value in self._values.items():
            if key not in self._read:
                found.append(str(key))
            elif isinstance(value, Mapping):
                inner = self._inner.get(key)
                found += [f"{key}.{path}" for path in (inner.unread() if inner else value)]
        return found
