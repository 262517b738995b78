"""What command lines need of the installation: its database, its limits, and who uses the command.

Chosen: the embedded server is joined while Tontine runs and started for a moment where it does not.
Left out: pages and API, which have a context of their own.
"""

import contextlib
import dataclasses
import getpass
import sys
from collections.abc import Callable, Iterator

import settings as settings_module
from contract.actor import Role
from contract.errors import DatabaseUnavailable, ProblemsError, ServerError
from contract.run import Visibility
from engine.people.rules import PeopleRules
from engine.processes import context as contexts
from engine.processes.context import AppContext
from engine.processes.limits import InstallationLimits
from registry.git_address import GitAccess
from registry.overlays import OverlayStore
from registry.package_index import PackageIndex
from settings import Settings, SettingsError
from storage.database import Database
from storage.embedded_postgres import EmbeddedServer
from storage.encryption import Cipher
from storage.migrate import migrate


@contextlib.contextmanager
def open_database(settings: Settings, *, pool: int = 1) -> Iterator[Database]:
    """Open the installation's database: that of DATABASE_URL, or the embedded one, joined or started for a moment."""
    with database_url(settings) as url, contextlib.closing(Database(url, pool=pool)) as database:
        migrate(database)
        yield database


@contextlib.contextmanager
def database_url(settings: Settings) -> Iterator[str]:
    """Give the URL of the installation's database, which answers inside the block.

    Raises:
        ServerError: there is no database yet.
    """
    if settings.database_url:
        yield settings.database_url
        return
    home = settings.data / "postgres"
    if not (home / "data").is_dir():
        raise ServerError(f"There is no database in {home}. Start Tontine once, or name the one it uses.")
    with EmbeddedServer(home) as url:
        yield url


@contextlib.contextmanager
def open_installation(settings: Settings) -> Iterator[AppContext]:
    """Open what the engine's verbs take, its tables brought up to this release."""
    with database_url(settings) as url:
        with contextlib.closing(Database(url, pool=1)) as database:
            migrate(database)
        opened = contexts.open_context(
            url,
            data=settings.data,
            user=settings.user,
            overlays=overlays_from(settings),
            cipher=cipher_from(settings),
        )
        with contextlib.closing(opened) as context:
            yield context


def limits_from(settings: Settings) -> InstallationLimits:
    """Return the engine's limits as the settings give them."""
    names = [field.name for field in dataclasses.fields(InstallationLimits)]
    return InstallationLimits(**{name: getattr(settings, name) for name in names})


def cipher_from(settings: Settings) -> Cipher:
    """Return what encrypts secrets, with the settings' keys."""
    return Cipher(settings.secrets_keys)


def people_rules_from(settings: Settings, *, sign_in: bool) -> PeopleRules:
    """Return how people come in as the settings give it; `sign_in` says that an identity provider is configured."""
    return PeopleRules(
        sign_in=sign_in,
        administrators=settings.administrators,
        default_role=None if settings.default_role == "none" else Role(settings.default_role),
        role_claim=settings.role_claim,
        roles={value: Role(role) for value, role in settings.roles},
        team_claim=settings.team_claim,
        sign_in_hours=settings.sign_in_hours,
        run_visibility=Visibility(settings.run_visibility),
    )


def git_access_from(settings: Settings) -> GitAccess:
    """Return where repositories may come from, as the settings give it."""
    tokens = dict(settings.git_tokens)
    return GitAccess(settings.git_hosts, tokens, settings.git_ssh_key, settings.git_known_hosts)


def overlays_from(settings: Settings) -> OverlayStore:
    """Return the packages of models on this host, as the settings give them."""
    index = PackageIndex(
        settings.package_index,
        settings_module.package_environment(),
        overlay_mb=settings.overlay_mb,
        total_mb=settings.overlays_mb,
    )
    return OverlayStore(settings.data / "overlays", index)


def exit_code(command: Callable[[], int]) -> int:
    """Return what a command returns to the shell, or 1 where it cannot be done, with the reasons on standard error."""
    try:
        return command()
    except (SettingsError, ServerError, DatabaseUnavailable) as error:
        print(error, file=sys.stderr)
    except ProblemsError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
    return 1


def operator_name() -> str:
    """Return the account that uses the command."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "administrator"
