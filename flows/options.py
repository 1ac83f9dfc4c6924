"""Options of a run, declared once.

The command line's options, the parameters of Prefect's form, the settings that they override, and the options that `digits retry`
takes over from an earlier run are all generated from `RunOptions`.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, TypeVar, get_args, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from digit_core.errors import InputError
from digit_core.params import AskWhen, CalibrationSet, Writing

Function = TypeVar("Function", bound=Callable[..., Any])


class Runner(StrEnum):
    """Place where the stages of a run are executed."""

    HERE = "here"
    DASK = "dask"


@dataclass(frozen=True, slots=True)
class Cli:
    """Presentation of an option on the command line.

    metavar: name of its value; default: text in place of the setting's default; flags: flags that each stand for a value, with
    their help.
    """

    metavar: str | None = None
    default: str = ""
    flags: Mapping[str, tuple[Any, str]] = field(default_factory=dict)


_WRITING_FLAGS = {
    "handwritten": (Writing.HAND, "Read only handwritten numbers."),
    "printed": (Writing.PRINT, "Read only printed numbers."),
    "all_writing": (Writing.ANY, "Ask people about all doubtful numbers, also print beside handwriting, and words."),
}


class RunOptions(BaseModel):
    """Options of one run; None leaves a value to the setting of the same name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    threshold: float | None = Field(None, ge=0, le=1, description="Digits with a lower confidence go to review.")
    max_error: float | None = Field(
        None, gt=0, lt=1, description="Instead of a threshold: tolerated share of wrong digits among the accepted."
    )
    ink: CalibrationSet | None = Field(
        None, description="Digits on which the max error was measured: real (collections), archive (worn), clean (MNIST), audits."
    )
    audit_share: float | None = Field(None, ge=0, le=1, description="Share of the accepted digits that people check as well.")
    workers: Annotated[int | None, Cli(default="one per core")] = Field(
        None, ge=1, le=1024, description="Number of processes that read pages."
    )
    max_failed: float | None = Field(
        None, ge=0, le=1, description="Share of quarantined pages at which the run stops; one or two are forgiven."
    )
    max_megapixels: float | None = Field(None, gt=0, description="Larger scans are quarantined.")
    writing: Annotated[Writing | None, Cli(flags=_WRITING_FLAGS)] = Field(
        None, description="Numbers to read: hand, print, any, or auto: any, but nobody is asked about print beside handwriting."
    )
    layout: Annotated[str | None, Cli(metavar="FILE|DIR")] = Field(
        None, description="Layout of the form, or a folder of layouts; may be a URL."
    )
    classifier: Annotated[str | None, Cli(metavar="VERSION")] = Field(
        None, description="Version of the digit classifier, or its alias, such as challenger."
    )
    detector: Annotated[str | None, Cli(metavar="VERSION")] = Field(
        None, description="Version of the detector, or its alias, such as challenger."
    )
    strip_reader: Annotated[str | None, Cli(metavar="VERSION")] = Field(
        None, description="Version of the strip reader, or its alias, such as challenger."
    )
    second_reader: AskWhen | None = Field(
        None, description="When to ask the second, independent reader: when-unsure, always or never."
    )
    runner: Runner | None = Field(None, description="Where pages are read: here (processes of this machine) or dask (a cluster).")
    scheduler: Annotated[str | None, Cli(metavar="URL")] = Field(
        None, description="Address of the Dask scheduler, such as tcp://host:8786."
    )

    def given(self) -> dict[str, Any]:
        """Return the options that have a value."""
        return self.model_dump(exclude_none=True)

    def over(self, others: RunOptions) -> RunOptions:
        """Merge these options over the others. A threshold replaces a max error, and the reverse."""
        mine, theirs = self.given(), others.given()
        if {"threshold", "max_error"} & mine.keys():
            theirs = {name: value for name, value in theirs.items() if name not in ("threshold", "max_error")}
        return RunOptions(**{**theirs, **mine})


READING = (
    *("threshold", "max_error", "ink", "audit_share", "max_megapixels", "writing", "layout"),
    *("classifier", "detector", "strip_reader", "second_reader"),
)
"""Options that decide what is read and published: stored with each batch, so that a retry uses them again."""


def run_options(values: Mapping[str, Any]) -> RunOptions:
    """Build RunOptions. Raises InputError for an invalid value, naming the option as the command line does."""
    try:
        options = RunOptions(**values)
    except ValidationError as error:
        wrong = (f"--{_option(one['loc'])}: {one['msg']}, not {one['input']!r}" for one in error.errors())
        raise InputError("; ".join(wrong)) from error
    if options.threshold is not None and options.max_error is not None:
        raise InputError("--threshold and --max-error exclude each other: give one of them")
    return options


def _option(place: tuple[Any, ...]) -> str:
    return str(place[0]).replace("_", "-")


def setting(name: str, default: Any, **other_bounds: Any) -> Any:
    """Return the field of the setting that an option overrides, with the option's description and bounds except
    `other_bounds`."""
    option = RunOptions.model_fields[name]
    bounds = {bound: getattr(one, bound) for one in option.metadata for bound in ("gt", "ge", "lt", "le") if hasattr(one, bound)}
    return Field(default=default, description=option.description, **{**bounds, **other_bounds})


Annotate = Callable[[str, FieldInfo], Mapping[str, inspect.Parameter]]
"""Function from an option's name and field to the parameters of a front end, by name."""


def expanded(
    function: Callable[..., Any], annotate: Annotate, collect: Callable[[dict[str, Any]], RunOptions], names: Collection[str]
) -> Callable[..., Any]:
    """Return the function with one parameter per option in place of its parameter `options`.

    collect: builds the options from the values of these parameters.
    """
    hints = get_type_hints(function, localns={"RunOptions": RunOptions}, include_extras=True)
    signature = inspect.signature(function)
    own = [one.replace(annotation=hints[one.name]) for one in signature.parameters.values() if one.name != "options"]
    fields = {name: one for name, one in RunOptions.model_fields.items() if name in names}
    added = {key: parameter for name, one in fields.items() for key, parameter in annotate(name, one).items()}

    @functools.wraps(function)
    def flat(*args: Any, **values: Any) -> Any:
        options = collect({key: values.pop(key) for key in added if key in values})
        return function(*args, options=options, **values)

    del flat.__wrapped__  # otherwise inspect would find the original parameters
    flat.__signature__ = signature.replace(parameters=[*own, *added.values()])  # type: ignore[attr-defined]
    flat.__annotations__ = {one.name: one.annotation for one in (*own, *added.values())}
    return flat


def option_names(without: Collection[str] = ()) -> tuple[str, ...]:
    """List all options but these, in their order."""
    return tuple(name for name in RunOptions.model_fields if name not in without)


def as_parameters(without: Collection[str] = ()) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a flow: its parameter `options` becomes one parameter per option but these, with bounds and descriptions for
    Prefect's form."""
    return lambda function: described(expanded(function, _flow_parameter, run_options, option_names(without)))


def described(function: Function) -> Function:
    """Add the descriptions of a flow's parameters to its docstring, the only place where Prefect looks for them."""
    hints = get_type_hints(function, include_extras=True)
    lines = [f"    {name}: {words}" for name, hint in hints.items() if (words := _description(hint))]
    function.__doc__ = "\n".join([inspect.cleandoc(function.__doc__ or ""), "", "Args:", *lines])
    return function


def _flow_parameter(name: str, field: FieldInfo) -> Mapping[str, inspect.Parameter]:
    hint = Annotated[field.annotation, field]  # type: ignore[name-defined]
    return {name: inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=hint)}


def _description(hint: Any) -> str:
    return next((one.description or "" for one in get_args(hint)[1:] if isinstance(one, FieldInfo)), "")
