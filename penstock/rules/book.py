"""All rules."""

from __future__ import annotations

from penstock.rules import network_isolation
from penstock.rules.rule import Rule

RULES: tuple[Rule, ...] = (network_isolation.RULE,)
