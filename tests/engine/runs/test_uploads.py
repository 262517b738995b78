"""What a file input may name: one's own uploads and those of the run that is edited, as they really are."""

import hashlib
import uuid

import pytest

from contract.errors import InputError
from engine.runs.submit import submit
from engine.runs.uploads import store_upload
from tests.actors import ADA, BOB

CODE = "def run(inputs):\n    return {'summary': {'n': 1}}\n"
CSV = b"a,b\n1,2\n"


@pytest.fixture
def slug(add_model):
    inputs = {
        "data": {"type": "file", "accept": [".csv"], "max_mb": 0.001, "required": False},
        "other": {"type": "file", "required": False},
    }
    return add_model(CODE, inputs)


def problems(context, slug, inputs, actor=ADA, **more):
    with pytest.raises(InputError) as raised:
        submit(context, slug, inputs, actor=actor, **more)
    return [str(problem) for problem in raised.value.problems]


def test_a_run_keeps_the_size_of_the_upload_and_not_what_the_client_says(context, slug):
    value = store_upload(context, "a.csv", CSV, actor=ADA)
    for said in ({}, {"size": 3}):
        run = submit(context, slug, {"data": {"file": value["file"], "name": "a.csv", **said}}, actor=ADA, fresh=True)
        assert run.inputs["data"] == {"file": value["file"], "name": "a.csv", "size": len(CSV)}


def test_a_hash_that_nobody_uploaded_is_refused_before_a_run_is_stored(context, slug):
    [problem] = problems(context, slug, {"data": {"file": "0" * 64, "name": "a.csv"}})
    assert problem.startswith("inputs.data: you have uploaded no file with the hash 000000000000...")


def test_a_file_of_somebody_else_and_a_content_that_is_no_upload_are_refused_in_the_same_words(context, slug):
    theirs = store_upload(context, "a.csv", CSV, actor=BOB)
    with context.database.read() as conn:
        from storage import apps, versions

        app = apps.app_by_slug(conn, slug)
        archive = versions.get_version(conn, app.id, app.current_version).archive
    for digest in (theirs["file"], archive):
        [problem] = problems(context, slug, {"data": {"file": digest, "name": "a.csv"}})
        assert problem == f"inputs.data: you have uploaded no file with the hash {digest[:12]}.... Upload the file."


def test_the_ending_and_the_size_are_those_of_the_upload_and_all_problems_come_at_once(context, slug):
    large = store_upload(context, "large.csv", b"x" * 1_001, actor=ADA)
    sheet = store_upload(context, "b.xlsx", CSV, actor=ADA)
    found = problems(context, slug, {"data": {**large, "size": 5}, "other": {"file": "1" * 64, "name": "c"}})
    assert found[0].startswith("inputs.data: large.csv has 1,001 bytes, more than 0.001 MB")
    assert found[1].startswith("inputs.other: you have uploaded no file")
    assert "does not end in .csv" in problems(context, slug, {"data": sheet})[0]
    [renamed] = problems(context, slug, {"data": {**sheet, "name": "b.csv"}})
    assert "was uploaded as 'b.xlsx', not as 'b.csv'" in renamed


def test_the_same_content_under_two_names_may_be_given_under_either(context, slug):
    for name in ("a.csv", "b.csv"):
        store_upload(context, name, CSV, actor=ADA)
    digest = hashlib.sha256(CSV).hexdigest()
    for name in ("a.csv", "b.csv"):
        run = submit(context, slug, {"data": {"file": digest, "name": name}}, actor=ADA)
        assert run.inputs["data"]["name"] == name


def test_whoever_edits_a_run_may_use_its_files_again_and_no_others(context, slug):
    first = submit(context, slug, {"data": store_upload(context, "a.csv", CSV, actor=ADA)}, actor=ADA)
    secret = store_upload(context, "s.csv", b"secret\n", actor=ADA)
    assert problems(context, slug, dict(first.inputs), actor=BOB)
    assert problems(context, slug, dict(first.inputs), actor=BOB, source=uuid.uuid4())
    again = submit(context, slug, dict(first.inputs), actor=BOB, source=first.id, fresh=True)
    assert again.inputs == first.inputs
    assert problems(context, slug, {"data": secret}, actor=BOB, source=first.id)
    # His run of it is his own to edit from then on.
    assert submit(context, slug, dict(again.inputs), actor=BOB, source=again.id, fresh=True).inputs == first.inputs
