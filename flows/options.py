"""Types of the flows' parameters with what they mean: a deployment's form shows this text, and Prefect checks the bounds."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any, TypeVar, get_args, get_type_hints

from pydantic import Field
from pydantic.fields import FieldInfo

from digit_core.params import CalibrationSet, Writing
from flows.settings import Runner

Function = TypeVar("Function", bound=Callable[..., Any])


def described(function: Function) -> Function:
    """Write what the parameters mean into the docstring too: that is where Prefect looks for it, and nowhere else."""
    hints = get_type_hints(function, include_extras=True)
    lines = [f"    {name}: {words}" for name, hint in hints.items() if (words := _description(hint))]
    function.__doc__ = "\n".join([inspect.cleandoc(function.__doc__ or ""), "", "Args:", *lines])
    return function


def _description(hint: Any) -> str:
    return next((one.description or "" for one in get_args(hint)[1:] if isinstance(one, FieldInfo)), "")


Source = Annotated[str, Field(description="Folder, file or URL (s3://bucket/folder) of the scans, as the worker sees it.")]
Out = Annotated[str, Field(description="Folder or URL that the results are added to.")]
Threshold = Annotated[
    float | None, Field(ge=0, le=1, description="Digits less sure than this go to review. Default: the setting DIGITS_THRESHOLD.")
]
MaxError = Annotated[
    float | None, Field(ge=0, le=1, description="Instead of a threshold: the share of the accepted digits that may be wrong.")
]
InkOf = Annotated[CalibrationSet | None, Field(description="Digits that max_error is promised for: archive (worn) or clean.")]
AuditShare = Annotated[float | None, Field(ge=0, le=1, description="Share of the sure digits that a person checks all the same.")]
Workers = Annotated[int | None, Field(ge=1, le=1024, description="Processes that read pages. Default: one for each core.")]
MaxFailed = Annotated[float | None, Field(ge=0, le=1, description="The run stops when more of its pages are quarantined.")]
MaxMegapixels = Annotated[float | None, Field(gt=0, description="Larger scans are quarantined.")]
WritingOf = Annotated[Writing | None, Field(description="Numbers that are wanted: any, hand or print.")]
LayoutOf = Annotated[str | None, Field(description="Layout file, or folder of them, of the forms that are read; may be a URL.")]
ShareOf = Annotated[str | None, Field(description="Read this share of the source alone, such as 2/3.")]
Shares = Annotated[int, Field(ge=1, le=256, description="Runs that read the source side by side: this one starts the others.")]
RunnerOf = Annotated[Runner | None, Field(description="here: processes of the worker's machine; dask: those of a cluster.")]
Scheduler = Annotated[str | None, Field(description="Address of the Dask scheduler, such as tcp://host:8786.")]
ReasonOf = Annotated[str, Field(description="Only pages that failed for this reason, such as 'missing'; empty for all.")]
