"""Images, audio and video of a run over HTTP: to look at where that is safe, to save otherwise, and by part."""

import base64

import pytest

from contract.run import Status
from engine.runs.execute import execute
from engine.runs.submit import submit
from tests.actors import ADA
from tests.media_files import HTML, MP4, picture

PNG, FILM = base64.b64encode(picture()).decode(), base64.b64encode(MP4).decode()
CODE = f"""
import base64
def run(inputs):
    with open('page', 'wb') as out:
        out.write({HTML!r})
    with open('plain', 'wb') as out:
        out.write(base64.b64decode({PNG!r}))
    return {{
        'files': {{'images/page.png': 'page', 'plain.png': 'plain'}},
        'images': [{{'title': 'Map', 'alt': 'A map', 'base64': {PNG!r}}}],
        'video': [{{'title': 'Film', 'base64': {FILM!r}}}],
    }}
"""


@pytest.fixture
def run(client, context, add_model, worker_context):
    made = submit(context, add_model(CODE), {}, actor=ADA)
    ended = execute(worker_context, made.id)
    assert client.get(f"/runs/{made.id}").json()["status"] == Status.SUCCESS, ended
    return made.id


def test_an_image_is_shown_with_its_type_and_may_run_nothing(client, run):
    answer = client.get(f"/runs/{run}/files/images/1.png")
    assert (answer.status_code, answer.content) == (200, picture())
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"].startswith("inline;")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


def test_it_can_be_saved(client, run):
    answer = client.get(f"/runs/{run}/files/images/1.png?download=1")
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''images-1.png"


def test_a_page_under_an_images_name_and_any_other_file_are_saved_and_never_shown(client, run):
    for name in ("images/page.png", "plain.png"):
        answer = client.get(f"/runs/{run}/files/{name}")
        assert answer.headers["content-type"] == "application/octet-stream", name
        assert answer.headers["content-disposition"].startswith("attachment;"), name
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("asked", "status", "content", "said"),
    [
        ("bytes=0-3", 206, MP4[:4], f"bytes 0-3/{len(MP4)}"),
        ("bytes=90-", 206, MP4[90:], f"bytes 90-{len(MP4) - 1}/{len(MP4)}"),
        ("bytes=-6", 206, MP4[-6:], f"bytes {len(MP4) - 6}-{len(MP4) - 1}/{len(MP4)}"),
        ("bytes=5-9999", 206, MP4[5:], f"bytes 5-{len(MP4) - 1}/{len(MP4)}"),
        ("bytes=5000-", 416, b"", f"bytes */{len(MP4)}"),
        ("bytes=0-1,4-5", 200, MP4, None),
        ("lines=1-2", 200, MP4, None),
    ],
)
def test_a_player_gets_the_part_of_a_film_it_asks_for(client, run, asked, status, content, said):
    answer = client.get(f"/runs/{run}/files/video/1.mp4", headers={"Range": asked})
    assert (answer.status_code, answer.content) == (status, content)
    assert answer.headers.get("content-range") == said
    assert answer.headers["accept-ranges"] == "bytes"


def test_the_result_and_its_json_export_name_them_and_do_not_carry_them(client, run):
    result = client.get(f"/runs/{run}").json()["result"]
    assert result["images"][0]["file"] == "images/1.png"
    assert "base64" not in result["images"][0]
    exported = client.get(f"/runs/{run}/export/json").json()["media"]
    assert [(m["kind"], m["title"], m["path"]) for m in exported] == [
        ("images", "Map", f"/api/runs/{run}/files/images/1.png"),
        ("video", "Film", f"/api/runs/{run}/files/video/1.mp4"),
    ]
