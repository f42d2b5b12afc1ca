"""Starts each server in turn, loads it, and prints medians and ratios. Called by benches/run."""
import argparse
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scripts" / "failures"))
from stand import Stand, free_port  # noqa: E402


class Bench:
    def __init__(self, programs: pathlib.Path, folder: pathlib.Path, requests: int):
        self.programs, self.folder, self.requests = programs, folder, requests
        self.stand = Stand(str(programs / "nais"), folder / "stand")
        self.stand.make()
        self.pki = self.stand.folder / "pki"
        self.mine = self.stand.folder / "consumers" / "border-committee"
        self.count = 0
        self.bodies()

    def bodies(self) -> None:
        template = json.loads((self.stand.folder / "requests" / "crossings-submit.json").read_text())
        template["message_id"] = "{uuid}"
        record = template["records"][0]
        record["crossing_id"] = "B-{n}"
        (self.folder / "one.json").write_text(json.dumps(template))
        template["records"] = [{**record, "crossing_id": f"B-{{n}}-{i}"} for i in range(500)]
        (self.folder / "bulk.json").write_text(json.dumps(template))
        for name in ("crossings-search", "proceedings-search"):
            shutil.copy(self.stand.folder / "requests" / f"{name}.json", self.folder / f"{name}.json")

    def load(self, name: str, port: int, pid: int, *, who="border-committee", body="one.json", path=None, sign=True,
             headers=(), requests=None, connections=32, more=()) -> dict:
        requests = requests or self.requests
        consumer = self.stand.folder / "consumers" / who
        token = [line.split('"')[1] for line in (consumer / "consumer.toml").read_text().splitlines() if line.startswith("token")][0]
        command = [str(self.programs / "bench"), "load", "--name", name, "--address", f"127.0.0.1:{port}", "--ca", str(self.pki / "root.pem"),
                   "--tls", str(consumer / "tls.pem"), str(consumer / "tls.key"), "--token", token, "--body", str(self.folder / body),
                   "--path", path or "/mvd-38801/v1/crossings/submit", "--first", str(self.count), "--requests", str(requests),
                   "--connections", str(connections), "--pid", str(pid), *more]
        if sign:
            command += ["--sign", str(consumer / "sign.pem"), str(consumer / "sign.key")]
        for header in headers:
            command += ["--header", header]
        self.count += requests
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
        if done.returncode or not done.stdout:
            raise RuntimeError(f"{name}: {done.stderr}")
        sys.stderr.write(done.stderr)
        return json.loads(done.stdout)

    def nais(self) -> list[dict]:
        self.stand.serve()
        pid, port = self.stand.process.pid, self.stand.ports["gateway"]
        try:
            self.load("warm", port, pid, requests=2000)
            court = {"who": "supreme-court", "body": "proceedings-search.json", "path": "/minjust-31101/v1/proceedings/search"}
            return [
                self.load("nais p256", port, pid),
                self.load("nais receipt", port, pid, sign=False, headers=["Prefer: receipt"]),
                self.load("nais search", port, pid, sign=False, **court),
                self.load("nais one connection", port, pid, connections=1, requests=self.requests // 10),
                self.load("nais bulk 500", port, pid, sign=False, body="bulk.json", requests=max(20, self.requests // 500), connections=4),
                self.load("nais handshakes", port, pid, sign=False, requests=self.requests // 10, more=["--handshakes"],
                          headers=["Prefer: receipt"]),
            ]
        finally:
            self.stand.stop()

    def server(self, name: str, command: list[str], **load) -> list[dict]:
        port = free_port()
        log = open(self.folder / f"{name}.log", "ab")
        process = subprocess.Popen([part.replace("PORT", str(port)) for part in command], stdout=log, stderr=log)
        try:
            for _ in range(100):
                time.sleep(0.1)
                if process.poll() is not None:
                    raise RuntimeError(f"{name} did not start: {(self.folder / f'{name}.log').read_text()[-400:]}")
                try:
                    self.load("warm", port, process.pid, requests=200, **load)
                    break
                except RuntimeError:
                    continue
            return [self.load(name, port, process.pid, **load)]
        finally:
            process.terminate()
            process.wait()

    def floor(self) -> list[dict]:
        keys = self.stand.folder / "keys"
        return self.server("floor", [str(self.programs / "bench"), "floor", "--address", "127.0.0.1:PORT", "--ca", str(self.pki / "root.pem"),
                                     "--tls", str(self.pki / "gateway.pem"), str(keys / "gateway.key"), "--sign", str(keys / "nais-sign.key"),
                                     "--peer", str(self.mine / "sign.pem")])

    def nginx(self) -> list[dict]:
        chain = self.folder / "ca.pem"
        chain.write_text((self.pki / "root.pem").read_text() + (self.pki / "issuing.pem").read_text())
        text = (HERE / "peers" / "nginx.conf").read_text()
        values = {"FOLDER": self.folder, "CERT": self.pki / "gateway.pem", "CA": chain, "BACK": free_port(), "WORKERS": 2,
                  "KEY": self.stand.folder / "keys" / "gateway.key"}
        port = free_port()
        for name, value in {**values, "PORT": port}.items():
            text = text.replace(name, str(value))
        (self.folder / "nginx.conf").write_text(text)
        process = subprocess.Popen(["nginx", "-c", str(self.folder / "nginx.conf")])
        try:
            time.sleep(1)
            return [self.load("nginx", port, process.pid, sign=False),
                    self.load("nginx handshakes", port, process.pid, sign=False, requests=self.requests // 10, more=["--handshakes"])]
        finally:
            process.terminate()
            process.wait()

    def arguments(self, database: str) -> list[str]:
        keys = self.stand.folder / "keys"
        token = [line.split('"')[1] for line in (self.mine / "consumer.toml").read_text().splitlines() if line.startswith("token")][0]
        chain = self.folder / "ca.pem"
        chain.write_text((self.pki / "root.pem").read_text() + (self.pki / "issuing.pem").read_text())
        return ["127.0.0.1:PORT", str(chain), str(self.pki / "gateway.pem"), str(keys / "gateway.key"), str(keys / "nais-sign.key"),
                str(self.folder / database), token]

    def node(self) -> list[dict]:
        home = HERE / "peers" / "node"
        if not (home / "node_modules").exists():
            subprocess.run(["npm", "install", "--no-audit", "--no-fund"], cwd=home, check=True, capture_output=True)
        return self.server("node", ["node", str(home / "server.mjs"), *self.arguments("node.db")], requests=self.requests // 2)

    def fastapi(self) -> list[dict]:
        home = HERE / "peers" / "fastapi"
        python = home / ".venv" / "bin" / "python"
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", str(home / ".venv")], check=True)
            subprocess.run([str(python), "-m", "pip", "install", "-q", "-r", str(home / "requirements.txt")], check=True)
        return self.server("fastapi", [str(python), str(home / "server.py"), *self.arguments("fastapi.db")], requests=self.requests // 4)


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("programs", type=pathlib.Path)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--requests", type=int, default=20000)
    arguments.add_argument("--peers", type=int, default=1)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="nais-bench-") as name:
        bench = Bench(options.programs, pathlib.Path(name), options.requests)
        servers = [bench.floor, bench.nais] + ([bench.nginx, bench.node, bench.fastapi] if options.peers else [])
        found: dict[str, list[dict]] = {}
        for number in range(options.rounds):
            for server in list(servers):
                try:
                    for run in server():
                        found.setdefault(run["name"], []).append(run)
                except (RuntimeError, OSError, subprocess.SubprocessError) as error:
                    if server in (bench.floor, bench.nais):
                        raise
                    print(f"left out: {server.__name__}: {str(error)[:300]}", file=sys.stderr)
                    servers.remove(server)
    table(found)
    return 0


def table(found: dict[str, list[dict]]) -> None:
    median = {name: {key: statistics.median(run[key] for run in runs) for key in runs[0] if key != "name"} for name, runs in found.items()}
    floor = median["floor"]["cpu_us"]
    print("| row | CPU µs/request | × floor | requests/CPU s | requests/s | p50 ms | p99 ms | MB |\n|---|---|---|---|---|---|---|---|")
    for name, row in median.items():
        note = f" ({row['failed']:.0f} failed)" if row["failed"] else ""
        print(f"| {name}{note} | {row['cpu_us']:.0f} | {row['cpu_us'] / floor:.2f} | {row['per_core']:.0f} | {row['per_second']:.0f} | "
              f"{row['p50_ms']:.2f} | {row['p99_ms']:.2f} | {row['rss_mb']:.0f} |")


if __name__ == "__main__":
    sys.exit(main())
