"""A real OpenID Connect provider as a process on this machine, and the application as a client of it."""

import json
import secrets
import socket
import subprocess
import sys
import time
import urllib.request

from tests.journeys.test_main_job import ROOT, Server


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Provider:
    """An identity provider with people of its own: claims by the person's id."""

    def __init__(self, home, people):
        self.home, self.people, self.port = home, people, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.metadata = f"{self.url}/.well-known/openid-configuration"

    def start(self):
        claims = [json.dumps({"sub": sub, **about}) for sub, about in self.people.items()]
        command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(self.port)]
        with (self.home / "provider.log").open("a") as log:
            self.process = subprocess.Popen(
                [*command, *(part for c in claims for part in ("--user-claims", c))], stdout=log, stderr=log
            )
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                with urllib.request.urlopen(self.metadata, timeout=5):
                    return self
            except OSError:
                assert self.process.poll() is None, (self.home / "provider.log").read_text()[-3000:]
            time.sleep(0.1)
        raise TimeoutError((self.home / "provider.log").read_text()[-3000:])

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


class SignInServer(Server):
    """The application where people sign in with a provider."""

    def __init__(self, home, provider, **settings):
        super().__init__(home)
        self.secrets = home / "secrets.toml"
        self.secrets.write_text(
            f'[auth]\nredirect_uri = "{self.url}/oauth2callback"\ncookie_secret = "{secrets.token_hex(32)}"\n'
            f'client_id = "tontine"\nclient_secret = "of the test"\nserver_metadata_url = "{provider.metadata}"\n'
        )
        self.settings = settings
        self.options = ["--secrets.files", str(self.secrets)]


__all__ = ["ROOT", "Provider", "SignInServer", "free_port"]
