"""A part of an inspected tree as JSON again, every number as it was written."""

import msgspec

from streamgauge.wire.body import Node, Written


def json_text(node: Node) -> str:
    return msgspec.json.encode(_plain(node)).decode()


def _plain(node: Node) -> object:
    if isinstance(node, Written):
        return msgspec.Raw(node.encode())
    if isinstance(node, dict):
        return {name: _plain(value) for name, value in node.items()}
    if isinstance(node, list):
        return [_plain(item) for item in node]
    return node
