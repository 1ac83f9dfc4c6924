"""OpenStack Swift on one machine: its configuration, its rings, and its four processes."""

from __future__ import annotations

import getpass
import subprocess
from pathlib import Path

from tests.support.servers.process import Server, free_port

KINDS = ("account", "container", "object")
# The order matters: s3api comes before the authentication, symlink after copy.
PIPELINE = ("catch_errors", "gatekeeper", "cache", "listing_formats", "s3api", "tempauth", "copy", "symlink", "slo")

SWIFT_CONF = """
[swift-hash]
swift_hash_path_prefix = digits
swift_hash_path_suffix = digits
[storage-policy:0]
name = default
default = yes
"""
DEFAULTS = """
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
swift_dir = {folder}
user = {user}
workers = 0
log_level = ERROR
"""
STORAGE_CONF = """
devices = {folder}/devices
mount_check = false
disable_fallocate = true
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
"""
PROXY_CONF = """
[pipeline:main]
pipeline = {pipeline} proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:cache]
use = egg:swift#memcache
[filter:s3api]
use = egg:swift#s3api
location = {region}
max_bucket_listing = 100
[filter:tempauth]
use = egg:swift#tempauth
user_{account}_{name} = {secret} .admin
"""
PLAIN_FILTERS = tuple(name for name in PIPELINE if name not in ("cache", "s3api", "tempauth"))

MAKE_RINGS = """
import sys
from swift.common.ring import RingBuilder
folder, *rings = sys.argv[1:]
for ring in rings:
    kind, port = ring.split(":")
    builder = RingBuilder(4, 1, 1)
    place = {"ip": "127.0.0.1", "port": int(port), "device": "d1", "id": 0, "region": 1, "zone": 1, "weight": 1, "meta": ""}
    builder.add_dev({**place, "replication_ip": "127.0.0.1", "replication_port": int(port)})
    builder.rebalance()
    builder.get_ring().save(f"{folder}/{kind}.ring.gz")
"""
RUN_SERVER = """
import sys
from importlib import import_module
from swift.common.utils import set_swift_dir
folder, module, conf = sys.argv[1:]
set_swift_dir(folder)
sys.argv = ["swift", conf]
import_module(module).main()
"""


def swift_servers(python: Path, folder: Path, user: str, secret: str, region: str) -> tuple[int, list[Server]]:
    """Writes the configuration into `folder`; returns the port of the S3 interface and the servers to start.

    `user` is account:name, which is also the access key.
    """
    ports = {kind: free_port() for kind in (*KINDS, "proxy")}
    (folder / "devices" / "d1").mkdir(parents=True)
    (folder / "swift.conf").write_text(SWIFT_CONF)
    for kind in KINDS:
        (folder / f"{kind}.conf").write_text(_defaults(folder, ports[kind]) + STORAGE_CONF.format(folder=folder, kind=kind))
    (folder / "proxy.conf").write_text(_defaults(folder, ports["proxy"]) + _proxy_conf(user, secret, region))
    rings = [f"{kind}:{ports[kind]}" for kind in KINDS]
    subprocess.run([str(python), "-c", MAKE_RINGS, str(folder), *rings], check=True, capture_output=True)
    return ports["proxy"], [_server(python, folder, kind) for kind in (*KINDS, "proxy")]


def _defaults(folder: Path, port: int) -> str:
    return DEFAULTS.format(folder=folder, port=port, user=getpass.getuser()).lstrip()


def _proxy_conf(user: str, secret: str, region: str) -> str:
    account, name = user.split(":")
    conf = PROXY_CONF.format(pipeline=" ".join(PIPELINE), region=region, account=account, name=name, secret=secret)
    return conf + "".join(f"[filter:{name}]\nuse = egg:swift#{name}\n" for name in PLAIN_FILTERS)


def _server(python: Path, folder: Path, kind: str) -> Server:
    module = "swift.obj.server" if kind == "object" else f"swift.{kind}.server"
    return Server(python, RUN_SERVER, (str(folder), module, str(folder / f"{kind}.conf")), folder / f"{kind}.log")
