"""A store that already holds millions of crossings: bulk loading, searches, bytes. Called by benches/run --large."""
import argparse
import contextlib
import json
import os
import pathlib
import random
import re
import socket
import sqlite3
import ssl
import sys
import tempfile
import threading
import time
import tomllib
import uuid
from datetime import UTC, datetime, timedelta

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scripts" / "failures"))
from stand import Stand, resident  # noqa: E402

PACKAGE = 500
SUBMIT, SEARCH = "/mvd-38801/v1/crossings/submit", "/mvd-38801/v1/crossings/search"
POINTS = ["BY-AIR-MSQ"]
CITIZENSHIPS = ["RUS", "UKR", "LTU", "POL", "DEU", "KAZ", "CHN", "GEO"]


class Line:
    """One kept-alive connection, with as little of Python in the way as there can be."""

    def __init__(self, stand: Stand, consumer: str):
        folder = stand.folder / "consumers" / consumer
        context = ssl.create_default_context(cafile=stand.folder / "pki" / "root.pem")
        context.load_cert_chain(folder / "tls.pem", folder / "tls.key")
        port = stand.ports["gateway"]
        raw = socket.create_connection(("127.0.0.1", port))
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = context.wrap_socket(raw, server_hostname="127.0.0.1")
        token = tomllib.loads((folder / "consumer.toml").read_text())["token"]
        self.head = f"Host: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nPrefer: receipt\r\n"

    def ask(self, path: str, body: bytes) -> bytes:
        self.socket.sendall(f"POST {path} HTTP/1.1\r\n{self.head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        got = b""
        while b"\r\n\r\n" not in got:
            got += self.more()
        head, body = got.split(b"\r\n\r\n", 1)
        length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])
        while len(body) < length:
            body += self.more()
        if b" 200 " not in head[:20]:
            raise RuntimeError(f"{head[:200]} {body[:400]}")
        return body

    def more(self) -> bytes:
        got = self.socket.recv(1 << 16)
        if not got:
            raise RuntimeError("the server closed the connection")
        return got


class People:
    """So many people, each the same whenever asked for; five crossings each. No real person: names meet by chance."""

    def __init__(self, crossings: int):
        self.count = max(1, crossings // 5)
        text = (HERE.parent / "crates" / "registers" / "src" / "seed" / "nations.txt").read_text()
        pairs = {kind: [tuple(pair.split("=")) for line in text.splitlines() if line.startswith(f"{kind} ")
                        for pair in line[2:].split(", ") if "=" in pair] for kind in "ms"}
        self.names, self.surnames = pairs["m"], pairs["s"]
        self.since = datetime.now(UTC) - timedelta(days=720)
        self.step = 700 * 86400 / max(1, crossings + 100 * PACKAGE)
        self.days = [f"{datetime(1945, 1, 1) + timedelta(days=day):%Y%m%d}" for day in range(22000)]

    def person(self, number: int) -> dict:
        dice = number * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF  # a generator object for each person would cost more than the rest
        surname, name = self.surnames[(dice >> 8) % len(self.surnames)], self.names[(dice >> 20) % len(self.names)]
        # A hyphenated second surname, so that names are as various as in life.
        other = self.surnames[(dice >> 32) % len(self.surnames)]
        return {"surname_lat": f"{surname[0]}-{other[0]}", "given_names_lat": name[0], "surname_ru": f"{surname[1]}-{other[1]}",
                "name_ru": name[1], "birth_date": self.days[(dice >> 44) % len(self.days)], "sex": "M",
                "citizenship": CITIZENSHIPS[number % len(CITIZENSHIPS)]}

    def document(self, number: int) -> str:
        return f"L{number + 10000000}"

    def crossing(self, number: int) -> dict:
        """A person's crossings lie far from each other, as they do in life."""
        person = number * 7919 % self.count
        found = self.person(person)
        at = self.since + timedelta(seconds=int(number * self.step))
        return {"crossing_id": f"L-{number}", "foreigner": found,
                "doc": {"doc_type": "passport", "doc_number": self.document(person), "issuing_state": found["citizenship"],
                        "date_of_issue": "2023-02-01", "expire_date": "2033-02-01"},
                "direction": "exit" if number // self.count % 2 else "entry", "crossing_time": at.isoformat(timespec="seconds"),
                "checkpoint_code": POINTS[0], "state_side": "BY", "transport_kind": "air", "flight_number": "B2-419"}

    def package(self, number: int) -> bytes:
        records = [self.crossing(number * PACKAGE + index) for index in range(PACKAGE)]
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return json.dumps({"message_id": str(uuid.uuid4()), "message_time": now, "message_source": "GPK", "record_kind": "crossings",
                           "records": records}).encode()


class Filler:
    """Sends packages on a few connections; counts what was accepted."""

    def __init__(self, stand: Stand, packages, connections: int = 12):
        self.stand, self.packages, self.lock = stand, iter(packages), threading.Lock()
        self.accepted, self.failures = 0, []
        self.threads = [threading.Thread(target=self.work) for _ in range(connections)]

    def run(self) -> float:
        begun = time.monotonic()
        for thread in self.threads:
            thread.start()
        for thread in self.threads:
            thread.join()
        if self.failures:
            raise RuntimeError(self.failures[0])
        return time.monotonic() - begun

    def work(self) -> None:
        try:
            line = Line(self.stand, "border-committee")
            while True:
                with self.lock:
                    package = next(self.packages, None)
                if package is None or self.failures:
                    return
                answer = json.loads(line.ask(SUBMIT, package))
                wrong = [record for record in answer["records"] if record["result"] != "accepted"]
                if wrong:
                    raise RuntimeError(f"not accepted: {wrong[0]}")
                with self.lock:
                    self.accepted += len(answer["records"])
        except (OSError, RuntimeError, ValueError) as error:
            self.failures.append(error)


def filled(stand: Stand, people: People, records: int) -> None:
    count = records // PACKAGE

    def packages():
        begun = time.monotonic()
        for number in range(count):
            if number and number % (2_000) == 0:
                pace = number * PACKAGE / (time.monotonic() - begun)
                print(f"filling: {number * PACKAGE} of {records}, {pace:.0f} records/s, {resident(stand.process.pid):.0f} MB", file=sys.stderr)
            yield people.package(number)
    Filler(stand, packages()).run()


def searched(stand: Stand, bodies: list[dict]) -> tuple[float, float, float]:
    """p50, p99 in milliseconds and the mean of records found, on one connection; what a client sees."""
    line, times, found = Line(stand, "mia"), [], 0
    for body in bodies:
        text = json.dumps(body).encode()
        begun = time.perf_counter()
        answer = line.ask(SEARCH, text)
        times.append((time.perf_counter() - begun) * 1000)
        found += len(json.loads(answer)["records"])
    times.sort()
    return times[len(times) // 2], times[int(len(times) * 0.99)], found / len(bodies)


def size(folder: pathlib.Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def closed(stand: Stand) -> int:
    """Bytes on disk with nothing left in the write-ahead log."""
    stand.stop()
    with contextlib.closing(sqlite3.connect(stand.folder / "data" / "nais.db")) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    bytes_now = size(stand.folder / "data")
    stand.serve()
    return bytes_now


def misspelt(person: dict) -> dict:
    """What a close match is for: one letter lost in the given name, the spelling of another alphabet kept."""
    return {"surname_ru": person["surname_ru"].replace("Ё", "Е"), "name_ru": person["name_ru"][:-1], "birth_date": person["birth_date"],
            "match": "close", "limit": 20}


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("programs", type=pathlib.Path)
    arguments.add_argument("--records", type=int, default=5_000_000)
    arguments.add_argument("--searches", type=int, default=2000)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="nais-large-", dir=os.environ.get("NAIS_BENCH_DIR")) as name:
        stand = Stand(str(options.programs.resolve() / "nais"), pathlib.Path(name) / "stand")
        stand.make()
        people, rows = People(options.records), []
        try:
            stand.serve()
            empty = closed(stand)
            begun = time.monotonic()
            filled(stand, people, options.records)
            took = time.monotonic() - begun
            full = closed(stand)
            records = options.records // PACKAGE * PACKAGE
            rows.append((f"filling an empty store, {records} records", f"{records / took:.0f} records/s"))
            rows.append(("the whole database", f"{full / 1e6:.0f} MB, {(full - empty) / records:.0f} bytes/record"))
            # Made before, so that the client's work is not in the figure.
            further = [people.package(options.records // PACKAGE + number) for number in range(100)]
            filler = Filler(stand, further)
            rows.append((f"bulk of {len(further)} packages more", f"{PACKAGE * len(further) / filler.run():.0f} records/s"))
            os.sync()  # the disk is still writing what was loaded, and every search waits for its own commit
            dice = random.Random(7)
            who = [dice.randrange(people.count) for _ in range(options.searches)]
            document = [{"doc_number": people.document(one), "issuing_state": people.person(one)["citizenship"], "limit": 20} for one in who]
            close = [misspelt(people.person(one)) for one in who]
            for told, bodies in (("search by document", document), ("close match, given name misspelt", close)):
                searched(stand, bodies[:100])
                p50, p99, found = searched(stand, bodies[100:])
                rows.append((told, f"p50 {p50:.2f} ms, p99 {p99:.2f} ms, {found:.1f} records each"))
            rows.append(("resident after that", f"{resident(stand.process.pid):.0f} MB"))
            before = closed(stand)
            searched(stand, document * 5)
            rows.append(("ledger, record, call log of an exchange", f"{(closed(stand) - before) / (len(document) * 5):.0f} bytes on disk"))
        except (RuntimeError, OSError):
            print(stand.told(), file=sys.stderr)
            raise
        finally:
            if stand.process and stand.process.poll() is None:
                stand.stop()
    print("| over a large store | |\n|---|---|")
    for told, figure in rows:
        print(f"| {told} | {figure} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
