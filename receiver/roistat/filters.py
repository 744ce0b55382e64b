"""Filters of Roistat's lists, in a form that it answers."""

from collections.abc import Mapping, Sequence
from typing import Any

# Triples of field, operator and value, or a tree: {"and": [...]}, {"or": [...]}.
Filters = Sequence[Any] | Mapping[str, Any]


def sendable(filters: Filters) -> list[Any] | dict[str, Any]:
    """The same filters without an `and` of one condition, which Roistat answers with a
    500. Alone it stands in a flat list; inside a tree it stands for itself.
    """
    if not isinstance(filters, Mapping):
        return [_node(one) for one in filters]
    tree = _node(filters)
    return tree if isinstance(tree, dict) else [tree]


def _node(node: Any) -> Any:
    if not isinstance(node, Mapping) or not node.keys() <= {"and", "or"}:
        return list(node) if isinstance(node, tuple) else node
    tree = {word: [_node(one) for one in nodes] for word, nodes in node.items()}
    if len(tree.get("and", ())) != 1:
        return tree
    (only,) = tree.pop("and")
    return {"and": [only, tree]} if tree else only
