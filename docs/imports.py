"""Draw which packages of the tree import which: `python docs/imports.py` writes docs/imports.svg.

Rows and columns are packages, those on higher floors first. A mark says that the package of the row imports that of the
column: a filled one at the top of a module, with the number of modules that do, a ring only inside a function. Imports
point down, so every mark lies right of the diagonal, or on the floor of its row.
"""

import ast
from collections import defaultdict
from pathlib import Path

from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "imports.svg"
FLOORS = (
    ("commands",),
    ("runs", "sweep", "cluster"),
    ("tracking", "export", "web"),
    ("runtime", "training"),
    ("artifact",),
    ("inputs", "answers"),
    ("pipeline", "data"),
    ("sequence", "decoding", "audio", "text", "vision", "series"),
    ("recurrent",),
    ("config",),
)
# Small files beside the floors, by the package that each belongs to.
BESIDE = {"cli": "commands", "__main__": "commands", "evaluation": "runs", "promotion": "runs"}
PIPELINES = "pipelines/*"


def package_of(module: str) -> str | None:
    """Return the row of a dotted module name; None for what stands on no floor (errors, signature, registry) and other packages."""
    first, *below = module.split(".")
    if first == "pipelines" and below:
        return PIPELINES
    if first != "suite" or not below:
        return None
    name = BESIDE.get(below[0], below[0])
    return name if any(name in floor for floor in FLOORS) else None


def imports_of(path: Path) -> tuple[set[str], set[str]]:
    """Return the packages that a module imports at its top, and those that it imports only inside functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    top, inside = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            # `from suite import audio` names a package, `from suite.audio import read` a module of one.
            targets = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        packages = {package for target in targets if (package := package_of(target))}
        (top if node in tree.body else inside).update(packages)
    return top, inside - top


def count_imports(root: Path) -> tuple[dict[tuple[str, str], int], set[tuple[str, str]]]:
    """Return how many modules of one package import another at their top, and the pairs that do only inside functions."""
    at_top, inside = defaultdict(int), set()
    for path in sorted([*(root / "suite").rglob("*.py"), *(root / "pipelines").rglob("*.py")]):
        importer = package_of(".".join(path.relative_to(root).with_suffix("").parts))
        if importer is None:
            continue
        top, late = imports_of(path)
        for imported in top - {importer}:
            at_top[importer, imported] += 1
        inside |= {(importer, imported) for imported in late - {importer}}
    return dict(at_top), inside - set(at_top)


def draw(at_top: dict[tuple[str, str], int], inside: set[tuple[str, str]]) -> Figure:
    """Return the picture."""
    used = {package for pair in [*at_top, *inside] for package in pair}
    floors = [[package for package in floor if package in used] for floor in FLOORS]
    floors = [[floors[0][0]], floors[1], [PIPELINES], *floors[2:]]
    order = [package for floor in floors for package in floor]
    figure = Figure(figsize=(10, 9.4), layout="constrained")
    axes = figure.subplots()
    _draw_floors(axes, floors, len(order))
    for (importer, imported), count in at_top.items():
        x, y = order.index(imported), order.index(importer)
        axes.plot(x, y, "o", color="#1f5f8b", markersize=17)
        axes.text(x, y, str(count), color="white", ha="center", va="center", fontsize=8)
    for importer, imported in inside:
        axes.plot(order.index(imported), order.index(importer), "o", color="white", markeredgecolor="#1f5f8b")
    axes.set_xticks(range(len(order)), order, rotation=55, ha="left")
    axes.set_yticks(range(len(order)), order)
    axes.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
    axes.set(xlim=(-0.5, len(order) - 0.5), ylim=(len(order) - 0.5, -0.5), aspect="equal")
    axes.set_ylabel("the package of a row imports that of a column")
    axes.set_xlabel(
        "filled: at the top of so many modules; ring: only inside a function; shaded: packages on one floor"
    )
    axes.spines[:].set_visible(False)
    return figure


def _draw_floors(axes: Axes, floors: list[list[str]], size: int) -> None:
    """Shade the packages that stand on one floor, and rule the rows."""
    start = 0
    for floor in floors:
        corner, side = (start - 0.5, start - 0.5), len(floor)
        axes.add_patch(Rectangle(corner, side, side, facecolor="#d9e3ea", edgecolor="none"))
        start += side
    for line in range(size + 1):
        axes.axhline(line - 0.5, color="#e6e6e6", linewidth=0.6, zorder=0)
        axes.axvline(line - 0.5, color="#e6e6e6", linewidth=0.6, zorder=0)


def main() -> None:
    """Write the picture; the same tree gives the same bytes."""
    rcParams["svg.hashsalt"], rcParams["svg.fonttype"] = "imports", "none"
    draw(*count_imports(ROOT)).savefig(PICTURE, metadata={"Date": None})
    print(f"wrote {PICTURE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
