"""Models and versions looked up, each version's manifest parsed once for each process.

Chosen: a bounded cache of manifests by content hash; versions never change.
Left out: registering, which is `engine.models.register`.
"""

from functools import lru_cache
from typing import NoReturn

import orjson

from contract import cases as contract_cases
from contract import manifest as contract_manifest
from contract.app import App, AppRef, Version
from contract.cases import Case
from contract.errors import NotFoundError
from contract.manifest import Manifest
from contract.problems import Problem
from engine.processes.context import AppContext
from storage import apps, versions


def load_manifest(version: Version) -> Manifest:
    """Return the manifest that `version` was registered with."""
    return _parse_manifest(version.hash, orjson.dumps(version.manifest))


def load_cases(version: Version) -> tuple[Case, ...]:
    """Return the presets and reference cases that `version` was registered with."""
    return contract_cases.parse_cases(list(version.cases), load_manifest(version)) if version.cases else ()


@lru_cache(maxsize=512)
def _parse_manifest(_hash: str, content: bytes) -> Manifest:
    return contract_manifest.parse(orjson.loads(content))


def find_app(context: AppContext, app: int | str) -> App:
    """Return the model with this id or slug.

    Raises:
        NotFoundError: there is none.
    """
    with context.database.read() as conn:
        found = apps.app_by_id(conn, app) if isinstance(app, int) else apps.app_by_slug(conn, app)
    return found or no_such_model(app)


def no_such_model(app: int | str) -> NoReturn:
    """Refuse a model that is not there."""
    raise NotFoundError([Problem("app", f"there is no model {app!r}", "Choose one from the catalogue.")])


def find_version(context: AppContext, app: App | AppRef, version: str | None = None) -> tuple[Version, Manifest]:
    """Return a version of the model, its current one where none is named, with its manifest.

    Raises:
        NotFoundError: the model has no such version.
    """
    wanted = version or app.current_version
    with context.database.read() as conn:
        found = versions.get_version(conn, app.id, wanted) if wanted else None
    if found is None:
        problem = Problem("version", f"{app.slug} has no version {wanted!r}", "Leave it out for the current one.")
        raise NotFoundError([problem])
    return found, load_manifest(found)
