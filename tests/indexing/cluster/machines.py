"""A Ray cluster on loopback: each machine is a `ray start` of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from qa.places import cache_folder

PROJECT = Path(__file__).resolve().parents[3]
# For 127.0.0.1 Ray would take another address of this machine, which others can reach.
HEAD = "127.0.0.2"
MEMORY = "80000000"
START_SECONDS = 120.0


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("", 0))
        port: int = listener.getsockname()[1]
        return port


class Machine:
    """A machine of a cluster: `ray start`, and all that it has started."""

    def __init__(self, folder: Path, address: str, *options: str, **environment: str) -> None:
        home = folder / "home"
        home.mkdir(exist_ok=True)
        # Without this file, a head asks the services of three clouds whether it runs there; and it
        # tells the makers of Ray that it is to tell nothing.
        environment["RAY_USAGE_STATS_REPORT_URL"] = "http://127.0.0.1:9/"
        (home / "ray_bootstrap_config.yaml").write_text("{}", encoding="utf-8")
        self._log = (folder / f"{free_port()}.log").open("wb")
        paths = [environment.get("PYTHONPATH", ""), str(PROJECT), os.environ.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "ray.scripts.scripts", "start", "--block"),
                *("--node-ip-address", address, "--object-store-memory", MEMORY),
                *("--disable-usage-stats", *options),
            ],
            stdout=self._log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "HOME": str(home), "QA_CACHE": str(cache_folder()), **environment},
            start_new_session=True,
        )

    def kill(self) -> None:
        """End all of it at once, as when a machine loses its power."""
        if self._process.poll() is not None:
            return
        for pid in [self._process.pid, *descendants(self._process.pid)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()
        self._log.close()

    def busy(self) -> list[int]:
        """The processes of workers that have a file."""
        return [pid for pid in descendants(self._process.pid) if "Seat.prepare" in title(pid)]


class Machines:
    """A cluster: a head with one processor, and what is added to it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        port = free_port()
        self.address = f"{HEAD}:{port}"
        head = Machine(
            folder,
            HEAD,
            *("--head", "--port", str(port), "--num-cpus", "1", "--temp-dir", str(folder)),
            *("--include-dashboard", "false", "--ray-client-server-port", str(free_port())),
        )
        self._machines = [head]

    @property
    def head(self) -> Machine:
        return self._machines[0]

    def add(self, processors: int = 1, environment: Mapping[str, str] | None = None) -> Machine:
        """Another machine, which may take some seconds until it can be used."""
        options = "--address", self.address, "--num-cpus", str(processors)
        address = f"127.0.0.{len(self._machines) + 2}"
        self._machines.append(Machine(self._folder, address, *options, **(environment or {})))
        return self._machines[-1]

    def wait(self, processors: int) -> None:
        """Wait until there are so many processors."""
        asking = "import ray, sys; ray.init(sys.argv[1], log_to_driver=False);"
        asking += "print(int(ray.cluster_resources().get('CPU', 0)))"
        until = time.monotonic() + START_SECONDS
        said = ""
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                socket.create_connection((HEAD, int(self.address.split(":")[1]))).close()
                command = [sys.executable, "-c", asking, self.address]
                done = subprocess.run(command, capture_output=True, text=True, timeout=120)
                said = done.stdout.strip() or done.stderr
                if said == str(processors):
                    return
            time.sleep(0.5)
        raise AssertionError(said)

    def kill(self) -> None:
        """Lose all machines."""
        while self._machines:
            self._machines.pop().kill()


@contextlib.contextmanager
def machines() -> Iterator[Machines]:
    """A cluster with one machine, until the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="ray"))  # the sockets in it have short names only
    found = Machines(folder)
    try:
        yield found
    finally:
        found.kill()
        shutil.rmtree(folder, ignore_errors=True)


def descendants(pid: int) -> list[int]:
    """All that a process has started, and what that has started."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError):
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(stat.parent.name))
    found, left = [], [pid]
    while left:
        new = children.get(left.pop(), [])
        found.extend(new)
        left.extend(new)
    return found


def title(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except OSError:
        return ""
