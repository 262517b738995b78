"""Structured logs: one line an event, with the run's id, model and trace where there is one.

Chosen: structlog over the standard library, so that other libraries' lines look the same, the web server's included;
JSON where nobody reads along. Lines written while a worker carries a run get `run`, `model` and `attempt` from
`engine.observability.telemetry`, whoever writes them.
Left out: files and rotation, which the service manager does.
"""

import logging
import sys

import structlog

from engine.observability import telemetry

SERVER = ("streamlit", "uvicorn", "websockets")  # print by themselves, or not at all, unless configured


def configure(level: str = "INFO", form: str = "auto") -> None:
    """Send the logs of this process to standard error.

    Args:
        level: the least that is shown, as logging names it.
        form: `text` for people, `json` for programs, `auto` for text in a terminal and JSON elsewhere.
    """
    text = form == "text" or (form == "auto" and sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.stdlib.add_logger_name,
        telemetry.add_trace_id,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # The text renderer prints tracebacks itself.
    renderers: list[structlog.typing.Processor] = (
        [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
        if text
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for chatty in ("procrastinate", "alembic", "httpx", "watchdog"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def route_server_logs() -> None:
    """Send the web server's lines the same way; to be called once the server has set its own logging up.

    Streamlit leaves uvicorn's errors without a handler: what goes wrong in a request would be seen nowhere.
    """
    for name in [*logging.Logger.manager.loggerDict]:
        if name.partition(".")[0] in SERVER and name != "uvicorn.access":
            logger = logging.getLogger(name)
            logger.handlers[:] = []
            logger.propagate = True
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
