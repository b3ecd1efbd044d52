"""Files in MaxMind's format, written for tests by mmdb-writer."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmdb_writer import MMDBWriter
from netaddr import IPSet

FRANKFURT = {
    "country": {"iso_code": "DE", "names": {"en": "Germany", "de": "Deutschland"}},
    "subdivisions": [{"iso_code": "HE", "names": {"en": "Hesse"}}],
    "city": {"names": {"en": "Frankfurt am Main"}},
}


def write_geo_file(path: Path, records: Mapping[str, Any], ip_version: int = 6) -> Path:
    """records: by network. ip_version 6 holds IPv4 addresses too, as MaxMind's own files do."""
    writer = MMDBWriter(ip_version=ip_version, ipv4_compatible=ip_version == 6, database_type="Test", languages=["en"])
    for network, record in records.items():
        writer.insert_network(IPSet([network]), record)
    writer.to_db_file(str(path))
    return path
