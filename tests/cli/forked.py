"""The command `qa`, and code, in processes forked from one that has imported everything.

Importing takes a command two seconds of a processor and a server nine, and tests start a hundred
of them. From there on, a process has its own arguments, environment, folder, streams, signals and
exit code, as one that was started. What is fixed by an import or an interpreter's start they have
in common: the seed of hashes, and how many threads numpy takes. (Where the start itself is tested,
a process is started.)
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import IO, Any

CHECKOUT = Path(__file__).resolve().parents[2]
STREAMS = 3
# What commands and servers import one after the other.
IMPORTED = (
    "chromadb.api.rust", "tokenizers", "qa.assistant.assistant", "qa.cli.app",
    "qa.indexing.syncing", "onnxruntime", "qa.api.mounting", "qa.api.mcp.transports", "ui.server",
    "ui.pages",
)  # fmt: skip


class Command:
    """A `qa` that runs; a context in which it ends. The names are those of `subprocess.Popen`."""

    def __init__(
        self,
        *arguments: object,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        typed: bool = False,
        code: str = "",
    ) -> None:
        """Begin. Output and errors can be read; with `typed`, there is an input to write to.

        With `code`, that is run instead of `qa`, as by `python -c`.

        Raises:
            RuntimeError: this machine cannot fork.
        """
        if not hasattr(os, "fork"):
            raise RuntimeError("this machine cannot fork; tests of the command need that")
        theirs_in, ours_in = os.pipe() if typed else (os.open(os.devnull, os.O_RDONLY), None)
        ours_out, theirs_out = os.pipe()
        ours_errors, theirs_errors = os.pipe()
        theirs = [theirs_in, theirs_out, theirs_errors]
        asked = {
            "arguments": [str(argument) for argument in arguments],
            "folder": str(cwd or Path.cwd()),
            "environment": dict(os.environ if env is None else env),
            "code": code,
        }
        self._ended = socket.socket(socket.AF_UNIX)
        self._ended.connect(_forking())
        socket.send_fds(self._ended, [b"\n"], theirs)
        self._ended.sendall(json.dumps(asked).encode() + b"\n")
        for stream in theirs:
            os.close(stream)
        self.stdin: IO[str] | None = None if ours_in is None else os.fdopen(ours_in, "w")
        self.stdout: IO[str] = os.fdopen(ours_out, encoding="utf-8")
        self.stderr: IO[str] = os.fdopen(ours_errors, encoding="utf-8")
        self._heard = b""
        self.returncode: int | None = None
        self.pid = int(self._line() or 0)

    def __enter__(self) -> Command:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self.communicate()

    def send_signal(self, number: int) -> None:
        """Send a signal, if it still runs."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):  # it has just ended
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def poll(self) -> int | None:
        """The exit code, once it has ended; below 0: by that signal."""
        if self.returncode is None and select.select([self._ended], [], [], 0)[0]:
            return self.wait()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, when it has ended.

        Raises:
            TimeoutError: it still runs after so many seconds.
        """
        if self.returncode is None:
            self._ended.settimeout(timeout)
            self.returncode = int(self._line())
            self._ended.close()
        return self.returncode

    def communicate(
        self, input: str | None = None, timeout: float | None = None
    ) -> tuple[str, str]:
        """All that it says until it ends, to both streams that can still be read.

        Raises:
            TimeoutError: it still ran after so many seconds, and was killed; or something that it
                started keeps a stream open.
        """
        said = dict.fromkeys(("stdout", "stderr"), "")
        streams = {name: getattr(self, name) for name in said if not getattr(self, name).closed}
        threads = _reading(streams, said)
        if self.stdin is not None and not self.stdin.closed:
            with contextlib.suppress(BrokenPipeError), self.stdin:
                self.stdin.write(input or "")
        try:
            self.wait(timeout)
        except TimeoutError:
            self.kill()
            raise
        for thread, stream in zip(threads, streams.values(), strict=True):
            thread.join(timeout)
            if thread.is_alive():  # to close a stream that is read from would wait, too
                raise TimeoutError(f"a process that {self.pid} started keeps a stream open")
            stream.close()
        return said["stdout"], said["stderr"]

    def _line(self) -> str:
        while b"\n" not in self._heard:
            heard = self._ended.recv(100)
            assert heard, "the process that forks has ended"
            self._heard += heard
        line, _, self._heard = self._heard.partition(b"\n")
        return line.decode()


def run(
    *arguments: object,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    input: str = "",
    timeout: float = 120,
) -> subprocess.CompletedProcess[str]:
    """What a command says, and how it ends."""
    with Command(*arguments, cwd=cwd, env=env, typed=True) as command:
        said = command.communicate(input, timeout)
        return subprocess.CompletedProcess([*map(str, arguments)], command.wait(), *said)


def _reading(streams: Mapping[str, IO[str]], said: dict[str, str]) -> list[Any]:
    from threading import Thread

    def read(name: str, stream: IO[str]) -> None:
        said[name] = stream.read()

    threads = [Thread(target=read, args=one, daemon=True) for one in streams.items()]
    for thread in threads:
        thread.start()
    return threads


@functools.cache
def _forking() -> str:
    """Where the process that forks listens, which ends with this one."""
    place = tempfile.mkdtemp(prefix="forking-")
    address = f"{place}/forking"
    forking = subprocess.Popen(
        [sys.executable, "-m", "tests.cli.forked", address],
        cwd=CHECKOUT,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(
                filter(None, (str(CHECKOUT), os.environ.get("PYTHONPATH", "")))
            ),
            # As the server sets them before it imports Gradio.
            "GRADIO_ANALYTICS_ENABLED": "False",
            "HF_HUB_OFFLINE": "1",
            "OPENBLAS_NUM_THREADS": "1",  # threads do not survive a fork
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert forking.stdout is not None
    atexit.register(forking.communicate, timeout=60)
    assert forking.stdout.readline() == b"listens\n"
    return address


# From here on: the process that forks. It opens no index and no model, and starts no thread.


def _children(address: str) -> dict[str, Any]:
    """Fork when asked; return only in the children, with what they are to do."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(64)
    ended, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the tests are interrupted, and end this
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    print("listens", flush=True)
    running: dict[int, socket.socket] = {}
    while True:
        for ready in select.select([listener, ended, sys.stdin], [], [])[0]:
            if ready is listener:
                connection, _ = listener.accept()
                asked, streams = _asked(connection)
                if asked is None:
                    connection.close()
                    continue
                child = os.fork()
                if child == 0:
                    signal.set_wakeup_fd(-1)
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    signal.signal(signal.SIGINT, signal.default_int_handler)
                    for one in (listener, connection, *running.values()):
                        one.close()
                    os.close(ended)
                    os.close(woken)
                    return {**asked, "streams": streams}
                for stream in streams:
                    os.close(stream)
                running[child] = connection
                with contextlib.suppress(OSError):
                    connection.sendall(b"%d\n" % child)
            elif ready is ended:
                os.read(ended, 1000)
                for child, code in _ended():
                    with contextlib.suppress(OSError), running.pop(child) as connection:
                        connection.sendall(b"%d\n" % code)
            elif not os.read(sys.stdin.fileno(), 100):
                for child in running:
                    os.kill(child, signal.SIGKILL)
                Path(address).unlink()
                Path(address).parent.rmdir()
                sys.exit()


def _asked(connection: socket.socket) -> tuple[dict[str, Any] | None, list[int]]:
    """What is asked, and its streams; nothing, where whoever asked has ended."""
    text, streams, *_ = socket.recv_fds(connection, 1, STREAMS)
    while not text.endswith(b"}\n"):
        more = connection.recv(65_536)
        if not more:
            return None, []
        text += more
    return json.loads(text), streams


def _ended() -> Iterator[tuple[int, int]]:
    with contextlib.suppress(ChildProcessError):
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            yield found[0], os.waitstatus_to_exitcode(found[1])


def _become(asked: Mapping[str, Any]) -> str:
    """Make this process that of a command which was started, and return the code to run, if any."""
    for number, stream in enumerate(asked["streams"]):
        os.dup2(stream, number)
        os.close(stream)
    # Those of the process that forks have looked at its own files.
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, errors="backslashreplace", closefd=False)
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    tempfile.tempdir = None
    sys.argv = ["-c" if asked["code"] else "qa", *asked["arguments"]]
    return str(asked["code"])


if __name__ == "__main__":
    for name in IMPORTED:
        import_module(name)
    threads = Path("/proc/self/task")
    assert not threads.exists() or len(list(threads.iterdir())) == 1, (
        "threads do not survive a fork"
    )
    if code := _become(_children(sys.argv[1])):
        exec(compile(code, "<string>", "exec"), {"__name__": "__main__"})
    else:
        runpy.run_module("qa", run_name="__main__", alter_sys=True)
