import pytest

from analysis.contract.closure import code_hash, import_closure


@pytest.fixture
def package(tmp_path):
    files = {
        "analysis/__init__.py": "",
        "analysis/low.py": "VALUE = 1",
        "analysis/middle.py": "def f():\n    from analysis import low\n    return low.VALUE",
        "analysis/top.py": "import analysis.middle",
        "analysis/other.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_the_closure_follows_imports_inside_functions(package):
    names = [path.name for path in import_closure("analysis.top", package)]
    assert names == ["__init__.py", "low.py", "middle.py", "top.py"]


@pytest.mark.parametrize(("edited", "changes"), [("low", True), ("other", False)])
def test_only_an_edit_within_the_closure_changes_the_hash(package, edited, changes):
    before = code_hash("analysis.top", package)
    _clear()
    (package / f"analysis/{edited}.py").write_text("VALUE = 2")
    assert (code_hash("analysis.top", package) != before) is changes


def test_a_template_belongs_to_its_package(package):
    (package / "analysis/templates").mkdir()
    (package / "analysis/templates/page.j2").write_text("one")
    before = code_hash("analysis.top", package)
    (package / "analysis/templates/page.j2").write_text("two")
    assert code_hash("analysis.top", package) != before


def test_another_lock_is_other_code(package):
    lock = package / "requirements.lock"
    lock.write_text("numpy==1")
    before = code_hash("analysis.top", package, lock)
    lock.write_text("numpy==2")
    assert code_hash("analysis.top", package, lock) != before


def test_a_module_that_is_not_there_is_an_error(package):
    with pytest.raises(ValueError, match=r"no module analysis\.nowhere"):
        import_closure("analysis.nowhere", package)


def _clear():
    from analysis.contract import closure

    closure._imports.cache_clear()
