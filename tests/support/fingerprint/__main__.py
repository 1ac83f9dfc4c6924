"""Renews `readings.json`; refuses where pages read differently and ALGORITHM_VERSION was not raised."""

import json
import sys

from digit_core import ALGORITHM_VERSION
from tests.support.fingerprint import READINGS, complaint, kept, networks, read_all

readings = read_all()
if READINGS.exists() and (why := complaint(kept(), readings)):
    sys.exit(why)
content = {"algorithm_version": ALGORITHM_VERSION, "networks": networks(), "readings": readings}
READINGS.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
