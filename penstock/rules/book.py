"""All rules, in the order in which synth tells of them."""

from __future__ import annotations

from penstock.rules import (
    autoscaling_bounds,
    endpoint_alarms,
    inside_vpc,
    key_policy_services,
    log_retention,
    model_containers,
    narrow_pass_role,
    network_isolation,
    no_full_access,
    no_retired_service,
    output_keys,
    traffic_encryption,
)
from penstock.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    network_isolation.RULE,
    traffic_encryption.RULE,
    inside_vpc.RULE,
    no_full_access.RULE,
    narrow_pass_role.RULE,
    output_keys.RULE,
    key_policy_services.RULE,
    log_retention.RULE,
    endpoint_alarms.RULE,
    autoscaling_bounds.RULE,
    model_containers.RULE,
    no_retired_service.RULE,
)
