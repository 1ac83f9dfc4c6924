"""Several workers for one source: the run that is started takes the first share and starts a run for each of the others.

Shares are disjoint by the objects' names, so the runs need to know nothing of each other: no lease that could expire, no lock
that a store might not honour, no run that waits for others and blocks a worker meanwhile. A share whose run dies is read by the
next run, as always. The cost: each run lists the whole source, and shares may differ in size.
"""

from __future__ import annotations

from typing import Any

import prefect.runtime
from prefect import get_run_logger
from prefect.deployments import run_deployment

from digit_core.errors import InputError
from digit_core.partition import Share


def start_others(shares: int) -> str:
    """Start a run of this deployment for each share but the first, which is returned. A retry starts none twice.

    Raises InputError where there is no deployment to start.
    """
    deployment, run = prefect.runtime.deployment.id, prefect.runtime.flow_run.id
    if deployment is None:
        raise InputError(
            f"{shares} shares need {shares} runs of a deployment, and this run belongs to none: start each share yourself "
            f"(--share 1/{shares} to --share {shares}/{shares}), or use `prefect deployment run digitise/adhoc`"
        )
    parameters: dict[str, Any] = dict(prefect.runtime.flow_run.parameters)
    for number in range(2, shares + 1):
        share = str(Share(number, shares))
        started: Any = run_deployment(
            name=deployment,
            parameters={**parameters, "shares": 1, "share": share},
            timeout=0,
            as_subflow=False,
            idempotency_key=f"{run} {share}",
            flow_run_name=f"share {number} of {shares}",  # until it begins, and calls itself by its source as well
            tags=["share"],
        )
        get_run_logger().info(f"share {share} is assigned to the run {started.name} ({started.id})")
    return str(Share(1, shares))
