"""One way leads out of the interim folder: whoever else writes is listed here with a reason."""

import ast
from pathlib import Path

import analysis

SOURCE = Path(analysis.__file__).parent
#: Calls that put something on disk, by the name called.
WRITERS = {
    *("write_csv", "write_json", "write_text", "write_bytes", "write_table", "write_released"),
    *("to_csv", "to_parquet", "to_json", "to_excel", "to_html", "to_pickle", "to_feather"),
    *("savefig", "save_figure", "replacing", "savez", "savetxt", "dump"),
}
#: Module to what it writes. What people answered leaves through `write_released` alone; the others
#: write inside the interim folder, what is drawn or said of released tables, or no data at all.
LISTED = {
    "contract/files.py": "the writers themselves",
    "contract/disclosure.py": "tables, once released",
    "contract/tables.py": "clean tables, into the interim folder",
    "contract/freeze.py": "the plan",
    "present/figures.py": "figures, of released tables",
    "present/drawing.py": "figures, of released tables",
    "stages/gather.py": "released tables, and metrics of them",
    "stages/synthesise.py": "released tables",
    "stages/claims.py": "interim, and released tables",
    "stages/draw.py": "figures of released tables",
    "stages/report.py": "what is said of released tables",
    "stages/audit.py": "what is said of released tables",
    "stages/bundle.py": "a copy of what has left, looked over file by file",
    "stages/describe.py": "a proposed mapping: names of columns, and labels of closed questions",
    "stages/ingest.py": "interim",
    "stages/score.py": "interim",
    "stages/measure.py": "interim",
    "stages/compare.py": "interim",
    "stages/process.py": "interim",
    "stages/warn.py": "interim",
    "stages/multiverse.py": "interim",
    "stages/calibrate.py": "simulated data",
    "stages/power.py": "simulated data",
    "stages/simulate.py": "simulated data",
    "stages/document.py": "documentation, of settings and of simulated data",
    "simulate/writers.py": "simulated data",
    "simulate/exports.py": "simulated data",
    "simulate/programmes.py": "simulated data",
    "simulate/survey_tools/spss.py": "simulated data",
}
#: Stages that write into the interim folder write nowhere else: into the folder they are given.
INTERIM = [name for name, what in LISTED.items() if what == "interim"]


def calls(path):
    """Names called in a module, with their arguments as written."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", None) or getattr(node.func, "attr", "")
            yield name, [ast.unparse(one) for one in node.args]


def test_no_module_writes_that_is_not_listed():
    writing = {
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if any(name in WRITERS for name, _ in calls(path))
    }
    assert writing - set(LISTED) == set(), "release what leaves, or list it here with the reason"


def test_interim_stages_write_into_the_folder_they_are_given():
    for name in INTERIM:
        targets = [
            arguments[-1]
            for called, arguments in calls(SOURCE / name)
            if called in WRITERS and arguments and arguments[-1] not in ("temporary", "index")
        ]
        assert targets
        for target in targets:
            inside = target == "output" or target.startswith(("folder / ", "output / "))
            assert inside, f"{name} writes to {target}"


def test_what_leaves_is_made_of_released_rows_only():
    """The stages past the interim folder read its tables through `Released` alone."""
    for name in ("gather", "draw", "report"):
        called = {one for one, _ in calls(SOURCE / f"stages/{name}.py")}
        text = (SOURCE / f"stages/{name}.py").read_text(encoding="utf-8")
        assert "interim" not in text.split('"""', 2)[2].replace("interim folder", ""), name
        assert not {"read_parquet", "read_table", "write_csv"} & called, name
    for path in sorted((SOURCE / "present").rglob("*.py")):
        if path.name == "lessons.py":  # for notebooks, on the examples, which are simulated
            continue
        read = {one for one, _ in calls(path)} & {"read_parquet", "read_csv", "read_made"}
        assert not read, f"{path.name} reads a file itself"
