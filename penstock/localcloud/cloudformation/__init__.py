"""An engine for CloudFormation stacks: templates, resources, and one small class per type."""
