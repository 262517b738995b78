"""What the checks of inputs need of a manifest, so that neither imports the other.

Chosen: a protocol. `contract.manifest` builds a manifest and checks its defaults as inputs; `contract.inputs` and
`contract.schema` read it through this and never import it.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from contract.fields import Field
from contract.rules import Rule


class DeclaredInputs(Protocol):
    """The inputs that a model takes, their defaults and the rules over several of them. A manifest is one."""

    @property
    def name(self) -> str:
        """The model's name."""

    @property
    def description(self) -> str:
        """What the model does."""

    @property
    def inputs(self) -> Mapping[str, Field]:
        """Each input's key with its field, in display order."""

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The comparisons over several inputs."""

    @property
    def layout(self) -> str | None:
        """How the form is laid out."""

    @property
    def defaults(self) -> dict[str, Any]:
        """The default of every input that has one."""
