"""Runs the code of deployed Lambda functions, each in processes of its own."""
