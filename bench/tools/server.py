"""The project's own server, as an operator would start it, on a free port."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

START_WITHIN_S = 150
_PORTS = range(10_000, 32_000)
"""Below those that systems give to connections going out: none of the tests' own takes one before the server has it."""


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    while True:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port := random.choice(_PORTS)))
            return port


@contextmanager
def serving(workers: int, *options: str, address: str = "") -> Iterator[int]:
    """Serve with so many worker processes on the database at `address`, else of the environment; gives the port."""
    port = free_port()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "storeline", "serve", "--port", str(port), "--workers", str(workers), *options],
            env=os.environ | {"STORELINE_CLOCK": "system"} | ({"DATABASE_URL": address} if address else {}),
            stdout=subprocess.DEVNULL,
            stderr=said,
        )
        try:
            _await(port, process, said)
            yield port
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()  # nobody's server stays behind
                process.wait()


def _await(port: int, process: subprocess.Popen[bytes], said: IO[bytes]) -> None:
    deadline = time.monotonic() + START_WITHIN_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            said.seek(0)
            raise RuntimeError(f"the server ended before it answered: {said.read().decode(errors='replace')[-2000:]}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError("the server did not answer in time")
