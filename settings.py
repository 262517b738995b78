"""Every setting: its variable, default, unit and meaning. The only reader of the environment.

Chosen: pydantic-settings reads and converts; the value is frozen, read at start, and every variable that cannot be
used is reported at once, with what to do. Building `Settings` itself reads nothing: `read_settings` does, so that a
test or a tool can give an environment of its own.
Left out: a settings file. What a host needs is a few variables, which systemd, compose and a shell all know.
"""

import base64
import ipaddress
import logging
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

ROOT = Path(__file__).resolve().parent
SECRET = "TONTINE_SECRET_"  # noqa: S105 - what the variables of models' secrets begin with
SECRET_LENGTH = 8  # characters at least
KEY_LENGTH, KEY_BYTES = 44, 32  # of a key of cryptography's Fernet: characters of base64, and bytes
POSTGRESQL = ("postgresql://", "postgres://", "postgresql+psycopg://")
ECHO = 100  # characters of a wrong value that its message shows
ROLES = ("viewer", "analyst", "author", "administrator")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
HOST_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*")


PACKAGE_VARIABLES = ("PIP_", "UV_", "XDG_CONFIG", "SSL_C", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
ORIGIN = re.compile(r"(?:https?|ssh)://(?:[\w.-]+|\[[0-9a-fA-F:]+\])(?::\d{1,5})?|file:///\S+")


class SettingsError(ValueError):
    """A setting has a value that cannot be used. The message names each one."""


def _database(text: str) -> str:
    # The value is left out of the message: it may hold a password.
    if text and not text.startswith(POSTGRESQL):
        raise ValueError("it is not the URL of a PostgreSQL server. Give postgresql://user:password@host/name.")
    return text


def _folder(text: Path) -> Path:
    try:
        return text.expanduser().absolute()
    except RuntimeError as error:
        raise ValueError(
            f"the home folder in {_quote(str(text))} is not known. Give the folder's full path."
        ) from error


def _collector(text: str) -> str:
    if text and text != "console" and not text.startswith(("http://", "https://")):
        raise ValueError(
            f"{_quote(text)} is neither console nor a URL that begins with http:// or https://. Give one of the two."
        )
    return text


def _level(text: str) -> str:
    if text.upper() not in logging.getLevelNamesMapping():
        raise ValueError(f"{_quote(text)} is not a level of logging. Give {', '.join(LEVELS[:-1])} or {LEVELS[-1]}.")
    return text.upper()


def _utf8(text: str) -> str:
    if not _is_text(text):
        raise ValueError("it is not UTF-8 text. Give it as text.")
    return text


def _lower(text: str) -> str:
    return text.lower()


def _hosts(text: str | tuple[str, ...]) -> tuple[str, ...]:
    if not isinstance(text, str):
        return text
    hosts = {name: _host(name) for name in _list(text)}
    if wrong := [name for name, host in hosts.items() if host is None]:
        raise ValueError(
            f"{', '.join(map(_quote, wrong))} {'is not a host name' if len(wrong) == 1 else 'are not host names'}. "
            "Give names or IP addresses without scheme, port, path or wildcard, separated by commas."
        )
    return tuple(dict.fromkeys(host for host in hosts.values() if host is not None))


def _host(name: str) -> str | None:
    """Return `name` as a browser sends it, without brackets; None where it is neither a host name nor an address."""
    bracketed = name.startswith("[") and name.endswith("]")
    try:
        address = ipaddress.ip_address(name[1:-1] if bracketed else name)
    except ValueError:
        pass
    else:
        return None if bracketed and address.version == 4 else str(address)
    try:
        ascii_name = name.removesuffix(".").encode("idna").decode().lower()
    except UnicodeError:
        return None
    # What ends in a number is meant as an IPv4 address, and is not one.
    return ascii_name if HOST_NAME.fullmatch(ascii_name) and not ascii_name.rpartition(".")[2].isdigit() else None


def _list(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip()) if isinstance(text, str) else text


def _git_origins(text: str | tuple[str, ...]) -> tuple[str, ...]:
    found = _list(text)
    if wrong := [origin for origin in found if not ORIGIN.fullmatch(origin)]:
        raise ValueError(
            f"{', '.join(map(_quote, wrong))} {'is' if len(wrong) == 1 else 'are'} not of the form scheme://host. Give "
            "https://host, http://host:port, ssh://host or file:///folder, separated by commas."
        )
    return found


def _tokens(text: str | tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    if not isinstance(text, str):
        return text
    pairs = [part.partition("=") for part in _list(text)]
    if any(not host.strip() or not token.strip() for host, _, token in pairs):  # no value is shown: it may be a token
        raise ValueError("it is not of the form host=token. Give host=token, separated by commas.")
    return tuple((host.strip().lower(), token.strip()) for host, _, token in pairs)


def _package_indexes(text: str | tuple[str, ...]) -> tuple[str, ...]:
    found = _list(text)
    # No value is shown: an address may hold a password.
    if found != ("none",) and any(not url.startswith(("https://", "http://", "file:///")) for url in found):
        raise ValueError("it is not a list of URLs. Give https://host/simple, separated by commas, or none.")
    return found


def _keys(text: str | tuple[str, ...]) -> tuple[str, ...]:
    if not isinstance(text, str):
        return text
    keys = _list(text)
    if not all(_is_key(key) for key in keys):  # no value is shown: it is nearly a key
        raise ValueError("it is not a key of 44 letters. Give what python -m engine.commands.secrets new-key prints.")
    return keys


def _is_key(text: str) -> bool:
    try:
        return len(text) == KEY_LENGTH and len(base64.b64decode(text, altchars=b"-_", validate=True)) == KEY_BYTES
    except ValueError:
        return False


def _folders(text: str | tuple[Path, ...]) -> tuple[Path, ...]:
    return tuple(_folder(Path(part)) for part in _list(text)) if isinstance(text, str) else text


def _optional_folder(text: str | Path | None) -> Path | None:
    return _folder(Path(text)) if text else None


def _origins(text: str | tuple[str, ...]) -> tuple[str, ...]:
    if not isinstance(text, str):
        return text
    origins = {origin: _origin(origin) for origin in _list(text)}
    if wrong := [origin for origin, found in origins.items() if found is None]:
        raise ValueError(
            f"{', '.join(map(_quote, wrong))} {'is not an origin' if len(wrong) == 1 else 'are not origins'}. Give "
            "scheme, host and, where it is not the scheme's own, port, as in https://app.example.com, without path or "
            "wildcard, separated by commas."
        )
    return tuple(dict.fromkeys(found for found in origins.values() if found is not None))


def _origin(text: str) -> str | None:
    """Return an origin as a browser sends it; None where it is none."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    host = _host(parts.netloc.rpartition(":")[0] if port is not None else parts.netloc)
    if parts.scheme not in {"http", "https"} or host is None or parts.path not in {"", "/"}:
        return None
    if parts.query or parts.fragment or parts.username is not None:
        return None
    name = f"[{host}]" if ":" in host else host
    own = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{name}" + ("" if port in {None, own} else f":{port}")


def _gateway(text: str) -> str:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        port, parts = None, urlsplit("")
    host = _host(parts.netloc.rpartition(":")[0] if port is not None else parts.netloc)
    plain = parts.username is None and not parts.query and not parts.fragment
    if parts.scheme not in {"http", "https"} or host is None or ":" in host or not plain:
        raise ValueError(
            "it is not the address of an endpoint. Give scheme, host and path, as in https://openrouter.ai/api/v1, "
            "without name, password, query or fragment."
        )
    return text.rstrip("/")


def _names(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_list(text)))


def _role_map(text: str | tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    if not isinstance(text, str):
        return text
    pairs = [(value.strip(), role.strip().lower()) for value, _, role in (p.rpartition("=") for p in _list(text))]
    if wrong := [f"{value}={role}" for value, role in pairs if not value or role not in ROLES]:
        raise ValueError(
            f"{', '.join(map(_quote, wrong))} {'is' if len(wrong) == 1 else 'are'} not of the form value=role. Give "
            f"values of the claim with {', '.join(ROLES[:-1])} or {ROLES[-1]}, separated by commas."
        )
    return tuple(pairs)


DefaultRole = Literal["none", "viewer", "analyst", "author", "administrator"]
Folder = Annotated[Path, AfterValidator(_folder)]
# An index's address may hold a password.
PackageIndexes = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_package_indexes), Field(repr=False)]


def _setting(
    variable: str,
    default: Any,
    unit: str,
    help: str,  # noqa: A002
    *,
    least: int | None = None,
    shown: str | None = None,
    renamed_from: str | None = None,
) -> Any:
    """Declare a setting.

    Args:
        variable: the environment variable.
        default: the value where the variable is empty or not set.
        unit: the unit of the value, or what kind of text it is.
        help: the meaning, for the operator's guide.
        least: the smallest number allowed.
        shown: the default as the operator's guide writes it, where it depends on the host.
        renamed_from: the variable's name before; it is still read, with a warning.
    """
    names = (variable,) if renamed_from is None else (variable, renamed_from)
    extra: dict[str, Any] = {"unit": unit, "shown": shown}
    return Field(
        default=default, validation_alias=AliasChoices(*names), ge=least, description=help, json_schema_extra=extra
    )


class Settings(BaseSettings):
    """The settings of one installation."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", case_sensitive=True)

    database_url: Annotated[str, AfterValidator(_database)] = _setting(
        "DATABASE_URL", "", "URL", "PostgreSQL 14 or newer; empty starts the embedded server"
    )
    data: Folder = _setting(
        "TONTINE_DATA", ROOT / ".tontine", "folder", "embedded database, caches and scratch", shown=".tontine"
    )
    functions: Folder = _setting(
        "TONTINE_FUNCTIONS",
        ROOT / "functions",
        "folder",
        "models registered at start, one folder each",
        shown="functions",
    )
    allowed_hosts: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_hosts)] = _setting(
        "TONTINE_ALLOWED_HOSTS",
        (),
        "names",
        "host names that requests may name, separated by commas; empty allows localhost, 127.0.0.1, ::1 and the "
        "address that the server is bound to",
    )
    development_folders: Annotated[tuple[Path, ...], NoDecode, BeforeValidator(_folders)] = _setting(
        "TONTINE_DEVELOPMENT_FOLDERS",
        (),
        "folders",
        "folders of models that authors work in, separated by commas: registered at start and again at every change",
    )
    git_hosts: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_git_origins)] = _setting(
        "TONTINE_GIT_HOSTS",
        (),
        "origins",
        "where models may be registered from besides https on the public internet, separated by commas: http://host, "
        "ssh://host, file:///folder, or https://host for one with a private address",
    )
    git_tokens: Annotated[tuple[tuple[str, str], ...], NoDecode, BeforeValidator(_tokens), Field(repr=False)] = (
        _setting(
            "TONTINE_GIT_TOKENS",
            (),
            "host=token",
            "access tokens of hosts with private repositories, separated by commas",
        )
    )
    git_ssh_key: Annotated[Path | None, BeforeValidator(_optional_folder)] = _setting(
        "TONTINE_GIT_SSH_KEY", None, "file", "private key for repositories by ssh", shown="(empty)"
    )
    git_known_hosts: Annotated[Path | None, BeforeValidator(_optional_folder)] = _setting(
        "TONTINE_GIT_KNOWN_HOSTS", None, "file", "keys of the hosts reached by ssh; others are refused", shown="(empty)"
    )
    secrets_keys: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_keys), Field(repr=False)] = _setting(
        "TONTINE_SECRETS_KEY",
        (),
        "keys",
        "keys that encrypt secrets in the database, separated by commas: the first encrypts, every one decrypts; the "
        "same for the server and every worker",
    )
    trust_models: bool = _setting(
        "TONTINE_TRUST_MODELS",
        False,
        "true or false",
        "register models from elsewhere also where this host confines them weakly (tiers C and D)",
        shown="false",
    )
    package_index: PackageIndexes = _setting(
        "TONTINE_PACKAGE_INDEX",
        (),
        "URLs",
        "indexes that models' requirements are installed from, separated by commas, or none to install nothing; "
        "empty asks what pip and uv of this machine are set to",
    )
    overlay_mb: int = _setting(
        "TONTINE_OVERLAY_MB", 1_000, "MB", "packages that one model may have beyond the standard set", least=1
    )
    overlays_mb: int = _setting(
        "TONTINE_OVERLAYS_MB",
        8_000,
        "MB",
        "packages of all models on one host; the least recently used are removed and installed again when needed",
        least=0,
    )
    prepared_models: int = _setting(
        "TONTINE_PREPARED_MODELS",
        4,
        "models",
        "models with packages of their own for which one worker has processes ready; 0 keeps none",
        least=0,
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_origins)] = _setting(
        "TONTINE_CORS_ORIGINS",
        (),
        "origins",
        "other sites whose pages may use the API, over HTTP and WebSockets, separated by commas",
    )
    gateway_url: Annotated[str, AfterValidator(_gateway)] = _setting(
        "TONTINE_GATEWAY_URL",
        "https://openrouter.ai/api/v1",
        "URL",
        "AI gateway: an endpoint that speaks the OpenAI protocol; models reach it once its host is granted to them",
    )
    gateway_model: str = _setting(
        "TONTINE_GATEWAY_MODEL",
        "openai/gpt-4o-mini",
        "name",
        "language model, as the AI gateway lists it, that explains runs and drafts models unless another is chosen",
    )
    gateway_daily_cap: float = _setting(
        "TONTINE_GATEWAY_DAILY_CAP",
        10.0,
        "US dollars",
        "what one user may spend at the AI gateway in a day (UTC), as it reports costs; 0 is no cap",
        least=0,
    )
    webhook_private_hosts: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_hosts)] = _setting(
        "TONTINE_WEBHOOK_PRIVATE_HOSTS",
        (),
        "names",
        "hosts that webhooks may lead to although their addresses are not public, separated by commas",
    )
    rate_limit: int = _setting(
        "TONTINE_RATE_LIMIT",
        6_000,
        "requests",
        "requests a minute to the API of one user at one address, on each server; 0 is no limit",
        least=0,
    )
    explorer_url: Annotated[str, AfterValidator(_database), Field(repr=False)] = _setting(
        "TONTINE_EXPLORER_URL",
        "",
        "URL",
        "login of a role without rights for the explorer's queries; empty has Tontine make one",
    )
    explorer_seconds: int = _setting(
        "TONTINE_EXPLORER_SECONDS", 30, "s", "time that a query of the explorer may take", least=1
    )
    portfolio_hours: int = _setting(
        "TONTINE_PORTFOLIO_HOURS",
        24,
        "h",
        "hours after the last activity of its client after which a portfolio session is deleted; its runs stay",
        least=1,
    )
    market_seconds: int = _setting(
        "TONTINE_MARKET_SECONDS",
        30,
        "s",
        "time between two updates of the prices that portfolio sessions are valued at",
        least=1,
    )
    mcp: bool = _setting(
        "TONTINE_MCP",
        False,
        "true or false",
        "offer the models as tools of an MCP server at /mcp",
        shown="false",
    )
    workers: int = _setting(
        "TONTINE_WORKERS",
        os.cpu_count() or 1,
        "processes",
        "worker processes that the server starts; 0 leaves runs to other hosts",
        least=0,
        shown="number of cores",
    )
    worker_slots: int = _setting(
        "TONTINE_WORKER_SLOTS",
        2,
        "runs",
        "runs that one worker executes at once",
        least=1,
        renamed_from="TONTINE_WORKER_RUNS",
    )
    worker_batch_slots: int = _setting(
        "TONTINE_WORKER_BATCH_SLOTS",
        1,
        "runs",
        "runs of sweeps and checks that one worker executes besides, at a lower priority of the processor",
        least=1,
        renamed_from="TONTINE_WORKER_BATCH_RUNS",
    )
    user: Annotated[str, AfterValidator(_utf8)] = _setting(
        "TONTINE_USER", "analyst", "name", "who runs are recorded for while there is no login"
    )
    run_visibility: Annotated[Literal["private", "team", "public"], BeforeValidator(_lower)] = _setting(
        "TONTINE_RUN_VISIBILITY",
        "team",
        "word",
        "who may read a new run besides its owner and administrators: private (nobody), team, or public (everybody "
        "who signs in)",
    )
    administrators: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_names)] = _setting(
        "TONTINE_ADMINISTRATORS",
        (),
        "people",
        "who is administrator when people sign in: e-mail addresses that the identity provider has verified, or its "
        "ISSUER and SUBJECT of a person with a space between, separated by commas",
    )
    default_role: Annotated[DefaultRole, BeforeValidator(_lower)] = _setting(
        "TONTINE_DEFAULT_ROLE",
        "viewer",
        "role",
        "of people who sign in and have no other: viewer, analyst, author, administrator, or none, which lets "
        "nobody in before an administrator gives a role",
    )
    role_claim: str = _setting(
        "TONTINE_ROLE_CLAIM", "", "claim", "claim of the identity provider that gives roles, such as realm_access.roles"
    )
    roles: Annotated[tuple[tuple[str, str], ...], NoDecode, BeforeValidator(_role_map)] = _setting(
        "TONTINE_ROLES", (), "value=role", "which role a value of that claim gives, separated by commas"
    )
    team_claim: str = _setting(
        "TONTINE_TEAM_CLAIM", "", "claim", "claim with the names of a person's teams; empty makes everybody one team"
    )
    sign_in_hours: int = _setting("TONTINE_SIGN_IN_HOURS", 24, "h", "after which people sign in again", least=1)
    seconds: int = _setting("TONTINE_SECONDS", 60, "s", "time limit of a run that declares none", least=1)
    seconds_max: int = _setting("TONTINE_SECONDS_MAX", 3_600, "s", "ceiling of a declared time limit", least=1)
    seconds_core: int = _setting(
        "TONTINE_SECONDS_CORE",
        600,
        "s",
        "time limit of a run of a model written for the MCLAVIER Marketplace, whose manifest cannot declare one",
        least=1,
    )
    memory_mb: int = _setting("TONTINE_MEMORY_MB", 1_024, "MB", "memory limit of a run that declares none", least=1)
    memory_mb_max: int = _setting("TONTINE_MEMORY_MB_MAX", 4_096, "MB", "ceiling of a declared memory limit", least=1)
    output_mb: int = _setting("TONTINE_OUTPUT_MB", 32, "MB", "result limit of a run that declares none", least=1)
    output_mb_max: int = _setting("TONTINE_OUTPUT_MB_MAX", 256, "MB", "ceiling of a declared result limit", least=1)
    scratch_mb: int = _setting("TONTINE_SCRATCH_MB", 256, "MB", "files that a run may write", least=1)
    log_kb: int = _setting("TONTINE_LOG_KB", 1_024, "kB", "log that is kept of a run; the rest is cut", least=1)
    threads: int = _setting("TONTINE_THREADS", 1, "threads", "threads of numerical libraries in a run", least=1)
    max_pending_per_user: int = _setting(
        "TONTINE_MAX_PENDING_PER_USER",
        200,
        "runs",
        "runs that one user may have pending or running",
        least=1,
        renamed_from="TONTINE_USER_RUNS",
    )
    max_running_per_user: int = _setting(
        "TONTINE_MAX_RUNNING_PER_USER",
        0,
        "runs",
        "runs of one user that may execute at once, on all hosts; 0 is no cap",
        least=0,
        renamed_from="TONTINE_USER_AT_ONCE",
    )
    max_running_per_model: int = _setting(
        "TONTINE_MAX_RUNNING_PER_MODEL",
        0,
        "runs",
        "runs of one model that may execute at once, on all hosts; 0 is no cap",
        least=0,
        renamed_from="TONTINE_MODEL_AT_ONCE",
    )
    worker_timeout: int = _setting(
        "TONTINE_WORKER_TIMEOUT",
        30,
        "s",
        "silence after which a worker counts as dead and other workers take its runs",
        least=1,
        renamed_from="TONTINE_STALLED",
    )
    attempts: int = _setting(
        "TONTINE_ATTEMPTS", 3, "attempts", "workers that may die with a run before it fails", least=1
    )
    log_level: Annotated[str, AfterValidator(_level)] = _setting(
        "TONTINE_LOG_LEVEL", "INFO", "level", "least level that the server and the workers log"
    )
    log_format: Annotated[Literal["auto", "text", "json"], BeforeValidator(_lower)] = _setting(
        "TONTINE_LOG_FORMAT", "auto", "format", "of log lines: text, json, or auto for text in a terminal only"
    )
    telemetry: Annotated[str, AfterValidator(_collector)] = _setting(
        "TONTINE_TELEMETRY", "", "URL", "OTLP collector for traces and metrics, or console; empty is off"
    )
    loop_block_ms: int = _setting(
        "TONTINE_LOOP_BLOCK_MS",
        0,
        "ms",
        "log event loops that are blocked for this long; 0 is off",
        least=0,
        renamed_from="TONTINE_WATCH_LOOP",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what is given and nothing else: `read_settings` names the environment."""
        return (init_settings,)


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings that `environment` holds, the process's own where none is given.

    Raises:
        SettingsError: with every variable that cannot be used, secrets' included.
    """
    environment = os.environ if environment is None else environment
    given = _given(environment)
    source = EnvSettingsSource(Settings)
    source.env_vars = given
    problems = _secrets(environment)[1]
    try:
        found = Settings(**source())
    except ValidationError as error:
        problems += [_message(problem, given) for problem in error.errors()]
    if problems:
        raise SettingsError("\n".join(problems))
    return found


def renamed(environment: Mapping[str, str] | None = None) -> list[str]:
    """Return a warning for each variable of `environment` that goes by a former name, the process's own by default."""
    given = _given(os.environ if environment is None else environment)
    warnings = []
    for now, before in _renames():
        if before in given and now in given:
            warnings.append(f"{before}: it is ignored, because {now}, its new name, is set too. Remove {before}.")
        elif before in given:
            warnings.append(
                f"{before}: its name is {now} now, and the next release reads only that. Set {now} instead."
            )
    return warnings


def secrets(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the values of models' secrets that `environment` holds, by name, without `TONTINE_SECRET_`.

    Raises:
        SettingsError: with every variable that cannot be used; it never shows a value.
    """
    found, problems = _secrets(os.environ if environment is None else environment)
    if problems:
        raise SettingsError("\n".join(problems))
    return found


def package_environment(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the variables of `environment` by which pip, uv, proxies and certificates are set up on this machine."""
    return {
        name: value
        for name, value in (os.environ if environment is None else environment).items()
        if name.upper().startswith(PACKAGE_VARIABLES) or name in {"HOME", "PATH"}
    }


def settings_table() -> list[dict[str, str]]:
    """Return every setting with its default, unit and meaning, for the operator's guide."""
    return [
        {
            "variable": _variables(name)[0],
            "default": _extra(name)["shown"] or ("(empty)" if field.default in {"", ()} else str(field.default)),
            "unit": str(_extra(name)["unit"]),
            "help": field.description or "",
        }
        for name, field in Settings.model_fields.items()
    ]


def _given(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that are set: an empty one counts as not set, as compose files and units write them."""
    return {name: value.strip() for name, value in environment.items() if value.strip()}


def _variables(name: str) -> list[str]:
    """Return the variable of a setting, then its former name where it has one."""
    alias = Settings.model_fields[name].validation_alias
    assert isinstance(alias, AliasChoices)
    return [str(choice) for choice in alias.choices]


def _extra(name: str) -> dict[str, Any]:
    extra = Settings.model_fields[name].json_schema_extra
    assert isinstance(extra, dict)
    return extra


def _renames() -> Iterator[tuple[str, str]]:
    for name in Settings.model_fields:
        now, *before = _variables(name)
        yield from ((now, variable) for variable in before)


def _message(problem: Mapping[str, Any], given: Mapping[str, str]) -> str:
    """Return what is wrong with one variable and what to do, under the name that the operator gave."""
    name = next(n for n in Settings.model_fields if _variables(n)[0] == problem["loc"][0])
    variable = next(v for v in _variables(name) if v in given)
    context = problem.get("ctx", {})
    match problem["type"]:
        case "value_error":
            found = str(context["error"])
        case "greater_than_equal":
            found = f"{problem['input']} is below {context['ge']}. Give {context['ge']} or more."
        case "literal_error":
            found = f"{_quote(given[variable])} is not {context['expected'].replace(chr(39), '')}. Give one of these."
        case "string_unicode":
            found = "it is not UTF-8 text. Give it as text."
        case kind if kind.startswith("bool_"):
            found = f"{_quote(given[variable])} is not true or false. Give 1 or 0."
        case kind if kind.startswith("int_"):
            found = f"{_quote(given[variable])} is not a whole number. Give a whole number ({_extra(name)['unit']})."
        case kind if kind.startswith("float_"):
            found = f"{_quote(given[variable])} is not a number. Give a number ({_extra(name)['unit']})."
        case _:
            found = f"{_quote(given[variable])} cannot be used: {problem['msg']}."
    return f"{variable}: {found}"


def _quote(text: str) -> str:
    return repr(text if len(text) <= ECHO else f"{text[:ECHO]}...")


def _secrets(environment: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    found: dict[str, str] = {}
    problems: list[str] = []
    for variable, value in environment.items():
        if not variable.startswith(SECRET) or not value:
            continue
        if len(value) < SECRET_LENGTH:
            problems.append(
                f"{variable}: it has fewer than {SECRET_LENGTH} characters, which could not be hidden in logs without "
                "hiding ordinary words. Give a longer one."
            )
        elif not _is_text(value):
            problems.append(f"{variable}: it is not UTF-8 text. Give it as text.")
        found[variable.removeprefix(SECRET)] = value
    return found, problems


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
