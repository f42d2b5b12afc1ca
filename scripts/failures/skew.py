#!/usr/bin/env python3
"""A consumer whose clock is wrong. usage: skew.py NAIS [--strict]"""
import json
import os
import pathlib
import subprocess
import sys

from stand import Checks, Stand, alone


def shim(folder: pathlib.Path) -> pathlib.Path:
    """What puts the clock of a program wrong."""
    library = folder / "skew.so"
    subprocess.run(["cc", "-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o", library, pathlib.Path(__file__).with_suffix(".c")], check=True)
    return library


def call(stand: Stand, library: pathlib.Path, seconds: int) -> tuple[int, dict]:
    """`nais call` by a clock that is so many seconds ahead; its exit code and the answer."""
    environment = {**os.environ, "LD_PRELOAD": str(library), "SKEW": str(seconds)}
    command = [stand.nais, "call", "--as", str(stand.folder / "consumers" / "mia"), "POST",
               "mvd-38801/v1/crossings/search", "--data", f"@{stand.folder / 'requests' / 'crossings-search.json'}", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)
    try:
        return done.returncode, json.loads(done.stdout)
    except ValueError:
        return done.returncode, {"told": done.stdout + done.stderr}


def skewed_clocks(stand: Stand, folder: pathlib.Path, checks: Checks) -> None:
    """A signature of another time: refused, and the refusal says so."""
    library = shim(folder)
    stand.serve()
    for seconds in (0, 20, -20):
        code, answer = call(stand, library, seconds)
        checks.that(f"a clock {seconds:+d} s off is answered", code == 0 and "200" in json.dumps(answer), (code, str(answer)[:300]))
    for seconds in (120, -120):
        code, answer = call(stand, library, seconds)
        text = json.dumps(answer)
        checks.that(f"a clock {seconds:+d} s off is refused with 401, eds-out-of-time",
                    code == 1 and "401" in text and "eds-out-of-time" in text, (code, text[:300]))
    stand.stop()


if __name__ == "__main__":
    sys.exit(alone(skewed_clocks))
