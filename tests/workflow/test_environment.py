"""The conda way in: what pip does of it. (conda itself is not asked to solve it.)"""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def dependencies() -> list:
    return yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]


def test_conda_supplies_python_and_pip_and_the_lock_the_rest(dependencies):
    assert dependencies[:2] == ["python=3.11", "pip"]
    assert dependencies[-1] == {"pip": ["--require-hashes", "-r requirements.lock"]}


def test_locks_are_hashed_and_name_no_registry():
    for name in ("requirements.lock", "requirements-dev.lock", "requirements/build.lock"):
        text = (ROOT / name).read_text()
        pins = [line for line in text.splitlines() if "==" in line and not line.startswith(" ")]
        assert len(pins) > 3
        assert all(line.rstrip().endswith("\\") for line in pins), (
            "each pin goes on with its hashes"
        )
        assert "://" not in text


@pytest.mark.slow
def test_pips_half_installs_the_command(dependencies, tmp_path):
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    python = tmp_path / "venv/bin/python"
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    wanted = tmp_path / "wanted.txt"
    lines = [line.replace("-r ", f"-r {ROOT}/") for line in dependencies[-1]["pip"]]
    wanted.write_text("\n".join(lines) + "\n")
    subprocess.run([*pip, "-r", wanted], check=True)
    asked = subprocess.run(
        [
            python,
            "-c",
            "import pandas, statsmodels, sklearn, snakemake, dvc; print(pandas.__version__)",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"pandas=={asked.stdout.strip()} " in (ROOT / "requirements.lock").read_text()
