"""YAML read safely: plain data only, no key twice, nothing that grows or nests without bound."""

from __future__ import annotations

from pathlib import Path

import yaml

from analysis.contract.faults import UserFault, nearest

#: The largest shipped mapping has 20 kB, the ledger of claims 60 kB.
MOST_BYTES = 1_000_000
#: Values, keys and lists after aliases (``*name``) are written out: a few lines of aliases of
#: aliases stand for thousands of millions.
MOST_NODES = 100_000
#: The settings nest seven deep.
DEEPEST = 50


class _UniqueKeyLoader(yaml.SafeLoader):
    """YAML's safe loader, which refuses a key given twice and counts what aliases stand for."""

    def get_single_node(self) -> yaml.Node | None:
        node = super().get_single_node()
        if node is not None:
            _count(node, {}, 0)
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, str | int | float | bool) and key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key '{key}' stands twice", key_node.start_mark
                )
            seen.add(key if isinstance(key, str | int | float | bool) else id(key_node))
        return super().construct_mapping(node, deep)


def _count(node: yaml.Node, counted: dict[int, int], depth: int) -> int:
    """Nodes below one, written out. Raises a YAML error for too many or too deep ones."""
    if depth > DEEPEST:
        problem = f"it nests more than {DEEPEST} deep, or within itself"
        raise yaml.composer.ComposerError(None, None, problem, node.start_mark)
    if id(node) not in counted:
        below: list[yaml.Node] = []
        if isinstance(node, yaml.MappingNode):
            below = [one for pair in node.value for one in pair]
        elif isinstance(node, yaml.SequenceNode):
            below = node.value
        counted[id(node)] = 1 + sum(_count(one, counted, depth + 1) for one in below)
    if counted[id(node)] > MOST_NODES:
        problem = f"its aliases stand for more than {MOST_NODES:,} values"
        raise yaml.composer.ComposerError(None, None, problem, node.start_mark)
    return counted[id(node)]


def read_yaml(path: Path) -> dict:
    """The mapping a YAML file holds. Raises UserFault if it is missing, or is no such file."""
    path = Path(path)
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise UserFault(f"{path}: this is no file. Name the YAML file itself.")
        if path.is_file() and path.stat().st_size > MOST_BYTES:
            raise UserFault(f"{path}: larger than {MOST_BYTES:,} bytes: this is no settings file.")
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        here = (
            sorted(item.name for item in path.parent.glob("*.y*ml")) if path.parent.exists() else []
        )
        hint = f" {nearest(path.name, here)}" if here else ""
        raise UserFault(f"{path}: there is no such file.{hint}") from None
    except IsADirectoryError:
        raise UserFault(f"{path}: this is a folder. Name the YAML file in it.") from None
    except (OSError, ValueError) as error:
        raise UserFault(f"{path}: cannot be read as UTF-8 text ({error}).") from None
    try:
        content = yaml.load(text, Loader=_UniqueKeyLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" line {mark.line + 1}, column {mark.column + 1}:" if mark else ""
        problem = getattr(error, "problem", None) or "it cannot be parsed"
        raise UserFault(f"{path}:{where} not valid YAML: {problem}.") from None
    except RecursionError:
        raise UserFault(f"{path}: not valid YAML: it nests too deep.") from None
    except (ValueError, OverflowError) as error:  # a day 13-45, a number of ten thousand digits
        raise UserFault(f"{path}: not valid YAML: {str(error)[:100]}.") from None
    if not isinstance(content, dict):
        raise UserFault(f"{path}: the file must hold keys and values, and holds none.")
    return content
