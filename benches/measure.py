"""Starts each server in turn, loads it, and prints medians and ratios. Called by benches/run."""
import argparse
import contextlib
import json
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scripts" / "failures"))
import peers  # noqa: E402
from check import Asker, Keys, judge  # noqa: E402
from stand import Stand, free_port, resident  # noqa: E402

SUBMIT = "/mvd-38801/v1/crossings/submit"
PACKAGE = 500


class Bench:
    def __init__(self, programs: pathlib.Path, folder: pathlib.Path, requests: int):
        self.programs, self.folder, self.requests = programs, folder, requests
        self.stand = Stand(str(programs / "nais"), folder / "stand")
        self.stand.make()
        self.pki, self.keys = self.stand.folder / "pki", self.stand.folder / "keys"
        self.mine = self.stand.folder / "consumers" / "border-committee"
        self.token = self.token_of("border-committee")
        self.count = 0
        self.pin: list[str] = []
        self.chain = folder / "ca.pem"
        self.chain.write_text((self.pki / "root.pem").read_text() + (self.pki / "issuing.pem").read_text())
        self.signer = Keys(self.mine / "sign.pem", self.mine / "sign.key")
        self.answers = Keys(self.pki / "nais-sign.pem", self.keys / "nais-sign.key")
        self.bodies()
        self.second_suite()

    def token_of(self, consumer: str) -> str:
        return tomllib.loads((self.stand.folder / "consumers" / consumer / "consumer.toml").read_text())["token"]

    def bodies(self) -> None:
        template = json.loads((self.stand.folder / "requests" / "crossings-submit.json").read_text())
        template["message_id"] = "{uuid}"
        record = template["records"][0]
        record["crossing_id"] = "B-{n}"
        self.one = json.dumps(template)
        (self.folder / "one.json").write_text(self.one)
        template["records"] = [{**record, "crossing_id": f"B-{{n}}-{i}"} for i in range(PACKAGE)]
        (self.folder / "bulk.json").write_text(json.dumps(template))
        for name in ("crossings-search", "proceedings-search"):
            shutil.copy(self.stand.folder / "requests" / f"{name}.json", self.folder / f"{name}.json")

    def second_suite(self) -> None:
        """Keys for Ed25519 both ways: the consumer's is enrolled, NAIS' is in a configuration of its own."""
        consumer = tomllib.loads((self.mine / "consumer.toml").read_text())
        for name, unp in (("ed25519-consumer", consumer["unp"]), ("ed25519-nais", None)):
            command = ["pki", "issue", "--dir", str(self.pki), "--name", name, "--cn", name, "--purpose", "signature", "--algorithm", "ed25519"]
            self.nais(*command, *(["--unp", unp] if unp else []))
            file = self.pki / f"{name}.pem"
            file.write_text(file.read_text().split("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n")  # without its issuer
        self.signer_ed = Keys(self.pki / "ed25519-consumer.pem", self.pki / "ed25519-consumer.key")
        self.answers_ed = Keys(self.pki / "ed25519-nais.pem", self.pki / "ed25519-nais.key")
        text = (self.stand.folder / "nais.toml").read_text()
        text = text.replace("keys/nais-sign.key", "pki/ed25519-nais.key").replace("pki/nais-sign.pem", "pki/ed25519-nais.pem")
        (self.stand.folder / "ed25519.toml").write_text(text)
        self.nais("consumer", "enrol", "border-committee", str(self.pki / "ed25519-consumer.pem"),
                  "--config", str(self.stand.folder / "nais.toml"))

    def nais(self, *arguments: str) -> None:
        done = self.stand.run(*arguments)
        if done.returncode:
            raise RuntimeError(f"nais {arguments[0]} {arguments[1]}: {done.stderr}")

    def load(self, name: str, port: int, pid: int, *, who="border-committee", body="one.json", path=SUBMIT, sign: Keys | None = None,
             headers=(), requests=None, connections=32, token=None, more=()) -> dict:
        requests = requests or self.requests
        consumer = self.stand.folder / "consumers" / who
        command = [*self.pin, str(self.programs / "bench"), "load", "--name", name, "--address", f"127.0.0.1:{port}",
                   "--ca", str(self.pki / "root.pem"), "--tls", str(consumer / "tls.pem"), str(consumer / "tls.key"),
                   "--token", token or self.token_of(who), "--body", str(self.folder / body), "--path", path,
                   "--first", str(self.count), "--requests", str(requests), "--connections", str(connections), "--pid", str(pid), *more]
        if sign:
            command += ["--sign", str(sign.certificate), str(sign.key)]
        for header in headers:
            command += ["--header", header]
        self.count += requests
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(command, capture_output=True, text=True, timeout=1800)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode or not done.stdout:
            raise RuntimeError(f"{name}: {done.stderr}")
        row = json.loads(done.stdout)
        if row["failed"]:
            raise RuntimeError(f"{name}: {row['failed']} of {requests} were not answered 200, so nothing was measured: {done.stderr}")
        load_cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        took = requests / row["per_second"] if row["per_second"] else 0
        return {**row, "busy": (load_cpu + row["cpu_us"] * requests / 1e6) / took if took else 0}

    def asker(self, port: int, signer: Keys, token: str | None = None) -> Asker:
        return Asker(port, self.pki / "root.pem", self.mine, token or self.token, self.one, signer)

    def serve(self, config: str = "nais.toml", before=()) -> tuple[int, int]:
        self.stand.serve(config=config, before=before)
        return self.stand.process.pid, self.stand.ports["gateway"]

    def nais_rows(self) -> list[dict]:
        pid, port = self.serve()
        try:
            idle = resident(pid)
            judge("nais", self.asker(port, self.signer), answers=self.answers)
            self.load("warm", port, pid, requests=max(200, self.requests // 10))
            court = {"who": "supreme-court", "body": "proceedings-search.json", "path": "/minjust-31101/v1/proceedings/search"}
            few, receipt = max(50, self.requests // 10), {"headers": ["Prefer: receipt"]}
            rows = [self.load("nais p256", port, pid, sign=self.signer)]
            paced = ["--rate", str(rows[0]["per_second"] * 0.7)]
            rows += [
                self.load("nais receipt", port, pid, **receipt),
                self.load("nais search", port, pid, **court),
                self.load("nais one connection", port, pid, sign=self.signer, connections=1, requests=few),
                self.load("nais at 70 %, 64 connections", port, pid, sign=self.signer, connections=64, more=paced),
                self.load("nais bulk 500", port, pid, body="bulk.json", requests=max(20, self.requests // PACKAGE), connections=4),
                self.load("nais handshakes", port, pid, requests=few, more=["--handshakes"], **receipt),
            ]
        finally:
            self.stand.stop()
        return [{**row, "idle_mb": idle} for row in rows]

    def nais_ed25519(self) -> list[dict]:
        pid, port = self.serve("ed25519.toml")
        try:
            idle = resident(pid)
            judge("nais ed25519", self.asker(port, self.signer_ed), answers=self.answers_ed)
            self.load("warm", port, pid, requests=max(200, self.requests // 10))
            return [{**self.load("nais ed25519", port, pid, sign=self.signer_ed), "idle_mb": idle}]
        finally:
            self.stand.stop()

    def nais_one_core(self) -> list[dict]:
        """The server on one core, the load on the other."""
        pid, port = self.serve(before=["taskset", "-c", "0"])
        self.pin = ["taskset", "-c", "1"]
        try:
            idle = resident(pid)
            self.load("warm", port, pid, requests=max(200, self.requests // 10))
            rows = [self.load("nais p256, one core", port, pid, sign=self.signer),
                    self.load("nais receipt, one core", port, pid, headers=["Prefer: receipt"])]
        finally:
            self.pin = []
            self.stand.stop()
        return [{**row, "idle_mb": idle} for row in rows]

    @contextlib.contextmanager
    def running(self, name: str, command: list[str], port: int):
        with open(self.folder / f"{name}.log", "ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            ready(name, process, port, self.folder / f"{name}.log")
            yield process.pid
        finally:
            process.terminate()
            process.wait()

    def floor(self) -> list[dict]:
        return self.floor_of("floor", self.signer, self.answers)

    def floor_ed25519(self) -> list[dict]:
        return self.floor_of("floor ed25519", self.signer_ed, self.answers_ed)

    def floor_of(self, name: str, signer: Keys, answers: Keys) -> list[dict]:
        port = free_port()
        command = [str(self.programs / "bench"), "floor", "--address", f"127.0.0.1:{port}", "--ca", str(self.pki / "root.pem"),
                   "--tls", str(self.pki / "gateway.pem"), str(self.keys / "gateway.key"), "--sign", str(answers.key),
                   "--peer", str(signer.certificate)]
        with self.running("floor", command, port) as pid:
            idle = resident(pid)
            judge(name, self.asker(port, signer), answers=answers, token=False, schema=False)
            self.load("warm", port, pid, sign=signer, requests=max(200, self.requests // 10))
            return [{**self.load(name, port, pid, sign=signer), "idle_mb": idle}]

    def values(self, port: int, back: int) -> dict:
        return {"FOLDER": self.folder, "CERT": self.pki / "gateway.pem", "CA": self.chain, "BACK": back, "WORKERS": 2,
                "KEY": self.keys / "gateway.key", "PORT": port}

    def proxied(self, name: str, command, template: str, token: str | None, handshakes: bool) -> list[dict]:
        port, back = free_port(), free_port()
        values = self.values(port, back)
        answer = peers.fill(HERE / "peers" / "answer.conf", self.folder / "answer.conf", values)
        configuration = peers.fill(HERE / "peers" / template, self.folder / pathlib.Path(template).name, values)
        with self.running("answer", peers.nginx(answer), back), self.running(name, command(configuration), port) as pid:
            idle = resident(pid)
            judge(name, self.asker(port, self.signer, token), token=token is not None, eds=False, schema=False)
            self.load("warm", port, pid, token=token, requests=max(200, self.requests // 10))
            rows = [self.load(name, port, pid, token=token)]
            if handshakes:
                rows.append(self.load(f"{name} handshakes", port, pid, requests=max(50, self.requests // 10), more=["--handshakes"]))
            return [{**row, "idle_mb": idle} for row in rows]

    def nginx(self) -> list[dict]:
        return self.proxied("nginx", peers.nginx, "nginx.conf", None, True)

    def envoy(self) -> list[dict]:
        token, known = peers.token(self.mine / "sign.key", self.folder)
        (self.folder / "jwks.json").write_text(json.dumps(known))
        return self.proxied("envoy", peers.envoy, "envoy/envoy.yaml", token, False)

    def written(self, name: str, command: list[str], more: list[str], requests: int, receipt: bool = False) -> list[dict]:
        """A service written by hand, on a database of its own."""
        port = free_port()
        database = self.folder / f"{name.replace(' ', '-')}.db"
        arguments = [f"127.0.0.1:{port}", str(self.chain), str(self.pki / "gateway.pem"), str(self.keys / "gateway.key"),
                     str(self.keys / "nais-sign.key"), str(database), self.token, *more]
        with self.running(name, [*command, *arguments], port) as pid:
            idle = resident(pid)
            judge(name, self.asker(port, self.signer), answers=self.answers)
            self.load("warm", port, pid, sign=self.signer, requests=max(200, self.requests // 10))  # its code is compiled by now
            rows = [self.load(name, port, pid, sign=self.signer, requests=requests)]
            if receipt:
                rows.append(self.load(f"{name}, no EDS", port, pid, headers=["Prefer: receipt"], requests=requests))
            return [{**row, "idle_mb": idle} for row in rows]

    def node_group(self) -> list[dict]:
        return self.written("node, group commit", peers.node(), ["group"], max(50, self.requests // 2), receipt=True)

    def node_request(self) -> list[dict]:
        return self.written("node, a commit each", peers.node(), ["request"], max(50, self.requests // 2))

    def fastapi(self) -> list[dict]:
        return self.written("fastapi", peers.fastapi(), [], max(50, self.requests // 4))


def ready(name: str, process: subprocess.Popen, port: int, log: pathlib.Path) -> None:
    import socket
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError(f"{name} did not start: {log.read_text(errors='replace')[-400:]}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"{name} is not ready: {log.read_text(errors='replace')[-400:]}")


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("programs", type=pathlib.Path)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--requests", type=int, default=20000)
    arguments.add_argument("--peers", type=int, default=1)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="nais-bench-") as name:
        bench = Bench(options.programs.resolve(), pathlib.Path(name), options.requests)
        ours = [bench.floor, bench.floor_ed25519, bench.nais_rows, bench.nais_ed25519, bench.nais_one_core]
        others = [bench.nginx, bench.envoy, bench.node_group, bench.node_request, bench.fastapi] if options.peers else []
        found, left_out = rounds(ours, others, options.rounds)
    print(table(found))
    print(ratios(found))
    for name, reason in left_out.items():
        print(f"\nLeft out: {name}: {reason}")
    return 0


def rounds(ours: list, others: list, count: int) -> tuple[dict[str, list[dict]], dict[str, str]]:
    """Runs every server once a round, so that a slow minute of the machine is everybody's."""
    found: dict[str, list[dict]] = {}
    left_out: dict[str, str] = {}
    for number in range(count):
        for server in [*ours, *others]:
            if server.__name__ in left_out:
                continue
            print(f"round {number + 1}: {server.__name__}", file=sys.stderr)
            try:
                for run in server():
                    found.setdefault(run["name"], []).append(run)
            except (RuntimeError, OSError, subprocess.SubprocessError, StopIteration) as error:
                if server in ours:
                    raise
                left_out[server.__name__] = str(error)[:400]
                print(f"left out: {server.__name__}: {left_out[server.__name__]}", file=sys.stderr)
    return found, left_out


def medians(found: dict[str, list[dict]]) -> dict[str, dict]:
    def numbers(row: dict) -> list[str]:
        return [key for key, value in row.items() if isinstance(value, int | float)]

    return {name: {key: statistics.median(run[key] for run in runs) for key in numbers(runs[0])} for name, runs in found.items()}


def table(found: dict[str, list[dict]]) -> str:
    median = medians(found)
    floor = median["floor"]["cpu_us"]
    lines = ["| row | CPU µs/request | × floor | requests/CPU s | requests/s | p50 ms | p99 ms | idle MB | under load MB |",
             "|---|---|---|---|---|---|---|---|---|"]
    for name, row in median.items():
        records = f" ({row['per_second'] * PACKAGE:.0f} records/s)" if "bulk" in name else ""
        lines.append(f"| {name} | {row['cpu_us']:.0f} | {row['cpu_us'] / floor:.2f} | {row['per_core']:.0f} | {row['per_second']:.0f}{records} | "
                     f"{row['p50_ms']:.2f} | {row['p99_ms']:.2f} | {row['idle_mb']:.0f} | {row['rss_mb']:.0f} |")
    return "\n".join(lines)


def ratios(found: dict[str, list[dict]]) -> str:
    """What the goals are said in. Requests a CPU second, because load and servers share the machine."""
    median = medians(found)
    lines = ["", "| goal | reached | by requests/s |", "|---|---|---|"]
    for told, one, other in (("P-256 both ways, CPU × floor ≤ 1.6", "floor", "nais p256"),
                             ("a commit each in Node ≥ 2.5 ×", "nais p256", "node, a commit each"),
                             ("FastAPI ≥ 4.5 ×", "nais p256", "fastapi"),
                             ("tuned Node, both without EDS ≥ 2.5 ×", "nais receipt", "node, group commit, no EDS"),
                             ("full handshakes, nginx ≥ 2 ×", "nais handshakes", "nginx handshakes")):
        if one in median and other in median:
            lines.append(f"| {told} | {median[one]['per_core'] / median[other]['per_core']:.2f} | "
                         f"{median[one]['per_second'] / median[other]['per_second']:.2f} |")
    for name in ("nais p256", "nais receipt"):
        alone, both = median.get(f"{name}, one core"), median.get(name)
        if alone and both:
            lines.append(f"| {name}: two cores ≥ 1.8 × one | {scale(alone, both):.2f} | {both['per_second'] / alone['per_second']:.2f} |")
    return "\n".join(lines)


def scale(alone: dict, both: dict) -> float:
    """How many cores' worth two cores are, if the load were elsewhere.

    On two cores load and server share, so requests a second cannot double. What can be seen: how much more CPU a request
    costs when two cores work on it at once (locks, caches), and how much of the machine stays idle although requests wait.
    """
    return 2 * (both["per_core"] / alone["per_core"]) * min(1.0, both["busy"] / 2)


if __name__ == "__main__":
    sys.exit(main())
