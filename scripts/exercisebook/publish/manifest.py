"""The manifest of a site: a sum for every file, and one for all of them."""

import hashlib
import json
from pathlib import Path

MANIFEST = "manifest.json"


def file_sums(site: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of a site but its manifest, by path, in order of paths."""
    paths = sorted(p.relative_to(site).as_posix() for p in site.rglob("*") if p.is_file())
    return {
        path: hashlib.sha256((site / path).read_bytes()).hexdigest()
        for path in paths
        if path != MANIFEST
    }


def site_sum(sums: dict[str, str]) -> str:
    """Return one SHA-256 of paths and sums, as ``sha256sum`` prints them."""
    lines = "".join(f"{sums[path]}  {path}\n" for path in sorted(sums))
    return hashlib.sha256(lines.encode()).hexdigest()


def write_manifest(site: Path) -> str:
    """Write the manifest at the root of a finished site; return the sum of the site."""
    sums = file_sums(site)
    whole = site_sum(sums)
    text = json.dumps({"site": whole, "files": sums}, indent=1)
    (site / MANIFEST).write_text(text + "\n", encoding="utf-8")
    return whole


def manifest_problems(site: Path) -> list[str]:
    """Return in what a site differs from its manifest, a line each; one without it, in nothing."""
    place = site / MANIFEST
    if not place.is_file():
        return []
    told, found = json.loads(place.read_text(encoding="utf-8")), file_sums(site)
    differ = sorted(p for p in {*told["files"], *found} if told["files"].get(p) != found.get(p))
    problems = [f"{path}: not as the manifest says" for path in differ]
    if told["site"] != site_sum(told["files"]):
        problems.append(f"{MANIFEST}: the sum of the site is not that of its files")
    return problems
