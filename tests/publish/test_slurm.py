"""A report on a cluster of one node, made of Debian's packages slurm-wlm and munge."""

import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from exercisebook.publish.cluster import PROFILES

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "scancel", "squeue")

CONFIGURATION = """ClusterName=book
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={place}/munge.socket
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SlurmdParameters=config_overrides
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
StateSaveLocation={place}/state
SlurmdSpoolDir={place}/spool
SlurmctldPidFile={place}/slurmctld.pid
SlurmdPidFile={place}/slurmd.pid
SlurmctldLogFile={place}/slurmctld.log
SlurmdLogFile={place}/slurmd.log
NodeName={host} NodeAddr=127.0.0.1 CPUs=4 RealMemory=16000 State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def missing():
    """Return what keeps a cluster from being started here."""
    found = [name for name in PROGRAMS if shutil.which(name, path=search()) is None]
    if importlib.util.find_spec("snakemake_executor_plugin_slurm") is None:
        found.append("snakemake-executor-plugin-slurm")
    return found if os.getuid() == 0 else [*found, "the rights of root"]


def search():
    return os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])


def free_ports(number):
    taken = [socket.socket() for _ in range(number)]
    for one in taken:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in taken]
    for one in taken:
        one.close()
    return ports


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Start a cluster of this machine alone; return the variables by which it is found."""
    if missing():
        pytest.skip(f"no cluster can be started here: {', '.join(missing())}")
    place = tmp_path_factory.mktemp("slurm")
    for name in ("state", "spool"):
        (place / name).mkdir()
    key = place / "munge.key"
    key.write_bytes(secrets.token_bytes(128))
    key.chmod(0o600)
    configuration = place / "slurm.conf"
    words = {"host": socket.gethostname().split(".")[0], "ports": free_ports(2), "place": place}
    configuration.write_text(CONFIGURATION.format(**words))
    # within a job the plugin keeps no SLURM_CONF; elsewhere the file lies where Slurm looks for it
    srun = place / "bin" / "srun"
    srun.parent.mkdir()
    real = shutil.which("srun", path=search())
    srun.write_text(f'#!/bin/sh\nSLURM_CONF="{configuration}" exec "{real}" "$@"\n')
    srun.chmod(0o755)
    path = os.pathsep.join([str(srun.parent), search()])
    variables = {"SLURM_CONF": str(configuration), "PATH": path}
    own = [f"--{what}-file={place}/munge.{what}" for what in ("key", "pid", "log", "seed")]
    commands = (
        ["munged", "--foreground", "--force", f"--socket={place}/munge.socket", *own],
        ["slurmctld", "-D", "-f", str(configuration)],
        ["slurmd", "-D", "-f", str(configuration)],
    )
    environment = {**os.environ, **variables}
    running = []
    try:
        for command in commands:
            with (place / f"{command[0]}.out").open("wb") as out:
                running.append(subprocess.Popen(command, env=environment, stdout=out, stderr=out))
            time.sleep(1)
        wait_until_idle(environment, place)
        yield variables
    finally:
        for process in reversed(running):
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@pytest.fixture(scope="module")
def profile(tmp_path_factory):
    """Return a copy of the book's profile with the one change that this cluster wants."""
    folder = shutil.copytree(PROFILES / "slurm", tmp_path_factory.mktemp("profile") / "mine")
    config = folder / "config.yaml"
    line = "# slurm-status-command: squeue"
    assert config.read_text().count(line) == 1
    config.write_text(config.read_text().replace(line, line.removeprefix("# ")))
    return folder


def wait_until_idle(environment, place):
    until = time.monotonic() + 90
    told = ""
    while time.monotonic() < until:
        words = ["sinfo", "--noheader", "--format=%T"]
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
        told = done.stdout + done.stderr
        if done.stdout.strip() == "idle":
            return
        time.sleep(1)
    logs = "\n".join(path.read_text(errors="replace")[-2000:] for path in place.glob("*.*"))
    raise AssertionError(f"the cluster did not come up: {told}\n{logs}")


def jobs_of(cluster):
    """Return how many jobs the cluster was ever given."""
    log = Path(cluster["SLURM_CONF"]).with_name("slurmctld.log").read_text()
    return log.count("_slurm_rpc_submit_batch_job: JobId=")


@pytest.mark.slow
def test_a_report_of_two_chapters_is_made_by_jobs_of_a_cluster(
    cluster, profile, fresh, mine, tmp_path
):
    out = tmp_path / "out"
    words = ("run", "--cohort", mine, "--out", out, "--profile", profile, "--cores", "3")
    done = fresh.run(*words, **cluster)
    assert done.returncode == 0, done.stderr + (out / ".work" / "snakemake.log").read_text()
    assert sorted(number for number, _ in fresh.ran()) == ["01", "02"]
    assert (out / "html" / "index.html").exists()
    # two chapters, what is said of the cohort, and the site
    assert jobs_of(cluster) == 4
    again = fresh.run(*words, **cluster)
    assert again.returncode == 0, again.stderr
    assert len(fresh.ran()) == 2
    assert jobs_of(cluster) == 4


@pytest.mark.slow
def test_a_chapter_that_fails_on_a_node_is_told_as_on_this_machine(
    cluster, profile, fresh, mine, tmp_path
):
    words = ("run", "01", "--cohort", mine, "--out", tmp_path / "out", "-p", "fdr=0.5")
    done = fresh.run(*words, "--profile", profile, **cluster)
    assert done.returncode == 1
    assert "01_cohort_design, cell [" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_an_interrupted_run_leaves_no_job_on_the_cluster(cluster, profile, fresh, mine, tmp_path):
    (fresh.root / "gate01").touch()
    words = ("run", "01", "--cohort", mine, "--out", tmp_path / "out", "--profile", profile)
    process = fresh.start(*words, **cluster)
    fresh.wait_for(process, "01")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 1, said
    assert fresh.is_quiet()
    environment = {**os.environ, **cluster}
    left = subprocess.run(
        ["squeue", "--noheader"], env=environment, capture_output=True, text=True, check=True
    )
    assert left.stdout.strip() == ""
