"""Repositories for tests, and a real git server on loopback: `git http-backend` behind Python's CGI-like handler."""

import contextlib
import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

GIT = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"]
ENVIRONMENT = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
MANIFEST = '{"name": "Annuity", "inputs": {"n": {"type": "integer", "min": 0, "max": 9, "default": 1}}}'
FUNCTION = "def run(inputs):\n    return {'summary': {'Value': inputs['n']}}\n"


class Repository:
    """A bare repository under the server's root, written to by plumbing commands or by files."""

    def __init__(self, root, name):
        self.folder = Path(root) / f"{name}.git"
        self.name = name
        self.git("init", "--quiet", "--bare", "--initial-branch=main", str(self.folder), inside=False)
        self.git("config", "http.receivepack", "false")
        self.git("config", "uploadpack.allowFilter", "true")

    def git(self, *arguments, given=None, inside=True, **environment):
        place = [f"--git-dir={self.folder}"] if inside else []
        done = subprocess.run(
            [*GIT, *place, *arguments], check=True, capture_output=True, input=given, env={**ENVIRONMENT, **environment}
        )
        return done.stdout.decode().strip()

    def blob(self, content):
        given = content.encode() if isinstance(content, str) else content
        return self.git("hash-object", "-w", "--stdin", given=given)

    def commit(self, files, *, branch="main", entries=(), message="a change"):
        """Commit `files`, by path, and index entries `(mode, object, path)` as they are; return the commit."""
        index = {"GIT_INDEX_FILE": str(self.folder / "index-of-tests")}
        with contextlib.suppress(FileNotFoundError):
            (self.folder / "index-of-tests").unlink()
        lines = [f"100644 {self.blob(content)}\t{path}" for path, content in files.items()]
        lines += [f"{mode} {object_id}\t{path}" for mode, object_id, path in entries]
        given = "".join(line + "\0" for line in lines).encode()
        self.git("update-index", "-z", "--index-info", given=given, **index)
        tree = self.git("write-tree", "--missing-ok", **index)
        return self.commit_tree(tree, branch=branch, message=message)

    def commit_tree(self, tree, *, branch="main", message="a change"):
        with contextlib.suppress(subprocess.CalledProcessError):
            parent = self.git("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}")
            made = self.git("commit-tree", tree, "-p", parent, "-m", message)
            self.git("update-ref", f"refs/heads/{branch}", made)
            return made
        made = self.git("commit-tree", tree, "-m", message)
        self.git("update-ref", f"refs/heads/{branch}", made)
        return made

    def raw_tree(self, entries):
        """Write a tree object of entries `(mode, name, object)` that git itself would not write."""
        content = b"".join(f"{mode} {name}\0".encode() + bytes.fromhex(object_id) for mode, name, object_id in entries)
        return self.git("hash-object", "-t", "tree", "-w", "--stdin", "--literally", given=content)


class GitServer:
    """Serves the repositories below `root` by smart HTTP; `redirects` maps a path to another address."""

    def __init__(self, root):
        self.root, self.redirects, self.authorizations, self.requests = Path(root), {}, {}, []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                server.answer(self)

            do_POST = do_GET  # noqa: N815

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self.http.server_address[1]}"
        self.thread = threading.Thread(target=self.http.serve_forever, daemon=True)
        self.thread.start()

    def url(self, repository):
        return f"{self.origin}/{repository.name}.git"

    def close(self):
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()

    def answer(self, request):
        parts = urlsplit(request.path)
        self.requests.append(request.path)
        for prefix, target in self.redirects.items():
            if parts.path.startswith(prefix):
                request.send_response(302)
                request.send_header("Location", target + request.path[len(prefix) :])
                request.send_header("Content-Length", "0")
                request.end_headers()
                return
        for prefix, wanted in self.authorizations.items():
            if parts.path.startswith(prefix) and request.headers.get("Authorization") != wanted:
                request.send_response(401)
                request.send_header("WWW-Authenticate", 'Basic realm="git"')
                request.send_header("Content-Length", "0")
                request.end_headers()
                return
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        done = subprocess.run(
            ["git", "http-backend"],
            input=body,
            capture_output=True,
            check=False,
            env={
                **ENVIRONMENT,
                "GIT_PROJECT_ROOT": str(self.root),
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
                "REQUEST_METHOD": request.command,
                "PATH_INFO": parts.path,
                "QUERY_STRING": parts.query,
                "CONTENT_TYPE": request.headers.get("Content-Type", ""),
                "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
                "REMOTE_ADDR": "127.0.0.1",
            },
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        request.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            request.wfile.write(content)
