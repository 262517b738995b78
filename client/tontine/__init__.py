"""Run the models of a Tontine server from Python: `Tontine(url).model("mortality").run(age=45)`.

Chosen: httpx and nothing else; pandas and pyarrow are imported only by the results that need them.
Left out: what the server decides, such as the check of inputs; its problems come back as exceptions.
"""

from tontine.async_client import AsyncGroup, AsyncModel, AsyncRun, AsyncScenario, AsyncTontine
from tontine.client import Group, Model, Run, Scenario, Tontine
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
from tontine.records import GroupInfo, ModelInfo, RunInfo, ScenarioInfo

__all__ = [
    "AsyncGroup",
    "AsyncModel",
    "AsyncRun",
    "AsyncScenario",
    "AsyncTontine",
    "BusyError",
    "ConnectionFailedError",
    "Event",
    "Group",
    "GroupInfo",
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
    "Scenario",
    "ScenarioInfo",
    "ServerError",
    "Tontine",
    "TontineError",
    "WaitTimeoutError",
]
