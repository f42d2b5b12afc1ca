#!/usr/bin/env python3
"""An owner's system that is slow, gone, or answers nonsense. usage: provider.py NAIS [--strict]"""
import contextlib
import pathlib
import re
import socket
import ssl
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from stand import Checks, Stand, alone, free_port, plain, refusal

PATH = "/mns-39901/v1/records/search"
BODY = b'{"number": "A-1"}'
ANSWER = b'{"records": []}'
TIMEOUT = 0.7


class Owner:
    """An owner's system over TLS that does what `mode` says, and counts the questions."""

    def __init__(self, stand: Stand):
        self.port, self.mode, self.asked = free_port(), "well", 0
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(stand.folder / "pki" / "owner.pem", stand.folder / "pki" / "owner.key")
        self.open()

    def open(self) -> None:
        self.links: list[ssl.SSLSocket] = []
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=256)
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def close(self) -> None:
        for one in [self.listener, *self.links]:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def accept(self, listener: socket.socket) -> None:
        while True:
            try:
                raw, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(raw,), daemon=True).start()

    def serve(self, raw: socket.socket) -> None:
        try:
            with self.context.wrap_socket(raw, server_side=True) as stream:
                self.links.append(stream)
                while self.question(stream):
                    self.asked += 1
                    if not self.answer(stream):
                        return
        except OSError:
            pass

    def question(self, stream: ssl.SSLSocket) -> bool:
        got = b""
        while b"\r\n\r\n" not in got:
            more = stream.recv(65536)
            if not more:
                return False
            got += more
        head, body = got.split(b"\r\n\r\n", 1)
        length = int((re.search(rb"(?i)content-length: (\d+)", head) or [0, 0])[1])
        while len(body) < length:
            body += stream.recv(65536)
        return True

    def answer(self, stream: ssl.SSLSocket) -> bool:
        """Whether the connection is kept."""
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        match self.mode:
            case "well":
                stream.sendall(head % len(ANSWER) + ANSWER)
                return True
            case "hangs":
                time.sleep(8)
            case "drips":
                stream.sendall(head % 4000)
                for _ in range(40):
                    stream.sendall(b" ")
                    time.sleep(0.2)
            case "closes":
                pass
            case "breaks off":
                stream.sendall(head % len(ANSWER) + ANSWER[:5])
            case "no HTTP":
                stream.sendall(b"\x00\xff\x13garbage\r\n\r\n" * 20)
            case "HTML":
                page = b"<html>login</html>"
                stream.sendall(head % len(page) + page)
            case "fails":
                stream.sendall(b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n")
            case "redirects":
                stream.sendall(b"HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")
            case "floods":
                stream.sendall(head % (64 << 20))
                for _ in range(64):
                    stream.sendall(b" " * (1 << 20))
            case "deep":
                page = b"[" * 100_000 + b"]" * 100_000
                stream.sendall(head % len(page) + page)
        return False


def prepare(stand: Stand) -> Owner:
    """A service of the tax authority beside the stand's own, and a treaty for the ministry of internal affairs."""
    def nais(*words: str, config: bool = True) -> None:
        done = stand.run(*words, *(["--config", str(stand.folder / "nais.toml")] if config else []))
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    nais("pki", "issue", "--dir", str(stand.folder / "pki"), "--name", "owner", "--cn", "owner", "--purpose", "tls-server",
         "--ip", "127.0.0.1", "--dns", "localhost", config=False)
    owner = Owner(stand)
    nais("service", "new", "3.99.01", "--owner", "mns", "--url", f"https://127.0.0.1:{owner.port}/api", "--dir", str(stand.folder / "services"),
         config=False)
    passport = stand.folder / "services" / "3.99.01" / "passport.toml"
    text = passport.read_text()
    assert "timeout_ms = 5000" in text and "attempts = 3" in text, text
    passport.write_text(text.replace("timeout_ms = 5000", f"timeout_ms = {TIMEOUT * 1000:.0f}"))
    nais("treaty", "conclude", "T-99", "--consumer", "mia", "--owner", "mns", "--from", "2026-01-01", "--state", "active")
    nais("treaty", "subscribe", "T-99", "3.99.01", "--quota", "100000")
    return owner


def bad_providers(stand: Stand, _folder: pathlib.Path, checks: Checks) -> None:
    """An owner's system that is slow, gone or talks nonsense."""
    owner = prepare(stand)
    stand.serve()
    asker, other = stand.consumer("mia"), stand.consumer("supreme-court")
    search = (stand.folder / "requests" / "proceedings-search.json").read_bytes()

    def others() -> int:
        return other.ask("/minjust-31101/v1/proceedings/search", search)[0]

    checks.that("a good answer is passed on", asker.ask(PATH, BODY)[0] == 200)
    slow, bad = "provider-timeout", "provider-failed"
    for mode, status, code in (("hangs", 504, slow), ("drips", 504, slow), ("closes", 502, bad), ("no HTTP", 502, bad), ("fails", 502, bad),
                               ("redirects", 502, bad), ("breaks off", 502, None), ("HTML", 502, None), ("floods", 502, None), ("deep", 502, None)):
        owner.mode, before, begun = mode, owner.asked, time.monotonic()
        answer = asker.ask(PATH, BODY)
        took, tries = time.monotonic() - begun, owner.asked - before
        told = f"an owner's system that {mode if mode not in ('HTML', 'no HTTP', 'deep') else f'answers with {mode}'}"
        checks.that(f"{told}: {status} with Retry-After ({took:.1f} s, {tries} tries)", refusal(answer, status, code),
                    (answer[0], {k: v for k, v in answer[1].items() if k.lower() in ("retry-after", "content-type")}, answer[2].get("code")))
        checks.that(f"{told}: at most 3 tries, in bounded time", tries <= 3 and took < 3 * TIMEOUT + 2, (tries, took))
        owner.mode = "well"
        asker.ask(PATH, BODY)  # a good answer in between: the breaker counts failures in a row
    breaker(stand, owner, checks, others)
    owner.close()
    stand.stop()


def breaker(stand: Stand, owner: Owner, checks: Checks, others) -> None:
    asker = stand.consumer("mia")
    crowd = [stand.consumer("mia") for _ in range(40)]
    owner.mode = "hangs"
    with ThreadPoolExecutor(40) as pool:
        waiting = [pool.submit(consumer.ask, PATH, BODY) for consumer in crowd]
        time.sleep(0.2)
        begun = time.monotonic()
        fine = [others() for _ in range(20)]
        took = (time.monotonic() - begun) / 20
        checks.that(f"40 questions hang: another service answers ({took * 1000:.0f} ms each)", fine == [200] * 20 and took < 1, fine)
        answers = [one.result() for one in waiting]
    checks.that("the 40 are refused, 504 or 502", all(refusal(answer, answer[0]) and answer[0] in (502, 504) for answer in answers),
                sorted({(answer[0], answer[2].get("code")) for answer in answers}))
    before, begun = owner.asked, time.monotonic()
    answer = asker.ask(PATH, BODY)
    tripped = time.monotonic()
    checks.that(f"then it is left alone: 502 provider-unavailable at once ({(tripped - begun) * 1000:.0f} ms)",
                refusal(answer, 502, "provider-unavailable") and owner.asked == before and tripped - begun < 0.5, answer)
    ready = plain(f"http://127.0.0.1:{stand.ports['operations']}/readyz")
    checks.that("/readyz names it", b"3.99.01" in ready[1], ready)
    checks.that("/readyz stays ready: one owner's trouble must not take a node out of service for all others", ready[0] == 200, ready)
    checks.that("/healthz does not: the process is well", plain(f"http://127.0.0.1:{stand.ports['operations']}/healthz")[0] == 200)
    while time.monotonic() - tripped < 10.5:
        time.sleep(0.1)
    before = owner.asked
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda consumer: consumer.ask(PATH, BODY), crowd))
    tried = owner.asked - before
    checks.that(f"after its rest one question tries, with its 3 tries at most, and 40 do not wait for it (asked {tried} times)", tried <= 3, tried)
    time.sleep(10.5)
    owner.mode = "well"
    checks.that("after its rest it is asked again, and answers", asker.ask(PATH, BODY)[0] == 200)
    owner.close()
    answer = asker.ask(PATH, BODY)
    checks.that("gone: 502 with Retry-After", refusal(answer, 502, "provider-failed"), answer)
    owner.open()
    checks.that("back: answered", asker.ask(PATH, BODY)[0] == 200)


if __name__ == "__main__":
    sys.exit(alone(bad_providers))
