"""``exercisebook simulate``: a cohort package of a world whose truth is known."""

from pathlib import Path
from typing import Annotated

import typer

from exercisebook.errors import Misuse

MOST_CELLS = 2_000_000
"""Single cells of one package: their counts are held in memory until they are written."""


def _list(wanted: bool) -> None:
    if wanted:
        from exercisebook.simulate.worlds import WORLDS

        for name, says in WORLDS.items():
            typer.echo(f"{name}: {says}")
        raise typer.Exit


def simulate(
    out: Annotated[Path, typer.Option(help="New folder of the package.")],
    world: Annotated[
        str, typer.Option(help="Which world; --worlds lists them. NAME-twin: nobody exercises.")
    ] = "reference",
    subjects: Annotated[int, typer.Option(help="People.", max=100_000)] = 13,
    seed: Annotated[int, typer.Option(help="Root of every random number.", min=0)] = 20251121,
    cells_per_sample: Annotated[
        int, typer.Option(help="Single cells a sample; 0 for none.", min=0, max=20_000)
    ] = 120,
    seal: Annotated[
        bool, typer.Option("--seal", help="Truth and key apart, in OUT.sealed; no world told.")
    ] = False,
    key: Annotated[
        Path | None, typer.Option(help="With --seal: 64 hex digits, or an earlier key.json.")
    ] = None,
    worlds: Annotated[
        bool, typer.Option("--worlds", is_eager=True, callback=_list, help="List and end.")
    ] = False,
) -> None:
    """Write a simulated cohort package with its truth."""
    from exercisebook.cohort.package import refuse_occupied
    from exercisebook.simulate import packages
    from exercisebook.simulate.cohorts import simulate as simulate_cohort
    from exercisebook.simulate.worlds import world as world_of

    if key is not None and not seal:
        raise Misuse("--key is for sealing; add --seal")
    refuse_occupied(out)
    cells = 3 * subjects * cells_per_sample
    if cells > MOST_CELLS:
        raise Misuse(
            f"{cells:,} cells in all, of which this machine may not hold the counts; at most "
            f"{MOST_CELLS:,}: fewer --subjects or --cells-per-sample (0 for none)"
        )
    whole = world_of(world)
    if not seal:
        made = simulate_cohort(whole, subjects, seed, cells_per_sample=cells_per_sample)
        packages.write_simulation(made, out)
        typer.echo(out)
        return
    secret = packages.new_key() if key is None else packages.read_key(key)
    made = packages.sealed_simulation(whole, subjects, seed, secret, cells_per_sample)
    apart = packages.write_sealed(made, out, secret)
    typer.echo(out)
    typer.echo(f"truth and key: {apart} (keep it from those who are to find out)", err=True)
