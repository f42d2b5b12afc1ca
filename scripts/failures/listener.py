#!/usr/bin/env python3
"""Bytes that are no request, or that come too slowly, too many or too long, against the whole program.

usage: listener.py NAIS [--strict]

Each case is refused or its connection closed, and a normal request is answered after it.
"""
import pathlib
import re
import socket
import ssl
import struct
import sys
import threading
import time

from stand import Checks, Stand, alone, resident

SEARCH = "/mvd-38801/v1/crossings/search"


class Wire:
    """A TLS connection with the consumer's certificate, and raw bytes on it."""

    def __init__(self, stand: Stand, alpn: str = "http/1.1", timeout: float = 15):
        consumer = stand.consumer("mia")
        consumer.context.set_alpn_protocols([alpn])
        raw = socket.create_connection(("127.0.0.1", consumer.port), timeout)
        self.stream = consumer.context.wrap_socket(raw, server_hostname="127.0.0.1")
        self.stream.settimeout(timeout)
        self.host, self.token = f"127.0.0.1:{consumer.port}", consumer.token

    def head(self, line: str = "GET /services HTTP/1.1", host: bool = True) -> str:
        return f"{line}\r\n" + (f"Host: {self.host}\r\n" if host else "") + f"Authorization: Bearer {self.token}\r\n"

    def send(self, data: bytes | str) -> bool:
        """Whether the peer still took it."""
        try:
            self.stream.sendall(data.encode() if isinstance(data, str) else data)
            return True
        except OSError:
            return False

    def read(self, within: float = 15) -> tuple[bytes, bool]:
        """Everything until the peer closes, and whether it did."""
        got, until = b"", time.monotonic() + within
        while time.monotonic() < until:
            self.stream.settimeout(max(0.05, until - time.monotonic()))
            try:
                more = self.stream.recv(65536)
            except TimeoutError:
                break
            except OSError:
                return got, True
            if not more:
                return got, True
            got += more
        return got, False

    def close(self) -> None:
        self.stream.close()


def statuses(answer: bytes) -> list[int]:
    return [int(code) for code in re.findall(rb"HTTP/1\.1 (\d{3}) ", answer)]


class Listener:
    def __init__(self, stand: Stand, checks: Checks):
        self.stand, self.checks = stand, checks
        self.body = (stand.folder / "requests" / "crossings-search.json").read_bytes()

    def normal(self) -> bool:
        return self.stand.process.poll() is None and self.stand.consumer("mia").ask(SEARCH, self.body)[0] == 200

    def refused(self, told: str, make, expected: tuple[int, ...] = (400,), within: float = 15) -> None:
        """`make` gives the bytes; the one answer, if any, has an expected status, and the connection ends."""
        wire = Wire(self.stand)
        wire.send(make(wire))
        answer, closed = wire.read(within)
        wire.close()
        found = statuses(answer)
        fine = closed and len(found) <= 1 and all(one in expected for one in found)
        self.checks.that(f"{told}: {found[0] if found else 'closed'}", fine and self.normal(), (found, closed, answer[:300]))


def malformed_heads(stand: Stand, _folder: pathlib.Path, checks: Checks) -> None:
    """Heads that two readers could read differently, or that are too large."""
    stand.serve()
    listener = Listener(stand, checks)
    length = f"Content-Length: {len(listener.body)}\r\n"
    post = f"POST {SEARCH} HTTP/1.1"

    def body(wire: Wire, fields: str, host: bool = True) -> bytes:
        return (wire.head(post, host) + "Content-Type: application/json\r\n" + fields + "\r\n").encode() + listener.body

    cases = {
        "no Host": lambda w: w.head(host=False) + "\r\n",
        "two Host": lambda w: w.head() + f"Host: {w.host}\r\n\r\n",
        "Host with a path": lambda w: w.head(host=False) + "Host: a/b\r\n\r\n",
        "bare LF": lambda w: (w.head() + "\r\n").replace("\r\n", "\n"),
        "one bare LF": lambda w: w.head() + "X-One: 1\nX-Two: 2\r\n\r\n",
        "bare CR in a value": lambda w: w.head() + "X-One: 1\rX-Two: 2\r\n\r\n",
        "NUL in a value": lambda w: w.head() + "X-One: \0\r\n\r\n",
        "a blank before the colon": lambda w: w.head() + "X-One : 1\r\n\r\n",
        "a folded field": lambda w: w.head() + "X-One: 1\r\n  2\r\n\r\n",
        "Content-Length and Transfer-Encoding": lambda w: body(w, length + "Transfer-Encoding: chunked\r\n"),
        "two Content-Length": lambda w: body(w, length + "Content-Length: 1\r\n"),
        "two equal Content-Length": lambda w: body(w, length + length),
        "Content-Length +5": lambda w: body(w, "Content-Length: +5\r\n"),
        "Content-Length 5, 5": lambda w: body(w, "Content-Length: 5, 5\r\n"),
        "Content-Length of 30 digits": lambda w: body(w, "Content-Length: 999999999999999999999999999999\r\n"),
        "Transfer-Encoding: identity, chunked": lambda w: body(w, "Transfer-Encoding: identity, chunked\r\n"),
        "Transfer-Encoding twice": lambda w: body(w, "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
        "Transfer-Encoding: xchunked": lambda w: body(w, "Transfer-Encoding: xchunked\r\n"),
        "two Authorization": lambda w: w.head() + "Authorization: Bearer 0\r\n\r\n",
        "absolute-form target": lambda w: w.head(f"GET https://{w.host}/services HTTP/1.1") + "\r\n",
        "authority-form target": lambda w: w.head(f"CONNECT {w.host} HTTP/1.1") + "\r\n",
        "target with a blank": lambda w: w.head("GET /ser vices HTTP/1.1") + "\r\n",
        "HTTP/3.0": lambda w: w.head("GET /services HTTP/3.0") + "\r\n",
        "no version": lambda w: w.head("GET /services") + "\r\n",
        "a method of 300 letters": lambda w: w.head(f"{'A' * 300} /services HTTP/1.1") + "\r\n",
        "TLS bytes inside TLS": lambda w: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100) + b"\r\n\r\n",
    }
    for told, make in cases.items():
        listener.refused(told, make)
    large = {
        "200 KB in one field": lambda w: w.head() + f"X-Large: {'a' * 200_000}\r\n\r\n",
        "200 KB in the target": lambda w: w.head(f"GET /{'a' * 200_000} HTTP/1.1") + "\r\n",
        "200 KB without an end": lambda w: w.head() + "X-Large: " + "a" * 200_000,
        "1000 fields": lambda w: w.head() + "".join(f"X-{n}: 1\r\n" for n in range(1000)) + "\r\n",
    }
    for told, make in large.items():
        listener.refused(told, make, (400, 413, 414, 431))
    for told, chunks in {"a chunk with a sign": b"+5\r\n12345\r\n0\r\n\r\n", "a chunk without its end": b"5\r\n1234567\r\n0\r\n\r\n",
                         "a chunk of 20 digits": b"fffffffffffffffffff0\r\n", "a chunk extended by 100 KB": b"5;" + b"a" * 100_000 + b"\r\n12345\r\n0\r\n\r\n"}.items():
        listener.refused(told, lambda w, chunks=chunks: (w.head(post) + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n").encode() + chunks,
                         (400, 413))
    listener.refused("10 GB announced", lambda w: body(w, "Content-Length: 10000000000\r\n"), (413,))


def pipelines(stand: Stand, _folder: pathlib.Path, checks: Checks) -> None:
    """Requests one behind the other: answered in order, and nothing behind a bad one."""
    listener, wire = Listener(stand, checks), Wire(stand)
    wire.send((wire.head() + "\r\n" + wire.head("GET /nowhere/v1/x/y HTTP/1.1") + "\r\n") * 20)
    answer, _ = wire.read(2)
    wire.close()
    checks.that("40 pipelined requests are answered in order", statuses(answer) == [200, 404] * 20, statuses(answer))
    wire = Wire(stand)
    wire.send(wire.head() + "\r\n" + wire.head(host=False) + "\r\n" + wire.head() + "\r\n")
    answer, closed = wire.read()
    wire.close()
    checks.that("behind a bad one nothing is read", statuses(answer) == [200, 400] and closed, (statuses(answer), closed))
    wire = Wire(stand)
    inner = wire.head("GET /nowhere HTTP/1.1") + "\r\n"
    wire.send((wire.head(f"POST {SEARCH} HTTP/1.1") + f"Content-Type: application/json\r\nContent-Length: {len(inner)}\r\n\r\n") + inner)
    answer, _ = wire.read(2)
    wire.close()
    checks.that("a request in a body is a body", statuses(answer) == [400], statuses(answer))
    consumer = stand.consumer("mia")
    with socket.create_connection(("127.0.0.1", consumer.port)) as raw, consumer.context.wrap_socket(raw, server_hostname="127.0.0.1") as stream:
        stream.sendall(f"GET /services HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {consumer.token}\r\n\r\n".encode())
        raw_answer = stream.recv(65536)
    checks.that("a peer that closes early does no harm", statuses(raw_answer) == [200] and listener.normal(), raw_answer[:100])


def slowness(stand: Stand, _folder: pathlib.Path, checks: Checks) -> None:
    """Slow heads, slow bodies, silent and half-open connections: 300 at once, with a normal client beside them."""
    listener = Listener(stand, checks)
    before, ended, probes, lock = resident(stand.process.pid), [], [], threading.Lock()

    def note(kind: str, begun: float, answer: bytes, closed: bool) -> None:
        with lock:
            ended.append((kind, time.monotonic() - begun, statuses(answer), closed))

    def dripping(kind: str, first: str, within: float) -> None:
        wire, begun = Wire(stand), time.monotonic()
        wire.send(first.replace("TOKEN", wire.token).replace("HOST", wire.host))
        answer, closed = b"", False
        while not closed and time.monotonic() - begun < within:
            more, closed = wire.read(0.5)
            answer += more
            closed = closed or not wire.send("a")
        note(kind, begun, answer, closed)
        wire.close()

    def silent(kind: str, tls: bool) -> None:
        port, begun = stand.ports["gateway"], time.monotonic()
        stream = Wire(stand).stream if tls else socket.create_connection(("127.0.0.1", port))
        stream.settimeout(20)
        try:
            closed = stream.recv(1) == b""
        except TimeoutError:
            closed = False
        except OSError:
            closed = True
        note(kind, begun, b"", closed)
        stream.close()

    head = "GET /services HTTP/1.1\r\nHost: HOST\r\nAuthorization: Bearer TOKEN\r\nX-Slow: "
    slow_body = (f"POST {SEARCH} HTTP/1.1\r\nHost: HOST\r\nAuthorization: Bearer TOKEN\r\nContent-Type: application/json\r\n"
                 "Content-Length: 5000\r\n\r\n{")
    kinds = [("slow head", dripping, (head, 20)), ("slow body", dripping, (slow_body, 30)), ("silent TLS", silent, (True,)), ("half-open TCP", silent, (False,))]
    threads = [threading.Thread(target=run, args=(kind, *more)) for kind, run, more in kinds for _ in range(75)]
    for thread in threads:
        thread.start()
    consumer = stand.consumer("mia")
    while any(thread.is_alive() for thread in threads):
        begun = time.monotonic()
        status = consumer.ask(SEARCH, listener.body)[0]
        probes.append((time.monotonic() - begun, status))
        time.sleep(0.05)
    for thread in threads:
        thread.join()
    for kind, most in (("slow head", 10), ("slow body", 14), ("silent TLS", 10), ("half-open TCP", 10)):
        mine = [one for one in ended if one[0] == kind]
        longest = max(one[1] for one in mine)
        fine = len(mine) == 75 and all(one[3] and all(status in (400, 408) for status in one[2]) for one in mine) and longest < most
        checks.that(f"75 × {kind}: all ended by the server, the last after {longest:.1f} s", fine, mine[:3])
    times = sorted(one[0] for one in probes)
    checks.that(f"{len(probes)} normal requests meanwhile, p99 {times[int(len(times) * 0.99)] * 1000:.0f} ms", all(one[1] == 200 for one in probes),
                {one[1] for one in probes})
    grown = resident(stand.process.pid) - before
    checks.that(f"memory grew by {grown:.0f} MB", grown < 64)


# HTTP/2 by hand: frames as RFC 9113 §4.1 gives them, HPACK literals without compression.
DATA, HEADERS, RESET, SETTINGS, PING, GOAWAY, WINDOW, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, END_HEADERS = 1, 4
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def number(value: int, bits: int, first: int = 0) -> bytes:
    most = (1 << bits) - 1
    if value < most:
        return bytes([first | value])
    out, value = [first | most], value - most
    while value >= 128:
        out.append(value % 128 | 128)
        value //= 128
    return bytes([*out, value])


def literal(name: str, value: str) -> bytes:
    return b"\x00" + number(len(name), 7) + name.encode() + number(len(value), 7) + value.encode()


def fields(wire: Wire, path: str = "/services", more=()) -> bytes:
    block = b"\x82\x87" + literal(":path", path) + literal(":authority", wire.host) + literal("authorization", f"Bearer {wire.token}")
    return block + b"".join(literal(*pair) for pair in more)


def frames(answer: bytes) -> list[tuple[int, int, int, bytes]]:
    found, at = [], 0
    while at + 9 <= len(answer):
        length = int.from_bytes(answer[at:at + 3], "big")
        found.append((answer[at + 3], answer[at + 4], int.from_bytes(answer[at + 5:at + 9], "big"), answer[at + 9:at + 9 + length]))
        at += 9 + length
    return found


def http2_floods(stand: Stand, _folder: pathlib.Path, checks: Checks) -> None:
    """HTTP/2: rapid reset, CONTINUATION, SETTINGS and PING floods, large and forbidden fields."""
    listener = Listener(stand, checks)
    before = resident(stand.process.pid)

    def connected() -> Wire:
        wire = Wire(stand, "h2")
        assert wire.stream.selected_alpn_protocol() == "h2"
        wire.send(PREFACE + frame(SETTINGS, 0, 0))
        return wire

    def asked(block: bytes) -> tuple[list, bool]:
        wire = connected()
        wire.send(frame(HEADERS, END_STREAM | END_HEADERS, 1, block(wire)))
        answer, closed = wire.read(1)
        wire.close()
        return frames(answer), closed

    found, _ = asked(lambda wire: fields(wire))
    heads = [payload for kind, _, stream, payload in found if kind == HEADERS and stream == 1]
    checks.that("a normal request over HTTP/2 is answered 200", bool(heads) and heads[0][:1] == b"\x88", found[:5])

    def flooded(told: str, pieces, most: int, reads: bool = True) -> None:
        """The server must end it before `most` pieces were taken."""
        wire, sent = connected(), 0
        wire.stream.settimeout(3)
        for piece in pieces(wire):
            if not wire.send(piece):
                break
            sent += 1
            if reads and sent % 50 == 0 and wire.read(0.001)[1]:
                break
        answer, closed = wire.read(3)
        wire.close()
        kinds = {kind for kind, _, _, _ in frames(answer)}
        ended = closed or GOAWAY in kinds
        checks.that(f"{told}: ended after {sent} pieces or fewer", ended and sent < most and listener.normal(), (sent, closed, kinds))

    def resets(wire: Wire):
        block = fields(wire)
        for count in range(20_000):
            yield frame(HEADERS, END_STREAM | END_HEADERS, 2 * count + 1, block) + frame(RESET, 0, 2 * count + 1, struct.pack(">I", 8))

    def continued(wire: Wire):
        yield frame(HEADERS, END_STREAM, 1, fields(wire))
        for count in range(20_000):
            yield frame(CONTINUATION, 0, 1, literal(f"x-{count}", "a" * 100))

    def empty_continued(wire: Wire):
        yield frame(HEADERS, END_STREAM, 1, fields(wire))
        for _ in range(200_000):
            yield frame(CONTINUATION, 0, 1) * 10

    flooded("rapid reset", resets, 2_000)
    flooded("CONTINUATION flood", continued, 2_000)
    flooded("CONTINUATION flood of empty frames", empty_continued, 100_000)

    def kept(told: str, piece: bytes, count: int) -> None:
        """A flood that is answered frame by frame, by a peer that reads nothing: no memory may go with it."""
        wire, start = connected(), resident(stand.process.pid)
        wire.stream.settimeout(2)
        sent = 0
        while sent < count and wire.send(piece * 1000):
            sent += 1000
        grown = resident(stand.process.pid) - start
        wire.close()
        checks.that(f"{told}, {sent} frames, nothing read: {grown:.0f} MB", grown < 32 and listener.normal(), grown)

    kept("PING flood", frame(PING, 0, 0, b"12345678"), 1_000_000)
    kept("SETTINGS flood", frame(SETTINGS, 0, 0, struct.pack(">HI", 3, 100)), 1_000_000)
    for told, more in {"200 KB of fields": [(f"x-{n}", "a" * 1000) for n in range(12)] * 17, "Transfer-Encoding": [("transfer-encoding", "chunked")],
                       "Connection": [("connection", "close")], "an upper-case name": [("X-One", "1")], "CR and LF in a value": [("x-one", "1\r\nx-two: 2")],
                       "two authorizations": [("authorization", "Bearer 0")], "another host": [("host", "elsewhere.example")]}.items():
        def block(wire: Wire, more=more) -> bytes:
            return fields(wire, more=more)
        wire = connected()
        whole, flags = block(wire), END_STREAM
        pieces = [whole[at:at + 16_000] for at in range(0, len(whole), 16_000)]
        for index, piece in enumerate(pieces):
            last = END_HEADERS if index == len(pieces) - 1 else 0
            wire.send(frame(CONTINUATION if index else HEADERS, last if index else flags | last, 1, piece))
        answer, closed = wire.read(1)
        wire.close()
        found = [(kind, payload[:1]) for kind, _, stream, payload in frames(answer) if (kind == HEADERS and stream == 1) or kind in (RESET, GOAWAY)]
        refused = (bool(found) or closed) and not any(kind == HEADERS and first == b"\x88" for kind, first in found)
        checks.that(f"HTTP/2 with {told}: refused", refused and listener.normal(), (found, closed))
    for told, sent in {"no preface": b"GET / HTTP/1.1\r\n\r\n", "a frame of 16 MB": PREFACE + b"\xff\xff\xff\x04\x00\x00\x00\x00\x00" + bytes(1000),
                       "DATA on stream 0": PREFACE + frame(SETTINGS, 0, 0) + frame(DATA, 0, 0, b"x"), "a window of nothing": PREFACE + frame(SETTINGS, 0, 0) + frame(WINDOW, 0, 0, bytes(4))}.items():
        wire = Wire(stand, "h2")
        wire.send(sent)
        answer, closed = wire.read(4)
        wire.close()
        checks.that(f"HTTP/2 with {told}: ended", (closed or GOAWAY in {kind for kind, *_ in frames(answer)}) and listener.normal(), closed)
    grown = resident(stand.process.pid) - before
    checks.that(f"memory grew by {grown:.0f} MB in all", grown < 64)
    log = stand.told()
    checks.that("no panic", "panicked" not in log, log[-500:])
    stand.stop()


if __name__ == "__main__":
    sys.exit(alone(malformed_heads, pipelines, slowness, http2_floods))
