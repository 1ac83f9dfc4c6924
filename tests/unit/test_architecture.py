"""The house keeps its rooms apart, and the lock file names everything that the project needs."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import grimp
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
ROOMS = ["digit_core", "tasks", "flows", "deployments"]
MLFLOW = {
    f"tasks.adapters.registry.{name}" for name in ("registry", "client", "versions", "promotions", "tracking", "descriptions")
}
HEAVY = {"tensorflow", "keras", "prefect", "mlflow", "sqlalchemy", "fsspec", "s3fs"}


@pytest.fixture(scope="module")
def imports():
    return grimp.build_graph(*ROOMS, include_external_packages=True, cache_dir=None)


def test_no_room_breaks_an_import_contract():
    run = subprocess.run([Path(sys.executable).parent / "lint-imports", "--no-cache"], cwd=ROOT, capture_output=True, text=True)

    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize(
    ("library", "files"),
    [
        ("fsspec", {"tasks.adapters.storage.s3", "tasks.adapters.storage.fsspec_store"}),
        ("s3fs", {"tasks.adapters.storage.s3"}),
        ("botocore", {"tasks.adapters.storage.s3", "tasks.adapters.storage.s3_errors"}),
        ("mlflow", MLFLOW),
        ("keras", {"digit_core.training.keras_setup"}),
        ("tensorflow", {"digit_core.training.keras_setup"}),
    ],
)
def test_each_outside_library_is_known_to_its_own_files_only(imports, library, files):
    assert imports.find_modules_that_directly_import(library) <= files


def test_no_room_of_the_core_has_more_than_twenty_modules():
    rooms = [folder for folder in (ROOT / "digit_core").rglob("*") if (folder / "__init__.py").is_file()]

    assert {room.name: count for room in rooms if (count := len(list(room.glob("[!_]*.py")))) > 20} == {}


@pytest.mark.parametrize("library", ["sqlalchemy", "alembic"])
def test_the_review_database_is_known_to_its_own_rooms_only(imports, library):
    users = imports.find_modules_that_directly_import(library)

    assert {name for name in users if not name.startswith("tasks.adapters.review.")} <= {"tasks.adapters.review.queue"}


def test_nothing_imports_what_writes_onnx_files_but_through_keras(imports):
    assert "tf2onnx" not in imports.modules


def test_adapters_import_nothing_that_stands_above_them(imports):
    adapters = imports.find_descendants("tasks.adapters") | {"tasks.adapters"}
    imported = {name for module in adapters for name in imports.find_modules_directly_imported_by(module)}

    assert {name for name in imported - adapters if name.split(".")[0] in {"tasks", "flows", "deployments"}} == set()


MAY_SET = {
    "digit_core/training/keras_setup.py": {"setdefault"},  # what TensorFlow logs
    "tasks/worker_pool.py": {"setdefault"},  # threads of the workers
    "tasks/adapters/registry/client.py": {"setdefault", "update"},  # MLflow's own switches
    "flows/launch.py": {"setdefault"},  # Prefect's, before it is imported
    "flows/local_server.py": {"copy"},  # for a child
    "deployments/commands/deploy.py": {"copy", "update"},  # the same
}
"""Files that hand the environment on to other programs, and what they may do with it; nothing there reads a value."""


def uses_of_the_environment(source: str) -> list[str]:
    """What is done with os.environ: the name of a method, "copy" for {**os.environ}, "read" for anything else."""
    tree = ast.parse(source)
    parents = {child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}
    found = []
    for node in ast.walk(tree):
        name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
        if name in {"getenv", "environb"}:
            found.append("read")
        elif name == "environ":
            parent = parents[node]
            if isinstance(parent, ast.Attribute):
                found.append("copy" if parent.attr == "copy" else parent.attr)
            elif isinstance(parent, ast.Dict) and None in parent.keys:
                found.append("copy")
            else:
                found.append("read")
    return found


@pytest.mark.parametrize(
    "line",
    [
        "os.environ['X']",
        "os.environ.get('X')",
        "'X' in os.environ",
        "'X' not in os.environ",
        "os.getenv('X')",
        "os.environb[b'X']",
        "[name for name in os.environ]",
        "os.environ.items()",
        "os.environ.setdefault('X', '1')",
        "os.environ.update(X='1')",
        "from os import environ\nenviron['X'] = '1'",
    ],
)
def test_no_way_to_the_environment_is_overlooked(line):
    assert uses_of_the_environment(line)


def test_only_the_settings_read_the_environment():
    uses = {
        (path.relative_to(ROOT).as_posix(), use)
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        for use in uses_of_the_environment(path.read_text(encoding="utf-8"))
    }

    assert {(file, use) for file, use in uses if use not in MAY_SET.get(file, ())} <= {
        ("flows/settings.py", use) for use in ("read", "get")
    }


@pytest.mark.parametrize(
    "module",
    ["digit_core.recognition.pipeline", "digit_core.inference.classifier", "digit_core.imaging.decode", "deployments.cli"],
)
def test_importing_loads_none_of_the_heavy_libraries(module):
    assert loaded_by(module) & HEAVY == set()


def loaded_by(module: str) -> set[str]:
    """The top-level names in sys.modules after a new interpreter has imported `module`."""
    code = f"import sys, {module}; print(*{{name.split('.')[0] for name in sys.modules}})"
    return set(subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split())


def locked() -> dict[str, list[tuple[Requirement, list[str]]]]:
    """What the lock file pins: by name, the requirements (several where a marker decides) and their hashes."""
    pins: dict[str, list[tuple[Requirement, list[str]]]] = {}
    for entry in (ROOT / "requirements.lock").read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        text, *hashes = entry.split(" --hash=")
        pin = Requirement(text.strip())
        pins.setdefault(canonicalize_name(pin.name), []).append((pin, hashes))
    return pins


def test_the_lock_pins_one_version_with_hashes_for_every_name():
    pins = [pin for pins in locked().values() for pin in pins]

    assert [str(pin) for pin, hashes in pins if not hashes] == []
    assert [str(pin) for pin, _ in pins if not re.fullmatch(r"==[^,*]+", str(pin.specifier))] == []


def test_the_lock_holds_no_address():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")

    assert re.findall(r"\S*://\S*|^-\S+.*| @ .*", text, re.MULTILINE) == []


def test_the_lock_satisfies_what_the_project_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [
        *project["build-system"]["requires"],  # installed without build isolation
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["dev"],
    ]
    pins = locked()

    assert [wish for wish in asked if not satisfied(Requirement(wish), pins)] == []


def satisfied(wish: Requirement, pins: dict[str, list[tuple[Requirement, list[str]]]]) -> bool:
    found = pins.get(canonicalize_name(wish.name), [])
    return bool(found) and all(wish.specifier.contains(str(pin.specifier).removeprefix("==")) for pin, _ in found)
