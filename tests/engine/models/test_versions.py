"""One cache of versions: read once, never the score, bounded."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from contract.errors import NotFoundError
from engine.models import versions
from engine.models.catalogue import find_app, find_version, read_case_results, version_of_run
from engine.models.versions import load_version
from engine.runs.submit import submit
from storage import versions as stored
from tests.actors import ADA

CODE = "def run(inputs):\n    return {'summary': {'n': inputs['n']}}\n"
CASES = [{"name": "one", "inputs": {"n": 1}, "expect": {"summary.n": 1}}]


@pytest.fixture
def readings(monkeypatch):
    """The hashes of versions that are read from the database."""
    found, real = [], stored.get_version
    monkeypatch.setattr(stored, "get_version", lambda conn, app, hash_: found.append(hash_) or real(conn, app, hash_))
    return found


def test_a_version_is_read_once_whoever_asks_for_it_and_in_whatever_words(context, add_model, readings):
    app = find_app(context, add_model(CODE, cases=CASES), actor=ADA)
    readings.clear()  # registering reads it too
    first = find_version(context, app, actor=ADA)
    run = submit(context, app.slug, {}, actor=ADA)
    same = [
        find_version(context, app, app.current_version[:12], actor=ADA),
        version_of_run(context, run, actor=ADA),
        load_version(context.database, app.id, app.current_version),
    ]
    assert all(found is first for found in same)
    assert readings == [app.current_version]
    assert (first.manifest.name, [case.name for case in first.cases]) == ("Probe", ["one"])


def test_a_score_is_as_it_is_now(context, add_model):
    app = find_app(context, add_model(CODE, cases=CASES), actor=ADA)
    version = find_version(context, app, actor=ADA)
    assert read_case_results(context, app.id, version.hash, actor=ADA) == {}
    with context.database.begin() as conn:
        stored.put_case_results(conn, app.id, version.hash, {"total": 1, "reproduced": 1, "misses": []})
    assert read_case_results(context, app.id, version.hash, actor=ADA)["reproduced"] == 1
    assert not hasattr(version.version, "checks")


def test_a_version_that_was_not_there_is_found_once_it_is(context, add_model):
    app = find_app(context, add_model(CODE), actor=ADA)
    with pytest.raises(NotFoundError):
        find_version(context, app, "f" * 64, actor=ADA)
    assert load_version(context.database, app.id, "f" * 12) is None
    with context.database.begin() as conn:
        known = stored.get_version(conn, app.id, app.current_version)
        stored.put_version(
            conn, app_id=app.id, hash="f" * 64, manifest=known.manifest, cases=[], archive=known.archive, created_by=1
        )
    assert find_version(context, app, "f" * 64, actor=ADA).hash == "f" * 64


def test_the_cache_is_bounded_and_threads_may_share_it(context, add_model):
    app = find_app(context, add_model(CODE), actor=ADA)
    versions._read_and_parse.cache_clear()
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: find_version(context, app, actor=ADA).hash, range(100)))
    assert set(found) == {app.current_version}
    information = versions._read_and_parse.cache_info()
    assert (information.currsize, information.maxsize) == (1, versions.MAX_CACHED_VERSIONS)
