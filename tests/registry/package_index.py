"""A package index on this machine: small wheels made here and served by PEP 503 with their hashes."""

import contextlib
import hashlib
import html
import io
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata

from packaging.utils import canonicalize_name


def make_wheel(name, version, files, requires=(), python=None, tag="py3-none-any"):
    """Return the file name and content of a wheel with these files, by path."""
    folder = f"{name.replace('-', '_')}-{version}.dist-info"
    lines = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"]
    lines += [f"Requires-Dist: {text}\n" for text in requires]
    lines += [f"Requires-Python: {python}\n"] if python else []
    everything = {
        **files,
        f"{folder}/METADATA": "".join(lines),
        f"{folder}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    everything[f"{folder}/RECORD"] = "".join(f"{path},,\n" for path in [*everything, f"{folder}/RECORD"])
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path, text in everything.items():
            archive.writestr(path, text)
    return f"{name.replace('-', '_')}-{version}-{tag}.whl", content.getvalue()


def make_sdist(name, version, proof):
    """Return the file name and content of a source package whose setup.py writes to `proof` where it is run."""
    content = io.BytesIO()
    texts = {
        "setup.py": f"open({str(proof)!r}, 'w')\nfrom setuptools import setup\nsetup(name={name!r}, version={version!r})\n",
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
    }
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for path, text in texts.items():
            info = tarfile.TarInfo(f"{name}-{version}/{path}")
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    return f"{name}-{version}.tar.gz", content.getvalue()


class LocalIndex:
    """The packages of an index and what has been asked of it. `hold` keeps back the files until it is set."""

    def __init__(self):
        self.files: dict[str, dict[str, bytes]] = {}
        self.promised: dict[str, str] = {}  # hashes that are told instead of the files' own
        self.asked: list[str] = []
        self.asked_for = threading.Condition()
        self.hold = threading.Event()
        self.hold.set()
        self.url = ""

    def add(self, name, version, files=None, **about):
        """Add a wheel; its module of the package's name knows the version where no files are given."""
        module = name.replace("-", "_")
        files = {f"{module}/__init__.py": f"VERSION = {version!r}\n"} if files is None else files
        self.put(name, *make_wheel(name, version, files, **about))

    def put(self, name, filename, content):
        """Add a file to the package `name`."""
        self.files.setdefault(canonicalize_name(name), {})[filename] = content

    def add_installed(self, *names):
        """Add what the standard set has, at its version, so that packages may depend on it."""
        for name in names:
            self.add(name, metadata.version(name), {})

    def wait_for(self, words):
        """Wait until a file whose name holds `words` has been asked for."""
        with self.asked_for:
            assert self.asked_for.wait_for(lambda: any(words in path for path in self.asked), 120)

    def page(self, name):
        """Return the index's page of a package."""
        lines = []
        for filename, content in self.files[name].items():
            digest = self.promised.get(filename) or hashlib.sha256(content).hexdigest()
            lines.append(f'<a href="/files/{name}/{filename}#sha256={digest}">{html.escape(filename)}</a><br>')
        return f"<!DOCTYPE html><html><body>{''.join(lines)}</body></html>".encode()

    def answer(self, path):
        """Return the content type and the content at a path, or None."""
        parts = path.strip("/").split("/")
        if parts[0] == "simple" and len(parts) == 2 and parts[1] in self.files:
            return "text/html", self.page(parts[1])
        if parts[0] == "files" and len(parts) == 3:
            content = self.files.get(parts[1], {}).get(parts[2])
            return None if content is None else ("application/octet-stream", content)
        return None


@contextlib.contextmanager
def serve_index():
    """Serve an empty index on a free port of the loopback address."""
    index = LocalIndex()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            with index.asked_for:
                index.asked.append(self.path)
                index.asked_for.notify_all()
            if self.path.startswith("/files/"):
                index.hold.wait(60)
            found = index.answer(self.path)
            with contextlib.suppress(OSError):  # whoever asked may have been ended
                self.send_response(404 if found is None else 200)
                kind, content = found or ("text/plain", b"")
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(b"" if self.command == "HEAD" else content)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    index.url = f"http://127.0.0.1:{server.server_address[1]}/simple"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield index
    finally:
        index.hold.set()
        server.shutdown()
        server.server_close()
