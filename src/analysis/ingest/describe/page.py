"""A proposed mapping as YAML with remarks beside what is unsure."""

from __future__ import annotations

from dataclasses import dataclass

import yaml

from analysis.contract.undecided import DECIDE

_WIDTH = 96


@dataclass(frozen=True)
class Unsure:
    """A value with what its user has to decide about it."""

    value: object
    remark: str


def decide(remark: str) -> Unsure:
    """A place that only the user can fill."""
    return Unsure(DECIDE, remark)


def as_yaml(content: dict) -> str:
    """The content as YAML, a remark ``# ?: ...`` behind each unsure value."""
    return "\n".join(_lines(content, 0)) + "\n"


def _lines(node: dict, depth: int) -> list[str]:
    lines = []
    indent = "  " * depth
    for key, value in node.items():
        value, remark = _open(value)
        head = f"{indent}{_scalar(key)}:"
        if not _branches(value):
            lines.append(_remarked(f"{head} {_flow(value)}", remark, indent))
        elif isinstance(value, dict):
            lines += [_remarked(head, remark, indent), *_lines(value, depth + 1)]
        else:
            lines.append(_remarked(head, remark, indent))
            for one in value:
                one, remark = _open(one)
                if not _branches(one):
                    lines.append(_remarked(f"{indent}  - {_flow(one)}", remark, indent))
                    continue
                first, *more = "\n".join(_lines(one, depth + 2)).split("\n")
                while first.lstrip().startswith("#"):
                    lines.append(first)
                    first, *more = more
                lines += [f"{indent}  - {first.lstrip()}", *more]
    return lines


def _open(value: object) -> tuple[object, str]:
    return (value.value, value.remark) if isinstance(value, Unsure) else (value, "")


def _branches(value: object) -> bool:
    """Whether a value takes lines of its own: it holds remarks, or is too long for one."""
    if not isinstance(value, dict | list) or not value:
        return False
    return _holds_remarks(value) or len(_flow(value)) > _WIDTH - 30


def _holds_remarks(value: object) -> bool:
    if isinstance(value, Unsure):
        return True
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(map(_holds_remarks, inner))


def _remarked(line: str, remark: str, indent: str) -> str:
    if not remark:
        return line
    told = f"{line}  # ?: {remark}"
    return told if len(told) <= _WIDTH + 24 else f"{indent}# ?: {remark}\n{line}"


def _flow(value: object) -> str:
    text = yaml.safe_dump(
        value, default_flow_style=True, sort_keys=False, width=10**6, allow_unicode=True
    )
    return text.removesuffix("...\n").strip()


def _scalar(key: object) -> str:
    return _flow(key)
