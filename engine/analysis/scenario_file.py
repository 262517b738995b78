"""Inputs of runs out of a file that somebody sends: a workbook that was exported, or a table of scenarios.

Left out: reading the file, which is `engine.analysis.sweep.read_scenarios`, and running its rows.
"""

from typing import Any

from contract.actor import Actor
from contract.number_format import NumberFormat
from engine.analysis.sweep import read_scenarios
from engine.authorization import Action, require
from engine.models.catalogue import find_app, find_version
from engine.processes.context import AppContext


def read_inputs(
    context: AppContext,
    app: int | str,
    content: bytes,
    *,
    actor: Actor,
    version: str | None = None,
    number_format: NumberFormat | None = None,
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the inputs in each row of a file, and how open texts were read.

    Args:
        context: the process's application context.
        app: the model's id or slug.
        content: a workbook or a CSV file; of a workbook with a sheet *Inputs* that sheet.
        actor: who asks.
        version: the version that the inputs are for, the current one without it.
        number_format: how numbers in texts are written; with a decimal point without it.

    Raises:
        NotFoundError: there is no such model or version.
        InputError: with every cell that does not fit.
    """
    require(actor, Action.READ_MODELS)
    loaded = find_version(context, find_app(context, app, actor=actor), version, actor=actor)
    return read_scenarios(loaded.manifest, content, number_format or NumberFormat())
