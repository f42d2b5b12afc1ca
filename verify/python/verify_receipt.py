#!/usr/bin/env python3
"""Checks a NAIS receipt without a line of the server's code.

    verify_receipt.py RECEIPT RECORD --key VKEY [--witness VKEY ...]
    verify_receipt.py RECEIPT --entry HEX --key VKEY

RECEIPT is the file with the receipt (text or base64), RECORD the file with {"record": ..., "salt": "hex"}, VKEY a
verifier key (name+hash+base64) or a file that holds one. Needs Python 3.8 and the package `cryptography`.
Exit codes: 0 holds, 1 does not hold, 2 wrong usage.
"""

import argparse
import base64
import binascii
import hashlib
import json
import os
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FIRST_LINE = "c2sp.org/tlog-proof@v1\n"
KINDS = ["exchange", "refusal", "access", "purge", "consent-given", "consent-ended", "consent-withdrawn", "erasure",
         "operation"]


class Wrong(Exception):
    """Why a receipt does not hold."""


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def decode(text):
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise Wrong(f"not base64: {error}") from error


def decimal(text):
    if not text.isascii() or not text.isdigit() or str(int(text)) != text:
        raise Wrong(f"not a number: {text!r}")
    return int(text)


class Key:
    """A verifier key: type 1 of a log, type 4 of a witness."""

    def __init__(self, text):
        if os.path.exists(text):
            with open(text, encoding="utf-8") as file:
                text = file.read()
        try:
            self.name, hash_hex, key = text.strip().split("+", 2)
        except ValueError as error:
            raise SystemExit("key: name+hash+base64 was expected") from error
        blob = decode(key)
        self.type, self.public = blob[0], blob[1:]
        self.id = sha256(self.name.encode(), b"\n", blob)[:4]
        if self.id.hex() != hash_hex or self.type not in (1, 4) or len(self.public) != 32:
            raise SystemExit("key: not a verifier key of Ed25519")

    def verify(self, text, lines):
        """True if a line of this key holds; raises if one does not."""
        mine = [blob[4:] for name, blob in lines if name == self.name and blob[:4] == self.id]
        for signature in mine:
            message = text.encode()
            if self.type == 4:
                time = int.from_bytes(signature[:8], "big")
                message, signature = f"cosignature/v1\ntime {time}\n".encode() + message, signature[8:]
            try:
                Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
            except InvalidSignature as error:
                raise Wrong(f"the signature of {self.name} does not hold") from error
        return bool(mine)


def parse_note(note):
    text, empty, signatures = note.rpartition("\n\n")
    if not empty or not signatures.endswith("\n"):
        raise Wrong("the checkpoint is no signed note")
    lines = []
    for line in signatures[:-1].split("\n"):
        dash, name, blob = (line.split(" ") + ["", "", ""])[:3]
        if dash != "\u2014":
            raise Wrong("a signature line was expected")
        lines.append((name, decode(blob)))
    return text + "\n", lines


def parse_receipt(raw):
    text = raw.decode()
    if not text.startswith(FIRST_LINE):
        text = decode(text.strip()).decode()
    head, empty, note = text.partition("\n\n")
    lines = head.split("\n")
    if lines.pop(0) + "\n" != FIRST_LINE or not empty:
        raise Wrong("the receipt is not tlog-proof@v1")
    extra = decode(lines.pop(0)[6:]) if lines and lines[0].startswith("extra ") else None
    if not lines or not lines[0].startswith("index "):
        raise Wrong("the receipt has no index")
    return extra, decimal(lines.pop(0)[6:]), [decode(line) for line in lines], note


def root_of(index, size, leaf, proof):
    """RFC 9162, section 2.1.3.2."""
    if index >= size:
        raise Wrong("the index is outside of the tree")
    number, last, node = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise Wrong("the proof is too long")
        if number % 2 == 1 or number == last:
            node = sha256(b"\x01", sibling, node)
            while number % 2 == 0 and number:
                number, last = number >> 1, last >> 1
        else:
            node = sha256(b"\x01", node, sibling)
        number, last = number >> 1, last >> 1
    if last:
        raise Wrong("the proof is too short")
    return node


def canonical(value):
    """RFC 8785 for what records hold: objects, arrays and strings."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{canonical(name)}:{canonical(value[name])}" for name in names) + "}"
    raise Wrong(f"records hold no {type(value).__name__}")


def single(pairs):
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise Wrong("the record has a member twice")
    return dict(pairs)


def commit(path, extra):
    with open(path, encoding="utf-8") as file:
        private = json.load(file, object_pairs_hook=single)
    record = private.get("record", private)
    salt = bytes.fromhex(private["salt"]) if "salt" in private else extra
    if not salt or len(salt) != 32 or record.get("type") not in KINDS:
        raise Wrong("the record needs a known type and a salt of 32 bytes")
    kind = bytes([1, 1 + KINDS.index(record["type"])])
    return kind + sha256(b"nais-leaf-1", salt, canonical(record).encode())


def verify(arguments):
    with open(arguments.receipt, "rb") as file:
        extra, index, proof, note = parse_receipt(file.read())
    key = Key(arguments.key)
    text, lines = parse_note(note)
    if not key.verify(text, lines):
        raise Wrong("the checkpoint is not signed by this key")
    origin, size, root = text.split("\n")[:3]
    if origin != key.name:
        raise Wrong("the checkpoint is of another log")
    entry = bytes.fromhex(arguments.entry) if arguments.entry else commit(arguments.record, extra)
    if root_of(index, decimal(size), sha256(b"\x00", entry), proof) != decode(root):
        raise Wrong("record and proof do not lead to the checkpoint's root")
    seen = [witness.name for witness in map(Key, arguments.witness) if witness.verify(text, lines)]
    print(f"receipt valid: entry {index} of {size} in {origin}" + (f", seen by {', '.join(seen)}" if seen else ""))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("receipt")
    parser.add_argument("record", nargs="?")
    parser.add_argument("--entry")
    parser.add_argument("--key", required=True)
    parser.add_argument("--witness", action="append", default=[])
    arguments = parser.parse_args()
    if bool(arguments.record) == bool(arguments.entry):
        parser.error("give either RECORD or --entry")
    try:
        verify(arguments)
    except (Wrong, ValueError, KeyError, UnicodeError) as wrong:
        print(f"does not hold: {wrong}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
