"""What the statements of a run, the history and large results cost: `python -m benchmarks.storage`.

Chosen: an embedded server with the settings of an installation (fsync on), a history of 100,000 runs inserted by one
statement, each figure the median and the 95th percentile of many calls as the application makes them, commit
included.
Left out: the queue and the sandbox, which benchmarks of the engine time.
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import uuid_utils.compat as uuids
from sqlalchemy import text

from contract.errors import SearchTooSlow
from contract.number_format import NumberFormat
from contract.query_reader import read_query
from contract.run import Run, Status
from contract.run_query import resolve
from contract.run_search import Filter, Page
from contract.table_query import TableQuery, read_table_query
from storage import apps, blobs, fair_queue, results, runs, search, users, versions
from storage.database import Database
from storage.embedded_postgres import EmbeddedServer
from storage.migrate import migrate
from storage.notifications import Listener
from storage.part_query import query_rows, stored_batches
from storage.runs import SELECT

MODELS = 300
PART_ROWS = 1_000_000
FILL = text("""
insert into runs
    (id, app_id, version, status, inputs, digest, seed, user_id, queued_at, started_at, finished_at, reason)
select gen_random_uuid(), 1 + i % :models, lpad((1 + i % :models)::text, 64, '0'),
    case when i % 20 = 0 then 'FAILED' when i % 97 = 0 then 'CANCELLED' else 'SUCCESS' end,
    jsonb_build_object('age', 18 + i % 80, 'shock_rate', (i % 997) / 10.0, 'table', 'ELT' || i % 17), md5(i::text),
    i, 1 + i % 50, t,
    t + interval '10 ms', t + interval '60 ms', case when i % 20 = 0 then 'The model raised an error.' end
from (select i, now() - i * interval '9 seconds' as t from generate_series(1, :count) i) made
""")


# As storage.runs writes them.
FILL_SEARCH = text(r"""
insert into run_search (run_id, words)
select r.id, lower(concat_ws(chr(10), a.slug, v.manifest->>'name', u.name, (
    select string_agg(distinct found #>> '{}', chr(10))
    from jsonb_path_query(r.inputs, 'strict $.** ? (@.type() == "string")') found), r.reason))
from runs r join apps a on a.id = r.app_id join versions v on v.app_id = r.app_id and v.hash = r.version
join users u on u.id = r.user_id
""")
# What the search was before it had a text of its own: the ratio says what the index is worth.
SCAN = text(f"""{SELECT}
where (
    (r.app_id, r.version) in (select v.app_id, v.hash from versions v join apps a on a.id = v.app_id
                              where v.manifest->>'name' ilike :word or a.slug ilike :word)
    or r.user_id in (select id from users where name ilike :word)
    or r.reason ilike :word or jsonb_path_exists(r.inputs, cast(:path as jsonpath)))
order by r.queued_at desc, r.id desc limit 51
""")


# A summary for each success, in which one figure has a unit; tags at a thousandth of the runs.
FILL_RESULTS = text("""
insert into results (run_id, doc, summary)
select id, '{}', jsonb_build_object('SCR', seed % 1000000,
    'Total IBNR', jsonb_build_object('value', seed % 9973, 'unit', 'EUR'))
from runs where status = 'SUCCESS'
""")
FILL_TAGS = text("insert into run_tags (run_id, tag, user_id) select id, 'q3', 1 from runs where seed % 1000 = 1")
QUERIES = (
    "params.age > 60 and (summary.SCR < 2e5 or tag:q3)",
    "app:model_7 params.age > 60 summary.SCR < 2e5",
    'summary."Total IBNR":100..110',
    "summary.SCR = 123457",
    "summary.SCR > 2e6",
    "params.shock_rate = 42.5 params.age:18..19",
    "params.nowhere > 5",
    'not status:success user:"user 9"',
    "tag:q3 params.age < 20",
    "date:-7d.. params.age > 90",
    'ELT16 params.age > 90 not (status:failed or user ~ "er 1")',
)


def timed(name: str, call: Callable[[], object], repeat: int = 200) -> float:
    """Print the median and the 95th percentile of `repeat` calls, in milliseconds, and return the median."""
    call()
    taken = []
    for _ in range(repeat):
        begun = time.perf_counter()
        call()
        taken.append((time.perf_counter() - begun) * 1_000)
    taken.sort()
    print(f"{name:<58} {statistics.median(taken):>9.2f} {taken[int(len(taken) * 0.95)]:>9.2f}")
    return statistics.median(taken)


def fill(database: Database, count: int) -> None:
    with database.begin() as conn:
        for i in range(1, 51):
            users.get_or_create_user(conn, f"user {i}")
        archive = blobs.put_blob(conn, b"archive")
        for i in range(1, MODELS + 1):
            app = apps.put_app(conn, f"model_{i}", {"kind": "local"})
            manifest = {
                "name": f"Model {i}",
                "description": "One or two sentences for the card.",
                "inputs": {f"input_{n}": {"type": "number", "label": f"Input {n}"} for n in range(20)},
            }
            versions.put_version(
                conn, app_id=app.id, hash=f"{i:064}", manifest=manifest, cases=[], archive=archive, created_by=1
            )
        conn.execute(FILL, {"models": MODELS, "count": count})
        conn.execute(FILL_SEARCH)
        conn.execute(FILL_RESULTS)
        conn.execute(FILL_TAGS)
    with database.autocommit() as conn:
        conn.execute(text("vacuum analyze"))


def steps_of_a_run(database: Database) -> None:
    version = f"{1:064}"

    def begin(call: Callable[..., object], *arguments: object, **named: object) -> object:
        with database.begin() as conn:
            return call(conn, *arguments, **named)

    def add() -> Run:
        with database.begin() as conn:
            return runs.insert_run(
                conn, app_id=1, version=version, inputs={"age": 45, "shock_rate": 10.0}, seed=1, user_id=1
            )[0]

    waiting_runs = [add() for _ in range(700)]
    timed("insert_run", add)
    waiting = iter(waiting_runs)
    timed("claim_run", lambda: begin(runs.claim_run, next(waiting).id, "worker"))
    run = next(waiting)
    begin(runs.claim_run, run.id, "worker")
    shown = {"summary": {"reserve": 1.5}, "series": [{"x": i, "y": i * 0.5} for i in range(100)]}
    timed(
        "record_progress, with 100 points shown",
        lambda: begin(runs.record_progress, run.id, 1, progress=0.5, shown=shown, log="line\n"),
    )
    started = iter(waiting_runs[:201])
    doc = {**shown, "table": [{"age": i, "reserve": i / 7} for i in range(200)]}
    timed(
        "finish_run, with a table of 200 rows",
        lambda: begin(runs.finish_run, next(started).id, 1, status=Status.SUCCESS, doc=doc, log="line\n"),
    )
    timed("get_run", lambda: begin(runs.get_run, run.id))
    timed("find_reusable", lambda: begin(runs.find_reusable, 1, version, {"age": 45, "shock_rate": 10.0}))
    timed("queue_position, about 700 waiting", lambda: begin(fair_queue.queue_position, waiting_runs[-1].id))
    timed("read_snapshot, of 200 rows", lambda: begin(runs.read_snapshot, waiting_runs[0].id))


def push(database: Database) -> None:
    listener = Listener(database.dsn)
    listener.start()
    with database.begin() as conn:
        version = f"{2:064}"
        run = runs.insert_run(conn, app_id=2, version=version, inputs={}, seed=1, user_id=1)[0]
        claimed = runs.claim_run(conn, run.id, "worker")
    assert claimed is not None
    seen = claimed.seq

    def event() -> None:
        nonlocal seen
        with database.begin() as conn:
            runs.record_progress(conn, run.id, 1, progress=0.5)
        assert listener.wait(run.id, seen, 5)
        seen += 1

    timed("record_progress, until a listener is notified", event)
    listener.stop()


def history(database: Database, count: int) -> None:
    def page(wanted: Filter, after: str | None = None) -> Page:
        with database.read() as conn:
            return search.search_runs(conn, wanted, after)

    def deep() -> str:
        middle = text("select queued_at, id from runs order by queued_at desc, id desc offset :n limit 1")
        with database.read() as conn:
            row = conn.execute(middle, {"n": count // 2}).one()
            return search.encode_cursor(row.queued_at, row.id)

    def counted(wanted: Filter) -> int:
        with database.read() as conn:
            return search.count_runs(conn, wanted)

    everything = Filter()
    timed("history, first page of 50", lambda: page(everything))
    middle = deep()
    timed("history, page in the middle", lambda: page(everything, middle))
    for name, wanted in (
        ("of one model", Filter(app="model_7")),
        ("of one user", Filter(user="user 9")),
        ("that failed", Filter(statuses=(Status.FAILED,))),
    ):
        timed(f"history, runs {name}", partial(page, wanted), 20)
        timed(f"count, runs {name}", partial(counted, wanted), 20)

    def scan(word: str) -> None:
        with database.read() as conn:
            conn.execute(SCAN, {"word": f"%{word}%", "path": f'$.** ? (@ like_regex "{word}" flag "iq")'}).all()

    with database.read() as conn:
        some = str(conn.execute(text("select id from runs offset :n limit 1"), {"n": count // 3}).scalar_one())
    for name, words, plain in (
        ("a word in the model's name", "model_77", "model\\_77"),
        ("two words in the model's name", "Model 77", None),
        ("a word in one of 17 inputs", "ELT16", "elt16"),
        ("a word in one of 20 reasons", "raised", "raised"),
        ("a word of every run", "user", "user"),
        ("a word that is nowhere", "nowhere", "nowhere"),
        ("two letters that are nowhere", "zq", "zq"),
        ("the last eight digits of its id", some[-8:], None),
        ("an input, of one model", "ELT16", None),
    ):
        wanted = Filter(text=words, app="model_7" if "of one model" in name else None)
        found = timed(f"history, runs with {name}", partial(page, wanted), 20)
        timed(f"count, runs with {name}", partial(counted, wanted), 20)
        if plain is not None:
            before = timed(f"the same without the index: {name}", partial(scan, plain), 3)
            print(f"    ratio of medians {found / before:.3f}")
    for words in QUERIES:
        query = read_query(words).query
        assert query is not None
        wanted = Filter(query=resolve(query, me="user 9", today=datetime.now(UTC).date()))
        try:
            timed(f"query: {words}", partial(page, wanted), 5)
            timed("    its count up to 1,000", partial(counted, wanted), 5)
        except SearchTooSlow as error:
            print(f"query: {words}: {error}")
    with database.read() as conn:
        timed("usage_stats", lambda: search.usage_stats(conn), 5)
        timed(f"catalogue of {MODELS} models", lambda: apps.list_apps(conn), 20)


def parts(database: Database) -> None:
    rng = random.Random(1)
    table: dict[str, Sequence[object]] = {
        "age": [i % 120 for i in range(PART_ROWS)],
        "name": [f"policy {i % 5_000}" for i in range(PART_ROWS)],
        **{key: [rng.random() for _ in range(PART_ROWS)] for key in ("a", "b", "c", "d")},
    }
    ids: list[Any] = []

    def write() -> None:
        with database.begin() as conn:
            inputs = {"n": uuids.uuid7().hex}
            run, _ = runs.insert_run(conn, app_id=3, version=f"{3:064}", inputs=inputs, seed=1, user_id=1)
            results.write_parts(conn, run.id, {"table": table}, {})
            ids.append(run.id)

    def read(offset: int = 0, limit: int | None = None) -> None:
        with database.read() as conn:
            assert results.read_part(conn, ids[0], "table", offset, limit).num_rows == (limit or PART_ROWS)

    timed("a part of a million rows and six columns, written", write, 3)
    timed("read completely", read, 5)
    timed("read, 100 rows in its middle", lambda: read(PART_ROWS // 2, 100), 20)

    for words, query, offset in (
        ("sorted by a number, its first 1,000 rows", TableQuery(sort="a"), 0),
        ("sorted by a text, 1,000 rows in its middle", TableQuery(sort="name"), PART_ROWS // 2),
        ("a text found, 1,000 rows and their count", TableQuery(search="POLICY 123"), 0),
        ("a number found, 1,000 rows and their count", read_table_query("0.1234", NumberFormat()), 0),
    ):
        timed(
            words,
            partial(query_rows, partial(stored_batches, database, ids[0], "table"), query, offset, 1_000, PART_ROWS),
            5,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the statements of storage.")
    parser.add_argument("--runs", type=int, default=100_000, help="runs in the history")
    parser.add_argument("--history", action="store_true", help="time the history's statements only")
    arguments = parser.parse_args()
    count = arguments.runs
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        server = EmbeddedServer(Path(folder) / "postgres")
        url = server.start()
        print(f"server created and started in {time.perf_counter() - begun:.2f} s")
        database = Database(url)
        try:
            migrate(database)
            fill(database, count)
            print(f"\n{f'{count:,} runs in the history':<58} {'median ms':>9} {'p95 ms':>9}")
            if not arguments.history:
                steps_of_a_run(database)
                push(database)
                parts(database)
            history(database, count)
        finally:
            database.close()
            server.stop()


if __name__ == "__main__":
    main()
