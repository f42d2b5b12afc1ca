#!/usr/bin/env python3
"""kill -9 under load, power cuts, and an old database copied back.

usage: run.py NAIS [--kills N] [--cuts N]

Ends with 1 when an acknowledged package is missing or twice, when the ledger is not whole, or when a roll-back starts.
The power-cut test also runs with synchronous=normal, and must then find losses: a test that cannot fail proves nothing.
"""
import argparse
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from stand import Load, Stand, check, sqlite_copy

HERE = pathlib.Path(__file__).parent


def whole(stand: Stand) -> None:
    fsck = stand.run("ledger", "fsck", "--config", str(stand.folder / "nais.toml"))
    assert fsck.returncode == 0, fsck.stdout + fsck.stderr


def kills(stand: Stand, rounds: int) -> None:
    acknowledged, unknown, starts = [], [], []
    for number in range(rounds):
        starts.append(stand.serve())
        load = Load(stand, 8, f"K{number}")
        time.sleep(random.uniform(0.2, 0.8))
        stand.kill()
        load.stop()
        acknowledged += load.acknowledged
        unknown += load.open
    stand.serve()
    missing, twice = check(stand, acknowledged, unknown)
    stand.stop()
    whole(stand)
    print(f"kill -9: {rounds} rounds, {len(acknowledged)} acknowledged, {missing} missing, {twice} twice or half, "
          f"{len(unknown)} unknown settled, ready again after {sorted(starts)[len(starts) // 2]:.2f} s")
    assert len(acknowledged) > rounds and missing == 0 and twice == 0


def rolled_back(stand: Stand, folder: pathlib.Path) -> None:
    sqlite_copy(stand, folder / "old")
    stand.serve()
    load = Load(stand, 2, "R")
    time.sleep(6)  # the witness sees a checkpoint within five seconds
    load.stop()
    stand.stop()
    for file in (stand.folder / "data").glob("nais.db*"):
        file.rename(folder / file.name)
    for file in (folder / "old").iterdir():
        shutil.copy(file, stand.folder / "data" / file.name)
    try:
        stand.serve()
    except RuntimeError as refused:
        assert "rolled back" in str(refused), refused
    else:
        raise AssertionError("an old database was accepted")
    for file in (stand.folder / "data").glob("nais.db*"):
        file.unlink()
    for file in folder.glob("nais.db*"):
        shutil.move(file, stand.folder / "data" / file.name)
    print("roll-back: an old database copied back is refused at start")


class Lossy:
    """A file system that forgets what was not fsync'ed."""

    def __init__(self, folder: pathlib.Path):
        self.back, self.front, self.program = folder / "back", folder / "front", folder / "lossyfs"
        for path in (self.back, self.front):
            path.mkdir(exist_ok=True)
        if not self.program.exists():
            flags = subprocess.run(["pkg-config", "--cflags", "--libs", "fuse3"], capture_output=True, text=True, check=True)
            command = ["cc", "-O2", "-w", str(HERE / "lossyfs.c"), "-o", str(self.program), *flags.stdout.split()]
            subprocess.run(command, check=True)

    def mount(self) -> None:
        self.process = subprocess.Popen([str(self.program), str(self.back), str(self.front), "-f", "-s"])
        for _ in range(200):
            if self.front.is_mount():
                return
            time.sleep(0.02)
        raise RuntimeError("the lossy file system could not be mounted")

    def cut(self) -> None:
        self.process.send_signal(signal.SIGUSR1)
        self.process.wait()

    def unmount(self) -> None:
        subprocess.run(["fusermount3", "-uz", str(self.front)], check=False)


def cuts(stand: Stand, folder: pathlib.Path, rounds: int, synchronous: str) -> tuple[int, int]:
    """Acknowledged packages, and those lost. A start that the witness forbids counts as a loss."""
    lossy = Lossy(folder)
    for file in (stand.folder / "data").glob("nais.db*"):
        shutil.copy(file, lossy.back / file.name)
    config = stand.folder / "nais.toml"
    original = config.read_text()
    config.write_text(original.replace('url = "sqlite:data/nais.db"',
                                       f'url = "sqlite:{lossy.front}/nais.db"\nsynchronous = "{synchronous}"'))
    total = lost = 0
    try:
        for number in range(rounds):
            lossy.mount()
            try:
                stand.serve()
                load = Load(stand, 8, f"P{synchronous}{number}")
                time.sleep(random.uniform(0.5, 1.5))
                lossy.cut()
                stand.kill()
                load.stop()
                lossy.unmount()
                lossy.mount()
                stand.serve()
                missing, twice = check(stand, load.acknowledged, load.open)
                stand.stop()
                total += len(load.acknowledged)
                lost += missing + twice
            except RuntimeError as refused:
                if synchronous == "full":
                    raise
                print(f"  with synchronous=normal: {str(refused).strip().splitlines()[-1][:160]}")
                return total, lost + 1
            finally:
                if lossy.process.poll() is None:
                    lossy.unmount()
                    lossy.process.wait()
        return total, lost
    finally:
        config.write_text(original)
        shutil.rmtree(lossy.back)


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("nais")
    arguments.add_argument("--kills", type=int, default=10)
    arguments.add_argument("--cuts", type=int, default=5)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="nais-failures-") as name:
        folder = pathlib.Path(name)
        stand = Stand(str(pathlib.Path(options.nais).resolve()), folder / "stand")
        try:
            stand.make()
            kills(stand, options.kills)
            rolled_back(stand, folder)
            if options.cuts:
                total, lost = cuts(stand, folder, options.cuts, "full")
                print(f"power cuts: {options.cuts}, {total} acknowledged, {lost} lost")
                assert total > 0 and lost == 0
                total, lost = cuts(stand, folder, options.cuts * 4, "normal")
                print(f"power cuts with synchronous=normal: losses were found, as they must be ({lost})")
                assert lost > 0, "the control found no loss: the test cannot see a missing fsync"
        except (AssertionError, RuntimeError):
            print(stand.told(), file=sys.stderr)
            raise
        finally:
            if stand.process and stand.process.poll() is None:
                stand.kill()
    return 0


if __name__ == "__main__":
    sys.exit(main())
