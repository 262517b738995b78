"""What a piece of code calls: a model of this server with the inputs that a form holds.

Chosen: every input by its value, so that the call means the same after a default has changed; a table, triangle or file
that is the default is left out, as links leave it out. Where the inputs are long, the code reads them from a file in
its folder, the request's own body, which the page offers.
Left out: how each language writes it.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contract.manifest import Manifest
from contract.query_inputs import format_query

LARGE_TYPES = frozenset({"table", "triangle", "file"})
LONGEST_BODY = 12_000  # characters of a request's body that stand in the code itself
REQUEST_FILE = "request.json"
TOKEN = "TONTINE_TOKEN"  # noqa: S105 - the variable's name
WAIT = 300  # s that a call waits for the run's end
WIDTH = 100  # characters of a value on one line
_NOT_PRINTABLE = re.compile(r"[^\n\x20-\x7e]")


@dataclass(frozen=True, slots=True)
class ModelCall:
    """A call of a model.

    `server` is the application's address without a slash at its end, `inputs` the values as JSON takes them, `query`
    the same as a spreadsheet's address writes them. `left_out` names the inputs that take their default for being long.
    `version` pins a version. `sign_in` says that the server asks who calls: the code then takes a token from the
    variable TONTINE_TOKEN.
    """

    server: str
    app_id: int
    slug: str
    inputs: Mapping[str, Any]
    query: Mapping[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    version: str | None = None
    sign_in: bool = False
    deterministic: bool = True

    @property
    def run_url(self) -> str:
        """The address that takes the request."""
        return f"{self.server}/api/apps/{self.app_id}/run"

    @property
    def request(self) -> dict[str, Any]:
        """The request's body."""
        pinned = {} if self.version is None else {"version": self.version}
        return {"inputs": dict(self.inputs), **pinned}

    @property
    def body(self) -> str:
        """The request's body as JSON text, of printable characters and line ends only."""
        return dump_json(self.request)

    @property
    def needs_file(self) -> bool:
        """Whether the body is too long for the code and comes from a file."""
        return len(self.body) > LONGEST_BODY


def make_call(
    manifest: Manifest,
    values: Mapping[str, Any],
    *,
    server: str,
    app_id: int,
    slug: str,
    version: str | None = None,
    sign_in: bool = False,
) -> ModelCall:
    """Return the call of a model with the values of its form, which fit the manifest."""
    kept, left_out = {}, []
    for key, item in manifest.inputs.items():
        if values.get(key) is None:
            continue
        if item.type in LARGE_TYPES and item.has_default and values[key] == item.default:
            left_out.append(key)
        else:
            kept[key] = values[key]
    return ModelCall(
        server=server,
        app_id=app_id,
        slug=slug,
        inputs=kept,
        query=format_query(manifest, kept),
        left_out=tuple(left_out),
        version=version,
        sign_in=sign_in,
        deterministic=manifest.deterministic,
    )


def dump_json(value: Any) -> str:
    """Return a value as indented JSON, what fits on a line on one; characters that cannot be seen are escaped."""
    return _NOT_PRINTABLE.sub(_escape, _dump(value, ""))


def _dump(value: Any, indent: str) -> str:
    line = json.dumps(value, ensure_ascii=False)
    if len(line) <= WIDTH or not value or not isinstance(value, list | dict):
        return line
    inner = indent + "  "
    if isinstance(value, list):
        items = [_dump(item, inner) for item in value]
        opened, closed = "[]"
    else:
        items = [f"{json.dumps(str(key), ensure_ascii=False)}: {_dump(item, inner)}" for key, item in value.items()]
        opened, closed = "{}"
    return f"{opened}\n{inner}" + f",\n{inner}".join(items) + f"\n{indent}{closed}"


def _escape(match: re.Match[str]) -> str:
    """Return a character of a JSON text as it is, where it is seen as what it is, or escaped."""
    found = match[0]
    return found if found.isprintable() else json.dumps(found)[1:-1]
