"""Choice of the version of each network that a run reads with. No orchestrator is imported here."""

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
    """Open the registry of a network's versions."""
    return Registry(settings.tracking_uri, settings.model_cache, settings.artifact_root, network=network)


def networks_of_run(settings: Settings) -> NetworkFiles:
    """Return the version of each network that the settings choose, by default the champion.

    An empty registry first gets the shipped networks. Raises RegistryError where a version cannot be had, InputError for an
    unknown alias.
    """
    registries = [registry(settings, network) for network in NETWORKS]
    if any(one.remembered() is None for one in registries):
        for one in registries:  # create all of them first: each creation invalidates the remembered answers of the others
            with suppress(RegistryError):  # if it matters, the next request raises it again
                one.begin()
    return NetworkFiles(**{one.network.option: _chosen(one, settings) for one in registries})


def networks_for_a_look(settings: Settings) -> NetworkFiles:
    """Return the same for a reading that leaves nothing behind: without a registry the shipped networks, and none is created."""
    registries = [registry(settings, network) for network in NETWORKS]
    chosen = any(getattr(settings, network.option) for network in NETWORKS)
    if chosen or registries[0].begun:
        return networks_of_run(settings)
    return NetworkFiles(**{one.network.option: one.shipped() for one in registries})


def held_networks(settings: Settings, files: NetworkFiles) -> NetworkFiles:
    """Return the same versions as files on this machine, downloaded if missing. Raises RegistryError where a file differs."""
    return NetworkFiles(
        **{
            network.option: registry(settings, network).held(file.version, file.sha256)
            for network, file in zip(NETWORKS, files, strict=True)
        }
    )


def second_network_of(settings: Settings) -> Path | None:
    """Return the file of the second reader's network, created if missing; None where it is never asked.

    Raises RegistryError where it cannot be had.
    """
    return None if settings.second_reader is AskWhen.NEVER else second_network(settings.model_cache)


def _chosen(versions: Registry, settings: Settings) -> ModelFile:
    name = getattr(settings, versions.network.option)
    return versions.model(versions.resolve(name)) if name else versions.champion()
