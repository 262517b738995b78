"""Run the models of a Tontine server from Python: `Tontine(url).model("mortality").run(age=45)`.

Chosen: httpx and nothing else; pandas and pyarrow are imported only by the results that need them.
Left out: what the server decides, such as the check of inputs; its problems come back as exceptions.
"""

from tontine.async_client import AsyncModel, AsyncRun, AsyncTontine
from tontine.client import Model, Run, Tontine
from tontine.errors import (
    BusyError,
    ConnectionFailedError,
    InputsRefusedError,
    NotAllowedError,
    NotFoundError,
    NotReadyError,
    Problem,
    RunFailedError,
    ServerError,
    TontineError,
    WaitTimeoutError,
)
from tontine.events import Event
from tontine.records import ModelInfo, RunInfo

__all__ = [
    "AsyncModel",
    "AsyncRun",
    "AsyncTontine",
    "BusyError",
    "ConnectionFailedError",
    "Event",
    "InputsRefusedError",
    "Model",
    "ModelInfo",
    "NotAllowedError",
    "NotFoundError",
    "NotReadyError",
    "Problem",
    "Run",
    "RunFailedError",
    "RunInfo",
    "ServerError",
    "Tontine",
    "TontineError",
    "WaitTimeoutError",
]
