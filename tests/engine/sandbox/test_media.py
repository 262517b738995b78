"""Images, audio and video of a result: taken from scratch or from bytes, looked at, and kept when a run ends early."""

import base64

import pytest

from contract.run import Status
from engine.sandbox import output_media as taking
from tests.media_files import HTML, SVG, picture, sound

pytestmark = pytest.mark.processes

PNG = base64.b64encode(picture()).decode()


def contents(run, code, **more):
    found = {}

    def read(outcome):
        found.update({name: path.read_bytes() for name, path in outcome.files.items()})

    return run(code, at_end=read, **more), found


def test_a_picture_from_scratch_from_base64_and_from_bytes_is_a_file_of_the_run(run):
    code = f"""
import base64
CONTENT = base64.b64decode({PNG!r})
def run(inputs):
    with open('plot.png', 'wb') as out:
        out.write(CONTENT)
    return {{'images': [
        {{'title': 'A', 'alt': 'one', 'file': 'plot.png'}},
        {{'title': 'B', 'base64': {PNG!r}}},
        {{'title': 'C', 'base64': 'data:image/jpeg;base64,' + {PNG!r}}},
        {{'title': 'D', 'base64': CONTENT}},
    ]}}
"""
    outcome, files = contents(run, code)
    assert outcome.status is Status.SUCCESS, outcome.reason
    assert files == {f"images/{n}.png": picture() for n in (1, 2, 3, 4)}
    first = outcome.result["images"][0]
    assert first["alt"] == "one"
    assert (first["file"], first["type"], first["width"], first["height"]) == ("images/1.png", "image/png", 8, 6)
    assert all("base64" not in one for one in outcome.result["images"])


def test_sound_and_film_have_keys_of_their_own(run):
    wav = base64.b64encode(sound()).decode()
    outcome, files = contents(run, f"def run(i):\n    return {{'audio': {{'title': 'S', 'base64': {wav!r}}}}}\n")
    assert outcome.status is Status.SUCCESS, outcome.reason
    assert files == {"audio/1.wav": sound()}
    assert outcome.result["audio"][0]["type"] == "audio/wav"


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"base64": base64.b64encode(SVG).decode()}, "images[0] of the model's result is not PNG, JPEG, GIF or WebP"),
        ({"base64": base64.b64encode(HTML).decode()}, "its content is of no type that is shown"),
        ({"base64": base64.b64encode(sound()).decode()}, "it is audio/wav"),
        ({"base64": "!"}, "its base64 is not valid"),
        ({"file": "/etc/passwd"}, "which is not in scratch"),
        ({"file": "../../secret.png"}, "which is not in scratch"),
        ({"title": "Nothing"}, "it has neither file nor base64"),
        ({"base64": PNG[:16]}, "cannot be read"),
    ],
)
def test_what_cannot_be_shown_fails_the_run_with_its_place_and_keeps_the_rest(run, item, words):
    outcome = run(f"def run(i):\n    return {{'summary': {{'A': 1}}, 'images': [{item!r}]}}\n")
    assert outcome.status is Status.FAILED
    assert words in outcome.reason
    assert outcome.result["summary"] == {"A": 1}
    assert "base64" not in outcome.result["images"][0]
    assert outcome.files == {}


def test_a_small_file_with_too_many_pixels_is_refused(run):
    large = base64.b64encode(picture(size=(8_000, 7_000))).decode()
    outcome = run(f"def run(i):\n    return {{'images': [{{'base64': {large!r}}}]}}\n")
    assert outcome.status is Status.FAILED
    assert "it has 8,000 × 7,000 pixels. The most is 50 million" in outcome.reason


def test_media_and_files_share_the_bound_of_scratch(run):
    code = f"""
import base64
def run(inputs):
    return {{'images': [{{'base64': base64.b64decode({PNG!r}) + bytes(700_000)}} for _ in range(3)]}}
"""
    outcome = run(code, scratch_mb=2)
    assert outcome.status is Status.FAILED
    assert "The media of the model's result hold more than 2 MB" in outcome.reason


def test_there_is_a_bound_on_their_number(run):
    outcome = run(f"def run(i):\n    return {{'images': [{{'base64': {PNG!r}}}] * {taking.MAX_ITEMS + 1}}}\n")
    assert outcome.status is Status.FAILED
    assert "has 51 images. The most is 50" in outcome.reason


def test_what_a_run_had_shown_before_it_failed_is_kept_with_its_pictures(run):
    events = []
    code = f"""
def run(inputs):
    yield {{'images': [{{'title': 'First', 'base64': {PNG!r}}}]}}
    raise ValueError('no more')
"""
    outcome, files = contents(run, code, events=events)
    assert outcome.status is Status.FAILED
    assert files == {"images/1.png": picture()}
    assert outcome.result["images"][0]["title"] == "First"
    assert outcome.result["images"][0]["file"] == "images/1.png"


def test_partial_results_name_a_picture_and_do_not_carry_it(run):
    events = []
    code = f"""
import time
def run(inputs):
    yield {{'images': [{{'title': 'First', 'base64': {PNG!r}}}]}}
    while True:
        time.sleep(0.01)
"""
    outcome = run(code, events=events, cancel_when=lambda event: bool(event.result))
    assert outcome.status is Status.CANCELLED
    assert events[0].result == {"images": [{"title": "First"}]}


def test_a_file_keeps_its_name_beside_a_picture_of_the_same_name(run):
    code = f"""
def run(inputs):
    with open('x', 'wb') as out:
        out.write(b'mine')
    return {{'files': {{'images/1.png': 'x'}}, 'images': [{{'base64': {PNG!r}}}]}}
"""
    outcome, files = contents(run, code)
    assert outcome.status is Status.SUCCESS, outcome.reason
    assert files == {"images/1.png": b"mine", "images/1-media.png": picture()}
