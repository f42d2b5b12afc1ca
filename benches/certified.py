"""The certified exchange 3.40.01/1 with both families of signatures: CPU per request, and what of it each step costs.

usage: benches/certified.py PROGRAMS [--requests 2000] [--rounds 3]

PROGRAMS is the folder with `nais` and `bench`. Beside it, in the same run: `openssl speed` of P-256, and with
`--pace FILE` the rows of `cargo run --release -p bign --example pace --features oracle`, where the C implementation stands.
"""
import argparse
import json
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts" / "failures"))
from stand import Stand  # noqa: E402

METHOD = "/mvd-34001/v1/common/register"
FAMILIES = {"P-256": "ecdsa-p256", "bign": "bign-with-hbelt"}


def issue(stand: Stand, name: str, algorithm: str, *more: str) -> list[str]:
    """A pair of files, certificate and key, of the stand's authority."""
    pki = stand.folder / "pki"
    done = stand.run("pki", "issue", "--dir", str(pki), "--name", name, "--cn", name, "--purpose", "signature",
                     "--algorithm", algorithm, *more)
    assert done.returncode == 0, done.stderr
    chain = (pki / f"{name}.pem").read_text()
    leaf = pki / f"{name}-leaf.pem"
    leaf.write_text(chain[:chain.index("-----END CERTIFICATE-----")] + "-----END CERTIFICATE-----\n")
    return [str(leaf), str(pki / f"{name}.key")]


def question(stand: Stand, name: str) -> pathlib.Path:
    """The ready request with a message identifier of its own each time, under one consent of this family."""
    body = json.loads((stand.folder / "requests" / "common-register.json").read_text())
    body["cover"]["message_id"] = "{uuid}"
    agreement = body["cover"]["agreement"]
    # The person of this run bears another name than the text that was shown.
    del agreement["language"], agreement["text_digest"]
    agreement["consent_id"] = {"P-256": "00000000-0000-4000-8000-00000000a256", "bign": "00000000-0000-4000-8000-00000000b128"}[name]
    file = stand.folder / f"{name}.json"
    file.write_text(json.dumps(body, ensure_ascii=False))
    return file


def measure(nais: str, bench: str, name: str, algorithm: str, requests: int) -> dict:
    with tempfile.TemporaryDirectory(prefix="nais-certified-") as place:
        stand = Stand(nais, pathlib.Path(place) / "stand")
        stand.start(["stand", "--dir", str(stand.folder)]
                    + [f"--{part}=127.0.0.1:{port}" for part, port in stand.ports.items()])
        while not (stand.folder / "filled").exists():
            time.sleep(0.2)
        consumer = stand.folder / "consumers" / "notary-chamber"
        told = {line.split(" = ")[0]: line.split(" = ")[1].strip('"')
                for line in (consumer / "consumer.toml").read_text().splitlines() if " = " in line}
        body = json.loads((stand.folder / "requests" / "common-register.json").read_text())
        number = body["request"]["person_request"][0]["identif_number"]
        clerk = issue(stand, "bench-clerk", algorithm, "--unp", told["unp"], "--job-title", "notary")
        person = issue(stand, "bench-person", algorithm, "--identification-number", number)
        own = issue(stand, "bench-nais", algorithm, "--unp", "190000018")
        stand.stop()
        config = stand.folder / "nais.toml"
        text = config.read_text().replace("keys/nais-sign.key", "pki/bench-nais.key")
        config.write_text(text.replace("pki/nais-sign.pem", "pki/bench-nais-leaf.pem"))
        stand.serve()
        file = question(stand, name)
        common = ["--body", str(file), "--sign", *clerk, "--consent", *person]
        load = subprocess.run(
            [bench, "load", "--name", name, "--address", f"127.0.0.1:{stand.ports['gateway']}", "--path", METHOD,
             "--ca", str(stand.folder / "pki" / "root.pem"), "--tls", str(consumer / "tls.pem"), str(consumer / "tls.key"),
             "--token", told["token"], "--header", f"Reg-auth-username: {told['username']}",
             "--header", f"Reg-auth-password: {told['password']}", "--connections", "32", "--requests", str(requests),
             "--pid", str(stand.process.pid), *common], capture_output=True, text=True, timeout=900)
        assert load.returncode == 0, load.stdout + load.stderr
        steps = subprocess.run(
            [bench, "steps", "--name", name, *common, "--answer", *own, "--pki", str(stand.folder / "pki")],
            capture_output=True, text=True, timeout=300)
        assert steps.returncode == 0, steps.stdout + steps.stderr
        stand.stop()
        return {"load": json.loads(load.stdout), "steps": json.loads(steps.stdout)["µs"]}


def openssl() -> dict:
    """Microseconds of one P-256 signature and one verification, as OpenSSL counts them."""
    told = subprocess.run(["openssl", "speed", "-seconds", "2", "ecdsap256"], capture_output=True, text=True, timeout=120).stdout
    line = next(line for line in told.splitlines() if "256 bits ecdsa" in line)
    sign, verify = re.findall(r"([0-9.]+)s", line)[:2]
    per_second = [float(figure) for figure in line.split()[-2:]]
    return {"sign": 1e6 / per_second[0], "verify": 1e6 / per_second[1]} if min(per_second) else {"sign": float(sign), "verify": float(verify)}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("programs", type=pathlib.Path)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pace", type=pathlib.Path)
    args = parser.parse_args()
    nais, bench = (str((args.programs / name).resolve()) for name in ("nais", "bench"))
    rounds = {name: [] for name in FAMILIES}
    for _ in range(args.rounds):
        for name, algorithm in FAMILIES.items():
            rounds[name].append(measure(nais, bench, name, algorithm, args.requests))
    peer = openssl()
    print("| step | P-256 µs | bign µs |\n|---|---|---|")
    middle = {name: {step: statistics.median(one["steps"][step] for one in runs) for step in runs[0]["steps"]}
              for name, runs in rounds.items()}
    for step in middle["P-256"]:
        print(f"| {step} | {middle['P-256'][step]:.0f} | {middle['bign'][step]:.0f} |")
    counted = ("requester's EDS verified", "path to the root, known", "consent read and verified", "answer signed")
    whole = {name: statistics.median(one["load"]["cpu_us"] for one in runs) for name, runs in rounds.items()}
    rest = {name: whole[name] - sum(middle[name][step] for step in counted) for name in FAMILIES}
    print(f"| TLS, treaty, register, ledger, store: the rest | {rest['P-256']:.0f} | {rest['bign']:.0f} |")
    print(f"| **the whole exchange, CPU of the server** | {whole['P-256']:.0f} | {whole['bign']:.0f} |")
    rate = {name: statistics.median(one["load"]["per_second"] for one in runs) for name, runs in rounds.items()}
    print(f"| exchanges a second, load on the same cores | {rate['P-256']:.0f} | {rate['bign']:.0f} |")
    print(f"\nopenssl speed, P-256: sign {peer['sign']:.0f} µs, verify {peer['verify']:.0f} µs")
    if args.pace:
        print(args.pace.read_text())


if __name__ == "__main__":
    main()
