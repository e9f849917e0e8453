"""What a deployment must keep to beyond cdk-nag's rules, read from its templates alone."""
