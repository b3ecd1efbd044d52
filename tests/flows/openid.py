"""An OpenID provider on a port of its own, which says whatever a test wants it to say."""

import contextlib
import json
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from tests.flows.running import free_port

CLIENT_ID, CLIENT_SECRET = "streamgauge-test", "a secret of the provider"


class Provider:
    """claims: of the next ID token, in place of the right ones. key: with which it is signed. asked: the last request."""

    def __init__(self, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self.published = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
        self.key = self.published
        self.algorithm = "RS256"
        self.claims: dict[str, Any] = {}
        self.nonce = ""
        self.challenge = ""
        self.asked: dict[str, str] = {}

    def told(self, path: str) -> dict[str, Any]:
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
            }
        public = json.loads(RSAAlgorithm.to_jwk(self.published.public_key()))
        return {"keys": [{**public, "kid": "one", "use": "sig", "alg": "RS256"}]}

    def token(self, form: dict[str, str]) -> dict[str, Any]:
        """Only for who holds the verifier of the challenge, as RFC 7636 wants it."""
        self.asked = form
        digest = urlsafe_b64encode(sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        assert digest == self.challenge
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT_ID, "sub": "1", "iat": now, "exp": now + 300, "nonce": self.nonce,
            "email": "ada@example.com", "email_verified": True, "name": "Ada", **self.claims,
        }  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        key: Any = "" if self.algorithm == "none" else self.key
        return {"id_token": jwt.encode(claims, key, algorithm=self.algorithm, headers={"kid": "one"}), "token_type": "Bearer"}


@contextlib.contextmanager
def a_provider() -> Iterator[Provider]:
    """For the length of a `with` block."""
    provider = Provider(free_port())

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(provider.told(self.path))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            self._answer(provider.token({name: values[0] for name, values in parse_qs(body).items()}))

        def _answer(self, told: dict[str, Any]) -> None:
            body = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", int(provider.issuer.rpartition(":")[2])), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
