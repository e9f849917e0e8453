"""Links to the files that lie beside the page: logs, the monitor's files, the model."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from penstock.html.markup import Html, element
from penstock.html.section import missing, section
from penstock.html.wording import size

_BESIDE = ("report.json", "anomaly.json", "model.tar.gz", "monitor")


def links(folder: Path) -> Html:
    """Every log, by its group, and the other files of the run."""
    logs = sorted((folder / "logs").glob("*/*"))
    groups: dict[str, list[Path]] = {}
    for path in logs:
        groups.setdefault(path.parent.name, []).append(path)
    others = [
        path
        for name in _BESIDE
        for path in (
            [folder / name] if (folder / name).is_file() else (folder / name).rglob("*.json")
        )
    ]
    return section(
        "files",
        "Logs and files",
        *(
            [element("dl", *[_group(folder, name, groups[name]) for name in groups])]
            if groups
            else [missing("No log was kept.")]
        ),
        element("h3", "Other files of this run") if others else None,
        element("ul", *[element("li", _link(folder, path)) for path in sorted(others)])
        if others
        else None,
    )


def _group(folder: Path, name: str, paths: list[Path]) -> Html:
    return element(
        "div",
        element("dt", name),
        *[element("dd", _link(folder, path, path.name)) for path in paths],
    )


def _link(folder: Path, path: Path, name: str | None = None) -> Html:
    below = path.relative_to(folder).as_posix()
    return element(
        "span",
        element("a", name or below, href=quote(below)),
        f" {size(path.stat().st_size)}",
    )
