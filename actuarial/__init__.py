"""Published actuarial mathematics that several models share: one formula, one file, tested against its source.

Chosen: pure functions of numbers and arrays; errors are classes of this package, which a model turns into words about
its own inputs. Modules import numpy, and scipy where they need it.
Left out: reading inputs, charts and texts, which belong to a model.
"""

__version__ = "1.0.0"
