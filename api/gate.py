"""What is checked of every request before anything answers it, and what every answer carries.

Chosen: one layer around pages, WebSockets and API alike. A page elsewhere whose name was made to resolve to this
machine (DNS rebinding) sends its own name as Host, and that name is not ours. Starlette's own check of hosts splits at
the first colon and so knows no IPv6 address, and it does not tell the operator what to set.
Left out: who the caller is (`api.auth`).
"""

import base64
import hashlib
import ipaddress
import re
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = ("localhost", "127.0.0.1", "::1")
MISDIRECTED = 421
MCP = "/mcp"  # where the MCP server answers, if it is switched on
_HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+\]|[^:\[\]/@\s]+)(?::(?P<port>\d{1,5}))?")
_DEFAULT_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}

# What Streamlit's pages need, found by leaving each out in a browser: styles are written into the page, components come
# as modules from blobs, Plotly's WebGL traces compile functions, the table's icons are a font of data, charts are saved
# as images. Nothing comes from elsewhere, and a page has no inline script but Streamlit's own.
PAGES_POLICY = {
    "default-src": "'self'",
    "script-src": "'self' 'unsafe-eval' blob:",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "media-src": "'self'",
    "connect-src": "'self'",
    "worker-src": "'self'",
    "frame-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'self'",
}
# The API's documentation has one script of its own in its page.
DOCS_POLICY = {**PAGES_POLICY, "script-src": "'self' 'unsafe-inline'", "frame-ancestors": "'none'"}
# Data is never a page: whatever a browser makes of it may do nothing.
DATA_POLICY = {"default-src": "'none'", "frame-ancestors": "'none'"}


def same_host(origin: str, host: str) -> bool:
    """Return whether a page of this Origin is one of the server that the request names as Host."""
    try:
        found = urlsplit(origin)
        port = found.port or _DEFAULT_PORTS.get(found.scheme)
    except ValueError:
        return False
    name, given_port = split_host(host)
    if not found.hostname or name is None:
        return False
    return (_normalise(found.hostname), port) == (name, given_port or _DEFAULT_PORTS.get(found.scheme))


def split_host(host: str) -> tuple[str | None, int | None]:
    """Return the name, in lower case and without brackets, and the port of a Host header; (None, None) of no such."""
    found = _HOST.fullmatch(host.strip())
    if found is None:
        return None, None
    return _normalise(found["name"].strip("[]")), int(found["port"]) if found["port"] else None


def _normalise(name: str) -> str:
    """Return a host name, or an address in its one spelling, as it is compared."""
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return name.lower().removesuffix(".")
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


class HostCheck:
    """Refuses requests and WebSockets that name another host than ours.

    Args:
        app: what answers the others.
        allowed: the host names that requests may name; none allows this machine's own names and the address
            that the request came in at, which a page elsewhere cannot name.
    """

    def __init__(self, app: ASGIApp, allowed: Iterable[str] = ()) -> None:
        self.app, self.allowed = app, {_normalise(host) for host in allowed}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on what names one of our hosts, and refuse the rest with what to set."""
        if scope["type"] not in {"http", "websocket"} or self._is_ours(scope):
            await self.app(scope, receive, send)
            return
        if scope["type"] == "websocket" and "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1008})
            return
        await _refusal(scope)(scope, receive, send)

    def _is_ours(self, scope: Scope) -> bool:
        given = Headers(scope=scope).getlist("host")
        if len(given) != 1:
            return False
        name, _ = split_host(given[0])
        if self.allowed:
            return name in self.allowed
        return name in LOOPBACK or name == _bound_address(scope)


class SecurityHeaders:
    """Adds the headers to every answer that tell a browser what it may make of it.

    Args:
        app: what answers.
        page: the pages' HTML; what its inline scripts are is allowed by their hashes, and no other inline script.
        api: the path under which answers are data and not pages.
        links: returns what a page's browser may fetch ahead, as a Link header, by the page's path.
    """

    def __init__(
        self, app: ASGIApp, page: str = "", api: str = "/api", links: Callable[[str], str] = lambda _path: ""
    ) -> None:
        self.app, self.api, self.links = app, api, links
        scripts = " ".join([PAGES_POLICY["script-src"], *_script_hashes(page)])
        self.pages_policy = {**PAGES_POLICY, "script-src": scripts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand everything on, and add the headers to what comes back."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        policy = "; ".join(f"{name} {value}" for name, value in self._policy(scope["path"]).items())

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Referrer-Policy", "same-origin")
                headers.setdefault("Content-Security-Policy", policy)
                if headers.get("Content-Type", "").startswith("text/html") and (links := self.links(scope["path"])):
                    headers.setdefault("Link", links)
            await send(message)

        await self.app(scope, receive, send_with_headers)

    def _policy(self, path: str) -> dict[str, str]:
        if path == MCP:
            return DATA_POLICY
        if path != self.api and not path.startswith(f"{self.api}/"):
            return self.pages_policy
        documented = (self.api, f"{self.api}/mclavier")
        docs = tuple(f"{base}/{name}" for base in documented for name in ("docs", "static-offline-docs"))
        return DOCS_POLICY if path.startswith(docs) else DATA_POLICY


def _bound_address(scope: Scope) -> str | None:
    """Return the address of this machine that the request came in at; no name, which a client may have chosen."""
    host = (scope.get("server") or ("", None))[0]
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return None
    return _normalise(host)


def _script_hashes(page: str) -> list[str]:
    """Return the inline scripts of a page as a content security policy names them."""
    found = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    return [f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in found]


def _refusal(scope: Scope) -> Response:
    host = Headers(scope=scope).get("host", "")[:200]
    found = f"requests for the host {host!r} are not answered here"
    hint = "Open Tontine at an address of its own, or name this host in TONTINE_ALLOWED_HOSTS and start it again."
    if scope["path"].startswith("/api") or scope["path"] == MCP:
        problems = [{"where": "host", "found": found, "remedy": hint}]
        return JSONResponse({"error": "unknown host", "problems": problems}, status_code=MISDIRECTED)
    return PlainTextResponse(f"{found[0].upper()}{found[1:]}. {hint}\n", status_code=MISDIRECTED)
