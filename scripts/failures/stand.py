"""A stand under test: started, killed and asked from outside, with nothing of NAIS' own code."""
import argparse
import json
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
import urllib.error
import urllib.request
import uuid
from http.client import HTTPException, HTTPSConnection


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def resident(root: int) -> float:
    """Resident megabytes of a process and its children."""
    parents = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue  # it has ended meanwhile
        parents[int(stat.parent.name)] = (int(fields[1]), int(fields[21]) * 4096)
    family, total = [root], 0
    for one in family:
        family += [pid for pid, (parent, _) in parents.items() if parent == one]
        total += parents.get(one, (0, 0))[1]
    return total / 1048576


class Stand:
    def __init__(self, nais: str, folder: pathlib.Path):
        self.nais, self.folder = nais, folder
        self.ports = {name: free_port() for name in ("portal", "gateway", "operations")}
        self.process = None

    def make(self) -> None:
        """Makes the stand with all its data and stops it again."""
        self.start(["stand", "--dir", str(self.folder)] + [f"--{name}=127.0.0.1:{port}" for name, port in self.ports.items()])
        while not (self.folder / "filled").exists():
            time.sleep(0.2)
        self.stop()

    def settle(self) -> None:
        """Waits until a stand that was started for the first time has written its requests."""
        while not (self.folder / "complete").exists():
            time.sleep(0.05)

    def serve(self, timeout: float = 30, config: str = "nais.toml", before=()) -> float:
        """Starts a node on the stand's folder, behind the words of `before`; seconds until it was ready."""
        return self.start(["serve", "--config", str(self.folder / config)], timeout, before)

    def start(self, arguments: list[str], timeout: float = 120, before=()) -> float:
        begun = time.monotonic()
        self.log = open(self.folder.parent / "nais.log", "ab")
        self.process = subprocess.Popen([*before, self.nais, *arguments], stdout=self.log, stderr=self.log)
        while time.monotonic() - begun < timeout:
            if self.process.poll() is not None:
                raise RuntimeError(f"nais ended with {self.process.returncode}: {self.told()}")
            try:
                socket.create_connection(("127.0.0.1", self.ports["operations"]), 1).close()
                return time.monotonic() - begun
            except OSError:
                time.sleep(0.01)
        raise RuntimeError("nais is not ready")

    def told(self) -> str:
        return (self.folder.parent / "nais.log").read_text(errors="replace")[-2000:]

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(15)

    def consumer(self, name: str = "border-committee") -> "Consumer":
        return Consumer(self, name)

    def run(self, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run([self.nais, *arguments], capture_output=True, text=True, timeout=300)


class Consumer:
    """One kept-alive connection of a consumer."""

    def __init__(self, stand: Stand, name: str):
        folder = stand.folder / "consumers" / name
        self.token = tomllib.loads((folder / "consumer.toml").read_text())["token"]
        self.port = stand.ports["gateway"]
        self.context = ssl.create_default_context(cafile=stand.folder / "pki" / "root.pem")
        self.context.load_cert_chain(folder / "tls.pem", folder / "tls.key")
        self.connection = None

    def ask(self, path: str, body: bytes | None = None) -> tuple[int, dict, dict]:
        if self.connection is None:
            self.connection = HTTPSConnection("127.0.0.1", self.port, context=self.context, timeout=30)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        try:
            self.connection.request("POST" if body else "GET", path, body, headers)
            answer = self.connection.getresponse()
            return answer.status, dict(answer.getheaders()), json.loads(answer.read())
        except (OSError, HTTPException):
            self.connection.close()
            self.connection = None
            raise


def package(template: dict, crossing: str) -> bytes:
    body = json.loads(json.dumps(template))
    body["message_id"] = str(uuid.uuid4())
    body["records"][0]["crossing_id"] = crossing
    return json.dumps(body).encode()


class Load:
    """Clients that submit one crossing after the other and remember what was acknowledged."""

    def __init__(self, stand: Stand, clients: int, prefix: str):
        self.stand, self.prefix = stand, prefix
        self.template = json.loads((stand.folder / "requests" / "crossings-submit.json").read_text())
        self.acknowledged: list[tuple[bytes, str]] = []
        self.open: list[bytes] = []
        self.stopped = False
        self.threads = [threading.Thread(target=self.work, args=(n,), daemon=True) for n in range(clients)]
        for thread in self.threads:
            thread.start()

    def work(self, number: int) -> None:
        consumer, count = self.stand.consumer(), 0
        while not self.stopped:
            count += 1
            body = package(self.template, f"{self.prefix}-{number}-{count}")
            try:
                status, headers, answer = consumer.ask("/mvd-38801/v1/crossings/submit", body)
            except (OSError, HTTPException, ValueError):
                self.open.append(body)  # nobody knows: it may be there or not, but never half
                continue
            if status == 200 and "nais-receipt" in {name.lower() for name in headers}:
                self.acknowledged.append((body, answer["package_id"]))
            elif status != 503:
                raise AssertionError(f"{status} {answer}")

    def stop(self) -> None:
        self.stopped = True
        for thread in self.threads:
            thread.join()


def check(stand: Stand, acknowledged: list[tuple[bytes, str]], unknown: list[bytes]) -> tuple[int, int]:
    """How many acknowledged packages are missing, and how many are there twice."""
    consumer, missing, twice = stand.consumer(), 0, 0
    for body, package_id in acknowledged:
        _, _, answer = consumer.ask("/mvd-38801/v1/crossings/submit", body)
        missing += answer.get("package_id") != package_id  # a known message gets its first answer
    for body in unknown:
        consumer.ask("/mvd-38801/v1/crossings/submit", body)
    for body in [body for body, _ in acknowledged] + unknown:
        again = json.loads(body)
        again["message_id"] = str(uuid.uuid4())
        _, _, answer = consumer.ask("/mvd-38801/v1/crossings/submit?mode=test", json.dumps(again).encode())
        twice += answer["records"][0]["result"] != "duplicate"
    return missing, twice


def sqlite_copy(stand: Stand, to: pathlib.Path) -> None:
    to.mkdir(parents=True, exist_ok=True)
    for name in ("nais.db", "nais.db-wal"):
        source = stand.folder / "data" / name
        if source.exists():
            (to / name).write_bytes(source.read_bytes())



class Checks:
    """One line for each thing that must hold."""

    def __init__(self, strict: bool = False):
        self.strict, self.failed = strict, 0

    def that(self, told: str, holds: bool, seen: object = "") -> bool:
        self.failed += not holds
        print(f"  ok    {told}" if holds else f"  FAIL  {told}; seen: {seen}", flush=True)
        return holds

    def goal(self, told: str, holds: bool, seen: object = "") -> None:
        """Must hold with `--strict` only: the program is not there yet."""
        if holds or self.strict:
            self.that(told, holds, seen)
        else:
            print(f"  later {told}; seen: {seen}", flush=True)


def refusal(answer: tuple[int, dict, dict], status: int, code: str | None = None) -> bool:
    """The answer is a problem document with this status; with 502, 503 and 504 it says when to come again."""
    found, headers, body = answer
    headers = {name.lower(): value for name, value in headers.items()}
    again = found not in (502, 503, 504) or headers.get("retry-after", "").isdigit()
    named = headers.get("content-type", "").startswith("application/problem+json") and isinstance(body, dict)
    return found == status and again and named and (code is None or body.get("code") == code)


def plain(url: str) -> tuple[int, bytes]:
    """What the portal or the operations listener answers."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def alone(*tests) -> int:
    """Runs tests, each `test(stand, folder, checks)`, on a stand made for them. The exit code: 1 when something does not hold."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("nais")
    arguments.add_argument("--strict", action="store_true", help="goals that are not reached yet count too")
    options = arguments.parse_args()
    checks = Checks(options.strict)
    with tempfile.TemporaryDirectory(prefix="nais-failures-") as name:
        folder = pathlib.Path(name)
        stand = Stand(str(pathlib.Path(options.nais).resolve()), folder / "stand")
        try:
            stand.make()
            for test in tests:
                begun = time.monotonic()
                print(f"{(test.__doc__ or test.__name__).splitlines()[0]}", flush=True)
                test(stand, folder, checks)
                print(f"  {time.monotonic() - begun:.1f} s", flush=True)
        except BaseException:
            print(stand.told(), file=sys.stderr)
            raise
        finally:
            if stand.process and stand.process.poll() is None:
                stand.kill()
    return 1 if checks.failed else 0
