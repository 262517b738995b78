"""The blocking client: models, runs, their events and results.

Made of `async_client.py` by `python client/make_sync.py`: change that file, not this one.
"""

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import httpx

from tontine import protocol, tables
from tontine.errors import NotReadyError, RunFailedError, TontineError, body_of, error_from
from tontine.events import Event, EventDecoder
from tontine.inputs import paths_in, to_json
from tontine.protocol import Deadline
from tontine.records import GroupInfo, ModelInfo, RunInfo, ScenarioInfo

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


class Tontine:
    """A server. Close it after use, or use it in a `with` block.

    Args:
        url: the application's address, such as `http://localhost:8501`.
        token: sent as a bearer token, where the server or a proxy before it asks for one.
        timeout: seconds for one answer; waiting for a run is limited by the wait itself.

    Raises:
        ValueError: the address is none.
    """

    def __init__(self, url: str, token: str | None = None, *, timeout: float = 60.0) -> None:
        self.url = protocol.api_url(url)
        self._http = httpx.Client(
            base_url=self.url, headers=protocol.headers_for(token), timeout=protocol.timeouts(timeout)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def models(self) -> list[ModelInfo]:
        """Return the models of the catalogue, by name."""
        return [ModelInfo.parse(body) for body in self._pages("/apps", {"limit": protocol.PAGE})]

    def model(self, slug: str) -> "Model":
        """Return the model of this name in addresses, such as `chain_ladder`; it is looked up when it is used."""
        return Model(self, slug)

    def run(self, run_id: str) -> "Run":
        """Return a run with its result.

        Raises:
            NotFoundError: there is no such run.
        """
        return Run(self, self._run_info(run_id))

    def runs(
        self,
        *,
        model: str | None = None,
        status: str | list[str] | None = None,
        user: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        text: str | None = None,
        query: str | None = None,
        zone: str | None = None,
        page: int = 100,
    ) -> Generator[RunInfo]:
        """Return an iterator over the history, newest first, which reads `page` runs at a time (at most 500).

        `query` is in the language of the history's search, with decimal points and ISO dates:
        `params.age > 60 and (summary.scr < 2e6 or tag:q3)`; `zone` is the time zone of its days, UTC without it.
        """
        wanted = {"app": model, "status": status, "user": user, "since": since, "until": until, "text": text}
        wanted |= {"query": query, "zone": zone}
        for body in self._pages("/runs", {**protocol.filters(wanted), "limit": page}):
            yield RunInfo.parse(body)

    def compare(self, runs: Sequence[str], baseline: str | None = None) -> dict[str, Any]:
        """Compare 2 to 50 runs by their ids: inputs and figures side by side, what differs first.

        Args:
            runs: their ids, in the order to show.
            baseline: one of them; the model's pinned one where it is among them, otherwise the first.

        Raises:
            NotFoundError: some of the runs are not there; each is named.
        """
        params = protocol.filters({"runs": ",".join(runs), "baseline": baseline})
        found: dict[str, Any] = body_of(self._send("GET", "/compare", params=params))
        return found

    def save_comparison(
        self,
        runs: Sequence[str],
        form: str,
        target: str | Path = ".",
        *,
        baseline: str | None = None,
        language: str | None = None,
    ) -> Path:
        """Save a comparison as a file: `csv`, `xlsx`, `parquet`, `json`, `pdf`, or `svg` and `png` for its charts.

        Args:
            runs: their ids, in the order to show.
            form: of the file.
            target: a file, or a folder for one named by the server.
            baseline: one of the runs; the model's pinned one where it is among them, otherwise the first.
            language: of numbers and dates, such as de-CH.
        """
        params = protocol.filters({"runs": ",".join(runs), "baseline": baseline, "language": language})
        name = f"comparison.{protocol.analysis_ending(form)}"
        return self._save(f"/compare/export/{form}", target, params, name)

    def compare_table(self, before: str, now: str, name: str = tables.TABLE) -> dict[str, Any]:
        """Compare a table of two runs: the cells that differ, up to 2,000 rows."""
        params = {"before": before, "now": now, "name": name}
        found: dict[str, Any] = body_of(self._send("GET", "/compare/table", params=params))
        return found

    def group(self, group_id: str) -> "Group":
        """Return a group of runs: a sweep, a sensitivity, a goal seek or an analysis of change.

        Raises:
            NotFoundError: there is no such group.
        """
        response = self._send("GET", protocol.group_path(group_id))
        return Group(self, GroupInfo.parse(body_of(response)))

    def scenario(self, scenario_id: str, version: str | None = None) -> "Scenario":
        """Return a scenario with its inputs as a version of its model takes them, the current one without `version`.

        Raises:
            NotFoundError: there is no such scenario.
        """
        params = protocol.filters({"version": version})
        response = self._send("GET", protocol.scenario_path(scenario_id), params=params)
        return Scenario(self, ScenarioInfo.parse(body_of(response)))

    def change(self, before: str, after: str, *, order: list[str] | None = None, average: bool = False) -> "Group":
        """Start an analysis of change from one run to another of the same model, by their ids.

        Args:
            before: the run to start from.
            after: the run to end with.
            order: the inputs that differ, in the order in which they are switched.
            average: run what the average over all orders needs too.

        Raises:
            InputsRefusedError: the runs cannot be compared so.
        """
        body = {"before": before, "after": after, "order": order, "average": average}
        return Group(self, GroupInfo.parse(body_of(self._send("POST", "/changes", json=body))))

    def upload(self, path: str | Path) -> dict[str, Any]:
        """Upload a file; return the value that an input of type file takes."""
        file = Path(path)
        content = file.read_bytes()
        response = self._send("POST", "/uploads", params={"name": file.name}, content=content)
        value: dict[str, Any] = body_of(response)
        return value

    def _save(self, path: str, target: str | Path, params: Mapping[str, Any], fallback: str) -> Path:
        """Save what the server sends and return the file's path, in a folder under the server's name for it."""
        with self._stream(path, params=params) as response:
            file = protocol.target_file(response, Path(target), fallback)
            with protocol.replacing(file) as out:
                for piece in response.iter_bytes():
                    out.write(piece)
        return file

    def _uploaded(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Return inputs as the server takes them, with the files among them uploaded."""
        given = to_json(dict(inputs))
        for name, path in paths_in(given).items():
            given[name] = self.upload(path)
        return dict(given)

    def _run_info(self, run_id: str, most: int = protocol.TRIES) -> RunInfo:
        return RunInfo.parse(body_of(self._send("GET", protocol.run_path(run_id), most=most)))

    def _pages(self, path: str, params: Mapping[str, Any]) -> Generator[dict[str, Any]]:
        query, seen = dict(params), 0
        while True:
            response = self._send("GET", path, params=query)
            page = body_of(response)
            seen += len(page)
            yield from page
            further = protocol.following(response, seen)
            if further is None:
                return
            query.update(further)

    def _send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        most: int = protocol.TRIES,
        **more: Any,
    ) -> httpx.Response:
        """Send a request, again where that is safe and may help; return the answer of a success."""
        tries = 0
        while True:
            tries += 1
            try:
                return self._send_once(method, path, headers=headers, **more)
            except TontineError as error:
                pause = protocol.pause_after(error, tries, most) if protocol.may_repeat(method, headers or {}) else None
                if pause is None:
                    raise
            time.sleep(pause)

    def _send_once(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            response = self._http.request(method, path, **more)
        except httpx.TransportError as error:
            raise protocol.connection_failed(self.url, error) from error
        if not response.is_success:
            raise error_from(response)
        return response

    @contextmanager
    def _stream(self, path: str, **more: Any) -> Iterator[httpx.Response]:
        """Open an answer that is read piece by piece."""
        try:
            with self._http.stream("GET", path, **more) as response:
                if not response.is_success:
                    response.read()
                    raise error_from(response)
                yield response
        except httpx.TransportError as error:
            raise protocol.connection_failed(self.url, error) from error


class Model:
    """A model by its name in addresses."""

    def __init__(self, client: Tontine, slug: str) -> None:
        self._client, self.slug = client, slug
        self._info: ModelInfo | None = None

    def info(self) -> ModelInfo:
        """What the catalogue says about the model.

        Raises:
            NotFoundError: there is no model of this name.
        """
        if self._info is None:
            self._info = next((m for m in self._client.models() if m.slug == self.slug), None)
        if self._info is None:
            raise protocol.no_model(self.slug)
        return self._info

    def schema(self, version: str | None = None) -> dict[str, Any]:
        """Return the JSON Schema that inputs are checked against, with their labels, units and defaults."""
        params, path = protocol.filters({"version": version}), f"/apps/{self.info().id}/schema"
        found: dict[str, Any] = body_of(self._client._send("GET", path, params=params))
        return found

    def submit(
        self,
        inputs: Mapping[str, Any] | None = None,
        /,
        *,
        version: str | None = None,
        fresh: bool = False,
        key: str | None = None,
        **more: Any,
    ) -> "Run":
        """Ask for a run and return it as soon as it is accepted.

        Args:
            inputs: inputs by key, for keys that are words of this call; those left out take their defaults.
            version: content hash of a version; the current one otherwise.
            fresh: compute even where a stored result of equal inputs could be reused.
            key: idempotency key; a second request with it is answered with the first one's run. Without it each call
                has a key of its own, so that a call that is sent again after a lost connection starts one run.
            more: inputs by key. A `Path` is uploaded, a DataFrame is a table.

        Raises:
            InputsRefusedError: the inputs do not fit; each problem is listed.
        """
        given = self._client._uploaded({**(inputs or {}), **more})
        body, headers = protocol.run_request(given, version=version, fresh=fresh, key=key)
        response = self._client._send("POST", f"/apps/{self.info().id}/run", json=body, headers=headers)
        return self._client.run(body_of(response)["run_id"])

    def run(
        self,
        inputs: Mapping[str, Any] | None = None,
        /,
        *,
        on_progress: Callable[[Event], object] | None = None,
        timeout: float | None = None,
        version: str | None = None,
        fresh: bool = False,
        key: str | None = None,
        **more: Any,
    ) -> "Run":
        """Run the model and return the run once it is a success. The arguments are those of `submit` and `Run.wait`.

        Raises:
            InputsRefusedError: the inputs do not fit; each problem is listed.
            RunFailedError: the run ended without success.
            WaitTimeoutError: it had not ended after `timeout` seconds.
        """
        run = self.submit(inputs, version=version, fresh=fresh, key=key, **more)
        return run.wait(timeout, on_progress=on_progress)

    def sweep(
        self,
        inputs: Mapping[str, Any] | None = None,
        /,
        *,
        axes: list[dict[str, Any]] | None = None,
        scenarios: "list[dict[str, Any]] | pd.DataFrame | None" = None,
        saved: Sequence[str] | None = None,
        version: str | None = None,
        fresh: bool = False,
        **more: Any,
    ) -> "Group":
        """Start a sweep and return it as soon as it is accepted.

        Args:
            inputs: inputs that stay as they are; those left out take their defaults.
            axes: one or two inputs to vary: `{"input": "age", "from": 20, "to": 60, "step": 10}`, with `count` in place
                of `step`, or `{"input": "age", "values": [20, 30]}`.
            scenarios: instead, the inputs that differ, run by run.
            saved: instead, ids of saved scenarios: a run of each, called as the scenario is.
            version: content hash of a version; the current one otherwise.
            fresh: run points anew whose result is stored.
            more: inputs by key.

        Raises:
            InputsRefusedError: the definition does not fit; each problem is listed.
        """
        rows = to_json({"rows": scenarios})["rows"] if scenarios is not None else None
        body = {"axes": axes or [], "scenarios": rows, "version": version, "fresh": fresh, "saved": list(saved or ())}
        return self._start("sweeps", {**(inputs or {}), **more}, body)

    def sensitivity(
        self,
        inputs: Mapping[str, Any] | None = None,
        /,
        *,
        percent: float | None = None,
        keys: list[str] | None = None,
        curve: int = 2,
        version: str | None = None,
        **more: Any,
    ) -> "Group":
        """Start a sensitivity: each numeric input by itself, to its bounds or `percent` down and up.

        Raises:
            InputsRefusedError: the definition does not fit; each problem is listed.
        """
        body = {"percent": percent, "keys": keys, "curve": curve, "version": version}
        return self._start("sensitivities", {**(inputs or {}), **more}, body)

    def seek(
        self,
        key: str,
        figure: str,
        target: float,
        /,
        *,
        low: float | None = None,
        high: float | None = None,
        version: str | None = None,
        **inputs: Any,
    ) -> "Group":
        """Start a search for the value of the input `key`, from `low` to `high`, at which `figure` is `target`.

        Raises:
            InputsRefusedError: the definition does not fit; each problem is listed.
        """
        body = {"input": key, "figure": figure, "target": target, "from": low, "to": high, "version": version}
        return self._start("seeks", inputs, body)

    def read_inputs(self, path: str | Path, /, *, version: str | None = None) -> list[dict[str, Any]]:
        """Return the inputs in each row of an exported workbook or a CSV table, for `run` or a sweep's `scenarios`.

        Args:
            path: the file.
            version: content hash of the version that checks them; the current one otherwise.

        Raises:
            InputsRefusedError: cells do not fit; each is listed.
        """
        file = Path(path)
        content = file.read_bytes()
        address = f"/apps/{self.info().id}/inputs/read"
        params = {"version": version} if version is not None else {}
        response = self._client._send("POST", address, params=params, content=content)
        rows: list[dict[str, Any]] = body_of(response)["rows"]
        return rows

    def upgrade(self, version: str, /, *, runs: int = 100, before: str | None = None) -> "Group":
        """Replay the model's last runs on one of its versions, to see what it would change.

        Args:
            version: content hash of the version to replay on.
            runs: how many of the newest successful runs; equal inputs count once.
            before: only runs of this version; of every other one without it.

        Raises:
            InputsRefusedError: there is no run to replay, or the version takes none of them.
        """
        body = {"version": version, "runs": runs, "before": before}
        response = self._client._send("POST", f"/apps/{self.info().id}/upgrades", json=body)
        return Group(self._client, GroupInfo.parse(body_of(response)))

    def scenarios(self) -> list[ScenarioInfo]:
        """Return the model's scenarios, your own first, without their inputs."""
        response = self._client._send("GET", f"/apps/{self.info().id}/scenarios")
        return [ScenarioInfo.parse(body) for body in body_of(response)]

    def save_scenario(
        self,
        name: str,
        inputs: Mapping[str, Any] | None = None,
        /,
        *,
        visibility: str = "private",
        version: str | None = None,
        **more: Any,
    ) -> "Scenario":
        """Save inputs of the model under a name that you have not used for it yet.

        Args:
            name: 1 to 80 letters.
            inputs: inputs by key; those left out take their defaults.
            visibility: who may read it: `private`, `team` or `public`.
            version: content hash of the version that checks the inputs; the current one otherwise.
            more: inputs by key.

        Raises:
            InputsRefusedError: the inputs or the name do not do; each problem is listed.
        """
        given = self._client._uploaded({**(inputs or {}), **more})
        body = {"name": name, "inputs": given, "visibility": visibility, "version": version}
        response = self._client._send("POST", f"/apps/{self.info().id}/scenarios", json=body)
        return self._client.scenario(body_of(response)["scenario_id"])

    def _start(self, kind: str, inputs: Mapping[str, Any], body: Mapping[str, Any]) -> "Group":
        given = self._client._uploaded(inputs)
        address = f"/apps/{self.info().id}/{kind}"
        response = self._client._send("POST", address, json={"inputs": given, **body})
        return Group(self._client, GroupInfo.parse(body_of(response)))


class Group:
    """Runs that are made and read together. `info` is what the server said when it was last read."""

    def __init__(self, client: Tontine, info: GroupInfo) -> None:
        self._client, self.info = client, info

    def __repr__(self) -> str:
        return f"<Group {self.id} of {self.info.model}: {self.info.done} of {self.info.total}, {self.status}>"

    @property
    def id(self) -> str:
        """The group's id."""
        return self.info.id

    @property
    def status(self) -> str:
        """The group's status when it was last read."""
        return self.info.status

    def wait(self, timeout: float | None = None) -> Self:
        """Wait until the group has ended and return it.

        Raises:
            WaitTimeoutError: it had not ended after `timeout` seconds; it goes on.
        """
        deadline = Deadline(self.id, timeout, "group")
        while not self.info.ended:
            seconds = deadline.at_most(protocol.GROUP_WAIT)
            response = self._client._send("GET", protocol.group_path(self.id), params={"wait": seconds})
            self.info = GroupInfo.parse(body_of(response))
        return self

    def cancel(self) -> Self:
        """Cancel the group; what has ended stays."""
        response = self._client._send("DELETE", protocol.group_path(self.id))
        self.info = GroupInfo.parse(body_of(response))
        return self

    def resume(self) -> Self:
        """Let a group that was cancelled or has failed go on."""
        response = self._client._send("POST", protocol.group_path(self.id) + "/resume")
        self.info = GroupInfo.parse(body_of(response))
        return self

    def points(self) -> list[dict[str, Any]]:
        """Return the points in their order: `changes`, the inputs that differ, `summary`, `run_id` and `status`."""
        found: list[dict[str, Any]] = body_of(self._client._send("GET", protocol.group_path(self.id) + "/points"))
        return found

    def pandas(self) -> "pd.DataFrame":
        """Return the points as a DataFrame: a column for each input that differs and for each number of the summary."""
        return tables.points_frame(self.points())

    def steps(self, figure: str, *, average: bool = False) -> dict[str, Any]:
        """Return the steps of an analysis of change for one figure: `start`, `end` and `steps`.

        Raises:
            NotReadyError: runs that it needs have not ended, or have no such figure.
        """
        params = {"figure": figure, "average": average}
        found: dict[str, Any] = body_of(
            self._client._send("GET", protocol.group_path(self.id) + "/steps", params=params)
        )
        return found

    def impact(self, figure: str) -> dict[str, Any]:
        """Return what an upgrade changes of one figure: `outcomes`, `quantiles`, `misfits`, and `runs`, worst first.

        Raises:
            NotFoundError: the group is no upgrade impact.
        """
        path = protocol.group_path(self.id) + "/impact"
        found: dict[str, Any] = body_of(self._client._send("GET", path, params={"figure": figure}))
        return found

    def save_as(
        self, form: str, target: str | Path = ".", *, figure: str | None = None, language: str | None = None
    ) -> Path:
        """Save the group as a file and return its path.

        Args:
            form: `csv`, `xlsx`, `parquet`, `json`, `pdf`, or `svg` and `png` for its charts in a zip.
            target: a file, or a folder for one named by the server.
            figure: the summary figure that it is shown for; the first one otherwise.
            language: of numbers and dates, such as de-CH.

        Raises:
            NotReadyError: the group has not ended.
        """
        path, params = protocol.group_path(self.id), protocol.filters({"figure": figure, "language": language})
        name = f"{self.id}.{protocol.analysis_ending(form)}"
        return self._client._save(f"{path}/export/{form}", target, params, name)


class Scenario:
    """A scenario: inputs of a model under a name. `info` is what the server said when it was last read."""

    def __init__(self, client: Tontine, info: ScenarioInfo) -> None:
        self._client, self.info = client, info

    def __repr__(self) -> str:
        return f"<Scenario {self.info.name!r} of {self.info.model}>"

    @property
    def id(self) -> str:
        """The scenario's id."""
        return self.info.id

    @property
    def name(self) -> str:
        """The scenario's name."""
        return self.info.name

    @property
    def inputs(self) -> dict[str, Any]:
        """The inputs as the version it was opened on takes them; `info.warnings` says what became of others."""
        return dict(self.info.values)

    def update(self, inputs: Mapping[str, Any] | None = None, /, *, version: str | None = None, **more: Any) -> Self:
        """Replace the inputs; those left out take their defaults.

        Raises:
            InputsRefusedError: the inputs do not fit; each problem is listed.
        """
        given = self._client._uploaded({**(inputs or {}), **more})
        return self._change({"inputs": given, "version": version})

    def rename(self, name: str) -> Self:
        """Give the scenario another name."""
        return self._change({"name": name})

    def share(self, visibility: str) -> Self:
        """Change who may read the scenario: `private`, `team` or `public`."""
        return self._change({"visibility": visibility})

    def delete(self) -> None:
        """Delete the scenario; runs that were made of it stay."""
        self._client._send("DELETE", protocol.scenario_path(self.id))

    def _change(self, body: Mapping[str, Any]) -> Self:
        self._client._send("PATCH", protocol.scenario_path(self.id), json=dict(body))
        self.info = (self._client.scenario(self.id)).info
        return self


class Run:
    """A run. `info` is what the server said when it was last read."""

    def __init__(self, client: Tontine, info: RunInfo) -> None:
        self._client, self.info = client, info

    def __repr__(self) -> str:
        return f"<Run {self.id} of {self.info.model}: {self.status}>"

    @property
    def id(self) -> str:
        """The run's id."""
        return self.info.id

    @property
    def status(self) -> str:
        """The run's status when it was last read."""
        return self.info.status

    @property
    def result(self) -> dict[str, Any]:
        """The result as the model returned it; a large table is in it with its first rows.

        Raises:
            NotReadyError: there is no result, or none yet.
        """
        if self.info.result is None:
            raise NotReadyError(f"run {self.id} has no result: it is {self.status}")
        return dict(self.info.result)

    @property
    def summary(self) -> dict[str, Any]:
        """The result's figures by label."""
        return dict(self.result.get("summary", {}))

    @property
    def table_names(self) -> list[str]:
        """The names of the result's tables and series, tables first."""
        return tables.table_names(self.result)

    def refresh(self) -> Self:
        """Read the run again."""
        self.info = self._client._run_info(self.id)
        return self

    def annotations(self) -> dict[str, Any]:
        """Return the run's tags, stars and notes, each with who and when, and whether it is its model's baseline."""
        response = self._client._send("GET", protocol.run_path(self.id, "annotations"))
        found: dict[str, Any] = body_of(response)
        return found

    def tag(self, *tags: str) -> None:
        """Tag the run; tags are kept in small letters."""
        for one in tags:
            self._client._send("PUT", protocol.run_path(self.id, "tags", one))

    def untag(self, *tags: str) -> None:
        """Take tags from the run."""
        for one in tags:
            self._client._send("DELETE", protocol.run_path(self.id, "tags", one))

    def star(self, *, starred: bool = True) -> None:
        """Star the run for yourself, or take the star back."""
        self._client._send("PUT" if starred else "DELETE", protocol.run_path(self.id, "star"))

    def note(self, text: str) -> str:
        """Add a note in Markdown to the run and return its id."""
        response = self._client._send("POST", protocol.run_path(self.id, "notes"), json={"text": text})
        return str(body_of(response)["id"])

    def pin(self, *, pinned: bool = True) -> None:
        """Make the run its model's baseline, or leave the model without one."""
        self._client._send("PUT" if pinned else "DELETE", protocol.run_path(self.id, "baseline"))

    def cancel(self) -> Self:
        """Cancel the run; one that has ended stays as it ended."""
        self._client._send("DELETE", protocol.run_path(self.id))
        return self.refresh()

    def events(self, after: int = -1, *, timeout: float | None = None) -> Generator[Event]:
        """Return an iterator over the run's events as they come, the end last; those before now come first.

        Args:
            after: the number of the last event you have.
            timeout: seconds until the end of the run.

        Raises:
            ConnectionFailedError: the connection was lost and could not be had again.
            WaitTimeoutError: the run had not ended in time.
        """
        deadline, tries = Deadline(self.id, timeout), 0
        while True:
            try:
                with closing(self._connect(after, deadline)) as stream:
                    for event in stream:
                        after, tries = event.seq, 0
                        yield event
                        if event.ends:
                            return
            except TontineError as error:
                deadline.remaining()
                tries += 1
                pause = protocol.pause_after(error, tries, protocol.STREAM_TRIES)
                if pause is None:
                    raise
            else:
                return  # the server says that there is nothing more
            time.sleep(deadline.at_most(pause))

    def _connect(self, after: int, deadline: Deadline) -> Generator[Event]:
        """Read events until the stream ends; an end before the run's own is a lost connection."""
        limits = httpx.Timeout(deadline.quiet(), connect=protocol.CONNECT)
        decoder = EventDecoder()
        path = protocol.run_path(self.id, "events")
        with self._client._stream(path, headers={"Last-Event-ID": str(after)}, timeout=limits) as response:
            if response.status_code == httpx.codes.NO_CONTENT:
                return
            for line in response.iter_lines():
                deadline.remaining()
                event = decoder.feed(line)
                if event is not None:
                    yield event
        raise protocol.connection_failed(self._client.url, EOFError("the stream of events ended too early"))

    def wait(self, timeout: float | None = None, *, on_progress: Callable[[Event], object] | None = None) -> Self:
        """Wait until the run has ended and return it with its result.

        Args:
            timeout: seconds; None waits for ever.
            on_progress: called with each event as it comes.

        Raises:
            RunFailedError: it ended without success.
            WaitTimeoutError: it had not ended in time; it goes on.
        """
        with closing(self.events(timeout=timeout)) as events:
            for event in events:
                if on_progress is not None:
                    on_progress(event)
        self.info = self._client._run_info(self.id, protocol.STREAM_TRIES)
        if not self.info.succeeded:
            raise RunFailedError(self.info)
        return self

    def columns(self, name: str | None = None) -> tables.Columns:
        """Return a table or series, the first one where none is named, as columns with all its rows.

        Raises:
            NotFoundError: there is none, or none of that name; the problem lists the names.
        """
        raw = tables.find_table(self.result, name)
        part = tables.part_of(raw)
        if part is None:
            return tables.to_columns(raw)
        path = protocol.run_path(self.id, "parts", part[0])
        found: tables.Columns = {}
        for offset in range(0, part[1], tables.PAGE_ROWS):
            params = {"offset": offset, "limit": tables.PAGE_ROWS}
            response = self._client._send("GET", path, params=params)
            page = body_of(response)
            for key in page["columns"]:
                found.setdefault(key, []).extend(page["data"][key])
        return found

    def pandas(self, name: str | None = None) -> "pd.DataFrame":
        """Return a table or series as a DataFrame; needs pandas."""
        return tables.to_pandas(self.columns(name))

    def arrow(self, name: str | None = None) -> "pa.Table":
        """Return a table or series as an Arrow table; needs pyarrow."""
        return tables.to_arrow(self.columns(name))

    def save_csv(
        self,
        target: str | Path = ".",
        name: str | None = None,
        *,
        excel: bool = False,
        search: str = "",
        sort: str = "",
    ) -> Path:
        """Save a table or series as CSV and return the file's path.

        Args:
            target: a file, or a folder for one named by the server.
            name: of the table or series; the first one otherwise.
            excel: with semicolons and decimal commas.
            search: of a table, the rows in which this text, or this number at its decimals, is found.
            sort: the key of the column that a table's rows are ordered by; `-key` for the largest first.
        """
        params = protocol.filters({"table": name, "excel": excel, "search": search or None, "sort": sort or None})
        return self._save(protocol.run_path(self.id, "export", "csv"), target, params, f"{self.id}.csv")

    def save_pdf(self, target: str | Path = ".", *, language: str | None = None, zone: str | None = None) -> Path:
        """Save the run as PDF and return the file's path.

        Args:
            target: a file, or a folder for one named by the server.
            language: of numbers and dates, such as de-CH.
            zone: time zone of its times, such as Europe/Berlin.

        Raises:
            NotReadyError: the run has not ended.
        """
        params = protocol.filters({"language": language, "zone": zone})
        return self._save(protocol.run_path(self.id, "export", "pdf"), target, params, f"{self.id}.pdf")

    def save_as(self, form: str, target: str | Path = ".", name: str | None = None) -> Path:
        """Save the run in another form and return the file's path.

        Args:
            form: `xlsx`, a workbook; `parquet`, one table; `json`, everything; `svg` and `png`, its charts, in a zip
                where none is named; `bundle`, a zip that computes it again.
            target: a file, or a folder for one named by the server.
            name: of the table or series that `parquet` saves, the first one otherwise; or of the chart.

        Raises:
            ValueError: there is no such form.
            NotReadyError: the run has not ended.
        """
        ending = protocol.export_ending(form)
        params = protocol.filters({protocol.OF_PART.get(form, "table"): name})
        if name and form in ("svg", "png"):
            ending = form
        return self._save(protocol.run_path(self.id, "export", form), target, params, f"{self.id}.{ending}")

    def verify(self) -> dict[str, Any]:
        """Compute the run again on its version, inputs and seed, wait, and compare every value.

        Returns:
            `identical`; where it is false, `where` the first difference is, what it `was` and what was `found`.

        Raises:
            NotReadyError: the run, or its replay, has no result to compare with.
        """
        started = body_of(self._client._send("POST", protocol.run_path(self.id, "replay")))
        again = self._client.run(started["run_id"])
        again.wait()
        response = self._client._send("GET", protocol.run_path(self.id, "differences", again.id))
        return {**body_of(response), "replay": again.id}

    def edit(self, inputs: Mapping[str, Any] | None = None, /, *, fresh: bool = False, **more: Any) -> "Run":
        """Run again on the run's version with some of its inputs changed; the new run says that it was edited from it.

        Args:
            inputs: changed inputs by key; the others stay as they are.
            fresh: compute even where a stored result of equal inputs could be reused.
            more: changed inputs by key. A `Path` is uploaded, a DataFrame is a table.

        Raises:
            InputsRefusedError: the inputs do not fit; each problem is listed.
        """
        given = to_json({**(inputs or {}), **more})
        for name, file in paths_in(given).items():
            given[name] = self._client.upload(file)
        changed = {**self.info.inputs, **given}
        body, headers = protocol.run_request(changed, version=self.info.version, fresh=fresh, key=None, source=self.id)
        path = f"/apps/{self.info.raw['app_id']}/run"
        response = self._client._send("POST", path, json=body, headers=headers)
        return self._client.run(body_of(response)["run_id"])

    def links(self, *, before: int = 3, after: int = 2) -> dict[str, Any]:
        """Return what the run came from and what was made from it: `nodes` and the `links` between them, by their keys.

        Args:
            before: how many links to follow to what it came from, 0 to 10.
            after: how many links to follow to what was made from it, 0 to 3.
        """
        params = {"before": before, "after": after}
        response = self._client._send("GET", protocol.run_path(self.id, "links"), params=params)
        found: dict[str, Any] = body_of(response)
        return found

    def save_file(self, name: str, target: str | Path = ".") -> Path:
        """Save a file that the model made and return the file's path."""
        return self._save(protocol.run_path(self.id, "files", name), target, {}, name)

    def _save(self, path: str, target: str | Path, params: Mapping[str, Any], fallback: str) -> Path:
        return self._client._save(path, target, params, fallback)
