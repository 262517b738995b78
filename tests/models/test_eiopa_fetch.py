"""EIOPA's publication fetched the whole way: granted host, worker's connection, TLS, page, zip, workbook, result.

The server is one of our own that presents itself as EIOPA's by a certificate made for the test. The model's copy trusts
that certificate and is otherwise the model as it is.
"""

import io
import shutil
import socket
import ssl
import subprocess
import zipfile

import pytest

from contract.access import GrantKind
from contract.actor import SYSTEM
from contract.run import Status
from engine.models.grants import grant, revoke
from engine.models.register import register
from engine.runs.execute import WorkerContext, execute
from engine.runs.follow import snapshot
from engine.runs.submit import submit
from registry.model_files import read_folder
from tests.actors import ADA, ADMIN
from tests.engine.conftest import ROOT, context
from tests.engine.hosts import Answer, confined, local, serving
from tests.models.test_eiopa_rfr import workbook

__all__ = ["context", "local"]

HOST = "www.eiopa.europa.eu"
PAGE = "/tools-and-data/risk-free-interest-rate-term-structures_en"
TRUST = "import os\nos.environ['SSL_CERT_FILE'] = os.path.join(os.path.dirname(__file__), 'ca.pem')\n"
RATES = [round(0.02 + t / 10_000, 5) for t in range(150)]

pytestmark = [
    confined,
    pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl command is missing"),
]


def month(code):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("EIOPA_RFR_Term_Structures.xlsx", workbook(RATES, code=f"EUR_{code}_SWP_LLP_20"))
    return packed.getvalue()


def link(identifier, name):
    return f'<a class="file" href="/document/download/{identifier}_en?filename={name}">Download</a>'


ANSWERS = {
    PAGE: "<html>"
    + link("5-f", "EIOPA_FSR_RFR_20300731.zip")
    + link("1-a", "EIOPA_RFR_20300531.zip")
    + link("2-b", "EIOPA_RFR_20300630.zip")
    + link("3-c", "EIOPA_RFR_20301231_PD_CoD_UP.xlsx")
    + "</html>",
    "/document/download/1-a_en?filename=EIOPA_RFR_20300531.zip": month("31_05_2030"),
    "/document/download/2-b_en?filename=EIOPA_RFR_20300630.zip": month("30_06_2030"),
    "/document/download/4-d_en?filename=EIOPA_RFR_20300430.zip": b"PK, but no zip",
    "/elsewhere": "<html>Nothing here.</html>",
}
MOVED = {
    "/moved": f"https://{HOST}/document/download/1-a_en?filename=EIOPA_RFR_20300531.zip",
    "/away": "https://www.example.com/EIOPA_RFR_20300531.zip",
    "/downgraded": f"http://{HOST}/document/download/1-a_en?filename=EIOPA_RFR_20300531.zip",
}


class Site(Answer):
    def do_GET(self):
        if self.path in MOVED:
            self.send_response(302)
            self.send_header("Location", MOVED[self.path])
            self.end_headers()
            return
        body = ANSWERS.get(self.path)
        if body is None:
            self.send_error(404)
            return
        self.respond(body.encode() if isinstance(body, str) else body)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A server with a certificate for EIOPA's name; gives its port and the certificate's file."""
    place = tmp_path_factory.mktemp("site")
    key, certificate = place / "key.pem", place / "ca.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={HOST}"]
    command += ["-addext", f"subjectAltName=DNS:{HOST}", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with serving(Site, context) as port:
        yield port, certificate


@pytest.fixture
def fetch(context, local, site, tmp_path, monkeypatch):
    """Register the model, which trusts the site, and run it; the worker finds the site under EIOPA's name."""
    port, certificate = site
    real = socket.getaddrinfo

    def found(host, wanted, *rest, **named):
        if (host, wanted) == (HOST, 443):
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
        return real(host, wanted, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", found)
    files = dict(read_folder(ROOT / "functions" / "eiopa_rfr"))

    def go(*, trusting=True, **inputs):
        if trusting:
            files["function.py"] = TRUST.encode() + (ROOT / "functions" / "eiopa_rfr" / "function.py").read_bytes()
            files["ca.pem"] = certificate.read_bytes()
        register(context, "eiopa_rfr", files, source={"kind": "local", "path": "eiopa_rfr"}, actor=SYSTEM)
        if inputs.pop("granted", True):
            grant(context.database, "eiopa_rfr", GrantKind.HOST, HOST, actor=ADMIN)
        worker_context = WorkerContext(context.database, local, context.limits, tmp_path / "cache", "test-worker")
        run = submit(context, "eiopa_rfr", {"source": "fetched", **inputs}, actor=ADA)
        execute(worker_context, run.id)
        return snapshot(context, run.id, actor=ADA)

    return go


def test_the_newest_month_that_eiopas_page_links_is_fetched_while_the_host_is_granted(fetch, context):
    refused = fetch(granted=False)
    assert refused.run.status is Status.FAILED
    assert f"EIOPA is not reached: {HOST} is not granted to the model eiopa_rfr" in refused.run.reason
    assert f"python -m engine.commands.grants grant eiopa_rfr --host {HOST}" in refused.run.reason
    now = fetch()
    assert (now.run.status, now.run.reason) == (Status.SUCCESS, None)
    assert now.shown["summary"]["Publication"] == "2030-06-30"
    assert [row["zero"] for row in now.shown["table"]] == RATES[: len(now.shown["table"])]
    assert "read from EIOPA's site" in now.shown["notes"]
    assert revoke(context.database, "eiopa_rfr", GrantKind.HOST, HOST, actor=ADMIN)
    assert "is not granted" in fetch(granted=False).run.reason


def test_the_link_of_one_month_is_fetched_as_it_is_and_through_a_move_on_the_same_site(fetch):
    path = "/document/download/1-a_en?filename=EIOPA_RFR_20300531.zip"
    assert fetch(address=f"https://{HOST}{path}").shown["summary"]["Publication"] == "2030-05-31"
    assert fetch(address=f"https://{HOST}/moved").shown["summary"]["Publication"] == "2030-05-31"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/document/download/9-z_en?filename=EIOPA_RFR_20300131.zip", "EIOPA answers 404 (Not Found)"),
        ("/document/download/4-d_en?filename=EIOPA_RFR_20300430.zip", "the file is no workbook"),
        ("/elsewhere", "neither a publication nor a page that links one"),
        ("/away", "'https://www.example.com/EIOPA_RFR_20300531.zip' is not an address at EIOPA"),
        ("/downgraded", "is not an address at EIOPA"),
    ],
)
def test_what_is_no_publication_of_eiopas_is_refused_with_a_reason(fetch, path, words):
    now = fetch(address=f"https://{HOST}{path}")
    assert now.run.status is Status.FAILED
    assert now.run.reason.startswith("Model error: inputs.")
    assert words in now.run.reason


def test_a_server_that_cannot_prove_to_be_eiopas_is_refused(fetch):
    now = fetch(trusting=False)
    assert now.run.status is Status.FAILED
    assert "its certificate is not trusted here" in now.run.reason


def test_a_stored_publication_needs_no_grant(fetch):
    now = fetch(granted=False, source="stored")
    assert now.shown["summary"]["Publication"] == "2026-02-28"
