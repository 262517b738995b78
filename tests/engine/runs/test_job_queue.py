"""The queue's consumers: what they hear, what they must not miss, and their end."""

import asyncio
import contextlib

import psycopg

from engine.runs import job_queue

NEVER = 1_000.0  # s: no poll comes to help


async def defer(app, number):
    await app.configure_task("test.note", queue="test").defer_async(number=number)


@contextlib.asynccontextmanager
async def consumer(dsn, taken):
    """A consumer of the queue `test`, whose jobs note their number in `taken`, an asyncio queue."""
    app = job_queue.worker_app(dsn, connections=4)

    @app.task(name="test.note", queue="test")
    async def note(number):
        taken.put_nowait(number)

    async with app.open_async():
        options = {"worker": "w", "at_once": 1, "poll": NEVER, "grace": 1.0, "worker_timeout": 30.0}
        start = lambda: asyncio.ensure_future(job_queue.consume(app, "test", **options))
        yield app, start


async def end(task):
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def taken_numbers(taken, count):
    async with asyncio.timeout(120):
        return [await taken.get() for _ in range(count)]


def test_a_job_that_is_announced_while_another_is_being_looked_for_waits_for_no_poll(database):
    async def main():
        taken = asyncio.Queue()
        async with consumer(database.dsn, taken) as (app, start):
            fetch, announced = app.job_manager.fetch_job, asyncio.Event()

            async def fetch_and_be_late(**options):
                job = await fetch(**options)
                if job is None and listening.is_set() and not announced.is_set():
                    announced.set()
                    await defer(app, 1)
                    await asyncio.sleep(0.5)  # the announcement arrives meanwhile
                return job

            listening = asyncio.Event()
            app.job_manager.fetch_job = fetch_and_be_late
            task = start()
            await wait_until_listening(database)
            listening.set()
            await defer(app, 0)
            assert await taken_numbers(taken, 2) == [0, 1]
            await end(task)

    asyncio.run(main())


async def wait_until_listening(database):
    async with asyncio.timeout(120):
        while True:
            async with await psycopg.AsyncConnection.connect(database.dsn) as conn:
                found = await conn.execute(
                    "select count(*) from pg_stat_activity where datname = current_database() and query ilike 'listen%'"
                )
                if (await found.fetchone())[0]:
                    await asyncio.sleep(0.3)
                    return
            await asyncio.sleep(0.05)


def test_a_job_that_was_queued_before_anybody_listened_waits_for_no_poll(database):
    async def main():
        taken = asyncio.Queue()
        async with consumer(database.dsn, taken) as (app, start):
            listen = app.connector.listen_notify

            async def listen_late(**options):
                await asyncio.sleep(0.5)  # the first look for jobs has found none by now
                await defer(app, 7)
                await listen(**options)

            app.connector.listen_notify = listen_late
            task = start()
            assert await taken_numbers(taken, 1) == [7]
            await end(task)

    asyncio.run(main())


def test_a_consumer_whose_listening_connection_was_ended_hears_of_the_next_job(database):
    async def main():
        taken = asyncio.Queue()
        async with consumer(database.dsn, taken) as (app, start):
            task = start()
            await wait_until_listening(database)
            async with await psycopg.AsyncConnection.connect(database.dsn, autocommit=True) as conn:
                await conn.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity "
                    "where datname = current_database() and query ilike 'listen%'"
                )
            await defer(app, 3)
            assert await taken_numbers(taken, 1) == [3]
            await end(task)

    asyncio.run(main())


STOPPED = """
import asyncio, sys
from pathlib import Path
from engine.processes.limits import InstallationLimits
from engine.processes.worker import Worker

worker = Worker(sys.argv[1], limits=InstallationLimits(), data=Path(sys.argv[2]))
worker.stop()

async def work():
    await worker._work()
    return len(asyncio.all_tasks() - {asyncio.current_task()})

print(asyncio.run(work()))
"""


def test_a_worker_that_is_stopped_as_it_starts_leaves_no_task_whose_connections_are_closed_under_it(program):
    done = program(STOPPED)
    assert (done.stdout.splitlines()[-1], done.returncode) == ("0", 0), done.stderr
    assert "never retrieved" not in done.stderr
