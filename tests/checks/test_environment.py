"""What the doctor looks at, and how each thing it calls bad is mended."""

import errno
import json
import sys

import pytest

from exercisebook.checks import environment as module
from exercisebook.checks.environment import BAD, FINE, Line, environment, kernel


def line(name):
    return next(one for one in environment(None) if one.what == name)


def test_everything_that_a_build_writes_is_tried():
    names = [one.what for one in environment(None)]
    assert names == [
        "Python", "packages", "kernel", "builds", "original data", "compiled code",
        "temporary files", "Chromium", "R", "git", "Slurm",
    ]  # fmt: skip


def test_the_kernel_of_this_installation_is_fine():
    assert kernel().state == FINE


@pytest.fixture
def own_kernel(tmp_path, monkeypatch):
    """Return a function that installs a kernel of the user's own under the name python3."""
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    folder = tmp_path / "kernels" / "python3"
    folder.mkdir(parents=True)

    def install(text):
        (folder / "kernel.json").write_text(text)
        return folder

    return install


def test_a_kernel_of_another_python_is_bad_and_named(own_kernel):
    argv = ["/elsewhere/bin/python3", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    folder = own_kernel(json.dumps({"argv": argv, "display_name": "x", "language": "python"}))
    found = kernel()
    assert found.state == BAD
    assert "/elsewhere/bin/python3" in found.seen
    assert f"remove {folder}" in found.seen


def test_a_kernel_by_a_plain_name_is_this_python(own_kernel):
    argv = ["python3", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    own_kernel(json.dumps({"argv": argv, "display_name": "x", "language": "python"}))
    assert kernel().state == FINE


def test_a_kernel_that_cannot_be_read_is_bad_with_its_repair(own_kernel):
    own_kernel("{")
    found = kernel()
    assert found.state == BAD
    assert f"{sys.executable} -m ipykernel install" in found.seen


def test_a_folder_is_tried_by_writing_and_left_as_it_was(tmp_path, monkeypatch):
    monkeypatch.setenv("EXERCISEBOOK_DATA", str(tmp_path))
    assert line("original data").state == FINE
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "told"),
    [(errno.ENOSPC, "is full; free some room"), (errno.EROFS, "name another folder")],
)
def test_a_folder_that_refuses_a_file_is_bad_with_its_repair(number, told, tmp_path, monkeypatch):
    def refuse(**_):
        raise OSError(number, "words of the system")

    monkeypatch.setenv("EXERCISEBOOK_DATA", str(tmp_path))
    monkeypatch.setattr(module.tempfile, "NamedTemporaryFile", refuse)
    found = line("original data")
    assert found.state == BAD
    assert told in found.seen
    assert "Errno" not in found.seen


def test_a_folder_below_a_file_is_bad_with_its_repair(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("EXERCISEBOOK_DATA", str(tmp_path / "file" / "data"))
    found = line("original data")
    assert found.state == BAD
    assert "is a file; remove it" in found.seen


def test_too_little_room_is_bad(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "ENOUGH_BYTES", 10**18)
    assert line("builds").state == BAD
    assert "free some" in line("builds").seen


def test_an_old_python_is_bad_with_its_repair(monkeypatch):
    monkeypatch.setattr(module, "OLDEST", (9, 9))
    assert line("Python").state == BAD
    assert "install 9.9 or later" in line("Python").seen


def test_slurm_needs_its_command_and_its_plugin(monkeypatch):
    monkeypatch.setattr(module.shutil, "which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    assert line("Slurm").state == "absent"
    monkeypatch.setattr(module, "find_spec", lambda name: object())
    assert line("Slurm") == Line("Slurm", FINE, "/bin/sbatch")
