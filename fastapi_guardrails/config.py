"""`[tool.fastapi-guardrails]` of a `pyproject.toml`, as a typed and checked `Config`.

Every key is declared here once, with its description: the reference of the documentation is made from it. A key that
does not exist, a value of the wrong type, and a path that is not there are errors that name the nearest right one.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TABLE = "fastapi-guardrails"
PROJECT_FILE = "pyproject.toml"

Preset = Literal["essential", "guide", "all"]
ResponseModel = Literal["any", "explicit"]

#: The keys that take one of some words.
_CHOICES: dict[str, tuple[str, ...]] = {"preset": get_args(Preset), "response-model": get_args(ResponseModel)}


class ConfigError(Exception):
    """The configuration (or the command line) asks for something that does not exist; the message says what to do."""


class Target(msgspec.Struct, frozen=True, rename="kebab", forbid_unknown_fields=True):
    """Versions that the project runs on, where they cannot be read from its requirements and lock files."""

    fastapi: Annotated[str | None, Meta(description="Version of FastAPI, as `0.115.2`.")] = None
    pydantic: Annotated[str | None, Meta(description="Version of Pydantic, as `2.9`.")] = None
    sqlalchemy: Annotated[str | None, Meta(description="Version of SQLAlchemy, as `2.0.36`.")] = None
    python: Annotated[str | None, Meta(description="Version of Python, as `3.12`.")] = None


class Override(msgspec.Struct, frozen=True, rename="kebab", forbid_unknown_fields=True):
    """Another choice of rules for some paths; later tables win over earlier ones."""

    path: Annotated[str | None, Meta(description="A glob, as of `.gitignore`, from the folder of the file.")] = None
    paths: Annotated[tuple[str, ...], Meta(description="Several globs.")] = ()
    ignore: Annotated[tuple[str, ...], Meta(description="Rules that are not reported there.")] = ()
    select: Annotated[tuple[str, ...], Meta(description="The only rules reported there.")] = ()
    extend_select: Annotated[tuple[str, ...], Meta(description="Rules reported there besides.")] = ()

    @property
    def globs(self) -> tuple[str, ...]:
        """`path` and `paths` together."""
        return (*((self.path,) if self.path else ()), *self.paths)

    def covers(self, path: str) -> bool:
        """Whether a path (relative, with `/`) is meant."""
        return matches(self.globs, path)


class Config(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """What `[tool.fastapi-guardrails]` says; `file` and `base` say where it was found."""

    select: Annotated[
        tuple[str, ...],
        Meta(description="The rules to run instead of a preset: codes, names, or beginnings of codes (`FG2`)."),
    ] = ()
    ignore: Annotated[tuple[str, ...], Meta(description="Rules not to report.")] = ()
    extend_select: Annotated[tuple[str, ...], Meta(description="Rules to run besides the preset or `select`.")] = ()
    preset: Annotated[
        Preset,
        Meta(description="`essential`: errors only; `guide`: all but the opt-in rules; `all`: every rule."),
    ] = "guide"
    exclude: Annotated[
        tuple[str, ...],
        Meta(description="Globs, as of `.gitignore`, of files and folders that are not read at all."),
    ] = ()
    overrides: Annotated[tuple[Override, ...], Meta(description="Another choice of rules for some paths.")] = ()
    target: Annotated[Target, Meta(description="Versions that the project runs on.")] = Target()
    rules: Annotated[tuple[str, ...], Meta(description="Files or folders with rules of the project itself.")] = ()
    layers: Annotated[
        tuple[str | tuple[str, ...], ...],
        Meta(description="Layers from the outermost to the innermost; packages of one layer as a list (FG503)."),
    ] = ("api", "services", "repositories", ("models", "schemas"), "core")
    exempt_paths: Annotated[
        tuple[str, ...],
        Meta(description="Globs of route paths that need no version, besides health checks and the like (FG201)."),
    ] = ()
    public_paths: Annotated[
        tuple[str, ...],
        Meta(description="Globs of route paths that need no authentication, besides login and the like (FG302)."),
    ] = ()
    blocking_calls: Annotated[
        tuple[str, ...],
        Meta(description="Dotted names of further functions that block the event loop (FG102)."),
    ] = ()
    version_pattern: Annotated[
        str,
        Meta(description="A regular expression that a version segment of a path matches in full (FG201)."),
    ] = r"v\d+"
    response_model: Annotated[
        ResponseModel,
        Meta(description="Whether a return annotation counts as a response model (FG209)."),
    ] = "any"
    options: Annotated[
        dict[str, dict[str, Any]],
        Meta(description="Options of rules that do not ship with the package: a table per code or name."),
    ] = {}
    file: Annotated[str, Meta(description="Where this was read from; empty for defaults.")] = ""

    @property
    def base(self) -> str:
        """The folder that globs and paths of the file are relative to; empty for defaults."""
        return os.path.dirname(self.file)


#: Fields of `Config` that are no keys of the file.
_INTERNAL = frozenset({"file"})


def keys() -> dict[str, msgspec.inspect.Field]:
    """The keys of the table, as the reference shows them: kebab-case name → msgspec's description of the field."""
    fields = msgspec.inspect.type_info(Config).fields  # type: ignore[attr-defined]
    return {f.encode_name: f for f in fields if f.encode_name not in _INTERNAL}


def find_config(path: Path) -> Path | None:
    """The nearest `pyproject.toml` upwards from a path that has the table, or None.

    Raises:
        ConfigError: a file on the way is no TOML.
    """
    folder = path if path.is_dir() else path.parent
    for candidate in (folder, *folder.parents):
        file = candidate / PROJECT_FILE
        if file.is_file() and TABLE in _tool_tables(file):
            return file
    return None


def load(path: Path, *, file: Path | None = None, isolated: bool = False) -> Config:
    """The configuration that holds for a path.

    Args:
        path: file or folder that is checked.
        file: read this file instead of the one found upwards; it holds the table as a `pyproject.toml` does, or bare.
        isolated: read no file at all.

    Raises:
        ConfigError: the file cannot be read, or says something that does not exist.
    """
    if isolated:
        return Config()
    if file is not None:
        if not file.is_file():
            raise ConfigError(f"{file}: there is no such file{did_you_mean_path(file)}")
        table = _tool_tables(file).get(TABLE)
        if table is None:
            table = {} if file.name == PROJECT_FILE else _read_toml(file)
        return parse(table, str(file.resolve()))
    found = find_config(path)
    return Config() if found is None else parse(_tool_tables(found)[TABLE], str(found))


def parse(table: Any, file: str) -> Config:
    """A table of the file as `Config`.

    Raises:
        ConfigError: an unknown key, a value of the wrong type, or a path that is not there.
    """
    if not isinstance(table, Mapping):
        raise ConfigError(f"{file}: [tool.{TABLE}] must be a table")
    _check_keys(table, Config, file, "", _INTERNAL)
    for key, words in _CHOICES.items():
        if isinstance(table.get(key), str) and table[key] not in words:
            near = did_you_mean(table[key], words)
            raise ConfigError(f"{file}: {table[key]!r} is no value of '{key}': it is one of {', '.join(words)}{near}")
    _check_keys(table.get("target"), Target, file, "target.")
    for index, override in enumerate(_as_list(table.get("overrides"))):
        _check_keys(override, Override, file, f"overrides[{index}].")
    try:
        config = msgspec.convert({**table, "file": file}, Config)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{file}: {_readable(str(error))}") from error
    _check_values(config)
    return config


def matches(globs: Iterable[str], path: str) -> bool:
    """Whether a path (relative, with `/`) matches one of some globs, in the syntax of `.gitignore`."""
    patterns = tuple(globs)
    return bool(patterns) and _spec(patterns).match_file(path)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'select'?` for the nearest of the known words, or nothing."""
    import difflib

    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else ""


def did_you_mean_path(path: Path) -> str:
    """`; did you mean 'app'?` for what lies beside a path that is not there, or nothing."""
    try:
        siblings = [p.name for p in path.parent.iterdir()]
    except OSError:
        return ""
    return did_you_mean(path.name, siblings)


@lru_cache(maxsize=64)
def _spec(globs: tuple[str, ...]) -> Any:
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(globs)


def _tool_tables(file: Path) -> dict[str, Any]:
    tool = _read_toml(file).get("tool", {})
    if not isinstance(tool, dict):
        raise ConfigError(f"{file}: 'tool' must be a table")
    return tool


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        table: dict[str, Any] = tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{file}: is no valid TOML: {error}") from error
    return table


def _check_keys(
    table: Any, kind: type[msgspec.Struct], file: str, where: str, internal: frozenset[str] = frozenset()
) -> None:
    if not isinstance(table, Mapping):
        return
    known = [name for name in kind.__struct_encode_fields__ if name not in internal]
    for key in table:
        if key not in known:
            near = did_you_mean(str(key).replace("_", "-"), known) or f"; the keys are: {', '.join(known)}"
            raise ConfigError(f"{file}: unknown key '{where}{key}' in [tool.{TABLE}]{near}")


def _check_values(config: Config) -> None:
    for index, override in enumerate(config.overrides):
        if not override.globs:
            raise ConfigError(f"{config.file}: overrides[{index}] needs 'path' or 'paths'")
    try:
        re.compile(config.version_pattern)
    except re.error as error:
        raise ConfigError(f"{config.file}: 'version-pattern' is no regular expression: {error}") from error
    for package, version in msgspec.structs.asdict(config.target).items():
        if version is not None and not re.search(r"\d", version):
            raise ConfigError(f"{config.file}: 'target.{package}' is {version!r}, which is no version")
    of_overrides = [glob for override in config.overrides for glob in override.globs]
    globs = [*config.exclude, *of_overrides, *config.exempt_paths, *config.public_paths]
    for glob in globs:
        try:
            _spec((glob,))
        except ValueError as error:
            raise ConfigError(f"{config.file}: {glob!r} is no valid glob: {error}") from error
    for path in config.rules:
        full = Path(config.base, path)
        if not full.exists():
            raise ConfigError(f"{config.file}: 'rules' names {path!r}, which is not there{did_you_mean_path(full)}")


def _readable(error: str) -> str:
    """msgspec's message with the key in place of its path: "Expected `int`, got `str` - at `$.max-…`"."""
    message, _, at = error.partition(" - at `$.")
    return f"'{at.rstrip('`')}': {message[0].lower()}{message[1:]}" if at else message


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
