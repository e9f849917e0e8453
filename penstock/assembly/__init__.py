"""A cloud assembly (cdk.out) as files: its manifests, whoever reads the templates."""
