"""What the notebooks must be as they are committed: thin, clean, in order."""

import ast
import re
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem[:2])
def notebook(request):
    found = nbformat.read(request.param, as_version=4)
    nbformat.validate(found)
    return found


def code_of(notebook) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def words_of(notebook) -> str:
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def test_they_are_numbered_in_reading_order_and_each_leads_to_the_next():
    assert [path.stem[:2] for path in NOTEBOOKS] == [f"{n:02d}" for n in range(1, 7)]
    for number, path in enumerate(NOTEBOOKS, start=1):
        words = words_of(nbformat.read(path, as_version=4))
        assert words.startswith(f"# {number}. ")
        assert (f"**On to notebook {number + 1}**" in words) == (number < len(NOTEBOOKS))


def test_no_output_and_no_count_is_committed(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


def test_the_kernel_is_named(notebook):
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.metadata.kernelspec.language == "python"


def test_no_function_is_defined(notebook):
    defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    for source in code_of(notebook):
        nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, defined)]
        assert not nodes, f"move this into the package: {source}"


def test_the_first_cell_opens_the_finished_run(notebook):
    assert "run = open_examples()" in code_of(notebook)[0]


def test_they_explain_and_ask(notebook):
    words = words_of(notebook)
    assert words.count("**Exercise ") >= 5
    # Formulas would need a script from elsewhere; a collapsed answer is one that nobody looks for.
    assert "$$" not in words
    assert "<details" not in words


def test_rows_are_read_where_the_package_refuses_those_of_people_and_that_is_said(notebook):
    code = "\n".join(code_of(notebook))
    assert not re.search(r"interim|parquet|read_made|read_table", code)
    if "run.rows(" in code:
        assert re.search(
            r"simulated.*would not|would not.*simulated", words_of(notebook), re.DOTALL
        )


def test_every_file_they_name_is_there(notebook):
    text = words_of(notebook) + "\n".join(code_of(notebook))
    named = set(re.findall(r"\b(?:config|docs|notebooks|src|workflow)/[\w/.-]+\.\w+", text))
    missing = {name for name in named if not (FOLDER.parent / name).exists()}
    assert not missing


def test_every_figure_has_words_for_who_cannot_see_it(notebook):
    for source in code_of(notebook):
        shown = [
            node
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "show"
        ]
        drawn = "plt.subplots" in source
        assert bool(shown) >= drawn
        assert all(len(node.args) == 2 and len(node.args[1].value) > 30 for node in shown)


def test_they_stay_small():
    assert sum(path.stat().st_size for path in NOTEBOOKS) < 200_000
