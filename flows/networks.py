"""Which version of each network a run reads by. Imports no orchestrator."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from digit_core.errors import RegistryError
from digit_core.params import AskWhen
from flows.settings import Settings
from tasks.adapters.registry.cache import ModelFile
from tasks.adapters.registry.networks import CLASSIFIER, NETWORKS, Network, NetworkFiles
from tasks.adapters.registry.registry import Registry
from tasks.adapters.registry.second_network import second_network


def registry(settings: Settings, network: Network = CLASSIFIER) -> Registry:
    """The versions of a network in the model registry of these settings."""
    return Registry(settings.tracking_uri, settings.model_cache, settings.artifact_root, network=network)


def networks_of_run(settings: Settings) -> NetworkFiles:
    """The version of each network that the settings choose, by default the champion; an empty registry gets those that ship.

    Raises RegistryError where a version cannot be had, InputError for an alias that names none.
    """
    registries = [registry(settings, network) for network in NETWORKS]
    if any(one.remembered() is None for one in registries):
        for one in registries:  # all of them first: each is a change after which what another said must be asked anew
            with suppress(RegistryError):  # if it matters, the next question says so
                one.begin()
    return NetworkFiles(**{one.network.option: _chosen(one, settings) for one in registries})


def networks_for_a_look(settings: Settings) -> NetworkFiles:
    """The same for reading that leaves nothing behind: where there is no registry yet, those that ship, and none is begun."""
    registries = [registry(settings, network) for network in NETWORKS]
    chosen = any(getattr(settings, network.option) for network in NETWORKS)
    if chosen or registries[0].begun:
        return networks_of_run(settings)
    return NetworkFiles(**{one.network.option: one.shipped() for one in registries})


def held_networks(settings: Settings, files: NetworkFiles) -> NetworkFiles:
    """The same versions on this machine, downloaded where they are not here yet. Raises RegistryError where one is another."""
    return NetworkFiles(
        **{
            network.option: registry(settings, network).held(file.version, file.sha256)
            for network, file in zip(NETWORKS, files, strict=True)
        }
    )


def second_network_of(settings: Settings) -> Path | None:
    """The file of the second reader's network on this machine, made where there is none yet; None where it is never asked.

    Raises RegistryError where it cannot be had.
    """
    return None if settings.second_reader is AskWhen.NEVER else second_network(settings.model_cache)


def _chosen(versions: Registry, settings: Settings) -> ModelFile:
    name = getattr(settings, versions.network.option)
    return versions.model(versions.resolve(name)) if name else versions.champion()
