"""`make notebooks` starts JupyterLab on the notebooks, on this machine only."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

TOKEN = "only-for-this-test"
PATIENCE = 60  # seconds until it must answer


def free_port() -> int:
    with socket.socket() as own:
        own.bind(("127.0.0.1", 0))
        return own.getsockname()[1]


@pytest.fixture(scope="module")
def lab(working_copy):
    """JupyterLab as `make notebooks` starts it; asks it for a path."""
    home = working_copy.folder.parent / "lab_home"
    home.mkdir()
    port = free_port()
    options = f"--no-browser --allow-root --port={port} --IdentityProvider.token={TOKEN}"
    log = (home / "log.txt").open("w+")
    process = subprocess.Popen(
        ["make", "notebooks", f"LAB={options} --ServerApp.port_retries=0"],
        cwd=working_copy.folder,
        env=working_copy.environment | {"HOME": str(home)},
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )

    def ask(path: str) -> bytes:
        request = urllib.request.Request(f"http://127.0.0.1:{port}/{path}")
        request.add_header("Authorization", f"token {TOKEN}")
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.read()

    try:
        started = time.monotonic()
        while True:
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                ask("api/status")
                break
            if process.poll() is not None or time.monotonic() - started > PATIENCE:
                pytest.fail(f"JupyterLab does not answer: {(home / 'log.txt').read_text()}")
            time.sleep(0.25)
        yield ask, port
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=20)
        log.close()


def test_it_opens_on_the_notebooks(lab):
    ask, _ = lab
    listed = json.loads(ask("api/contents"))["content"]
    names = [one["name"] for one in listed if one["type"] == "notebook"]
    assert sorted(names)[0].startswith("01_")
    assert len(names) == 6
    assert b"JupyterLab" in ask("lab")


def test_it_listens_on_this_machine_only(lab):
    _, port = lab
    listening = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in table.read_text().splitlines()[1:]:
            address, own = line.split()[1].split(":")
            if line.split()[3] == "0A" and int(own, 16) == port:
                listening.add(address)
    # 127.0.0.1 and ::1 as the kernel writes them.
    assert listening
    assert listening <= {"0100007F", "00000000000000000000000001000000"}


def test_it_looks_for_no_news_and_no_updates_and_does_not_ask_to(lab):
    ask, _ = lab
    assert json.loads(ask("lab/api/news")) == {"news": []}
    assert json.loads(ask("lab/api/update")) == {"notification": None}
    settings = json.loads(ask("lab/api/settings/@jupyterlab/apputils-extension:notification"))
    defaults = settings["schema"]["properties"]
    assert defaults["fetchNews"]["default"] == "false"
    assert defaults["checkForUpdates"]["default"] is False


def test_a_notebook_saved_as_html_from_its_menu_loads_nothing_from_elsewhere(lab):
    ask, _ = lab
    page = ask("nbconvert/html/06_your_own_data.ipynb?download=false").decode()
    assert "Your own data" in page
    assert "<script" not in page
    assert "cdnjs" not in page
