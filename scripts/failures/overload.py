#!/usr/bin/env python3
"""More is asked than can be answered: 3 and 10 times the capacity, open loop. usage: overload.py NAIS [--strict]

The server has one core and few places, the generator the other core: `bench` of this repository when it lies beside
NAIS, else threads in Python, which are quick enough for a debug build only; what was asked is printed. What was due and
could not be sent, because every connection waits, is not counted as asked. `bench` never sleeps: on one machine, waking
whoever is answered would be work of the server's core.
"""
import json
import os
import pathlib
import re
import socket
import ssl
import statistics
import subprocess
import sys
import threading
import time
import uuid
from multiprocessing import get_context

from stand import Checks, Stand, alone, resident

SUBMIT = "/mvd-38801/v1/crossings/submit"
PLACES = 64
CLIENTS, CONNECTIONS = 2, 320


class Line:
    """One connection of the generator."""

    def __init__(self, port: int, folder: pathlib.Path, token: str, context: ssl.SSLContext):
        raw = socket.create_connection(("127.0.0.1", port), 20)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.stream = context.wrap_socket(raw, server_hostname="127.0.0.1")
        self.head = (f"POST {SUBMIT} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
                     "Content-Type: application/json\r\nPrefer: receipt\r\nContent-Length: ")

    def ask(self, body: str) -> tuple[int, bool]:
        """The status, and whether the answer says when to come again."""
        self.stream.sendall(f"{self.head}{len(body.encode())}\r\n\r\n{body}".encode())
        got = b""
        while b"\r\n\r\n" not in got:
            more = self.stream.recv(65536)
            if not more:
                raise OSError("closed")
            got += more
        head, body = got.split(b"\r\n\r\n", 1)
        length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])
        while len(body) < length:
            body += self.stream.recv(65536)
        return int(head[9:12]), b"retry-after" in head.lower()


def client(number: int, port: int, folder: pathlib.Path, token: str, template: str, connections: int, rate: float, seconds: float,
           gate, results) -> None:
    """One process of the generator; `rate` 0 asks as fast as it is answered."""
    os.sched_setaffinity(0, {cores()[-1]})
    context = ssl.create_default_context(cafile=folder / "pki" / "root.pem")
    consumer = folder / "consumers" / "border-committee"
    context.load_cert_chain(consumer / "tls.pem", consumer / "tls.key")
    lines = [Line(port, folder, token, context) for _ in range(connections)]
    seen: list[tuple[int, bool, float]] = []
    lock, state = threading.Lock(), {"next": 0, "late": 0, "broken": 0}
    gate.wait()
    begun = time.monotonic()

    def work(line: Line) -> None:
        while True:
            with lock:
                due, state["next"] = begun + (state["next"] / rate if rate else 0), state["next"] + 1
            now = time.monotonic()
            if max(now, due) - begun >= seconds:
                return
            if due > now:
                time.sleep(due - now)
            elif rate and now - due > 0.5:
                with lock:  # every connection was waiting: what could not be sent is left out, not caught up with
                    state["next"] = max(state["next"], int((now - begun) * rate))
                    state["late"] += 1
            body = template.replace("{uuid}", str(uuid.uuid4())).replace("{n}", uuid.uuid4().hex[:20])
            sent = time.monotonic()
            try:
                status, again = line.ask(body)
            except OSError:
                state["broken"] += 1
                return
            seen.append((status, again, time.monotonic() - sent))

    threads = [threading.Thread(target=work, args=(line,)) for line in lines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.put((seen, state["broken"], time.monotonic() - begun))


def used(pid: int) -> float:
    """CPU seconds of a process."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cores() -> list[int]:
    return sorted(os.sched_getaffinity(0))


class Fast:
    """What came of asking at a rate for some seconds, with the load generator of the measurements."""

    pace = 2000.0  # answers a second that were reached last, for runs that ask as fast as they are answered

    def __init__(self, stand: Stand, template: str, rate: float, seconds: float, connections: int = CONNECTIONS):
        consumer, body = stand.folder / "consumers" / "border-committee", stand.folder.parent / "overload.json"
        body.write_text(template)
        Fast.sent = getattr(Fast, "sent", 0) + 10_000_000
        pace = ["--rate", f"{rate:.1f}", "--patience", "500", "--requests", f"{rate * seconds:.0f}"] if rate else ["--requests", f"{Fast.pace * seconds:.0f}"]
        command = ["taskset", "-c", str(cores()[-1]), str(beside(stand)), "load", "--name", "overload", "--address",
                   f"127.0.0.1:{stand.ports['gateway']}", "--path", SUBMIT, "--ca", str(stand.folder / "pki" / "root.pem"),
                   "--tls", str(consumer / "tls.pem"), str(consumer / "tls.key"), "--token", stand.consumer("border-committee").token,
                   "--header", "Prefer: receipt", "--awake", "--body", str(body), "--first", str(Fast.sent), "--connections", str(connections * CLIENTS),
                   "--pid", str(stand.process.pid), *pace]
        self.memory = 0.0
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            while process.poll() is None:
                self.memory = max(self.memory, resident(stand.process.pid))
                time.sleep(0.1)
            told = process.stdout.read()
        self.broken = int(not told)
        row = json.loads(told or "{}")
        statuses = {int(status): count for status, count in row.get("statuses", {}).items()}
        self.goodput, self.worth = row.get("per_second", 0), row.get("per_core", 0)
        Fast.pace = Fast.pace if rate else max(self.goodput, 100)
        took = statuses.get(200, 0) / self.goodput if self.goodput else seconds
        self.asked, self.refused = row.get("requests", 0) / took, statuses.get(503, 0)
        self.again = row.get("retry_after", 0) == self.refused
        self.other = sorted(set(statuses) - {200, 503})
        self.p99, self.refused_p50, self.refused_p99 = (row.get(name, 0) for name in ("p99_ms", "refused_p50_ms", "refused_p99_ms"))


def beside(stand: Stand) -> pathlib.Path | None:
    """The load generator, when it was built and can lose patience."""
    bench = pathlib.Path(stand.nais).parent / "bench"
    if not bench.exists():
        return None
    told = subprocess.run([str(bench), "load", "--help"], capture_output=True, text=True)
    return bench if "--patience" in told.stdout else None


class Threads:
    """The same with threads in Python."""

    def __init__(self, stand: Stand, template: str, rate: float, seconds: float, connections: int = CONNECTIONS):
        spawn = get_context("fork")
        gate, results = spawn.Barrier(CLIENTS + 1), spawn.Queue()
        token = stand.consumer("border-committee").token
        processes = [spawn.Process(target=client, args=(number, stand.ports["gateway"], stand.folder, token, template, connections,
                                                        rate / CLIENTS, seconds, gate, results), daemon=True) for number in range(CLIENTS)]
        for process in processes:
            process.start()
        gate.wait(60)
        self.memory, before = 0.0, used(stand.process.pid)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.memory = max(self.memory, resident(stand.process.pid))
            time.sleep(0.2)
        found = [results.get(timeout=60) for _ in processes]
        self.cpu = used(stand.process.pid) - before
        for process in processes:
            process.join()
        self.seen = [one for seen, _, _ in found for one in seen]
        self.broken = sum(broken for _, broken, _ in found)
        self.took = max(took for _, _, took in found)
        good, shed = ([one for one in self.seen if one[0] == status] for status in (200, 503))
        self.other = sorted({one[0] for one in self.seen} - {200, 503})
        self.asked, self.goodput = len(self.seen) / self.took, len(good) / self.took
        self.worth, self.refused, self.again = len(good) / max(self.cpu, 0.01), len(shed), all(one[1] for one in shed)
        self.p99, self.refused_p50, self.refused_p99 = percentile(good, 0.99), percentile(shed, 0.5), percentile(shed, 0.99)


def percentile(of: list, share: float) -> float:
    times = sorted(one[2] * 1000 for one in of) or [0.0]
    return times[min(len(times) - 1, int(len(times) * share))]


def overload(stand: Stand, _folder: pathlib.Path, checks: Checks) -> None:
    """Overload: what can be answered is answered, the rest is refused at once."""
    text = (stand.folder / "nais.toml").read_text()
    (stand.folder / "few.toml").write_text(text.replace("[gateway]\n", f"[gateway]\nin_flight = {PLACES}\n"))
    template = json.loads((stand.folder / "requests" / "crossings-submit.json").read_text())
    template["message_id"], template["records"][0]["crossing_id"] = "{uuid}", "O-{n}"
    text = json.dumps(template)
    stand.serve(config="few.toml", before=["taskset", "-c", str(cores()[0])])
    ask = Fast if beside(stand) else Threads
    shares: dict[str, list[float]] = {}
    ask(stand, text, 0, 1, 4)
    ask(stand, text, 0, 2, PLACES // CLIENTS)
    calm = ask(stand, text, 0, 4, PLACES // CLIENTS)
    for times in (3, 10) * (3 if checks.strict else 1):
        # Capacity is what was reached as long just before and just after: other work on the machine comes and goes.
        over = ask(stand, text, calm.goodput * times, 4)
        before, calm = calm, ask(stand, text, 0, 4, PLACES // CLIENTS)
        capacity, calm_worth = (before.goodput + calm.goodput) / 2, (before.worth + calm.worth) / 2
        told = f"{times} × capacity"
        share, worth = over.goodput / capacity, over.worth / calm_worth
        shares.setdefault(told, []).append(share)
        print(f"  capacity {before.goodput:.0f} and {calm.goodput:.0f}/s, {calm_worth:.0f} a CPU second, p99 {before.p99:.0f} ms, {before.memory:.0f} MB")
        print(f"  {told}: asked {over.asked:.0f}/s ({over.asked / capacity:.1f} ×), answered {over.goodput:.0f}/s = {share * 100:.0f} %, "
              f"{over.worth:.0f} a CPU second = {worth * 100:.0f} %, p99 {over.p99:.0f} ms; refused {over.refused}, "
              f"p50 {over.refused_p50:.0f} ms, p99 {over.refused_p99:.0f} ms; {over.memory:.0f} MB")
        checks.that(f"{told}: so much was asked that some was refused", over.refused > 0, over.asked)
        # By CPU time, because others may use the machine; by the clock only a collapse is a fault here.
        checks.that(f"{told}: of its CPU time at least half goes into answers", worth >= 0.5 or times > 3, worth)
        checks.that(f"{told}: it does not collapse", share >= 0.2, share)
        checks.that(f"{told}: refusals are 503 with Retry-After and nothing else", not over.other and over.again, over.other)
        checks.that(f"{told}: what is answered is answered in time (p99 ≤ 2 s)", over.p99 <= 2000, over.p99)
        # Who does not wait as told is read when that second is over, or sooner when there is room: that is the worst case.
        checks.goal(f"{told}: refusals at once, or when the second is over that one was told to wait (p99 ≤ 1,300 ms, of which "
                    "250 ms may be the wait)", over.refused_p99 <= 1300, round(over.refused_p99))
        checks.that(f"{told}: no connection broke", over.broken == 0, over.broken)
        checks.that(f"{told}: memory stays ({over.memory:.0f} MB)", over.memory < before.memory + 64, over.memory)
    for told, seen in shares.items():
        checks.goal(f"{told}: at least 90 % of the capacity is answered, by the median", statistics.median(seen) >= 0.9, [round(share, 2) for share in seen])
    after = ask(stand, text, capacity * 0.5, 3, PLACES // CLIENTS)
    checks.that(f"afterwards half the capacity is answered as before: {after.goodput:.0f}/s, {after.refused} refused, p99 {after.p99:.0f} ms",
                not after.refused and not after.other and after.goodput > 0.3 * capacity, (after.goodput, after.refused, after.other))
    stand.stop()


if __name__ == "__main__":
    sys.exit(alone(overload))
