"""The notebooks run on a finished run, as cells and as the pages that are handed out."""

import re
import shutil
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest

pytestmark = pytest.mark.slow

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
#: Attributes that a browser follows by itself, as it does not follow a link to click on.
FETCHED = {("link", "href"), ("image", "href"), ("use", "href"), ("object", "data")}


class Fetches(HTMLParser):
    """Collects what a page would fetch, in its tags and in its styles."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.images: list[dict] = []
        self.scripts = 0
        self._style = False

    def handle_starttag(self, tag, attributes):
        own = dict(attributes)
        self.scripts += tag == "script"
        self._style = tag == "style"
        self.images += [own] if tag == "img" else []
        for name, value in attributes:
            if name in ("src", "srcset", "poster") or (tag, name) in FETCHED:
                self.found.append(value or "")
            if name == "style":
                self.found += re.findall(r"url\(([^)]*)\)", value or "")

    def handle_data(self, data):
        if self._style:
            self.found += re.findall(r"(?:url\(|@import)\s*['\"]?([^'\")]*)", data)


def read_page(text: str) -> Fetches:
    page = Fetches()
    page.feed(text)
    return page


def outside(page: Fetches) -> list[str]:
    return [one[:100] for one in page.found if one and not one.startswith(("data:", "#"))]


@pytest.fixture(scope="module")
def execute(working_copy):
    """Runs a notebook of the working copy with an empty home; the executed notebook."""
    from nbclient import NotebookClient

    home = working_copy.folder.parent / "home"
    home.mkdir(exist_ok=True)
    environment = working_copy.environment | {
        "HOME": str(home),
        "IPYTHONDIR": str(home / "ipython"),
    }

    def run(name: str, folder: Path | None = None):
        notebook = nbformat.read(working_copy.folder / "notebooks" / name, as_version=4)
        where = {"metadata": {"path": str((folder or working_copy.folder) / "notebooks")}}
        client = NotebookClient(notebook, timeout=60, kernel_name="python3", resources=where)
        client.execute(env=environment)
        return notebook

    return run


@pytest.mark.parametrize("name", [path.name for path in NOTEBOOKS], ids=lambda name: name[:2])
def test_each_runs_in_under_a_minute_without_a_word_of_warning(execute, name):
    started = time.monotonic()
    notebook = execute(name)
    assert time.monotonic() - started < 60
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert [one.text for one in outputs if one.get("name") == "stderr"] == []
    drawn = sum("plt.subplots" in cell.source for cell in notebook.cells)
    shown = sum("<img " in str(one.get("data", {}).get("text/html", "")) for one in outputs)
    assert shown >= drawn >= (0 if name.startswith("06") else 2)
    assert not any("image/png" in one.get("data", {}) for one in outputs), "shown twice"


def test_without_a_run_the_first_cell_says_what_to_do_and_no_traceback(
    execute, working_copy, tmp_path
):
    from nbclient.exceptions import CellExecutionError

    for name in ("config", "notebooks", "docs"):
        shutil.copytree(working_copy.folder / name, tmp_path / name)
    with pytest.raises(CellExecutionError) as stopped:
        execute(NOTEBOOKS[0].name, tmp_path)
    assert "Run `make run` first" in stopped.value.traceback
    assert "Traceback" not in stopped.value.traceback
    assert "lessons.py" not in stopped.value.traceback


@pytest.fixture(scope="module")
def pages(working_copy) -> list[Path]:
    """The pages that `make pages` makes."""
    made = subprocess.run(
        ["make", "pages"],
        cwd=working_copy.folder,
        env=working_copy.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    return sorted((working_copy.folder / "results/notebooks").glob("*.html"))


def test_pages_ask_nothing_of_the_network_and_run_no_script(pages):
    assert [page.stem for page in pages] == [path.stem for path in NOTEBOOKS]
    for path in pages:
        page = read_page(path.read_text(encoding="utf-8"))
        assert page.images
        assert outside(page) == []
        assert page.scripts == 0


def test_pages_have_titles_and_every_image_has_alt_text(pages):
    for path in pages:
        text = path.read_text(encoding="utf-8")
        assert path.stem not in re.search(r"<title>(.*?)</title>", text)[1]
        assert '<html lang="en">' in text
        for image in read_page(text).images:
            assert len(image["alt"]) > 30
            assert "No description" not in image["alt"]


def test_nothing_in_a_page_tells_whose_machine_it_was_made_on(pages, working_copy):
    for path in pages:
        assert str(working_copy.folder) not in path.read_text(encoding="utf-8")


def test_the_parser_would_have_found_what_jupyter_loads_by_default(pages):
    from nbconvert import HTMLExporter

    text, _ = HTMLExporter().from_filename(str(NOTEBOOKS[0]))
    assert any("require" in one for one in outside(read_page(text)))
    assert outside(read_page("<style>@import 'x.css'; a {b: url(y.png)}</style>"))


def test_cleaning_removes_the_pages(pages, tmp_path):
    shutil.copytree(pages[0].parent, tmp_path / "results/notebooks")
    subprocess.run([sys.executable, "-m", "analysis.cli", "clean"], cwd=tmp_path, check=True)
    assert list((tmp_path / "results").iterdir()) == []
