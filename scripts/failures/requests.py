"""Every ready request on both engines, checked by `nais call`; a receipt checked without any code of NAIS."""
import base64
import datetime
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

from stand import Stand

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def requests(stand: Stand) -> int:
    """Sends every request of the stand; how many there were."""
    files = sorted((stand.folder / "requests").glob("*.http"))
    for file in files:
        told = re.search(r"consumers/(\S+) (GET|POST) (\S+)", file.read_text().splitlines()[0])
        consumer, verb, path = told.groups()
        data = file.with_suffix(".json")
        more = ["--data", f"@{data}"] if data.exists() else []
        consent = file.with_suffix(".p7s")
        more += ["--consent", str(consent)] if consent.exists() else []
        done = stand.run("call", "--as", str(stand.folder / "consumers" / consumer), verb, path, *more)
        assert done.returncode == 0 and "receipt valid" in done.stdout, f"{file.name}: {done.stdout}{done.stderr}"
    return len(files)


def refusals(stand: Stand) -> int:
    """Sends every ready refusal; each has its own code, signed and receipted, with nothing about the person in it."""
    folder = stand.folder / "requests" / "refused"
    rows = json.loads((folder / "index.json").read_text())

    def send(row: dict, name: str) -> dict:
        done = stand.run("call", "--as", str(stand.folder / row["consumer"]), "POST", "mvd-34001/v1/common/register", "--json",
                         "--data", f"@{folder / name}.json", "--consent", str(folder / f"{name}.p7s"))
        assert done.stdout.startswith("{"), f"{name}: {done.stdout}{done.stderr}"
        return json.loads(done.stdout)

    for row in rows:
        if row["first"]:
            told = send(row, row["first"])
            assert told["status"] == 200, f"{row['name']}: what goes before was refused: {told}"
        told = send(row, row["name"])
        answer = told["answer"]
        code = answer.get("code")
        if row["status"] == 200:
            code = answer["error_list"][0]["error_code"]["code"]
        assert (told["status"], code) == (row["status"], row["code"]), f"{row['name']}: {told}"
        checks = {check["check"]: check["result"] for check in told["checks"]}
        assert checks["signature"] == checks["receipt"] == "valid", f"{row['name']}: {checks}"
        if row["status"] != 200:
            number = json.loads((folder / "another-person.json").read_text())["request"]["person_request"][0]["identif_number"]
            assert number not in json.dumps(answer), f"{row['name']}: {answer}"
    return len(rows)


def authority(stand: Stand, folder: pathlib.Path) -> None:
    """Status and time stamps of the stand's test authority, as OpenSSL sees them; a revocation counts at once."""
    pki, base = stand.folder / "pki", f"http://127.0.0.1:{stand.ports['portal']}"

    def openssl(*words: str) -> str:
        done = subprocess.run(["openssl", *words], capture_output=True, text=True, timeout=60, cwd=folder)
        assert done.returncode == 0, f"openssl {' '.join(words)}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    made = stand.run("pki", "issue", "--dir", str(pki), "--name", "asked", "--cn", "Asked", "--purpose", "signature")
    assert made.returncode == 0, made.stderr
    ask = ["ocsp", "-issuer", str(pki / "issuing.pem"), "-cert", str(pki / "asked.pem"), "-url", f"{base}/ocsp",
           "-CAfile", str(pki / "root.pem"), "-verify_other", str(pki / "issuing.pem"), "-no_nonce"]
    shown = openssl("x509", "-in", str(pki / "asked.pem"), "-noout", "-ocsp_uri")
    assert shown.strip().endswith("/ocsp"), shown
    for digest in ("-sha1", "-sha256"):
        told = openssl("ocsp", digest, *ask[1:])
        assert "Response verify OK" in told and ": good" in told, told
    done = stand.run("pki", "revoke", "--dir", str(pki), str(pki / "asked.pem"))
    assert done.returncode == 0, done.stderr
    told = openssl(*ask)
    assert "Response verify OK" in told and ": revoked" in told, told
    # The same question in the address (RFC 6960 appendix A.1).
    openssl("ocsp", "-issuer", str(pki / "issuing.pem"), "-cert", str(pki / "asked.pem"), "-no_nonce", "-reqout", "ask.der")
    path = urllib.parse.quote(base64.b64encode((folder / "ask.der").read_bytes()).decode(), safe="")
    with urllib.request.urlopen(f"{base}/ocsp/{path}", timeout=30) as answer:
        assert answer.headers["content-type"] == "application/ocsp-response"
        (folder / "told.der").write_bytes(answer.read())
    told = openssl("ocsp", "-respin", "told.der", "-issuer", str(pki / "issuing.pem"), "-cert", str(pki / "asked.pem"),
                   "-CAfile", str(pki / "root.pem"), "-verify_other", str(pki / "issuing.pem"))
    assert ": revoked" in told, told
    with urllib.request.urlopen(f"{base}/pki/issuing.crl", timeout=30) as answer:
        (folder / "list.crl").write_bytes(answer.read())
    assert "Revoked Certificates" in openssl("crl", "-inform", "DER", "-in", "list.crl", "-noout", "-text",
                                             "-CAfile", str(pki / "issuing.pem"))

    (folder / "document").write_text("what existed")
    openssl("ts", "-query", "-data", "document", "-sha256", "-cert", "-out", "query.tsq")
    question = urllib.request.Request(f"{base}/tsa", (folder / "query.tsq").read_bytes(),
                                      {"Content-Type": "application/timestamp-query"})
    with urllib.request.urlopen(question, timeout=30) as answer:
        (folder / "stamp.tsr").write_bytes(answer.read())
    told = openssl("ts", "-verify", "-data", "document", "-in", "stamp.tsr", "-CAfile", str(pki / "root.pem"),
                   "-untrusted", str(pki / "issuing.pem"))
    assert "Verification: OK" in told, told


def responders(stand: Stand) -> None:
    """Without lists the responder of the configuration is asked: what was refused for want of a status is answered."""
    stand.stop()
    config, lists = stand.folder / "nais.toml", re.compile(r"^crls = .*$", re.MULTILINE)
    before = config.read_text()
    assert lists.search(before), before
    config.write_text(lists.sub(f'responders = ["http://127.0.0.1:{stand.ports["portal"]}/ocsp"]', before))
    stand.serve()

    def ask() -> dict:
        done = stand.run("call", "--as", str(stand.folder / "consumers" / "border-committee"), "GET", "services", "--json")
        return json.loads(done.stdout)

    assert ask()["answer"]["code"] == "certificate-status-unknown"
    until = time.monotonic() + 30
    while ask()["status"] != 200:
        assert time.monotonic() < until, "the responder was not asked"
        time.sleep(0.5)
    stand.stop()
    config.write_text(before)
    stand.serve()


def kept(stand: Stand, folder: pathlib.Path) -> None:
    """A signature with its evidence inside: valid without lists when the signer's certificate has expired."""
    pki, base = stand.folder / "pki", f"http://127.0.0.1:{stand.ports['portal']}"
    document = folder / "document"
    for algorithm in ("ecdsa-p256", "bign-with-hbelt"):
        card, signed = folder / f"{algorithm}.card", folder / f"{algorithm}.p7s"
        made = stand.run("card", "make", "--card", str(card), "--pki", str(pki), "--surname", "Tester", "--name", "Anna",
                         "--identification-number", "4010190A001PB6", "--pin1", "1234", "--pin2", "123456", "--puk",
                         "1234567890", "--algorithm", algorithm, "--days", "30")
        assert made.returncode == 0, made.stderr
        done = stand.run("card", "sign", "--card", str(card), "--pin2", "123456", "--timestamp", f"{base}/tsa",
                         "--roots", str(pki / "root.pem"), "--out", str(signed), str(document))
        assert done.returncode == 0, done.stdout + done.stderr
        later = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=900)).strftime("%Y-%m-%dT%H:%M:%SZ")
        told = stand.run("verify", str(signed), "--roots", str(pki / "root.pem"), "--at", later, "--json")
        told = json.loads(told.stdout)
        assert told["valid"] and told["signatures"][0]["evidence_inside"] and not told["signatures"][0]["unchecked"], told
    shown = subprocess.run(["openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in",
                            str(folder / "ecdsa-p256.p7s"), "-CAfile", str(pki / "root.pem"), "-purpose", "any"],
                           capture_output=True, timeout=60)
    assert shown.returncode == 0 and shown.stdout == document.read_bytes(), shown.stderr


def receipt(stand: Stand, folder: pathlib.Path) -> None:
    """A receipt holds for others' programs with the server gone, and not when a byte is changed."""
    kept = folder / "evidence"
    submit = stand.folder / "requests" / "crossings-submit.json"
    done = stand.run("call", "--as", str(stand.folder / "consumers" / "border-committee"), "POST",
                     "mvd-38801/v1/crossings/submit", "--data", f"@{submit}", "--save", str(kept))
    assert done.returncode == 0, done.stdout + done.stderr
    stand.stop()
    key = str(stand.folder / "pki" / "log.vkey")
    verify = ["verify", str(kept / "receipt"), str(kept / "record.json"), "--key", key]
    assert stand.run(*verify, "--answer", str(kept / "answer"), "--request", str(kept / "request")).returncode == 0
    national = [*verify[:-1], str(stand.folder / "pki" / "log-bign.vkey")]
    assert stand.run(*national).returncode == 0, "the checkpoint's second line, by bign, does not hold"
    record = (kept / "record.json").read_text()
    (kept / "record.json").write_text(record.replace("border-committee", "border-committed"))
    assert stand.run(*verify).returncode == 1, "an altered record was accepted"
    (kept / "record.json").write_text(record)
    (kept / "answer").write_bytes((kept / "answer").read_bytes() + b" ")
    assert stand.run(*verify, "--answer", str(kept / "answer")).returncode == 1, "an altered answer was accepted"


def main() -> int:
    nais = str(pathlib.Path(sys.argv[1]).resolve())
    engines = {"SQLite": None, "PostgreSQL": os.environ.get("NAIS_TEST_POSTGRES")}
    for name, url in engines.items():
        if name == "PostgreSQL" and not url:
            print("PostgreSQL: skipped, NAIS_TEST_POSTGRES names no server")
            continue
        with tempfile.TemporaryDirectory(prefix="nais-requests-") as place:
            folder = pathlib.Path(place)
            stand = Stand(nais, folder / "stand")
            try:
                database = []
                if url:
                    own = url.rsplit("/", 1)[0] + "/stand"
                    subprocess.run(["psql", url, "-qc", "CREATE DATABASE stand"], check=True)
                    database = ["--database", own]
                stand.start(["stand", "--dir", str(stand.folder), *database]
                            + [f"--{part}=127.0.0.1:{port}" for part, port in stand.ports.items()])
                stand.settle()
                count, refused = requests(stand), refusals(stand)
                if not url:
                    authority(stand, folder)
                    kept(stand, folder)
                    responders(stand)
                receipt(stand, folder)
                print(f"{name}: {count} requests answered, {refused} refused each with its code; signatures and receipts "
                      "valid; receipt holds off line")
            finally:
                if stand.process and stand.process.poll() is None:
                    stand.kill()
    return 0


if __name__ == "__main__":
    sys.exit(main())
