"""Reading configuration files: YAML as plain values, each with the line on which it stands."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.scalarbool import ScalarBoolean

from ccat_ops_db.configuration.kinds import KINDS, Kind, slot_key
from ccat_ops_db.configuration.problems import Position, Problem

OVERLAYS = "overlays"
"""Folder inside a configuration folder that is not read with it: it holds overlays."""
LISTED = "pre_scheduled_slots"
"""The one section that is a list: its keys follow from its values."""
LARGEST_FILE = 20_000_000
"""Bytes; more is not a configuration that people edit."""


@dataclass
class RawEntry:
    """An entry as it stands in the files, not validated."""

    kind: Kind
    key: str
    values: dict[str, Any]
    position: Position
    origins: dict[str, tuple[CommentedMap, str]] = field(default_factory=dict)
    """For each of its fields the mapping and the file that gave it: an overlay may have."""

    def position_of(self, path: Iterable[str | int]) -> Position:
        """Return where a value inside the entry stands; of a value that is missing, where it should be."""
        parts = tuple(path)
        if not parts or parts[0] not in self.origins:
            return self.position
        node: Any
        node, file = self.origins[str(parts[0])]
        line = self.position.line
        for part in parts:
            if isinstance(node, CommentedMap) and part in node:
                line = node.lc.key(part)[0] + 1
            elif isinstance(node, CommentedSeq) and isinstance(part, int) and part < len(node):
                line = node.lc.item(part)[0] + 1
            else:
                break
            node = node[part]
        return Position(file, line)


@dataclass
class RawConfiguration:
    """Entries by kind and key as they stand in the files, with all that was wrong in reading them."""

    entries: dict[str, dict[str, RawEntry]] = field(default_factory=lambda: {name: {} for name in KINDS})
    problems: list[Problem] = field(default_factory=list)
    lost: bool = False
    """Whether something could not be read at all: references to it are not wrong for that."""

    def lose(self, problem: Problem) -> None:
        """Note a problem for which something could not be read."""
        self.problems.append(problem)
        self.lost = True


def read_folder(folder: Path) -> RawConfiguration:
    """Read all YAML files of a folder and the folders in it, in the order of their names."""
    raw = RawConfiguration()
    if not folder.is_dir():
        raw.lose(Problem(str(folder), 1, "", "there is no such folder"))
        return raw
    files = sorted(path for path in folder.rglob("*") if path.suffix in {".yaml", ".yml"} and path.is_file())
    files = [path for path in files if _belongs(path.relative_to(folder))]
    if not files:
        raw.lose(Problem(str(folder), 1, "", "the folder has no YAML files"))
    for path in files:
        _read_file(path, raw)
    return raw


def read_file(path: Path) -> RawConfiguration:
    """Read one YAML file."""
    raw = RawConfiguration()
    _read_file(path, raw)
    return raw


def lay_over(base: RawConfiguration, overlay: RawConfiguration) -> None:
    """Replace fields of the base's entries by those of the overlay's; null takes a field away."""
    base.problems += overlay.problems
    base.lost |= overlay.lost
    for kind, entries in overlay.entries.items():
        for key, entry in entries.items():
            below = base.entries[kind].get(key)
            if below is None:
                base.entries[kind][key] = entry
                continue
            for name, value in entry.values.items():
                if value is None:
                    below.values.pop(name, None)
                    below.origins.pop(name, None)
                else:
                    below.values[name] = value
                    below.origins[name] = entry.origins[name]


def _belongs(path: Path) -> bool:
    return path.parts[0] != OVERLAYS and not any(part.startswith(".") for part in path.parts)


def _read_file(path: Path, raw: RawConfiguration) -> None:
    name = str(path)
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ValueError(f"the file is larger than {LARGEST_FILE} bytes")
        document = _yaml().load(path.read_text(encoding="utf-8"))
        _refuse_aliases(document, set())
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raw.lose(Problem(name, mark.line + 1 if mark else 1, "", f"not YAML: {error.problem}"))
        return
    except RecursionError:
        raw.lose(Problem(name, 1, "", "nested too deeply"))
        return
    except (YAMLError, ValueError, OSError) as error:
        raw.lose(Problem(name, 1, "", f"cannot be read: {str(error).splitlines()[0]}"))
        return
    if document is None:
        return
    if not isinstance(document, CommentedMap):
        sections = ", ".join(name for name in KINDS if name != "permissions")
        raw.lose(Problem(name, 1, "", f"must be a mapping with the sections {sections}"))
        return
    for section, content in document.items():
        _read_section(name, document.lc.key(section)[0] + 1, section, content, raw)


def _read_section(file: str, line: int, section: object, content: Any, raw: RawConfiguration) -> None:
    if section == "permissions":
        reason = "permissions are a closed list in the code; roles name them"
        raw.lose(Problem(file, line, "permissions", reason))
    elif not isinstance(section, str) or section not in KINDS:
        known = ", ".join(name for name in KINDS if name != "permissions")
        raw.lose(Problem(file, line, str(section), f"unknown section; there are {known}"))
    elif content is None:
        return
    elif section == LISTED:
        _read_list(file, line, KINDS[section], content, raw)
    elif not isinstance(content, CommentedMap):
        raw.lose(Problem(file, line, section, "must be a mapping from keys to entries"))
    else:
        for key, values in content.items():
            _read_entry(file, content.lc.key(key)[0] + 1, KINDS[section], key, values, raw)


def _read_list(file: str, line: int, kind: Kind, content: Any, raw: RawConfiguration) -> None:
    if not isinstance(content, CommentedSeq):
        raw.lose(Problem(file, line, kind.name, "must be a list of entries"))
        return
    for index, values in enumerate(content):
        line = content.lc.item(index)[0] + 1
        if not isinstance(values, CommentedMap) or not {"obs_unit", "starts_at"} <= set(values):
            reason = "must be a mapping with at least obs_unit, starts_at and ends_at"
            raw.lose(Problem(file, line, f"{kind.name}[{index}]", reason))
        else:
            _read_entry(file, line, kind, slot_key(values), values, raw)


def _read_entry(file: str, line: int, kind: Kind, key: Any, values: Any, raw: RawConfiguration) -> None:
    name = f"{kind.name}.{key}"
    if reason := kind.key_problem(key):
        raw.lose(Problem(file, line, name, reason))
        return
    if not isinstance(values, CommentedMap):
        raw.lose(Problem(file, line, name, "must be a mapping from fields to values"))
        return
    if key in raw.entries[kind.name]:
        first = raw.entries[kind.name][key].position
        raw.problems.append(Problem(file, line, name, f"is also in {first.file}:{first.line}"))
        return
    entry = RawEntry(kind, key, {}, Position(file, line))
    for field_name, value in values.items():
        if not isinstance(field_name, str):
            where = values.lc.key(field_name)[0] + 1
            raw.lose(Problem(file, where, name, f"the field {field_name!r} must be text"))
            continue
        entry.origins[field_name] = (values, file)
        try:
            entry.values[field_name] = plain(value)
        except ValueError as error:
            where = values.lc.key(field_name)[0] + 1
            raw.lose(Problem(file, where, f"{name}.{field_name}", str(error)))
    raw.entries[kind.name][key] = entry


def plain(value: Any) -> Any:
    """Return a value of YAML as plain Python: text, numbers, true, false, null, lists and mappings.

    Raises
    ------
    ValueError
        If it is anything else.
    """
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise ValueError("keys of a mapping must be text")
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, ScalarBoolean):
        return bool(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("is not a finite number")
        return float(value)
    if isinstance(value, str):
        return str(value)
    raise ValueError("has a tag or type of YAML that is not used here")


def _refuse_aliases(node: Any, seen: set[int]) -> None:
    """Refuse anchors and merge keys: each value stands where it applies, and a small file stays small."""
    if not isinstance(node, CommentedMap | CommentedSeq):
        return
    if id(node) in seen or getattr(node, "merge", None):
        raise ValueError("aliases and merge keys are not used here: write the value where it applies")
    seen.add(id(node))
    for item in node.values() if isinstance(node, CommentedMap) else node:
        _refuse_aliases(item, seen)


class _Constructor(RoundTripConstructor):
    """Leaves times as text: ruamel would drop the zone, which we insist on."""


_Constructor.add_constructor("tag:yaml.org,2002:timestamp", lambda constructor, node: str(node.value))


def _yaml() -> YAML:
    yaml = YAML(typ="rt")
    yaml.Constructor = _Constructor
    return yaml
