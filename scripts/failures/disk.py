#!/usr/bin/env python3
"""The disk runs full under load, and has room again. Needs root, for a small file system in memory. usage: disk.py NAIS [--strict]"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import threading
import time
import uuid

from stand import Checks, Consumer, Load, Stand, alone, check, package, plain, refusal

SUBMIT, SEARCH = "/mvd-38801/v1/crossings/submit", "/mvd-38801/v1/crossings/search"
ROOM = 6 << 20


class Small:
    """A file system with the stand's data and little room beside."""

    def __init__(self, stand: Stand):
        data = stand.folder / "data"
        taken = sum(file.stat().st_size for file in data.rglob("*") if file.is_file())
        self.front, self.data = stand.folder.parent / "small", data
        self.front.mkdir()
        size = taken + 64 * (1 << 20)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(self.front)], check=True)
        shutil.copytree(data, self.front, dirs_exist_ok=True)
        data.rename(stand.folder / "data.before")
        data.symlink_to(self.front)
        self.ballast = self.front / "ballast"

    def fill(self, room: int) -> None:
        """Leaves so many bytes free."""
        free = os.statvfs(self.front)
        with open(self.ballast, "ab") as file:
            os.posix_fallocate(file.fileno(), file.tell(), max(1, free.f_bavail * free.f_frsize - room))

    def empty(self) -> None:
        self.ballast.unlink()

    def away(self) -> None:
        subprocess.run(["umount", "-l", str(self.front)], check=False)


class Reader:
    """Reads while the disk is full, and remembers every answer that was none."""

    def __init__(self, ask):
        self.ask, self.answers, self.stopped = ask, [], False
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def work(self) -> None:
        while not self.stopped:
            try:
                self.answers.append(self.ask())
            except OSError as error:
                self.answers.append((0, {}, {"told": str(error)}))
            time.sleep(0.02)

    def stop(self) -> list:
        self.stopped = True
        self.thread.join()
        return self.answers


def full_disk(stand: Stand, _folder: pathlib.Path, checks: Checks) -> None:
    """The disk runs full under load: writes are refused, reads go on, and nothing acknowledged is lost."""
    if os.geteuid() != 0:
        print("  only root can make a small file system: left out")
        return
    small = Small(stand)
    try:
        stand.serve()
        small.fill(ROOM)
        load = Load(stand, 6, "D")
        until = time.monotonic() + 60
        writer = stand.consumer()
        while time.monotonic() < until and not refused(writer, load.template):
            time.sleep(0.05)
        full(stand, checks, load)
        acknowledged = len(load.acknowledged)
        small.empty()
        returned = time.monotonic()
        while refused(writer, load.template) and time.monotonic() - returned < 30:
            time.sleep(0.05)
        took = time.monotonic() - returned
        checks.that(f"with room again writes resume without a restart, after {took:.1f} s", took <= 5, took)
        time.sleep(1)
        load.stop()
        checks.that(f"{len(load.acknowledged) - acknowledged} more were acknowledged", len(load.acknowledged) > acknowledged)
        missing, twice = check(stand, load.acknowledged, load.open)
        checks.that(f"{len(load.acknowledged)} acknowledged, {missing} lost, {twice} twice; {len(load.open)} connections broke",
                    missing == 0 and twice == 0)
        stand.stop()
        fsck = stand.run("ledger", "fsck", "--config", str(stand.folder / "nais.toml"))
        checks.that("the whole ledger is derived anew and holds", fsck.returncode == 0, fsck.stdout + fsck.stderr)
        stand.serve()
        checks.that("it starts again", stand.consumer("mia").ask("/services")[0] == 200)
        stand.stop()
    finally:
        if stand.process and stand.process.poll() is None:
            stand.kill()
        small.away()


def refused(consumer: Consumer, template: dict) -> bool:
    return consumer.ask(SUBMIT, package(template, f"D-probe-{uuid.uuid4().hex[:16]}"))[0] == 503


def full(stand: Stand, checks: Checks, load: Load) -> None:
    """What holds while nothing can be written."""
    mia, writer = stand.consumer("mia"), stand.consumer()
    body = (stand.folder / "requests" / "crossings-search.json").read_bytes()
    portal, operations = (f"http://127.0.0.1:{stand.ports[name]}" for name in ("portal", "operations"))
    size = int(plain(f"{portal}/ledger/checkpoint")[1].split(b"\n")[1])
    tile = "000" if size >= 256 else f"000.p/{size}"
    reads = {
        "GET /services": lambda: mia_of(stand).ask("/services"),
        "openapi.json": lambda: mia_of(stand).ask("/mvd-38801/v1/openapi.json"),
        "the call log": lambda: mia_of(stand).ask("/log/v1/calls/list"),
        "a search": lambda: mia_of(stand).ask(SEARCH, body),
        "the checkpoint": lambda: (plain(f"{portal}/ledger/checkpoint")[0], {}, {}),
        "a tile": lambda: (plain(f"{portal}/ledger/tile/0/{tile}")[0], {}, {}),
        "/healthz": lambda: (plain(f"{operations}/healthz")[0], {}, {}),
        "/metrics": lambda: (plain(f"{operations}/metrics")[0], {}, {}),
    }
    local = threading.local()

    def mia_of(stand: Stand) -> Consumer:
        local.mia = getattr(local, "mia", None) or stand.consumer("mia")
        return local.mia

    before = len(load.acknowledged)
    readers = {told: Reader(ask) for told, ask in reads.items()}
    answers = []
    for _ in range(60):
        answers.append(writer.ask(SUBMIT, package(load.template, f"D-full-{uuid.uuid4().hex[:16]}")))
        time.sleep(0.05)
    found = {told: reader.stop() for told, reader in readers.items()}
    late = len(load.acknowledged) - before
    good = sum(refusal(answer, 503) for answer in answers)
    codes = sorted({(answer[0], answer[2].get("code")) for answer in answers}, key=str)
    checks.that(f"writes are refused: {good} of {len(answers)} with 503, Retry-After and a problem; {codes}", good == len(answers), answers[0])
    checks.that(f"nothing is acknowledged meanwhile ({late})", late <= 1, late)
    for told, told_answers in found.items():
        fine = sum(answer[0] == 200 for answer in told_answers)
        rest = [answer for answer in told_answers if answer[0] != 200]
        seen = f"{len(rest)} of {len(told_answers)} refused: {json.dumps(rest[0][2])[:200] if rest else ''}"
        told_line = f"{told} goes on: {fine} of {len(told_answers)}"
        holds = fine >= 0.999 * len(told_answers) > 0
        checks.that(told_line, holds, seen)
    checks.that("/healthz: the process is left running", mia is not None and stand.process.poll() is None)


if __name__ == "__main__":
    sys.exit(alone(full_disk))
