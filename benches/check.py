"""Whether a server does the work that it is measured for: a valid request is answered, an altered one refused.

A server that answers 500, or 200 to everything, would otherwise be measured as fast.
"""
import base64
import json
import pathlib
import ssl
import subprocess
import tempfile
import uuid
from http.client import HTTPException, HTTPSConnection

PATH = "/mvd-38801/v1/crossings/submit"


class Keys:
    """One signer's key and certificate; signatures are OpenSSL's, none of ours."""

    def __init__(self, certificate: pathlib.Path, key: pathlib.Path):
        self.certificate, self.key = certificate, key
        self.der = ssl.PEM_cert_to_DER_cert(certificate.read_text()[:certificate.read_text().index("-----END") + 25])
        shown = subprocess.run(["openssl", "x509", "-in", str(certificate), "-noout", "-pubkey"], capture_output=True, check=True)
        self.public = shown.stdout
        described = subprocess.run(["openssl", "pkey", "-pubin", "-noout", "-text"], input=self.public, capture_output=True, check=True)
        self.digest = [] if b"ED25519" in described.stdout else ["-digest", "sha256"]

    def sign(self, body: bytes) -> bytes:
        return self.openssl(body, ["-sign", "-inkey", str(self.key)]).stdout

    def holds(self, body: bytes, signature: bytes) -> bool:
        with tempfile.NamedTemporaryFile() as public, tempfile.NamedTemporaryFile() as signed:
            pathlib.Path(public.name).write_bytes(self.public)
            pathlib.Path(signed.name).write_bytes(signature)
            return self.openssl(body, ["-verify", "-pubin", "-inkey", public.name, "-sigfile", signed.name], False).returncode == 0

    def openssl(self, body: bytes, command: list[str], check: bool = True) -> subprocess.CompletedProcess:
        with tempfile.NamedTemporaryFile() as file:
            pathlib.Path(file.name).write_bytes(body)
            return subprocess.run(["openssl", "pkeyutl", *command, "-rawin", *self.digest, "-in", file.name], capture_output=True, check=check)

    def headers(self, body: bytes) -> dict:
        return {"sign": base64.b64encode(self.sign(body)).decode(), "certificate": base64.b64encode(self.der).decode()}


class Asker:
    """Asks one server as the border committee."""

    def __init__(self, port: int, root: pathlib.Path, consumer: pathlib.Path, token: str, template: str, signer: Keys):
        self.port, self.root, self.consumer, self.token = port, root, consumer, token
        self.template, self.signer = template, signer

    def body(self) -> bytes:
        return self.template.replace("{uuid}", str(uuid.uuid4())).replace("{n}", f"check-{uuid.uuid4().hex[:12]}").encode()

    def ask(self, body: bytes, *, token: str | None = None, headers: dict | None = None, certificate: bool = True) -> tuple[int, dict, bytes]:
        context = ssl.create_default_context(cafile=self.root)
        if certificate:
            context.load_cert_chain(self.consumer / "tls.pem", self.consumer / "tls.key")
        connection = HTTPSConnection("127.0.0.1", self.port, context=context, timeout=10)
        try:
            sent = {"Authorization": f"Bearer {token or self.token}", "Content-Type": "application/json", **(headers or {})}
            connection.request("POST", PATH, body, sent)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()


def judge(name: str, asker: Asker, *, answers: Keys | None = None, token: bool = True, eds: bool = True, schema: bool = True) -> None:
    """Raises unless the server refuses what it must refuse, of what it claims to check."""
    def need(holds: bool, what: str, seen: object) -> None:
        if not holds:
            raise RuntimeError(f"{name} is not measured: {what}, but: {seen}")

    body = asker.body()
    status, headers, answer = asker.ask(body, headers=asker.signer.headers(body) if eds else {})
    need(status == 200, "a valid request is answered 200", (status, answer[:300]))
    if answers:
        signed = base64.b64decode(headers.get("sign", ""))
        need(answers.holds(answer, signed), "the answer's signature holds", headers)
    if eds:
        body = asker.body()
        status, _, answer = asker.ask(body.replace(b"TESTER", b"TASTER"), headers=asker.signer.headers(body))
        need(status == 401, "an altered body is refused with 401", (status, answer[:300]))
    if token:
        body = asker.body()
        wrong = asker.token[:-6] + ("AAAAAA" if asker.token[-6:] != "AAAAAA" else "BBBBBB")
        status, _, answer = asker.ask(body, token=wrong, headers=asker.signer.headers(body) if eds else {})
        need(status == 401, "another token is refused with 401", (status, answer[:300]))
    if schema:
        broken = json.loads(asker.body())
        del broken["records"]
        body = json.dumps(broken).encode()
        status, _, answer = asker.ask(body, headers=asker.signer.headers(body))
        need(status == 400, "a body without records is refused with 400", (status, answer[:300]))
    try:
        status, _, answer = asker.ask(asker.body(), certificate=False)
        need(status in (400, 401, 403), "without a client certificate nothing is answered", (status, answer[:300]))
    except (OSError, HTTPException):
        pass
