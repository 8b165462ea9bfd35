"""Every link within the repository leads somewhere."""

import re
import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[2]
#: The end of a link or an image: what it leads to, wherever its words begin.
LINK = re.compile(r"\]\(\s*<?([^)<>\s]+)")
CODE = re.compile(r"^ *```.*?^ *```|`[^`\n]+`", re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)


def pages() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).exists()]


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as code hosts make them."""
    found: set[str] = set()
    for heading in re.findall(r"^#{1,6} (.+?)\s*#*$", FENCE.sub("", text), re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        name = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        pattern = re.compile(rf"{re.escape(name)}(-\d+)?")
        again = sum(bool(pattern.fullmatch(one)) for one in found)
        found.add(f"{name}-{again}" if again else name)
    return found


def broken(page: Path) -> list[str]:
    """The links of a page that lead nowhere."""
    text = page.read_text(encoding="utf-8")
    wrong = []
    for target in LINK.findall(CODE.sub("", text)):
        if re.match(r"[a-z][a-z+.-]*:", target):
            continue
        name, _, anchor = unquote(target).partition("#")
        path = (page.parent / name).resolve() if name else page
        if not path.exists() or not path.is_relative_to(ROOT):
            wrong.append(target)
        elif anchor and path.suffix == ".md":
            wrong += [target] if anchor not in anchors(path.read_text(encoding="utf-8")) else []
    return wrong


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    assert broken(page) == []


def test_links_that_lead_nowhere_are_found(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    (tmp_path / "other.md").write_text("# Other *things*, and more\n## Twice\n## Twice\n")
    page = tmp_path / "page.md"
    page.write_text(
        "# Top\n[a](other.md) [b](gone.md) [c](#top) [d](#low) [e](other.md#twice-1)\n"
        "[f](other.md#other-things-and-more) [g](other.md#no) ![h](gone.svg) [i](https://x.org)\n"
        "[![j](gone.png)](other.md) `[k](gone.txt)` [l](../outside.md)\n```sh\n[m](gone.sh)\n```\n"
    )
    (tmp_path.parent / "outside.md").touch()
    assert broken(page) == [
        "gone.md",
        "#low",
        "other.md#no",
        "gone.svg",
        "gone.png",
        "../outside.md",
    ]


def test_every_page_of_documentation_is_listed():
    index = ROOT / "docs/README.md"
    listed = {unquote(one).partition("#")[0] for one in LINK.findall(index.read_text())}
    for page in (ROOT / "docs").glob("*.md"):
        assert page == index or page.name in listed, f"list {page.name} in docs/README.md"
