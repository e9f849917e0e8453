"""Runs a CDK cloud assembly on this machine: moto for the control plane, workers for life."""
