"""Drives a deployed pipeline from outside: boto3 and the stacks' outputs, nothing else."""
