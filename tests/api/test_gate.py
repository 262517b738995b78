"""Which hosts are answered, and what every answer carries."""

import asyncio

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse

from api.gate import HostCheck, SecurityHeaders, same_host, split_host


async def plain(_request):
    return PlainTextResponse("ours")


async def listen(socket):
    await socket.accept()
    await socket.send_text("ours")
    await socket.close()


ROUTES = [Route("/", plain), Route("/api/x", plain), Route("/api/docs", plain), WebSocketRoute("/ws", listen)]
INNER = Starlette(routes=ROUTES)


def status(host, allowed=(), server=("127.0.0.1", 8501), hosts=1):
    """Return the status of a request with this Host header, that came in at the address `server`."""
    answers = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        answers.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "headers": [(b"host", host.encode("latin-1"))] * hosts,
        "server": server,
        "http_version": "1.1",
    }
    asyncio.run(HostCheck(INNER, allowed)(scope, receive, send))
    return answers[0]["status"]


@pytest.mark.parametrize(
    ("host", "server"),
    [
        ("localhost:8501", ("127.0.0.1", 8501)),
        ("LocalHost", ("127.0.0.1", 8501)),
        ("localhost.:8501", ("127.0.0.1", 8501)),
        ("127.0.0.1:8501", ("127.0.0.1", 8501)),
        ("[::1]:8501", ("::1", 8501)),
        ("[0:0:0:0:0:0:0:1]", ("::1", 8501)),
        ("192.168.1.5:8501", ("192.168.1.5", 8501)),
        ("192.168.1.5:8501", ("::ffff:192.168.1.5", 8501)),
        ("[fe80::2]:8501", ("fe80::2", 8501)),
        ("localhost", ("/run/tontine.sock", None)),
    ],
)
def test_this_machines_names_and_the_address_a_request_came_in_at_are_answered_by_default(host, server):
    assert status(host, server=server) == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8501",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil.example@localhost",
        "localhost:8501@evil.example",
        "192.168.1.6:8501",
        "[::2]",
        "::1",
        "",
        "localhost:port",
        "localhost, evil.example",
    ],
)
def test_any_other_host_is_refused(host):
    assert status(host) == 421


def test_a_request_without_a_host_or_with_two_is_refused():
    assert status("localhost", hosts=0) == 421
    assert status("localhost", hosts=2) == 421


def test_configured_names_are_answered_and_replace_the_default():
    allowed = ("Tontine.example", "fd00:0::1", "10.0.0.7")
    for host in ("tontine.example", "TONTINE.example:443", "[fd00::1]:8501", "10.0.0.7:8501"):
        assert status(host, allowed) == 200
    for host in ("localhost:8501", "evil.example", "127.0.0.1", "sub.tontine.example"):
        assert status(host, allowed) == 421


def test_a_refusal_says_what_to_set_in_the_apis_shape_for_the_api_and_in_words_for_pages():
    client = TestClient(HostCheck(INNER), base_url="http://evil.example")
    page = client.get("/")
    assert page.status_code == 421
    assert "'evil.example' are not answered here" in page.text
    assert "TONTINE_ALLOWED_HOSTS" in page.text
    answer = client.get("/api/x").json()
    assert answer["error"] == "unknown host"
    assert "TONTINE_ALLOWED_HOSTS" in answer["problems"][0]["remedy"]


def test_dns_rebinding_to_a_websocket_is_refused_though_host_and_origin_are_equal():
    client = TestClient(HostCheck(INNER))
    evil = {"Host": "evil.example", "Origin": "http://evil.example"}
    with pytest.raises(WebSocketDenialResponse) as refused, client.websocket_connect("/ws", headers=evil):
        pass
    assert refused.value.status_code == 421
    with client.websocket_connect("/ws", headers={"Host": "localhost"}) as socket:
        assert socket.receive_text() == "ours"


def test_every_answer_carries_the_headers_and_a_refusal_too():
    app = SecurityHeaders(HostCheck(INNER, ["testserver"]), page="<script>a=1</script>")
    for base, path in (("http://testserver", "/"), ("http://testserver", "/none"), ("http://evil.example", "/")):
        headers = TestClient(app, base_url=base).get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert "frame-ancestors 'self'" in headers["content-security-policy"]


def test_data_may_do_nothing_as_a_page_and_inline_scripts_are_allowed_by_their_hash_alone():
    client = TestClient(SecurityHeaders(INNER, page="<html><script>a=1</script></html>"))
    assert client.get("/api/x").headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    scripts = client.get("/").headers["content-security-policy"].split("script-src ")[1].split(";")[0]
    assert "'unsafe-inline'" not in scripts
    # printf 'a=1' | openssl dgst -sha256 -binary | base64
    assert "'sha256-wi/qXXQo5c9H72NUyXySI8ldbc3D4NIwD/eQVrH/PYU='" in scripts
    assert "'unsafe-eval'" not in client.get("/api/docs").headers["content-security-policy"]


@pytest.mark.parametrize(
    ("origin", "host", "same"),
    [
        ("http://localhost:8501", "localhost:8501", True),
        ("https://tontine.example", "tontine.example", True),
        ("https://tontine.example", "tontine.example:443", True),
        ("http://[::1]:8501", "[::1]:8501", True),
        ("http://localhost:8502", "localhost:8501", False),
        ("http://evil.example", "localhost:8501", False),
        ("null", "localhost:8501", False),
        ("", "localhost", False),
        ("http://localhost:99999", "localhost", False),
        ("http://localhost", "", False),
    ],
)
def test_an_origin_is_ours_where_it_has_the_hosts_name_and_port(origin, host, same):
    assert same_host(origin, host) is same


def test_a_host_header_is_split_into_name_and_port():
    assert split_host("[::1]:80") == ("::1", 80)
    assert split_host("Name.") == ("name", None)
    assert split_host("a b") == (None, None)


def test_pages_and_nothing_else_say_what_may_be_fetched_ahead():
    async def answer(scope, receive, send):
        kind = "text/html" if scope["path"].endswith("page") else "application/json"
        await Response("x", media_type=kind)(scope, receive, send)

    client = TestClient(SecurityHeaders(answer, links=lambda path: f"<{path}.js>; rel=modulepreload"))
    assert client.get("/page").headers["link"] == "</page.js>; rel=modulepreload"
    assert "link" not in client.get("/data").headers
