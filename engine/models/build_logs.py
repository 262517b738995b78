"""Build logs: how a model was made, as its author tells it in BUILD_LOG.md of the model's folder.

Chosen: the log goes with the version, as the code does, so that it is there wherever the model is registered; a
template filled from the manifest is what an author begins with.
Left out: writing it.
"""

import json
from datetime import date
from functools import lru_cache

from contract.actor import Actor
from contract.app import App
from contract.manifest import Manifest
from engine.authorization import Action, require
from engine.models.catalogue import find_version
from engine.processes.context import AppContext
from registry import model_files
from storage import blobs
from storage.database import Database

FILE = "BUILD_LOG.md"
MAX_LENGTH = 200_000  # characters shown of a log


def read_build_log(context: AppContext, app: App, *, actor: Actor) -> str | None:
    """Return the build log of the model's current version as Markdown, or None without one.

    Raises:
        NotFoundError: the model has no version.
    """
    require(actor, Action.READ_MODELS)
    return _read(context.database, find_version(context, app, actor=actor).version.archive)


def build_log_template(app: App, manifest: Manifest, *, registered: date) -> str:
    """Return a build log to be filled in, with what is known of the model in it."""
    shown = {"name": manifest.name, "description": manifest.description, "inputs": manifest.raw.get("inputs", {})}
    keys = ", ".join(manifest.inputs) or "none"
    return f"""# {manifest.name}: build log

Registered: {registered.isoformat()}
Source: {app.source.get("url") or app.slug}

## What it is for

_Which question does the model answer, for whom, and why is the answer worth having?_

## Contract

```json
{json.dumps(shown, indent=2, ensure_ascii=False)}
```

`run(inputs)` gets: {keys}.

## How it was made

_What was asked for first, word for word where an assistant wrote the code; what was wrong with the first version and
how you found out; what was asked for then._

1.

## What was checked

_Published figures that it reproduces, with source, table and page; limits that were tried._

## What worked

-

## What did not

-
"""


@lru_cache(maxsize=256)
def _read(database: Database, archive: str) -> str | None:
    with database.read() as conn:
        content = model_files.unpack(blobs.get_blob(conn, archive)).get(FILE)
    return None if content is None else content.decode("utf-8", "replace").replace("\0", "\ufffd")[:MAX_LENGTH]
