"""Every ready request on both engines, checked by `nais call`; a receipt checked without any code of NAIS."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

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
                count = requests(stand)
                receipt(stand, folder)
                print(f"{name}: {count} requests answered; signatures and receipts valid; receipt holds off line")
            finally:
                if stand.process and stand.process.poll() is None:
                    stand.kill()
    return 0


if __name__ == "__main__":
    sys.exit(main())
