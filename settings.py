"""Every setting once: its variable, default, unit and meaning. The only reader of the environment.

Chosen: one frozen value, read at start; every wrong variable is reported at once, in words.
Left out: a settings file. What a host needs is a few variables, which systemd, compose and a shell all know.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
SECRET = "TONTINE_SECRET_"  # noqa: S105 - what the variables of models' secrets begin with
SECRET_LENGTH = 8  # characters at least


class SettingsError(ValueError):
    """A setting has a value that cannot be used. The message names each one."""


def _whole(text: str) -> int:
    return int(text)


class _UnusableError(ValueError):
    """What is wrong with a value, as the end of a sentence."""


def _collector(text: str) -> str:
    if text != "console" and not text.startswith(("http://", "https://")):
        raise _UnusableError("is neither console nor a URL that begins with http:// or https://.")
    return text


def _form(text: str) -> str:
    if text.lower() not in {"auto", "text", "json"}:
        raise _UnusableError("is not auto, text or json.")
    return text.lower()


def _flag(text: str) -> bool:
    if text.lower() in {"1", "true", "yes", "on"}:
        return True
    if text.lower() in {"0", "false", "no", "off"}:
        return False
    raise ValueError(text)


def _path(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _setting(
    variable: str,
    default: Any,
    read: Callable[[str], Any],
    unit: str,
    help: str,  # noqa: A002
    least: int = 1,
) -> Any:
    metadata = {"variable": variable, "read": read, "unit": unit, "help": help, "least": least}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one installation."""

    database_url: str = _setting(
        "DATABASE_URL", "", str, "URL", "PostgreSQL 14 or newer; empty starts the embedded server"
    )
    data: Path = _setting(
        "TONTINE_DATA",
        ROOT / ".tontine",
        _path,
        "folder",
        "embedded database, caches and scratch",
    )
    functions: Path = _setting(
        "TONTINE_FUNCTIONS", ROOT / "functions", _path, "folder", "models registered at start, one folder each"
    )
    workers: int = _setting(
        "TONTINE_WORKERS",
        os.cpu_count() or 1,
        _whole,
        "processes",
        "worker processes that the server starts; 0 leaves runs to other hosts",
        least=0,
    )
    worker_runs: int = _setting("TONTINE_WORKER_RUNS", 2, _whole, "runs", "runs that one worker has going at once")
    worker_batch_runs: int = _setting(
        "TONTINE_WORKER_BATCH_RUNS",
        1,
        _whole,
        "runs",
        "runs of sweeps and checks that one worker has going besides, at a lower priority of the processor",
    )
    user: str = _setting("TONTINE_USER", "analyst", str, "name", "who runs are recorded for while there is no login")
    seconds: int = _setting("TONTINE_SECONDS", 60, _whole, "s", "time limit of a run that declares none")
    seconds_max: int = _setting("TONTINE_SECONDS_MAX", 3_600, _whole, "s", "ceiling of a declared time limit")
    memory_mb: int = _setting("TONTINE_MEMORY_MB", 1_024, _whole, "MB", "memory limit of a run that declares none")
    memory_mb_max: int = _setting("TONTINE_MEMORY_MB_MAX", 4_096, _whole, "MB", "ceiling of a declared limit")
    output_mb: int = _setting("TONTINE_OUTPUT_MB", 32, _whole, "MB", "result limit of a run that declares none")
    output_mb_max: int = _setting("TONTINE_OUTPUT_MB_MAX", 256, _whole, "MB", "ceiling of a declared limit")
    scratch_mb: int = _setting("TONTINE_SCRATCH_MB", 256, _whole, "MB", "files a run may write")
    log_kb: int = _setting("TONTINE_LOG_KB", 1_024, _whole, "kB", "log kept of a run; the rest is cut")
    threads: int = _setting("TONTINE_THREADS", 1, _whole, "threads", "threads of numerical libraries in a run")
    user_runs: int = _setting("TONTINE_USER_RUNS", 200, _whole, "runs", "runs one user may have waiting or going")
    user_at_once: int = _setting(
        "TONTINE_USER_AT_ONCE",
        0,
        _whole,
        "runs",
        "runs one user may have going at once, on all hosts; 0 is no cap",
        least=0,
    )
    model_at_once: int = _setting(
        "TONTINE_MODEL_AT_ONCE",
        0,
        _whole,
        "runs",
        "runs one model may have going at once, on all hosts; 0 is no cap",
        least=0,
    )
    stalled: int = _setting(
        "TONTINE_STALLED", 30, _whole, "s", "silence after which a worker counts as gone and its runs go elsewhere"
    )
    attempts: int = _setting("TONTINE_ATTEMPTS", 3, _whole, "attempts", "workers a run may outlive before it fails")
    log_level: str = _setting("TONTINE_LOG_LEVEL", "INFO", str, "level", "of the server's and workers' own logs")
    log_format: str = _setting(
        "TONTINE_LOG_FORMAT", "auto", _form, "form", "of log lines: text, json, or text in a terminal only"
    )
    telemetry: str = _setting(
        "TONTINE_TELEMETRY", "", _collector, "URL", "OTLP collector for traces and metrics, or console; empty is off"
    )
    watch_loop: int = _setting(
        "TONTINE_WATCH_LOOP", 0, _whole, "ms", "report event loops that do not turn for this long; 0 is off", least=0
    )


def secrets(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the values of models' secrets that `environment` holds, by name, without `TONTINE_SECRET_`.

    Raises:
        SettingsError: with every variable that cannot be used; it never shows a value.
    """
    found, wrong = _secrets(os.environ if environment is None else environment)
    if wrong:
        raise SettingsError("\n".join(wrong))
    return found


def _secrets(environment: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    found: dict[str, str] = {}
    wrong: list[str] = []
    for variable, value in environment.items():
        if not variable.startswith(SECRET) or not value:
            continue
        if len(value) < SECRET_LENGTH:
            wrong.append(
                f"{variable}: it has fewer than {SECRET_LENGTH} characters, which could not be hidden in logs without "
                "hiding ordinary words. Give a longer one."
            )
        elif not _is_text(value):
            wrong.append(f"{variable}: it is not UTF-8 text. Give it as text.")
        found[variable.removeprefix(SECRET)] = value
    return found, wrong


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings that `environment` holds, the process's own where none is given.

    Raises:
        SettingsError: with every variable that cannot be used.
    """
    environment = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    wrong = _secrets(environment)[1]
    for item in fields(Settings):
        text = environment.get(item.metadata["variable"], "").strip()
        if not text:
            continue
        try:
            value = item.metadata["read"](text)
        except _UnusableError as error:
            wrong.append(f"{item.metadata['variable']}: {text!r} {error}")
            continue
        except ValueError:
            wrong.append(f"{item.metadata['variable']}: {text!r} is not a number of {item.metadata['unit']}.")
            continue
        least = item.metadata["least"]
        if isinstance(value, int) and not isinstance(value, bool) and value < least:
            wrong.append(f"{item.metadata['variable']}: {value} is below {least}. Give {least} or more.")
        values[item.name] = value
    if wrong:
        raise SettingsError("\n".join(wrong))
    return Settings(**values)


def settings_table() -> list[dict[str, str]]:
    """Return every setting with its default, unit and meaning, for the operator's guide."""
    defaults = Settings()
    rows = []
    for item in fields(Settings):
        default = getattr(defaults, item.name)
        shown = {"data": ".tontine", "functions": "functions", "workers": "number of cores"}.get(item.name)
        rows.append(
            {
                "variable": item.metadata["variable"],
                "default": shown or str(default),
                "unit": item.metadata["unit"],
                "help": item.metadata["help"],
            }
        )
    return rows
