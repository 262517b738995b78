"""The models of the AI gateway against a real server that speaks its protocol, and misbehaves when it is told to."""

import threading

import pytest

from contract.access import GrantKind
from contract.errors import NotGrantedError
from contract.run import Status
from engine.runs.cancel import cancel
from engine.runs.execute import execute
from engine.runs.follow import snapshot
from engine.runs.results import read_result_file
from tests.actors import ADA
from tests.engine.hosts import confined
from tests.engine.sandbox.conftest import until
from tests.gateway_installation import Installation, gateway, installation
from tests.media_files import MP4, picture

__all__ = ["gateway", "installation"]
pytestmark = [pytest.mark.processes, confined]

TEXT = "The reserve is **1250** as of 2025."


def test_a_text_is_written_with_its_tokens_and_cost(installation):
    now = installation.run("ai_text", system="Be brief.", temperature=0.2, max_tokens=50)
    assert (now.run.status, now.run.reason) == (Status.SUCCESS, None)
    assert now.shown["notes"] == TEXT
    assert now.shown["summary"]["Input tokens"] == 21
    assert now.shown["summary"]["Cost"]["value"] == 0.0125
    assert now.shown["gateway_usage"]["model"] == "demo/small"
    (asked,) = installation.gateway.asked("/chat/completions")
    assert asked["messages"] == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "A reserve"}]
    assert (asked["temperature"], asked["max_tokens"], asked["stream"]) == (0.2, 50, True)


def test_words_are_shown_while_the_rest_is_still_being_written(installation):
    installation.gateway.mode = "waits half way"
    run = installation.submit("ai_text")
    thread = threading.Thread(target=execute, args=(installation.worker, run.id))
    thread.start()
    assert until(lambda: (snapshot(installation.context, run.id, actor=ADA).shown or {}).get("notes"))
    assert TEXT.startswith(snapshot(installation.context, run.id, actor=ADA).shown["notes"])
    assert snapshot(installation.context, run.id, actor=ADA).run.status is Status.RUNNING
    installation.gateway.release.set()
    thread.join()
    assert snapshot(installation.context, run.id, actor=ADA).shown["notes"] == TEXT


def test_json_by_a_schema_is_asked_for_and_read(installation):
    installation.gateway.answer = '{"ratio": 0.61}'
    now = installation.run("ai_text", format="json", schema='{"type": "object"}')
    assert now.shown["answer"] == {"ratio": 0.61}
    (asked,) = installation.gateway.asked("/chat/completions")
    assert asked["response_format"]["json_schema"]["schema"] == {"type": "object"}


def test_an_answer_that_is_no_json_although_it_was_to_be_is_shown_with_a_warning(installation):
    now = installation.run("ai_text", format="json")
    assert now.run.status is Status.SUCCESS
    assert "answer" not in now.shown
    assert any("not JSON" in w for w in now.shown["warnings"])


def test_a_gateway_that_does_not_stream_is_understood(installation):
    installation.gateway.mode = "whole"
    assert installation.run("ai_text").shown["notes"] == TEXT


def test_an_answer_that_was_cut_says_so(installation):
    installation.gateway.mode = "cut"
    assert any("most tokens" in w for w in installation.run("ai_text").shown["warnings"])


@pytest.mark.parametrize("slug", ["ai_text", "ai_image", "ai_video"])
def test_each_model_lists_the_gateways_own_models(installation, slug):
    now = installation.run(slug, action="list", prompt="")
    assert now.run.status is Status.SUCCESS, now.run.reason
    rows = now.shown["tables"]["Models of the gateway"]
    assert [row["id"] for row in rows] == ["demo/small", "demo/large", "demo/painter", "demo/director"]
    assert rows[0]["input_price"] == 1.0


def test_an_empty_prompt_is_refused_beside_its_input_and_nothing_is_asked(installation):
    for slug in ("ai_text", "ai_image", "ai_video"):
        now = installation.run(slug, prompt=" ")
        assert now.run.status is Status.FAILED
        assert [p.where for p in now.run.problems] == ["inputs.prompt"]
    assert installation.gateway.requests == []


# What each misbehaviour is called, and how often a request that may be charged was sent.
FAILURES = [
    ("fails", "server_error", "or its provider failed (503)", 1),
    ("no credit", "no_credit", "has no credit left", 1),
    ("wrong key", "wrong_key", "does not accept the key", 1),
    ("refuses", "content_refused", "refused the content", 1),
    ("moderates", "content_refused", "refused the content", 1),
    ("always busy", "rate_limit", "asks to wait", None),
    ("busy without an end", "rate_limit", "does not say for how long", 1),
    ("hangs up", "broken_stream", "closed the connection before it answered", 1),
    ("page", "bad_answer", "is not JSON", 1),
    ("moved", "bad_answer", "leads to another address", 1),
    ("too long", "bad_request", "maximum context length is 8000 tokens", 1),
]
BODIES = {"ai_text": "/chat/completions", "ai_image": "/images/generations", "ai_video": "/videos"}


@pytest.mark.parametrize("slug", BODIES)
@pytest.mark.parametrize(("mode", "code", "words", "times"), FAILURES)
def test_each_failure_has_a_reason_of_its_own_and_is_asked_once(installation, slug, mode, code, words, times):
    installation.gateway.mode = mode
    installation.gateway.retry_after = "3600"
    now = installation.run(slug)
    assert now.run.status is Status.FAILED
    assert now.run.reason.startswith("Model error: "), now.run.reason
    assert words in now.run.reason
    assert now.shown["gateway_usage"]["failure"] == code
    assert len(installation.gateway.asked(BODIES[slug])) == (times or 1)


@pytest.mark.parametrize(
    ("mode", "code", "words"),
    [
        ("breaks off", "broken_stream", "broke off"),
        ("ends early", "broken_stream", "broke off before its end"),
        ("provider fails half way", "server_error", "Provider disconnected"),
        ("garbage half way", "bad_answer", "is not JSON"),
        ("filtered", "content_refused", "stopped the answer for its content"),
    ],
)
def test_what_had_come_of_a_text_is_kept_where_the_rest_does_not_come(installation, mode, code, words):
    installation.gateway.mode = mode
    now = installation.run("ai_text")
    assert now.run.status is Status.FAILED
    assert words in now.run.reason
    assert now.shown["notes"].startswith("The reserve is ")
    assert now.shown["gateway_usage"]["failure"] == code
    assert len(installation.gateway.asked("/chat/completions")) == 1


def test_a_gateway_that_is_busy_is_waited_for_and_says_so(installation):
    installation.gateway.mode = "busy"
    now = installation.run("ai_text")
    assert now.run.status is Status.SUCCESS, now.run.reason
    assert now.shown["notes"] == TEXT
    assert len(installation.gateway.asked("/chat/completions")) == 2


def test_a_gateway_that_says_nothing_ends_as_a_time_out_of_its_own_within_the_runs_time(
    context, sandbox, tmp_path, gateway
):
    brief = Installation(context, sandbox, tmp_path / "cache", gateway, seconds_max=3)
    brief.grant("ai_text")
    gateway.mode = "silent"
    now = brief.run("ai_text")
    assert now.run.status is Status.FAILED
    assert "sent nothing within the time there was" in now.run.reason
    assert now.shown["gateway_usage"]["failure"] == "timeout"
    assert len(gateway.asked("/chat/completions")) == 1


def test_a_model_that_the_gateway_does_not_have_is_refused_beside_its_input_with_names_near_it(installation):
    now = installation.run("ai_text", model="demo/smal")
    assert now.run.status is Status.FAILED
    assert "the AI gateway has no model 'demo/smal'. Near it are: demo/small" in now.run.reason
    assert [p.where for p in now.run.problems] == ["inputs.model"]
    assert now.shown["gateway_usage"]["failure"] == "unknown_model"


def test_a_gateway_that_is_not_there_refuses_the_connection(installation):
    installation.gateway.stop()
    now = installation.run("ai_text")
    assert now.run.status is Status.FAILED
    assert "The AI gateway is not reached: " in now.run.reason
    assert now.shown["gateway_usage"]["failure"] == "connection"


def test_a_name_that_nobody_knows_has_a_reason_of_its_own(context, sandbox, tmp_path, gateway):
    gateway.url, gateway.host = "http://gateway.invalid/v1", "gateway.invalid"
    lost = Installation(context, sandbox, tmp_path / "cache", gateway)
    lost.grant("ai_text")
    now = lost.run("ai_text")
    assert "The AI gateway's name is not found" in now.run.reason
    assert now.shown["gateway_usage"]["failure"] == "dns"


def test_images_are_files_of_the_run_with_words(installation):
    now = installation.run("ai_image", number=2, size="1536x1024")
    assert now.run.status is Status.SUCCESS, now.run.reason
    assert [(i["file"], i["alt"]) for i in now.shown["images"]] == [
        (f"images/{n}.png", "Image made by a model from the words: A reserve") for n in (1, 2)
    ]
    assert [i["title"] for i in now.shown["images"]] == ["1. A reserve", "2. A reserve"]
    assert read_result_file(installation.context, now.run.id, "images/2.png", actor=ADA) == picture()
    (asked,) = installation.gateway.asked("/images/generations")
    assert (asked["n"], asked["size"]) == (2, "1536x1024")


def test_images_by_chat_are_asked_for_one_by_one(installation):
    now = installation.run("ai_image", number=2, protocol="chat", size="1024x1536")
    assert now.run.status is Status.SUCCESS, now.run.reason
    assert len(now.shown["images"]) == 2
    assert now.shown["gateway_usage"]["cost"] == 0.025
    assert [a["image_config"]["aspect_ratio"] for a in installation.gateway.asked("/chat/completions")] == ["2:3"] * 2


def test_fewer_images_than_asked_for_are_shown_with_a_warning(installation):
    installation.gateway.mode = "fewer"
    now = installation.run("ai_image", number=3)
    assert now.shown["warnings"] == ["1 of 3 images came."]


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("links", "gives the image at an address of another host"),
        ("nothing", "has no image in it"),
        ("svg", "is not PNG, JPEG, GIF or WebP"),
    ],
)
def test_an_image_that_cannot_be_taken_fails_with_its_reason(installation, mode, words):
    installation.gateway.mode = mode
    now = installation.run("ai_image")
    assert now.run.status is Status.FAILED
    assert words in now.run.reason


@pytest.mark.parametrize("mode", ["well", "poll fails once"])
def test_a_video_is_followed_and_fetched(installation, mode):
    installation.gateway.mode = mode
    now = installation.run("ai_video", seconds=8)
    assert now.run.status is Status.SUCCESS, now.run.reason
    assert now.shown["video"][0]["type"] == "video/mp4"
    assert read_result_file(installation.context, now.run.id, "video/1.mp4", actor=ADA) == MP4
    assert now.shown["gateway_usage"]["cost"] == 0.5
    assert installation.gateway.asked("/videos") == [
        {"model": "demo/director", "prompt": "A reserve", "seconds": "8", "size": "1280x720"}
    ]


def test_a_video_is_asked_for_in_openrouters_words(installation):
    assert installation.run("ai_video", protocol="openrouter", size="720x1280").run.status is Status.SUCCESS
    (asked,) = installation.gateway.asked("/videos")
    assert (asked["duration"], asked["resolution"], asked["aspect_ratio"]) == (4, "720p", "9:16")


@pytest.mark.parametrize(
    ("mode", "code", "words"),
    [
        ("job fails", "server_error", "job job-1 failed: the renderer stopped"),
        ("job is refused", "content_refused", "refused the content"),
        ("film breaks off", "broken_stream", "transfer broke off"),
    ],
)
def test_a_video_that_is_not_made_has_a_reason_and_its_job_is_named(installation, mode, code, words):
    installation.gateway.mode = mode
    now = installation.run("ai_video")
    assert now.run.status is Status.FAILED
    assert words in now.run.reason
    assert now.shown["gateway_usage"]["failure"] == code
    assert now.shown["summary"]["Job"] == "job-1"
    assert len(installation.gateway.asked("/videos")) == 1


def test_a_video_that_takes_longer_than_the_run_may_names_the_job_that_goes_on(context, sandbox, tmp_path, gateway):
    brief = Installation(context, sandbox, tmp_path / "cache", gateway, seconds_max=4)
    brief.grant("ai_video")
    gateway.mode = "job goes on"
    now = brief.run("ai_video")
    assert now.run.status is Status.FAILED
    assert "The gateway's job job-1 may still end there" in now.run.reason


def test_a_run_that_is_cancelled_keeps_what_had_come_and_that_a_call_was_made(installation):
    installation.gateway.mode = "waits half way"
    run = installation.submit("ai_text")
    thread = threading.Thread(target=execute, args=(installation.worker, run.id))
    thread.start()
    assert until(lambda: (snapshot(installation.context, run.id, actor=ADA).shown or {}).get("notes"))
    cancel(installation.context, run.id, actor=ADA)
    installation.worker.cancel_run(run.id, "cancelled")
    thread.join()
    now = snapshot(installation.context, run.id, actor=ADA)
    assert now.run.status is Status.CANCELLED
    assert now.shown["notes"].startswith("The reserve is ")


def test_without_a_grant_a_run_is_refused_with_what_an_administrator_has_to_do(context, sandbox, tmp_path, gateway):
    bare = Installation(context, sandbox, tmp_path / "cache", gateway)
    with pytest.raises(NotGrantedError) as refused:
        bare.run("ai_text")
    assert f"grant ai_text --host {gateway.host}" in str(refused.value)
    bare.grant("ai_text", kind=GrantKind.HOST)
    now = bare.run("ai_text")
    assert now.run.status is Status.FAILED
    assert "has an address that is not on the public internet" in now.run.reason
    assert "an administrator grants it with --private-host" in now.run.reason
    assert gateway.requests == []


def test_a_grant_is_of_the_gateway_it_was_given_for(context, sandbox, tmp_path, gateway):
    first = Installation(context, sandbox, tmp_path / "cache", gateway)
    first.grant("ai_text")
    moved = Installation(context, sandbox, tmp_path / "cache", gateway, gateway_url="https://other.example/v1")
    with pytest.raises(NotGrantedError, match=r"needs the host other\.example"):
        moved.run("ai_text")


def test_the_key_is_in_no_text_that_is_stored(installation):
    installation.gateway.answer = "key-of-the-gateway-tests"
    assert installation.run("ai_text").shown["notes"] == "***"
