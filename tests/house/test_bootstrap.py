"""The bootstrap says what a machine lacks; a whole install is made by the clean-clone test."""

import subprocess
import sys

from exercisebook.paths import ROOT

SCRIPT = ROOT / "scripts" / "bootstrap.py"


def run_with(before, tmp_path):
    """Run the bootstrap of an empty checkout after some lines of Python."""
    root = tmp_path / "book"
    (root / "scripts").mkdir(parents=True)
    (root / "scripts" / "bootstrap.py").write_text(SCRIPT.read_text())
    for name in ("requirements.lock", "pyproject.toml"):
        (root / name).write_text("")
    place = str(root / "scripts" / "bootstrap.py")
    code = f"{before}\nimport runpy; runpy.run_path({place!r}, run_name='__main__')"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_a_python_without_venv_is_told_the_package_to_install(tmp_path):
    done = run_with("import sys; sys.modules['ensurepip'] = None", tmp_path)
    assert done.returncode == 2
    assert "lacks ensurepip" in done.stderr
    assert "python3-venv" in done.stderr
    assert not (tmp_path / "book" / ".venv").exists()


def test_an_old_python_without_a_newer_one_is_told_what_is_needed(tmp_path):
    before = "import sys, shutil; sys.version_info = (3, 9, 0); shutil.which = lambda name: None"
    done = run_with(before, tmp_path)
    assert done.returncode == 2
    assert "Python 3.11 or later is needed" in done.stderr


def test_the_script_can_be_read_by_an_old_python():
    import ast

    ast.parse(SCRIPT.read_text(), feature_version=(3, 7))
