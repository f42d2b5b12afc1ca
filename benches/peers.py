"""Starts the peers: nginx, Envoy, and the services that a team would write by hand. Each installs itself when it is missing."""
import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent / "peers"


def der(command: list[str]) -> bytes:
    return subprocess.run(command, capture_output=True, check=True).stdout


def url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def fixed(signature: bytes) -> bytes:
    """r‖s of a DER ECDSA-Sig-Value on P-256."""
    length = signature[3]
    r, s = signature[4:4 + length], signature[6 + length:]
    return r[-32:].rjust(32, b"\0") + s[-32:].rjust(32, b"\0")


def token(key: pathlib.Path, folder: pathlib.Path) -> tuple[str, dict]:
    """A JWS (ES256) for the peer that checks one, and the key set it is checked with."""
    head = url64(json.dumps({"alg": "ES256", "typ": "JWT", "kid": "1"}).encode())
    claims = url64(json.dumps({"iss": "nais-bench", "sub": "border-committee", "exp": 4102444800}).encode())
    (folder / "jws").write_text(f"{head}.{claims}")
    signature = fixed(der(["openssl", "dgst", "-sha256", "-sign", str(key), str(folder / "jws")]))
    point = der(["openssl", "pkey", "-in", str(key), "-pubout", "-outform", "DER"])[-64:]
    known = {"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "1", "x": url64(point[:32]), "y": url64(point[32:])}
    return f"{head}.{claims}.{url64(signature)}", {"keys": [known]}


def fill(template: pathlib.Path, to: pathlib.Path, values: dict) -> pathlib.Path:
    text = template.read_text()
    for name, value in values.items():
        text = text.replace(name, str(value))
    to.write_text(text)
    return to


def node() -> list[str]:
    home = HERE / "node"
    if not (home / "node_modules").exists():
        environment = dict(os.environ)
        if pathlib.Path("/usr/include/node").exists():
            environment["npm_config_nodedir"] = "/usr"  # headers of Debian's own Node: better-sqlite3 may be compiled here
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=home, check=True, capture_output=True, env=environment)
    return ["node", str(home / "server.mjs")]


def python(home: pathlib.Path) -> pathlib.Path:
    found = home / ".venv" / "bin" / "python"
    if not (home / ".venv" / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", str(home / ".venv")], check=True)
        subprocess.run([str(found), "-m", "pip", "install", "-q", "-r", str(home / "requirements.txt")], check=True)
        (home / ".venv" / "ready").touch()
    return found


def fastapi() -> list[str]:
    home = HERE / "fastapi"
    return [str(python(home)), str(home / "server.py")]


def envoy(configuration: pathlib.Path) -> list[str]:
    python(HERE / "envoy")
    # The wheel's own command is a wrapper in Python, whose memory is not Envoy's.
    program = next((HERE / "envoy" / ".venv").glob("lib/python3*/site-packages/envoy/_bin/envoy"))
    return [str(program), "--config-path", str(configuration), "--log-level", "error", "--concurrency", "2", "--disable-hot-restart"]


def nginx(configuration: pathlib.Path) -> list[str]:
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        raise OSError("nginx is not installed")
    return [program, "-c", str(configuration)]
