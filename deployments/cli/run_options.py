"""Command line options that are generated from flows.options.RunOptions.

RunOptions needs Pydantic, which is slow to import and not needed for `digits --help`: a command that takes run options is marked
with their names, and gets them only when it is called.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_args

import typer
from typer.core import TyperCommand

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from flows.options import RunOptions

Function = TypeVar("Function", bound=Callable[..., Any])

_MARK = "run_options"


def takes(*names: str, without: tuple[str, ...] = ()) -> Callable[[Function], Function]:
    """Mark a command: its parameter `options` becomes one option for each of these names, by default all but those in
    `without`."""

    def mark(function: Function) -> Function:
        setattr(function, _MARK, (names, without))
        return function

    return mark


class RunCommand(TyperCommand):
    """Command whose run options are not generated yet; `whole` returns the complete command."""

    whole: Callable[[], Any]


def add_command(app: typer.Typer, function: Callable[..., Any], panel: str) -> None:
    """Add a command to the group, under this heading of its help."""
    if not hasattr(function, _MARK):
        app.command(rich_help_panel=panel)(function)
        return
    app.command(function.__name__, cls=_command_of(function), rich_help_panel=panel)(_stub(function))


def _command_of(function: Callable[..., Any]) -> type[RunCommand]:
    def whole() -> Any:
        alone = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        alone.command(function.__name__)(_with_options(function))
        return typer.main.get_command(alone)

    return type("RunCommand", (RunCommand,), {"whole": staticmethod(whole)})


def _stub(function: Callable[..., Any]) -> Callable[[], None]:
    def stub() -> None: ...

    stub.__doc__ = function.__doc__
    return stub


def _with_options(function: Callable[..., Any]) -> Callable[..., Any]:
    from flows.options import expanded, option_names

    names, without = getattr(function, _MARK)
    return expanded(function, _parameters, _collected, names or option_names(without))


def _parameters(name: str, field: FieldInfo) -> Mapping[str, inspect.Parameter]:
    """Return the command's parameters for an option: one, or one flag per value."""
    from flows.options import Cli

    cli = next((one for one in field.metadata if isinstance(one, Cli)), Cli())
    if cli.flags:
        return {
            flag: _keyword(flag, bool, typer.Option(_spelt(flag), help=words), default=False)
            for flag, (_, words) in cli.flags.items()
        }
    bounds = {
        bound: getattr(one, key) for one in field.metadata for key, bound in (("ge", "min"), ("le", "max")) if hasattr(one, key)
    }
    hint = next(one for one in get_args(field.annotation) if one is not type(None))
    words = f"{field.description}  [{_default(name, cli.default)}]"
    return {name: _keyword(name, hint | None, typer.Option(metavar=cli.metavar, help=words, **bounds), default=None)}


def _spelt(flag: str) -> str:
    return f"--{flag.replace('_', '-')}"


def _keyword(name: str, hint: Any, option: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[hint, option])


def _default(name: str, said: str) -> str:
    """Describe the value that applies without the option."""
    from flows.settings import PREFIX, Settings

    value = said or Settings.model_fields[name].default
    return f"{PREFIX}{name.upper()}" + (f": {value}" if value not in (None, "") else "")


def _collected(values: dict[str, Any]) -> RunOptions:
    from flows.options import Cli, RunOptions, run_options

    for name, field in RunOptions.model_fields.items():
        flags = next((one.flags for one in field.metadata if isinstance(one, Cli) and one.flags), {})
        chosen = [flag for flag in flags if values.pop(flag, False)]
        if len(chosen) > 1:
            both = " and ".join(map(_spelt, chosen))
            raise typer.BadParameter(f"{both}: give one of them, or none for both kinds")
        if chosen:
            values[name] = flags[chosen[0]][0]
    return run_options({name: value for name, value in values.items() if value is not None})
