"""The service a team would write by hand in Python: the same work as peers/node/server.mjs, a commit a request."""
import base64
import hashlib
import json
import sqlite3
import ssl
import sys
import time
import uuid
from datetime import UTC, datetime
from typing import Literal

import uvicorn
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from fastapi import FastAPI, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

address, ca, cert, key, sign_key, database, token = sys.argv[1:8]
host, port = address.split(":")
db = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
db.executescript(
    """PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    CREATE TABLE IF NOT EXISTS record (id TEXT PRIMARY KEY, natural_key TEXT UNIQUE, document TEXT, body TEXT);
    CREATE INDEX IF NOT EXISTS record_document ON record (document);
    CREATE TABLE IF NOT EXISTS message (id TEXT PRIMARY KEY, digest TEXT);
    CREATE TABLE IF NOT EXISTS call (at INTEGER, message TEXT, status INTEGER);"""
)
signing_key = serialization.load_pem_private_key(open(sign_key, "rb").read(), None)
authorities = x509.load_pem_x509_certificates(open(ca, "rb").read())
tokens = {hashlib.sha256(token.encode()).hexdigest(): "border-committee"}
certificates: dict[str, object] = {}


def signer(text: str):
    """The key of a signer whom one of the authorities certified and whose term has not ended; None otherwise."""
    if text not in certificates:
        found, key = x509.load_der_x509_certificate(base64.b64decode(text)), None
        for authority in authorities:
            try:
                found.verify_directly_issued_by(authority)
                key = found.public_key() if datetime.now(UTC) < found.not_valid_after_utc else None
            except (ValueError, InvalidSignature):
                continue
        certificates[text] = key
    return certificates[text]


class Foreigner(BaseModel):
    surname_lat: str = Field(max_length=60)
    given_names_lat: str = Field(max_length=60)
    birth_date: str
    sex: Literal["M", "F"]
    citizenship: str


class Doc(BaseModel):
    doc_type: str
    doc_number: str = Field(max_length=20)
    issuing_state: str


class Crossing(BaseModel):
    crossing_id: str = Field(max_length=36)
    foreigner: Foreigner
    doc: Doc
    direction: Literal["entry", "exit"]
    crossing_time: str
    checkpoint_code: str
    state_side: str
    transport_kind: str


class Package(BaseModel):
    model_config = ConfigDict(extra="forbid")
    message_id: uuid.UUID
    message_time: str
    message_source: str
    record_kind: Literal["crossings"]
    records: list[Crossing] = Field(min_length=1, max_length=500)


def holds(public, signature: bytes, body: bytes) -> bool:
    try:
        if isinstance(public, ed25519.Ed25519PublicKey):
            public.verify(signature, body)
        else:
            public.verify(signature, body, ec.ECDSA(hashes.SHA256()))
        return True
    except InvalidSignature:
        return False


app = FastAPI()


@app.post("/mvd-38801/v1/crossings/submit")
async def submit(request: Request) -> Response:
    body = await request.body()
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if hashlib.sha256(given.encode()).hexdigest() not in tokens:
        return Response(status_code=401)
    sign, certificate = request.headers.get("sign"), request.headers.get("certificate")
    if sign:
        public = signer(certificate)
        if public is None or not holds(public, base64.b64decode(sign), body):
            return Response(status_code=401)
    try:
        package = Package.model_validate_json(body)
    except ValidationError:
        return Response(status_code=400)
    results = []
    db.execute("BEGIN IMMEDIATE")
    db.execute("INSERT INTO message VALUES (?, ?)", (str(package.message_id), hashlib.sha256(body).hexdigest()))
    for index, record in enumerate(package.records):
        row = (str(uuid.uuid4()), record.crossing_id, record.doc.doc_number, record.model_dump_json())
        changed = db.execute("INSERT INTO record VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", row).rowcount
        results.append({"index": index, "result": "accepted" if changed else "duplicate"})
    db.execute("INSERT INTO call VALUES (?, ?, ?)", (time.time_ns(), str(package.message_id), 200))
    db.execute("COMMIT")
    answer = json.dumps({"status": 200, "package_id": str(uuid.uuid4()), "message": "Package received", "records": results}).encode()
    headers = {}
    if "receipt" not in request.headers.get("prefer", ""):
        headers["sign"] = base64.b64encode(signing_key.sign(answer, ec.ECDSA(hashes.SHA256()))).decode()
    return Response(answer, media_type="application/json", headers=headers)


uvicorn.run(app, host=host, port=int(port), log_level="warning", access_log=False, ssl_certfile=cert, ssl_keyfile=key,
            ssl_ca_certs=ca, ssl_cert_reqs=ssl.CERT_REQUIRED)
